/* src/base/chan.c, child.c: messages, descriptors, queues and deaths over real socket pairs. */
#include "../src/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct end {
	struct loop *loop;
	struct chan *chan;
	size_t msgs, bytes, closed;
	size_t stop_at; /* messages */
	bool free_in_msg, free_in_close;
	struct msg last;
	char payload[64];
};

static void on_msg(void *arg, struct chan *c, struct msg *m)
{
	struct end *e = arg;

	e->msgs++;
	e->bytes += m->len;
	if (e->last.fd > 0)
		close(e->last.fd);
	e->last = *m;
	memcpy(e->payload, m->payload, m->len < sizeof(e->payload) ? m->len : sizeof(e->payload));
	if (e->free_in_msg) {
		chan_free(c);
		e->chan = NULL;
	}
	if (e->msgs == e->stop_at)
		loop_stop(e->loop, 0);
}

static void on_close(void *arg, struct chan *c)
{
	struct end *e = arg;

	e->closed++;
	if (e->free_in_close) {
		chan_free(c);
		e->chan = NULL;
	}
	loop_stop(e->loop, 1);
}

/* Two channels in one loop. */
static void wire(struct end *a, struct end *b)
{
	int fds[2];

	assert_int_equal(chan_pair(fds), 0);
	a->loop = b->loop = loop_new();
	a->chan = chan_new(a->loop, fds[0], on_msg, on_close, a);
	b->chan = chan_new(b->loop, fds[1], on_msg, on_close, b);
}

static void unwire(struct end *a, struct end *b)
{
	chan_free(a->chan);
	chan_free(b->chan);
	if (b->last.fd > 0)
		close(b->last.fd);
	loop_free(a->loop);
}

static void message(void **state)
{
	struct end a = {0}, b = {.stop_at = 1};

	wire(&a, &b);
	assert_int_equal(chan_send(a.chan, MSG_ASK, 0x1122334455667788, "status", 6, -1), 0);
	assert_int_equal(chan_queued(a.chan), 0);
	loop_run(a.loop);
	assert_int_equal(b.last.type, MSG_ASK);
	assert_true(b.last.generation == 0x1122334455667788);
	assert_int_equal(b.last.len, 6);
	assert_int_equal(b.last.fd, -1);
	assert_memory_equal(b.payload, "status", 6);
	b.stop_at = 2;
	assert_int_equal(chan_send(a.chan, MSG_READY, 0, NULL, 0, -1), 0);
	loop_run(a.loop);
	assert_int_equal(b.last.len, 0);
	unwire(&a, &b);
	chan_free(NULL);
}

static void descriptor(void **state)
{
	struct end a = {0}, b = {.stop_at = 1};
	int fds[2];
	char c;

	wire(&a, &b);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(chan_send(a.chan, MSG_TABLE, 1, NULL, 0, fds[1]), 0);
	close(fds[1]);
	loop_run(a.loop);
	assert_true(b.last.fd >= 0);
	assert_true(fcntl(b.last.fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(b.last.fd, "y", 1), 1);
	assert_int_equal(read(fds[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	close(fds[0]);
	unwire(&a, &b);
}

/* What the socket does not take waits, in order, with its descriptor. */
static void queue(void **state)
{
	struct end a = {0}, b = {0};
	static char big[MSG_PAYLOAD_MAX];
	size_t sent = 0;
	int fds[2];

	wire(&a, &b);
	assert_int_equal(pipe(fds), 0);
	while (!chan_queued(a.chan) && sent < 1000) {
		assert_int_equal(chan_send(a.chan, MSG_ROWS, sent, big, sizeof(big), -1), 0);
		sent++;
	}
	assert_true(chan_queued(a.chan) > 0);
	assert_int_equal(chan_flush(a.chan, NSEC_PER_MSEC), -ETIMEDOUT);
	assert_int_equal(chan_send(a.chan, MSG_TABLE, sent++, "end", 3, fds[1]), 0);
	close(fds[1]);
	b.stop_at = sent;
	loop_run(a.loop);
	assert_int_equal(b.bytes, (sent - 1) * sizeof(big) + 3);
	assert_int_equal(b.last.type, MSG_TABLE);
	assert_true(b.last.fd >= 0);
	assert_int_equal(chan_queued(a.chan), 0);
	assert_int_equal(chan_flush(a.chan, NSEC_PER_SEC), 0);
	close(fds[0]);
	unwire(&a, &b);
}

static void bounds(void **state)
{
	struct end a = {0}, b = {0};
	static char big[MSG_PAYLOAD_MAX + 1];
	int err = 0;

	wire(&a, &b);
	assert_int_equal(chan_send(a.chan, MSG_ROWS, 0, big, sizeof(big), -1), -EMSGSIZE);
	for (int i = 0; i < 1000 && !err; i++)
		err = chan_send(a.chan, MSG_ROWS, 0, big, MSG_PAYLOAD_MAX, i == 50 ? STDOUT_FILENO : -1);
	assert_int_equal(err, -ENOBUFS);
	assert_int_equal(chan_queued(a.chan), 0);
	assert_int_equal(chan_send(a.chan, MSG_ROWS, 0, NULL, 0, -1), -EPIPE);
	assert_int_equal(chan_flush(a.chan, NSEC_PER_SEC), -EPIPE);
	while (!a.closed || !b.closed)
		loop_run(a.loop);
	unwire(&a, &b);
}

static void death(void **state)
{
	struct end a = {0}, b = {.free_in_close = true};

	wire(&a, &b);
	assert_int_equal(chan_send(a.chan, MSG_ACK, 3, NULL, 0, -1), 0);
	chan_free(a.chan);
	a.chan = NULL;
	assert_int_equal(chan_send(b.chan, MSG_ACK, 3, NULL, 0, -1), -EPIPE);
	assert_int_equal(loop_run(a.loop), 1);
	assert_int_equal(b.msgs, 1); /* last words are heard */
	assert_int_equal(b.closed, 1);
	assert_null(b.chan);
	unwire(&a, &b);
}

static void freed_in_message(void **state)
{
	struct end a = {0}, b = {.stop_at = 1, .free_in_msg = true};

	wire(&a, &b);
	for (int i = 0; i < 3; i++)
		assert_int_equal(chan_send(a.chan, MSG_ACK, 3, NULL, 0, -1), 0);
	loop_run(a.loop);
	assert_int_equal(b.msgs, 1);
	assert_null(b.chan);
	unwire(&a, &b);
}

static void paused(void **state)
{
	struct end a = {.stop_at = 1}, b = {.stop_at = 1};

	wire(&a, &b);
	chan_pause(b.chan, true);
	assert_int_equal(chan_send(a.chan, MSG_ACK, 3, NULL, 0, -1), 0);
	assert_int_equal(chan_send(b.chan, MSG_ACK, 3, NULL, 0, -1), 0);
	loop_run(a.loop);
	assert_int_equal(b.msgs, 0);
	chan_pause(b.chan, false);
	loop_run(a.loop);
	assert_int_equal(b.msgs, 1);
	unwire(&a, &b);
}

/* A raw record; two descriptors if `fds`. */
static void raw(int sock, const void *bytes, size_t len, const int *fds)
{
	union {
		char buf[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	char copy[128];
	struct iovec iov = {copy, len};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};

	memcpy(copy, bytes, len);
	if (fds) {
		struct cmsghdr *cm;

		mh.msg_control = control.buf;
		mh.msg_controllen = sizeof(control.buf);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(2 * sizeof(int));
		memcpy(CMSG_DATA(cm), fds, 2 * sizeof(int));
	}
	assert_int_equal(sendmsg(sock, &mh, 0), (ssize_t)len);
}

static void nonsense(void **state)
{
	static const int two[] = {STDOUT_FILENO, STDOUT_FILENO};
	static const struct {
		const char *bytes;
		size_t len;
		const int *fds;
	} rows[] = {
	    {"short", 5, NULL},
	    {"\1\0\0\0\5\0\0\0\0\0\0\0\0\0\0\0", 16, NULL},  /* says five bytes of payload, has none */
	    {"\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0x", 17, NULL}, /* has one more than it says */
	    {"\1\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0", 16, NULL},  /* a byte that must be zero is not */
	    {"\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16, two},   /* two descriptors */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct end b = {.loop = loop_new()};
		int fds[2];

		assert_int_equal(chan_pair(fds), 0);
		b.chan = chan_new(b.loop, fds[1], on_msg, on_close, &b);
		raw(fds[0], rows[i].bytes, rows[i].len, rows[i].fds);
		assert_int_equal(loop_run(b.loop), 1);
		assert_int_equal(b.msgs, 0);
		assert_int_equal(b.closed, 1);
		assert_int_equal(chan_send(b.chan, MSG_ACK, 0, NULL, 0, -1), -EPIPE);
		close(fds[0]);
		chan_free(b.chan);
		loop_free(b.loop);
	}
}

/* What a role hears, as a word a call. */
struct role_log {
	struct child *child;
	char text[512];
};

static void hear(void *arg, const char *word)
{
	struct role_log *r = arg;

	strncat(r->text, word, sizeof(r->text) - strlen(r->text) - 1);
}

static void heard_start(void *arg, bool restarted)
{
	struct role_log *r = arg;

	assert_true(child_has(r->child, ROLE_CONTROL));
	assert_int_equal(child_send(r->child, ROLE_CONTROL, MSG_ACK, 5, NULL, 0, -1), 0);
	hear(arg, restarted ? "restart " : "start ");
}

static void heard_msg(void *arg, enum role from, struct msg *m)
{
	hear(arg, role_name(from));
	hear(arg, m->type == MSG_RAN ? "-ran " : "-msg ");
	if (m->fd >= 0)
		close(m->fd);
}

static void heard_peer(void *arg, enum role who, bool up)
{
	hear(arg, role_name(who));
	hear(arg, up ? "-up " : "-down ");
}

static void heard_kept(void *arg, struct msg *m)
{
	hear(arg, m->type == MSG_KEPT ? "kept " : "rows ");
	if (m->fd >= 0)
		close(m->fd);
}

static void heard_reload(void *arg)
{
	hear(arg, "reload ");
}

static void heard_dump(void *arg)
{
	hear(arg, "dump ");
}

static void heard_stop(void *arg)
{
	struct role_log *r = arg;

	hear(arg, "stop ");
	child_exit(r->child, 3);
	child_exit(r->child, 4); /* the first counts */
}

static void heard_orphan(void *arg)
{
	struct role_log *r = arg;

	hear(arg, "orphan ");
	child_exit(r->child, 9);
}

static const struct child_ops all_ops = {heard_start,  heard_msg,  heard_peer, heard_kept,
					 heard_reload, heard_stop, heard_dump, heard_orphan};

/* The supervisor's side, with a loop that nobody runs: sends go straight into the socket. */
struct boss {
	struct loop *loop;
	struct chan *orders;
	struct role_log role;
};

static void ignore_msg(void *arg, struct chan *c, struct msg *m)
{
}

static unsigned pongs;

static void on_said(void *arg, struct chan *c, struct msg *m)
{
	pongs += m->type == MSG_PONG;
	if (m->type == MSG_READY)
		loop_stop(arg, 0);
}

static void boss_new(struct boss *b)
{
	int fds[2];

	*b = (struct boss){.loop = loop_new()};
	assert_int_equal(chan_pair(fds), 0);
	b->orders = chan_new(b->loop, fds[0], on_said, NULL, b->loop);
	b->role.child = child_new(ROLE_IPVS, fds[1]);
}

static void boss_free(struct boss *b)
{
	child_free(b->role.child);
	chan_free(b->orders);
	loop_free(b->loop);
}

static void order(struct boss *b, uint16_t type, const void *payload, size_t len, int fd)
{
	assert_int_equal(chan_send(b->orders, type, 0, payload, len, fd), 0);
}

/* Hands a channel to the role; returns the peer's end. */
static struct chan *introduce(struct boss *b, uint32_t role)
{
	int fds[2];

	assert_int_equal(chan_pair(fds), 0);
	order(b, MSG_PEER, &role, sizeof(role), fds[1]);
	close(fds[1]);
	return chan_new(b->loop, fds[0], ignore_msg, NULL, NULL);
}

static void child_life(void **state)
{
	struct boss b;
	struct chan *control, *again;
	uint32_t yes = 1, bad = 77;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	boss_new(&b);
	assert_int_equal(child_role(b.role.child), ROLE_IPVS);
	assert_non_null(child_loop(b.role.child));
	assert_true(child_has(b.role.child, ROLE_SUPERVISOR));
	assert_false(child_has(b.role.child, ROLE_CONTROL));
	assert_int_equal(child_send(b.role.child, ROLE_CONTROL, MSG_ACK, 0, NULL, 0, -1), -ENOTCONN);
	assert_int_equal(child_send(b.role.child, ROLE_SUPERVISOR, MSG_READY, 0, NULL, 0, -1), 0);
	control = introduce(&b, ROLE_CONTROL);
	assert_int_equal(chan_send(control, MSG_ASK, 0, NULL, 0, fd), 0); /* read only after the start */
	again = introduce(&b, ROLE_VRRP);
	order(&b, MSG_PEER, &bad, sizeof(bad), fd);
	order(&b, MSG_PEER, &bad, 1, -1);
	order(&b, MSG_KEPT, NULL, 0, fd);
	order(&b, MSG_KEPT_ROWS, "x", 1, -1);
	order(&b, MSG_START, &yes, sizeof(yes), -1);
	order(&b, MSG_RELOAD, NULL, 0, fd);
	order(&b, MSG_DUMP, NULL, 0, -1);
	order(&b, MSG_RAN, NULL, 0, fd);
	chan_free(again);
	again = introduce(&b, ROLE_VRRP);
	order(&b, MSG_STOP, NULL, 0, -1);
	assert_int_equal(child_run(b.role.child, &all_ops, &b.role), 3);
	assert_string_equal(b.role.text,
			    "control-up vrrp-up kept rows restart reload dump supervisor-ran vrrp-down vrrp-up stop ");
	close(fd);
	chan_free(control);
	chan_free(again);
	boss_free(&b);
	child_free(NULL);
}

/* The loop does not run, and yet the supervisor hears of it: at once, and no more often than each second. */
static void child_in_long_work(void **state)
{
	struct boss b;
	nsec_t begun = clock_now();
	unsigned most;

	boss_new(&b);
	pongs = 0;
	for (int i = 0; i < 1000; i++)
		child_alive(b.role.child);
	most = (unsigned)((clock_now() - begun) / NSEC_PER_SEC) + 1;
	child_send(b.role.child, ROLE_SUPERVISOR, MSG_READY, 0, NULL, 0, -1); /* the last one */
	loop_run(b.loop);
	assert_in_range(pongs, 1, most);
	boss_free(&b);
}

static void child_defaults(void **state)
{
	static const struct child_ops least = {.msg = heard_msg};
	static const uint16_t last[] = {MSG_STOP, MSG_LEAVE, 0 /* the supervisor dies */};
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	for (size_t i = 0; i < sizeof(last) / sizeof(*last); i++) {
		struct boss b;
		struct chan *peer;

		boss_new(&b);
		peer = introduce(&b, ROLE_CONTROL);
		chan_free(peer);
		order(&b, MSG_KEPT, NULL, 0, fd);
		order(&b, MSG_START, NULL, 0, -1);
		order(&b, MSG_RELOAD, NULL, 0, -1);
		order(&b, MSG_DUMP, NULL, 0, -1);
		if (last[i]) {
			order(&b, last[i], NULL, 0, -1);
		} else {
			chan_free(b.orders);
			b.orders = NULL;
		}
		assert_int_equal(child_run(b.role.child, &least, &b.role), 0);
		boss_free(&b);
	}
	close(fd);
}

static void child_orphaned(void **state)
{
	struct boss b;

	boss_new(&b);
	chan_free(b.orders);
	b.orders = NULL;
	assert_int_equal(child_run(b.role.child, &all_ops, &b.role), 9);
	assert_string_equal(b.role.text, "orphan ");
	assert_false(child_has(b.role.child, ROLE_SUPERVISOR));
	boss_free(&b);
}

static void names(void **state)
{
	assert_string_equal(role_name(ROLE_CONTROL), "control");
	assert_string_equal(role_name(ROLE_RUNNER), "runner");
	assert_string_equal(role_name((enum role)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(message),        cmocka_unit_test(descriptor),
	    cmocka_unit_test(queue),          cmocka_unit_test(bounds),
	    cmocka_unit_test(death),          cmocka_unit_test(freed_in_message),
	    cmocka_unit_test(paused),         cmocka_unit_test(nonsense),
	    cmocka_unit_test(child_life),     cmocka_unit_test(child_in_long_work),
	    cmocka_unit_test(child_defaults), cmocka_unit_test(child_orphaned),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
