/* Virtual routers against a real kernel, with a stranger on their link who says what he likes: a flood, forged advertisements of another priority or with
 * other addresses (vrrp_nodes.h). Exit 77: not root. */
#include "../../vrrp/packet.h"

#include "vrrp_nodes.h"

static uint16_t sum_of(const uint8_t *p, size_t len)
{
	return packet_sum_fold(packet_sum(0, p, len));
}

/* Each wrong in another way; all with the router's VRID, so that the kernel lets them pass. */
static size_t hostile(unsigned i, uint8_t *p)
{
	const uint8_t good[12] = {0x31, 50, 254, 1, 0, 20, 0, 0, 10, 77, 1, 1};
	uint16_t sum;

	memcpy(p, good, sizeof(good));
	switch (i % 6) {
	case 0: /* wrong checksum */
		return 12;
	case 1:
		p[0] = 0x41; /* version */
		break;
	case 2:
		p[0] = 0x32; /* type */
		break;
	case 3:
		p[3] = 9; /* count beyond the end */
		break;
	case 4:
		p[5] = 0; /* interval 0 */
		break;
	default:
		return 9; /* cut */
	}
	sum = sum_of(p, 12);
	p[6] = (uint8_t)(sum >> 8);
	p[7] = (uint8_t)sum;
	return 12;
}

static void say(int fd, const uint8_t *p, size_t len, int ttl)
{
	const struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xe0000012)};

	setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl));
	sendto(fd, p, len, 0, (const struct sockaddr *)&to, sizeof(to));
}

/* A socket on the third node. */
static int stranger(struct lab *l)
{
	int fd;

	enter(l->nodes[2].play.ns);
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, VRRP_PROTOCOL);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 5), 0);
	enter(l->ns);
	return fd;
}

static void flood(struct lab *l, unsigned count)
{
	int fd = stranger(l);
	uint8_t p[16];

	for (unsigned i = 0; i < count; i++) {
		size_t len = hostile(i, p);

		if (i % 97 == 0)
			say(fd, p, len, 254);
		say(fd, p, len, 255);
	}
	close(fd);
}

/* Nothing is wrong with it: an advertisement of 10.77.1.LAST. */
static void forge(int fd, uint8_t vrid, uint8_t priority, uint16_t interval, uint8_t last)
{
	uint8_t p[12] = {0x31, vrid, priority, 1, (uint8_t)(interval >> 8), (uint8_t)interval, 0, 0, 10, 77, 1, last};
	uint16_t sum = sum_of(p, sizeof(p));

	p[6] = (uint8_t)(sum >> 8);
	p[7] = (uint8_t)sum;
	say(fd, p, sizeof(p), 255);
}

static void test_flood(void **state)
{
	struct lab *l = *state;
	const json_t *refused;
	size_t news[2];

	up(l, 0, router("vips", 50, 150, 1000), VIP);
	up(l, 1, router("vips", 50, 100, 1000), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	pass(l, 200);
	for (int i = 0; i < 2; i++)
		news[i] = l->nodes[i].n_news;
	/* 200,000 packets, or what an emulated machine can do of them in ten seconds. */
	nsec_t until = clock_now() + 10 * NSEC_PER_SEC;
	for (int i = 0; i < 200 && (i < 5 || clock_now() < until); i++) {
		flood(l, 1000);
		pass(l, 1);
	}
	for (int i = 0; i < 2; i++) {
		refused = json_object_get(json_array_get(question(&l->nodes[i].play, MSG_ASK, "vrrp"), 0), "refused");
		assert_true(json_integer_value(json_object_get(refused, "wrong checksum")) > 100);
		assert_true(json_integer_value(json_object_get(refused, "wrong version")) > 100);
		assert_true(json_integer_value(json_object_get(refused, "unknown type")) > 100);
		assert_true(json_integer_value(json_object_get(refused, "too short")) > 100);
		assert_true(json_integer_value(json_object_get(refused, "wrong interval")) > 100);
		assert_true(json_integer_value(json_object_get(refused, "wrong TTL")) > 10);
		assert_int_equal(l->nodes[i].n_news, news[i]);
	}
	assert_true(owns(l, OWNER(0, VIP)));
}

static unsigned lines_with(const char *path, const char *word)
{
	char line[512];
	FILE *f = fopen(path, "r");
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, word) != NULL;
	fclose(f);
	return n;
}

/* What a node logs from now on goes to that file; its second call gives the log back. */
static void log_to(const char *path)
{
	static int before = -1;
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND, 0600) : before;

	assert_true(fd >= 0);
	if (path)
		before = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

/* A stranger's address lists take turns: the log has a word of it a second. */
static void test_two_lists(void **state)
{
	struct lab *l = *state;
	nsec_t start;
	char path[80];
	unsigned n;
	int fd;

	snprintf(path, sizeof(path), "%s/log", l->stage.dir);
	log_to(path);
	up(l, 0, router("vips", 50, 150, 200), VIP);
	log_to(NULL);
	UNTIL(l, owns, OWNER(0, VIP));
	start = clock_now();
	fd = stranger(l);
	for (int i = 0; i < 1000; i++) {
		forge(fd, 50, 1, 20, 9);
		forge(fd, 50, 1, 20, 1);
	}
	close(fd);
	question(&l->nodes[0].play, MSG_ASK, "vrrp");
	n = lines_with(path, "advertises other addresses");
	assert_in_range(n, 1, 2 + (clock_now() - start) / NSEC_PER_SEC);
	assert_in_range(lines_with(path, "the same addresses again"), 0, n);
	assert_true(owns(l, OWNER(0, VIP)));
}

/* A former Active answers a moment longer; that another router comes and goes all the time makes it no longer than half a second. */
static void test_give(void **state)
{
	enum { BESIDE = 1200, TIMES = 30, STEP_MS = 40 };
	struct lab *l = *state;
	struct node *n = &l->nodes[0];
	struct router routers[] = {router("beside", 51, 150, 10), router("vips", 50, 150, 200)};
	struct vip *vips = xcalloc(BESIDE + 1, sizeof(*vips));
	char text[32];
	int fd;

	vips[0] = vip_of(VIP, 1, "eth0");
	for (int i = 0; i < BESIDE; i++) {
		snprintf(text, sizeof(text), "10.77.%d.%d", 2 + i / 200, 1 + i % 200);
		vips[1 + i] = vip_of(text, 0, "eth0");
	}
	node_start(n, 0);
	picture(n, 1, routers, 2, vips, BESIDE + 1);
	programmed(&n->play);
	UNTIL(l, owns, OWNER(0, VIP));
	UNTIL(l, is_on, OWNER(0, text));
	UNTIL(l, is_on, OWNER(0, "10.77.2.1"));
	fd = stranger(l);
	forge(fd, 50, 200, 4095, 1);
	for (int i = 0; i < TIMES; i++) {
		forge(fd, 51, 200, 1, 1);
		pass(l, STEP_MS);
	}
	close(fd);
	assert_true(mode_is(n, "vips", FSM_BACKUP));
	assert_false(addr_is_on(l, n, VIP));
	free(vips);
}

/* Nor does a router wait longer for ipvs because another one comes and goes. */
static void test_gated_beside(void **state)
{
	enum { TIMES = 40, STEP_MS = 50 };
	struct lab *l = *state;
	struct node *n = &l->nodes[0];
	struct router routers[] = {router("beside", 51, 150, 10), router("vips", 50, 150, 200)};
	struct vip vips[] = {vip_of(VIP, 1, "eth0"), vip_of("10.77.1.2", 0, "eth0")};
	char waiting[2][ROUTER_NAME] = {"beside", "vips"};
	int fd;

	node_start(n, 0);
	picture(n, 1, routers, 2, vips, 2);
	assert_int_equal(chan_send(n->play.ipvs, MSG_WAITING, 1, waiting, sizeof(waiting), -1), 0);
	programmed(&n->play);
	UNTIL(l, in_mode, MODE(0, "vips", FSM_ACTIVE));
	fd = stranger(l);
	for (int i = 0; i < TIMES; i++) {
		forge(fd, 51, 200, 1, 2);
		pass(l, STEP_MS);
	}
	close(fd);
	assert_true(addr_is_on(l, n, VIP));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_flood),
	    TEST(test_two_lists),
	    TEST(test_give),
	    TEST(test_gated_beside),
	};

	if (geteuid() != 0) {
		fprintf(stderr, "needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
