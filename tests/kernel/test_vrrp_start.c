/* When a virtual router may start: behind the table of virtual servers, after its own delay, and what it does without a table (vrrp_nodes.h).
 * Exit 77: not root. */
#include "../../src/base/log.h"

#include "vrrp_nodes.h"

static void test_gate(void **state)
{
	struct lab *l = *state;
	struct node *n = &l->nodes[0];
	struct router r = router("vips", 50, 150, 100);
	struct vip v = vip_of(VIP, 0, "eth0");
	const struct msg_programmed empty = {.why = "it is empty"};

	node_start(n, 0);
	picture(n, 1, &r, 1, &v, 1);
	assert_int_equal(chan_send(n->play.ipvs, MSG_PROGRAMMED, 1, &empty, sizeof(empty), -1), 0);
	pass(l, 1000);
	assert_int_equal(became(n, FSM_ACTIVE) + became(n, FSM_BACKUP), 0);
	programmed(&n->play);
	UNTIL(l, owns, OWNER(0, VIP));
	assert_int_equal(role_of(n, "vips")->priority, 150);
	/* The ipvs process hangs. */
	n->play.beats = false;
	pass(l, 5500);
	assert_int_equal(role_of(n, "vips")->priority, 1);
	programmed(&n->play);
	pass(l, 300);
	assert_int_equal(role_of(n, "vips")->priority, 150);
	/* It lives, and its table is not there. */
	n->play.beats = false;
	for (int i = 0; i < 11; i++) {
		assert_int_equal(chan_send(n->play.ipvs, MSG_PROGRAMMED, 1, &empty, sizeof(empty), -1), 0);
		pass(l, 500);
	}
	assert_int_equal(role_of(n, "vips")->priority, 1);
	programmed(&n->play);
	pass(l, 300);
	assert_int_equal(role_of(n, "vips")->priority, 150);
	/* The ipvs process goes and does not come back. */
	chan_free(n->play.ipvs);
	n->play.ipvs = NULL;
	pass(l, 5500);
	assert_int_equal(role_of(n, "vips")->priority, 1);
	n->play.ipvs = give_peer(&n->play, ROLE_IPVS);
	programmed(&n->play);
	pass(l, 300);
	assert_int_equal(role_of(n, "vips")->priority, 150);
	assert_true(owns(l, OWNER(0, VIP)));
}

/* Until a router whose virtual servers are programmed only now is Active; how often it waited for them. */
static const json_t *gated_start(struct lab *l, struct node *n)
{
	struct router r = router("vips", 50, 150, 100);
	struct vip v = vip_of(VIP, 0, "eth0");
	char waiting[2][ROUTER_NAME] = {"other", "vips"};

	node_start(n, 0);
	picture(n, 1, &r, 1, &v, 1);
	assert_int_equal(chan_send(n->play.ipvs, MSG_WAITING, 1, waiting, sizeof(waiting), -1), 0);
	programmed(&n->play);
	UNTIL(l, owns, OWNER(0, VIP));
	return json_object_get(question(&n->play, MSG_ASK, "status"), "waitedForIpvs");
}

/* What ipvs programs only now comes before the address, but not at any price. */
static void test_gated(void **state)
{
	struct lab *l = *state;
	struct node *n = &l->nodes[0];
	const json_t *counts = gated_start(l, n);

	assert_int_equal(json_integer_value(json_object_get(counts, "times")), 1);
	assert_int_equal(json_integer_value(json_object_get(counts, "inVain")), 1);
	quit(l, n);

	n->n_news = 0;
	n->programs = true;
	counts = gated_start(l, n);
	assert_int_equal(json_integer_value(json_object_get(counts, "times")), 1);
}

/* How long after a moment a router became Active. */
static nsec_t active_after(const struct node *n, const char *name, nsec_t since)
{
	for (size_t i = 0; i < n->n_news; i++)
		if (strcmp(n->news[i].router, name) == 0 && n->news[i].mode == FSM_ACTIVE)
			return n->heard_at[i] - since;
	fail_msg("%s was not Active", name);
	return 0;
}

/* startupDelay: neither an owner takes its addresses sooner, nor one whose addresses a lesser Active has. */
static void test_startup_delay(void **state)
{
	enum { DELAY_MS = 2500 };
	struct lab *l = *state;
	struct node *n = &l->nodes[0];
	struct router r[] = {router("owner", 51, 255, 200), router("vips", 50, 150, 200)};
	struct vip vips[] = {vip_of(VIP, 1, "eth0"), vip_of("10.77.1.2", 0, "eth0")};
	nsec_t begun;

	up(l, 1, router("vips", 50, 100, 200), VIP);
	UNTIL(l, owns, OWNER(1, VIP));
	r[0].startup_delay_ms = r[1].startup_delay_ms = DELAY_MS;
	begun = clock_now();
	node_start(n, 0);
	picture(n, 1, r, 2, vips, 2);
	programmed(&n->play);
	UNTIL(l, owns, OWNER(0, VIP));
	UNTIL(l, is_on, OWNER(0, "10.77.1.2"));
	assert_true(active_after(n, "owner", begun) >= DELAY_MS * NSEC_PER_MSEC);
	assert_true(active_after(n, "vips", begun) >= DELAY_MS * NSEC_PER_MSEC);
	assert_true(has_cause(&l->nodes[1], "a better Active was heard"));
}

/* readyTimeout runs out without a table: virtual IPs are added all the same, a virtual router runs at the last priority, and it is told. */
static void test_ready_timeout(void **state)
{
	enum { TIMEOUT_MS = 1500 };
	struct lab *l = *state;
	struct node *n = &l->nodes[0];
	struct router r = router("vips", 50, 150, 100);
	struct vip vips[] = {vip_of(VIP, 0, "eth0"), vip_of("10.77.1.2", ROUTER_NONE, "eth0")};
	nsec_t begun = clock_now();
	char path[80];

	snprintf(path, sizeof(path), "%s/log", l->stage.dir);
	n->settings.ready_timeout_ms = TIMEOUT_MS;
	log_open_format(LOG_FORMAT_JSON, NULL);
	log_to(path);
	node_start(n, 0);
	log_to(NULL);
	log_open_format(LOG_FORMAT_TEXT, NULL);
	picture(n, 1, &r, 1, vips, 2);
	UNTIL(l, is_on, OWNER(0, "10.77.1.2"));
	assert_true(clock_now() - begun >= TIMEOUT_MS * NSEC_PER_MSEC);
	UNTIL(l, owns, OWNER(0, VIP));
	assert_true(active_after(n, "vips", begun) >= TIMEOUT_MS * NSEC_PER_MSEC);
	assert_int_equal(role_of(n, "vips")->priority, 1);
	assert_int_equal(told_number(told(n, "vips"), "effectivePriority"), 1);
	assert_string_equal(json_string_value(json_object_get(told(n, "vips"), "why")),
			    "the ipvs process is not ready");
	assert_int_equal(lines_with(path, "\"id\":\"vrrp-unready\""), 1);
	programmed(&n->play);
	UNTIL(l, has_priority, PRIORITY(150));
	assert_string_equal(json_string_value(json_object_get(told(n, "vips"), "why")), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_gate), TEST(test_gated), TEST(test_startup_delay),
					   TEST(test_ready_timeout)};

	if (geteuid() != 0) {
		fprintf(stderr, "needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
