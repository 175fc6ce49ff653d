/* The vrrp process: it owns the virtual IPs. Decides when it may take them (the readiness gate), when it gives them up (stop), and what happens when the
 * supervisor dies. A VIP of no virtual router is held at all times; the others while theirs is Active.
 *
 *   intake.c  control's pictures and rows -> what is wanted    holder.h  wanted -> the kernel, announcements
 *   parting.c routers that are taken away hand over first
 *   report.c  what control and people are told                 cleanup.h `vipd --cleanup`
 *   beside.c  tracked things, notifications
 *   engine.h  virtual routers                                   realtime.h the process's own standing
 *
 * Source: DESIGN "life and death". Test: tests/kernel/test_vrrp_process.c. */
#include "realtime.h"
#include "vrrp_int.h"

#include "../src/base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define READY_TIMEOUT (30 * NSEC_PER_SEC)
/* An ipvs process says each second that its table is there; one that dies is back before that, one that hangs is not. */
#define IPVS_LIMIT  (5 * NSEC_PER_SEC)
#define IPVS_GRACE  NSEC_PER_SEC
#define LOCALS_WAIT (50 * NSEC_PER_MSEC)
#define ORPHAN_LOOK (50 * NSEC_PER_MSEC)
#define ORPHAN_LIFE (5 * NSEC_PER_SEC)

enum { MODPROBE_MS = 10000, EXIT_CANNOT = 77 };

static void open_gate(struct vrrp *v)
{
	if (v->gate_open || v->stopping)
		return;
	v->gate_open = true;
	loop_timer_stop(v->gate);
	holder_open_gate(v->holder);
	engine_open(v->engine);
}

static nsec_t ready_timeout(const struct vrrp *v)
{
	return v->settings.ready_timeout_ms ? v->settings.ready_timeout_ms * NSEC_PER_MSEC : READY_TIMEOUT;
}

void vrrp_gate_time(struct vrrp *v)
{
	nsec_t left = v->gate_from + ready_timeout(v) - clock_now();

	if (v->started && !v->gate_open)
		loop_timer_set(v->gate, left > 0 ? left : 0);
}

static void programmed(struct vrrp *v, const struct msg *m)
{
	struct msg_programmed p;

	if (m->len != sizeof(p))
		return;
	memcpy(&p, m->payload, sizeof(p));
	p.why[sizeof(p.why) - 1] = '\0';
	memcpy(v->ipvs_why, p.why, sizeof(p.why));
	if (!p.ready)
		return; /* its time runs on */
	v->ipvs_due = clock_now() + IPVS_LIMIT;
	loop_timer_set(v->ipvs_limit, IPVS_LIMIT);
	engine_ready(v->engine, true);
	open_gate(v);
}

/* Where this process itself was stopped, what ipvs said meanwhile is not read yet. */
static void on_ipvs_limit(void *arg)
{
	struct vrrp *v = arg;

	if (clock_now() > v->ipvs_due + IPVS_GRACE) {
		v->ipvs_due = clock_now() + IPVS_GRACE;
		loop_timer_set(v->ipvs_limit, IPVS_GRACE);
		return;
	}
	log_event(LOG_VRRP_UNREADY, NULL,
		  "no ipvs process with a programmed table for %d s (%s): virtual routers run at priority 1",
		  (int)(IPVS_LIMIT / NSEC_PER_SEC), v->ipvs_why[0] ? v->ipvs_why : "it says nothing");
	engine_ready(v->engine, false);
}

static void on_gate(void *arg)
{
	struct vrrp *v = arg;

	log_event(LOG_VRRP_UNREADY, NULL,
		  "ipvs has not reported its table programmed within %lld ms (%s): virtual IPs are added without it",
		  (long long)(ready_timeout(v) / NSEC_PER_MSEC), v->ipvs_why[0] ? v->ipvs_why : "it says nothing");
	engine_ready(v->engine, false);
	open_gate(v);
}

static void on_start(void *arg, bool restarted)
{
	struct vrrp *v = arg;
	struct holder_counts c;

	v->started = true;
	holder_count(v->holder, &c);
	log_info("%s, %zu addresses from before", restarted ? "restarted" : "started", c.recorded);
	v->gate_from = clock_now();
	vrrp_gate_time(v);
	engine_start(v->engine);
	child_send(v->child, ROLE_SUPERVISOR, MSG_READY, 0, NULL, 0, -1);
	report_start(v);
	report_roles(v, ROLE_CONTROL);
	report_roles(v, ROLE_IPVS);
}

static void on_kept(void *arg, struct msg *m)
{
	struct vrrp *v = arg;

	if (m->type == MSG_KEPT)
		intake_picture(v, m, false);
	else
		intake_rows(v, m, false);
	if (m->fd >= 0)
		close(m->fd);
}

static void on_ran(struct vrrp *v, const struct msg *m)
{
	struct msg_ran ran;

	if (m->len < sizeof(ran))
		return;
	memcpy(&ran, m->payload, sizeof(ran));
	if (beside_ran(v, m->generation, &ran))
		return;
	if (ran.status == 0)
		holder_retry_device(v->holder);
	else
		log_warning("modprobe dummy failed (%d)", ran.status);
}

static void on_failover(struct vrrp *v, const struct msg *m)
{
	char name[ROUTER_NAME] = {0};

	if (m->len < sizeof(name))
		memcpy(name, m->payload, m->len);
	else
		memset(name, '?', sizeof(name) - 1); /* no router has such a name */
	engine_failover(v->engine, name, m->generation);
}

/* A node that stops hands over what it has. */
static void on_wanted(struct vrrp *v, struct msg *m)
{
	if (!v->stopping && !parting_holds(v, m))
		intake(v, m);
}

static void on_msg(void *arg, enum role from, struct msg *m)
{
	struct vrrp *v = arg;

	if (from == ROLE_CONTROL && (m->type == MSG_VIPS || m->type == MSG_VIP_ROWS))
		on_wanted(v, m);
	else if (from == ROLE_CONTROL && m->type == MSG_ASK)
		report_answer(v, m);
	else if (from == ROLE_CONTROL && m->type == MSG_FAILOVER)
		on_failover(v, m);
	else if (from == ROLE_IPVS && m->type == MSG_PROGRAMMED)
		programmed(v, m);
	else if (from == ROLE_IPVS && m->type == MSG_WAITING)
		gated_told(v, m);
	else if (from == ROLE_RUNNER && m->type == MSG_RAN)
		on_ran(v, m);
	else
		log_warning("message %u from %s is not for vrrp", m->type, role_name(from));
	if (m->fd >= 0)
		close(m->fd);
}

static void on_peer(void *arg, enum role who, bool up)
{
	struct vrrp *v = arg;

	if (who == ROLE_IPVS) {
		v->ipvs_why[0] = '\0';
		gated_clear(v);
	}
	if (who == ROLE_RUNNER)
		beside_runner(v, up);
	if (up && v->started)
		report_roles(v, who);
	if (who != ROLE_CONTROL)
		return;
	parting_clear(v);
	v->ack_due = false; /* the generations of a former channel mean nothing on the next */
	if (up && v->started)
		report_start(v);
}

static void on_settled(void *arg)
{
	report_ack(arg);
}

static void on_links(void *arg)
{
	struct vrrp *v = arg;

	if (v->engine)
		engine_links_changed(v->engine);
	beside_links(v);
}

static void on_breathe(void *arg)
{
	const struct vrrp *v = arg;

	if (v->engine)
		engine_breathe(v->engine);
}

static void on_locals(void *arg)
{
	struct vrrp *v = arg;

	if (!loop_timer_armed(v->locals_wait))
		loop_timer_set(v->locals_wait, LOCALS_WAIT);
	on_links(v);
}

static void on_locals_wait(void *arg)
{
	report_locals(arg);
}

/* vipd0 could not be made: the kernel may only lack the module. */
static void on_device(void *arg, int error)
{
	struct msg_run run = {.entry = RUN_MODPROBE, .argc = 1, .timeout_ms = MODPROBE_MS};
	struct vrrp *v = arg;
	char payload[sizeof(run) + sizeof("dummy")];

	report_device(v, error);
	if (error != -EOPNOTSUPP)
		return;
	memcpy(payload, &run, sizeof(run));
	memcpy(payload + sizeof(run), "dummy", sizeof("dummy"));
	child_send(v->child, ROLE_RUNNER, MSG_RUN, 1, payload, sizeof(payload), -1);
}

static void leave(struct vrrp *v, bool withdraw)
{
	if (v->over)
		return;
	v->over = true;
	if (withdraw) {
		log_info("%zu addresses removed", holder_withdraw(v->holder));
		beside_withdraw(v);
	}
	child_exit(v->child, 0);
}

static void on_stop(void *arg)
{
	struct vrrp *v = arg;

	v->stopping = true;
	parting_clear(v);
	engine_stop(v->engine);
}

/* The successors are heard, or nobody is there: now the addresses may go. */
static void on_stopped(void *arg)
{
	leave(arg, true);
}

static void on_news(void *arg, const struct engine_news *n)
{
	report_news(arg, n);
	beside_news(arg, n);
}

static void on_taking(void *arg, const struct router *r)
{
	beside_taking(arg, r);
	gated_taking(arg, r);
}

static void on_leaving(void *arg, const struct router *r)
{
	beside_leaving(arg, r);
}

static uint32_t on_device_of(void *arg, const struct router *r, const char **why)
{
	return beside_device(arg, r, why);
}

static void on_router_gone(void *arg, const struct router *r)
{
	report_router_gone(arg, r);
	beside_gone(arg, r);
}

static void on_dump(void *arg)
{
	report_dump(arg);
}

/* A supervisor holds the lock exclusively: as long as it can be shared there is none. */
static bool supervisor_lives(const struct vrrp *v)
{
	if (v->env->lock_fd < 0)
		return false;
	if (flock(v->env->lock_fd, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK;
	flock(v->env->lock_fd, LOCK_UN);
	return false;
}

static void on_orphan_look(void *arg)
{
	struct vrrp *v = arg;

	if (supervisor_lives(v)) {
		log_info("a new supervisor is there: leaving the addresses to its vrrp process");
		leave(v, false);
	} else if (clock_now() >= v->orphan_until) {
		log_warning("no new supervisor within %d s: removing the addresses", (int)(ORPHAN_LIFE / NSEC_PER_SEC));
		on_stop(v);
	} else {
		loop_timer_set(v->orphan, ORPHAN_LOOK);
	}
}

static void on_orphan(void *arg)
{
	struct vrrp *v = arg;

	if (v->over || v->stopping)
		return;
	log_event(LOG_VRRP_ORPHANED, NULL, "the supervisor is gone: holding the addresses until a new one comes");
	v->orphan_until = clock_now() + ORPHAN_LIFE;
	loop_timer_set(v->orphan, ORPHAN_LOOK);
}

static const struct child_ops ops = {
    .start = on_start,
    .msg = on_msg,
    .peer = on_peer,
    .kept = on_kept,
    .stop = on_stop,
    .dump = on_dump,
    .orphan = on_orphan,
};

static const struct holder_hooks hooks = {
    .changed = report_changed,
    .settled = on_settled,
    .locals = on_locals,
    .links = on_links,
    .breathe = on_breathe,
    .device = on_device,
};

static const struct engine_hooks engine_hooks = {
    .news = on_news,
    .taking = on_taking,
    .leaving = on_leaving,
    .stopped = on_stopped,
    .failed_over = report_failover,
    .router_gone = on_router_gone,
    .device = on_device_of,
};

int vrrp_main(struct child *c, const struct role_env *env)
{
	struct vrrp v = {.child = c, .env = env};
	int code;

	realtime_enter();
	v.ipvs_limit = loop_timer_new(child_loop(c), on_ipvs_limit, &v);
	v.gate = loop_timer_new(child_loop(c), on_gate, &v);
	v.locals_wait = loop_timer_new(child_loop(c), on_locals_wait, &v);
	v.orphan = loop_timer_new(child_loop(c), on_orphan_look, &v);
	code = holder_new(child_loop(c), env->own_fd, &hooks, &v, &v.holder);
	if (code == 0)
		code = engine_new(child_loop(c), v.holder, env->mem_fd, &engine_hooks, &v, &v.engine);
	if (code == 0) {
		beside_new(&v);
		gated_new(&v);
		parting_new(&v);
		v.clients = holder_set_new(v.holder);
		v.clusters = holder_set_new(v.holder);
		code = child_run(c, &ops, &v);
	} else {
		code = code == -EPERM || code == -EACCES ? EXIT_CANNOT : EXIT_FAILURE;
	}
	engine_free(v.engine);
	beside_free(&v);
	gated_free(&v);
	parting_free(&v);
	holder_free(v.holder);
	loop_timer_free(v.gate);
	loop_timer_free(v.ipvs_limit);
	loop_timer_free(v.locals_wait);
	loop_timer_free(v.orphan);
	free(v.locals);
	return code;
}
