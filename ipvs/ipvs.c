/* The ipvs process: what it is told becomes a wanted table, what is wanted becomes the kernel's (reconcile.c), what changes there is put right (drift.c).
 * Decides when each of them runs, and what the other processes are told. Source: src/base/proto.h, DESIGN.md "Life and death".
 * Test: tests/kernel/test_ipvs_process.c. */
#include "../src/base/arena.h"
#include "../src/base/child.h"
#include "../src/base/memfd.h"
#include "../src/base/version.h"
#include "cleanup.h"
#include "count.h"
#include "drainer.h"
#include "drift.h"
#include "gate.h"
#include "modules.h"
#include "netfilter.h"
#include "ownline.h"
#include "ready.h"
#include "report.h"
#include "syncd.h"
#include "sysctls.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEPT_ROWS_LEAST = 64 << 10, KEPT_ROWS_MOST = 1 << 20, PROBLEM_TEXT = 512 };

#define BEAT       NSEC_PER_SEC
#define SYNC_AGAIN NSEC_PER_SEC
#define SYNC_EVERY (10 * NSEC_PER_SEC)

/* enum fsm_mode of vrrp/fsm.h, which this room does not include. */
enum { ROLE_ACTIVE = 2 };

struct ipvs {
	struct child *child;
	struct reconcile r;
	struct drift drift;
	struct own *own;
	struct modules modules;
	struct gates gates;
	struct netfilter netfilter;
	struct sysctls sysctls;
	struct syncd sync;
	struct loop_timer *work, *look, *drain, *reopen, *sync_look, *beat;
	nsec_t reopen_wait;
	bool started;
	bool passed;                /* all of a first picture has been tried */
	nsec_t work_since;          /* there has been work to do since; 0: there is none */
	char (*waiting)[GATE_NAME]; /* what vrrp was told of the gates; GATES_MAX */
	size_t n_waiting;
	const char *told;    /* why the table may not be relied upon, as vrrp heard it last */
	uint64_t generation; /* accepted */
	bool acked;          /* ... and answered, with this: */
	struct msg_ack ack;
	size_t kept_picture, kept_rows;  /* bytes that the supervisor keeps for a successor */
	char problem[PROBLEM_TEXT];      /* why there is no IPVS; "" */
	char sync_problem[PROBLEM_TEXT]; /* why there is no connection sync as configured; "" */
	char record[PROBLEM_TEXT];       /* what was wrong with the ownership record; "" */
};

/* ---- telling others */

static void send_note(struct ipvs *p, const char *object, const char *reason, const char *message, bool gone)
{
	char *text = report_note(object, reason, message, gone);
	child_send(p->child, ROLE_CONTROL, MSG_NOTE, p->generation, text, strlen(text), -1);
	free(text);
}

static void on_note(void *arg, const struct vs_key *k, const char *reason, const char *message, bool gone)
{
	char key[VS_KEY_TEXT];
	send_note(arg, vs_key_format(k, key), reason, message, gone);
}

static void on_need_scheduler(void *arg, const char *name)
{
	struct ipvs *p = arg;
	char module[MODULE_NAME];
	snprintf(module, sizeof(module), "ip_vs_%.15s", name);
	modules_ask(&p->modules, p->child, module, false);
}

static void on_packets(void *arg, const char *object, const char *reason, const char *message, bool gone)
{
	send_note(arg, object, reason, message, gone);
}

static void on_want(void *arg, const struct vs *old, const struct vs *new)
{
	struct ipvs *p = arg;

	netfilter_change(&p->netfilter, old, new);
	if (new)
		sysctls_row(&p->sysctls, new);
}

/* What is needed of the kernel's settings by all of the table (what drains is in it), and by what is beside it. */
static unsigned on_need(void *arg)
{
	const struct ipvs *p = arg;
	const struct ipvs_settings *s = &p->r.settings;
	unsigned need = 0;
	size_t n = 0;
	const struct vs *const *all = p->r.want ? table_sorted(p->r.want, &n) : NULL;

	for (size_t i = 0; i < n && need != NEED_TABLE; i++)
		need |= sysctl_need_of(all[i]);
	return need | (s->bind4 ? NEED_BIND4 : 0) | (s->bind6 ? NEED_BIND6 : 0) |
	       (if_nametoindex(KUBEPROXY_DEVICE) ? NEED_EVERYWHERE4 : 0);
}

static bool on_shut(void *arg, const struct vs_key *k)
{
	const struct ipvs *p = arg;
	return p->gates.shut && table_get(p->gates.shut, k);
}

static const struct reconcile_ops reconcile_hooks = {
    .note = on_note, .need_scheduler = on_need_scheduler, .want = on_want, .shut = on_shut};

static size_t wanted(const struct ipvs *p)
{
	return p->r.want ? table_count(p->r.want) - p->r.leaving : 0;
}

static void send_ack(struct ipvs *p)
{
	struct msg_ack a;
	queue_totals(p->r.queue, &a.failed, &a.conflicts);
	if (p->problem[0])
		a.failed = (uint32_t)wanted(p);
	if (p->acked && a.failed == p->ack.failed && a.conflicts == p->ack.conflicts)
		return;
	p->acked = true;
	p->ack = a;
	child_send(p->child, ROLE_CONTROL, MSG_ACK, p->generation, &a, sizeof(a), -1);
}

static bool needs_kernel(const struct ipvs *p);

static const char *why_not_ready(const struct ipvs *p)
{
	const struct ready_view v = {.passed = p->passed,
				     .kernel = !p->r.want || p->r.sock || !needs_kernel(p),
				     .wanted = wanted(p),
				     .missing = queue_missing(p->r.queue),
				     .behind = p->work_since ? clock_now() - p->work_since : 0};
	return ready_why_not(&v);
}

static void send_programmed(struct ipvs *p)
{
	const char *why = why_not_ready(p);
	struct msg_programmed m = {.ready = !why};

	if (why)
		snprintf(m.why, sizeof(m.why), "%s", why);
	if (why && !p->told)
		log_event(LOG_IPVS_NOT_READY, NULL, "this node's table may not be relied upon: %s", why);
	else if (!why && p->told)
		log_event(LOG_IPVS_READY, NULL, "%zu virtual servers programmed", wanted(p));
	p->told = why;
	child_send(p->child, ROLE_VRRP, MSG_PROGRAMMED, p->generation, &m, sizeof(m), -1);
}

/* As soon as it is so; at rest the beat says it again. */
static void tell_ready(struct ipvs *p)
{
	if (why_not_ready(p) != p->told)
		send_programmed(p);
}

static void on_beat(void *arg)
{
	struct ipvs *p = arg;

	send_programmed(p);
	loop_timer_set(p->beat, BEAT);
}

/* What is behind a shut gate now; what an open one has let through is in the kernel. */
static void tell_waiting(struct ipvs *p, bool anew)
{
	char(*names)[GATE_NAME] = xcalloc(GATES_MAX, sizeof(*names));
	size_t n = gates_waiting(&p->gates, names);

	if (anew || n != p->n_waiting || memcmp(names, p->waiting, n * sizeof(*names)) != 0)
		child_send(p->child, ROLE_VRRP, MSG_WAITING, p->generation, names, n * sizeof(*names), -1);
	free(p->waiting);
	p->waiting = names;
	p->n_waiting = n;
}

/* ---- the kernel's side */

static void set_problem(struct ipvs *p, const char *text)
{
	if (!strcmp(p->problem, text))
		return;
	if (text[0]) {
		log_event(LOG_KERNEL_MISSING, NULL, "%s", text);
		send_note(p, "ipvs", "KernelMissing", text, false);
	} else {
		log_info("over: %s", p->problem);
		send_note(p, "ipvs", "KernelMissing", p->problem, true);
	}
	snprintf(p->problem, sizeof(p->problem), "%s", text);
	tell_ready(p);
}

/* What cannot be opened, and what to do. */
static void explain(struct ipvs *p, int err)
{
	char text[PROBLEM_TEXT];
	struct module *m = NULL;

	if (err == -ENOENT) {
		m = modules_ask(&p->modules, p->child, "ip_vs", p->reopen_wait >= BACKOFF_MOST_MS * NSEC_PER_MSEC);
		if (m && m->waiting)
			return;
		snprintf(text, sizeof(text),
			 "the kernel has no IPVS: modprobe ip_vs failed: %s; install the kernel's modules package or "
			 "load ip_vs on "
			 "the host",
			 !m          ? "vipd's runner is not there"
			 : m->why[0] ? m->why
				     : "the module is loaded, its netlink family is missing");
	} else if (err == -EPERM || err == -EACCES) {
		snprintf(text, sizeof(text),
			 "the kernel does not let vipd's ipvs process at IPVS: CAP_NET_ADMIN is missing (start vipd as "
			 "root, or give "
			 "its container NET_ADMIN)");
	} else {
		snprintf(text, sizeof(text), "the IPVS netlink socket cannot be opened: %s", strerror(-err));
	}
	set_problem(p, text);
}

/* An empty table and no record need no kernel. */
static bool needs_kernel(const struct ipvs *p)
{
	return table_count(p->r.want) || own_count(p->own) || syncd_needed(&p->sync) ||
	       (p->r.sock && queue_count(p->r.queue));
}

static bool connect_kernel(struct ipvs *p)
{
	if (p->r.sock)
		return true;
	int err = ipvs_sock_open(&p->r.sock);
	if (err) {
		explain(p, err);
		p->reopen_wait = backoff_next(p->reopen_wait);
		loop_timer_set(p->reopen, p->reopen_wait);
		return false;
	}
	loop_timer_stop(p->reopen);
	p->reopen_wait = 0;
	set_problem(p, "");
	reconcile_sweep(&p->r);
	sysctls_look(&p->sysctls);
	loop_timer_set(p->sync_look, 0);
	return true;
}

static void disconnect(struct ipvs *p, int err)
{
	log_event(LOG_IPVS_LOST, NULL, "IPVS does not answer: %s; its state is read again", strerror(-err));
	ipvs_sock_close(p->r.sock);
	p->r.sock = NULL;
	p->reopen_wait = backoff_next(p->reopen_wait);
	loop_timer_set(p->reopen, p->reopen_wait);
	tell_ready(p);
}

static void arm_look(struct ipvs *p)
{
	if (!p->r.sock || !drift_needed(&p->r))
		loop_timer_stop(p->look);
	else if (!loop_timer_armed(p->look))
		loop_timer_set(p->look, LOOK_EVERY);
}

static void arm_drain(struct ipvs *p)
{
	nsec_t wait = drainer_wait(&p->r, clock_now());
	if (wait == INT64_MAX)
		loop_timer_stop(p->drain);
	else
		loop_timer_set(p->drain, wait);
}

/* All that can be done now is done. */
static void settled(struct ipvs *p)
{
	netfilter_apply(&p->netfilter, SETS_ALL);
	send_ack(p);
	p->passed = p->passed || netfilter_ready(&p->netfilter);
	p->work_since = 0;
	tell_waiting(p, false);
	tell_ready(p);
}

static void tell_sync(struct ipvs *p)
{
	char buf[PROBLEM_TEXT];
	const char *now = syncd_problem(&p->sync, buf, sizeof(buf));

	if (!strcmp(now ? now : "", p->sync_problem))
		return;
	if (now)
		log_warning("%s", now);
	send_note(p, "sync", "SyncNotRunning", now ? now : p->sync_problem, now == NULL);
	snprintf(p->sync_problem, sizeof(p->sync_problem), "%s", now ? now : "");
}

/* The kernel tells of nothing: a look now and then finds a daemon that somebody stopped, or an interface that is there at last. */
static void look_sync(struct ipvs *p)
{
	int err;

	if (!p->started || !p->r.sock)
		return;
	err = syncd_look(&p->sync, p->r.sock, p->r.settings.adopt);
	if (err) {
		disconnect(p, err);
		return;
	}
	tell_sync(p);
	if (syncd_needed(&p->sync))
		loop_timer_set(p->sync_look, p->sync.error ? SYNC_AGAIN : SYNC_EVERY);
}

static void on_sync_look(void *arg)
{
	look_sync(arg);
}

/* One slice of work, and when the next is due. */
static void run(struct ipvs *p)
{
	nsec_t now = clock_now(), next;

	if (!p->started || !p->r.want)
		return;
	netfilter_apply(&p->netfilter, SETS_ADD);
	if (!needs_kernel(p)) {
		set_problem(p, "");
		settled(p);
		return;
	}
	if (!p->r.sock && (loop_timer_armed(p->reopen) || !connect_kernel(p))) {
		if (p->problem[0])
			send_ack(p);
		return;
	}
	if (!p->work_since)
		p->work_since = now;
	int err = reconcile_step(&p->r, now);
	if (err < 0) {
		disconnect(p, err);
		return;
	}
	next = err > 0 ? 0 : reconcile_next(&p->r, now);
	if (next > 0)
		settled(p);
	if (next < INT64_MAX)
		loop_timer_set(p->work, next > now ? next - now : 0);
	arm_look(p);
	arm_drain(p);
}

static void on_work(void *arg)
{
	run(arg);
}

static void on_reopen(void *arg)
{
	run(arg);
}

static void on_look(void *arg)
{
	struct ipvs *p = arg;
	if (!p->r.sock)
		return;
	int err = drift_look(&p->r, &p->drift);
	if (err)
		disconnect(p, err);
	else if (reconcile_next(&p->r, clock_now()) == 0)
		run(p);
	arm_look(p);
}

static void on_drain(void *arg)
{
	struct ipvs *p = arg;
	int err = drainer_step(&p->r, clock_now());
	if (err)
		disconnect(p, err);
	else if (reconcile_next(&p->r, clock_now()) == 0)
		run(p);
	arm_drain(p);
}

/* Soon: what has arrived already is taken first. */
static void run_soon(struct ipvs *p)
{
	if (p->started)
		loop_timer_set(p->work, 0);
}

static void on_progress(void *arg)
{
	run_soon(arg);
}

/* ---- what is wanted */

/* Takes a picture; the descriptor stays the caller's. */
static int take_picture(struct ipvs *p, int fd, uint64_t generation)
{
	const void *bytes;
	const char *reason = "it is no sealed picture";
	struct ipvs_settings *settings = xcalloc(1, sizeof(*settings));
	struct table *want;
	size_t len;
	int err = fd < 0 ? -EBADF : memfd_map(fd, &bytes, &len);

	if (!err) {
		err = wire_decode_table(bytes, len, &want, settings, &reason);
		memfd_unmap(bytes, len);
	}
	if (err) {
		log_error("picture %" PRIu64 " is refused: %s", generation, reason);
		free(settings);
		return err;
	}
	gates_picture(&p->gates, want, settings);
	netfilter_picture(&p->netfilter, want, &settings->nat);
	reconcile_picture(&p->r, want, settings);
	sysctls_want(&p->sysctls, &settings->nat);
	syncd_want(&p->sync, &settings->sync);
	loop_timer_set(p->sync_look, 0);
	free(settings);
	p->generation = generation;
	p->acked = false;
	p->kept_picture = len;
	p->kept_rows = 0;
	return 0;
}

static int check_rows(const struct ipvs *p, const struct msg *m, const char **reason)
{
	enum row_op op;
	struct vs v;
	size_t at = 0;
	int n;
	while ((n = wire_next_row(m->payload, m->len, &at, &op, &v, reason)) > 0) {
		vs_clear(&v);
		if (v.gate > p->gates.n) {
			*reason = "a gate that is not there";
			return -EINVAL;
		}
	}
	return n;
}

/* Takes a message of rows, all or none. */
static int take_rows(struct ipvs *p, const struct msg *m)
{
	const char *reason = "no picture came before";
	enum row_op op;
	struct vs v;
	size_t at = 0;

	if (!p->r.want || m->generation < p->generation || check_rows(p, m, &reason) < 0) {
		if (p->r.want && m->generation < p->generation)
			reason = "they are older than what is there";
		log_error("rows of generation %" PRIu64 " are refused: %s", m->generation, reason);
		return -EINVAL;
	}
	while (wire_next_row(m->payload, m->len, &at, &op, &v, &reason) > 0) {
		if (gates_row(&p->gates, op, &v, &op) == 0)
			reconcile_row(&p->r, op, &v);
		vs_clear(&v);
	}
	p->generation = m->generation;
	p->acked = false;
	p->kept_rows += m->len;
	return 0;
}

/* A fresh picture in the place of one with many rows; false: the rows must go on. */
static bool keep_picture(struct ipvs *p)
{
	size_t len;
	void *bytes = gates_encode(&p->gates, p->r.want, &p->r.settings, &len);
	int fd = memfd_sealed("vipd-ipvs", bytes, len), err = fd;
	free(bytes);
	if (fd >= 0) {
		err = child_send(p->child, ROLE_SUPERVISOR, MSG_KEEP, p->generation, NULL, 0, fd);
		close(fd);
	}
	if (err < 0) {
		log_warning("no picture can be made for a successor: %s", strerror(-err));
		return false;
	}
	p->kept_picture = len;
	p->kept_rows = 0;
	return true;
}

static void keep_rows(struct ipvs *p, const struct msg *m)
{
	size_t most = p->kept_picture / 4;
	most = most < KEPT_ROWS_LEAST ? KEPT_ROWS_LEAST : most > KEPT_ROWS_MOST ? KEPT_ROWS_MOST : most;
	if (p->kept_rows <= most || !keep_picture(p))
		child_send(p->child, ROLE_SUPERVISOR, MSG_KEEP_ROWS, m->generation, m->payload, m->len, -1);
}

static void on_turn(void *arg, enum row_op op, const struct vs *v)
{
	reconcile_row(&((struct ipvs *)arg)->r, op, v);
}

/* vrrp: a router is Active here, or is not. At once: the address follows. */
static void take_role(struct ipvs *p, const struct msg *m)
{
	struct msg_role role;
	bool active;
	size_t n;

	if (m->len != sizeof(role))
		return;
	memcpy(&role, m->payload, sizeof(role));
	role.router[sizeof(role.router) - 1] = '\0';
	active = !role.gone && role.mode == ROLE_ACTIVE;
	n = gates_role(&p->gates, role.router, active, p->r.want, on_turn, p);
	if (!n)
		return;
	log_debug("router %s: %zu virtual servers %s", role.router, n, active ? "come" : "go");
	p->acked = false;
	run(p);
}

/* ---- questions */

static char *answer_status(struct ipvs *p, size_t *len)
{
	struct report_state s = {.generation = p->generation,
				 .healed_filter = p->netfilter.mended,
				 .healed_settings = p->sysctls.mended,
				 .not_ready = why_not_ready(p),
				 .problem = p->problem[0] ? p->problem : NULL,
				 .sync = &p->sync,
				 .sync_problem = p->sync_problem[0] ? p->sync_problem : NULL,
				 .gates = &p->gates};
	return report_status(&p->r, &s, len);
}

static void on_ask(struct ipvs *p, enum role from, const struct msg *m)
{
	char *text = NULL;
	size_t len = 0;
	int err = 0;

	if (m->len == 5 && !memcmp(m->payload, "table", 5))
		text = report_table(&p->r, &len, &err);
	else if (m->len == 6 && !memcmp(m->payload, "status", 6))
		text = answer_status(p, &len);
	else if (m->len == strlen(COUNTERS_HEADS) && !memcmp(m->payload, COUNTERS_HEADS, m->len))
		text = count_heads(&p->r, &len);
	else if (m->len >= strlen(COUNTERS_REALS) && !memcmp(m->payload, COUNTERS_REALS, strlen(COUNTERS_REALS)))
		text = count_reals(&p->r, (const char *)m->payload + strlen(COUNTERS_REALS),
				   m->len - strlen(COUNTERS_REALS), &len);
	if (!text) {
		text = report_note("ipvs", "CannotAnswer", err ? strerror(-err) : "unknown question", false);
		len = strlen(text);
	}
	int fd = memfd_sealed("vipd-answer", text, len);
	free(text);
	if (fd < 0) {
		log_warning("an answer cannot be sent: %s", strerror(-fd));
		return;
	}
	child_send(p->child, from, MSG_ANSWER, m->generation, NULL, 0, fd);
	close(fd);
}

/* ---- messages */

static void on_ran(struct ipvs *p, const struct msg *m)
{
	struct module *mod = netfilter_ran(&p->netfilter, m) ? NULL : modules_answer(&p->modules, m);
	if (!mod)
		return;
	if (mod->status)
		log_error("modprobe %s failed: %s", mod->name, mod->why);
	else
		log_info("module %s loaded", mod->name);
	if (!strcmp(mod->name, "ip_vs"))
		loop_timer_stop(p->reopen);
	else if (!mod->status)
		queue_wake_scheduler(p->r.queue, mod->name + strlen("ip_vs_"));
	run_soon(p);
}

static void on_msg(void *arg, enum role from, struct msg *m)
{
	struct ipvs *p = arg;

	if (from == ROLE_CONTROL && m->type == MSG_TABLE) {
		if (!take_picture(p, m->fd, m->generation)) {
			child_send(p->child, ROLE_SUPERVISOR, MSG_KEEP, m->generation, NULL, 0, m->fd);
			run_soon(p);
		} else {
			child_send(p->child, ROLE_CONTROL, MSG_AGAIN, m->generation, NULL, 0, -1);
		}
	} else if (from == ROLE_CONTROL && m->type == MSG_ROWS) {
		if (!take_rows(p, m)) {
			keep_rows(p, m);
			run_soon(p);
		} else {
			child_send(p->child, ROLE_CONTROL, MSG_AGAIN, m->generation, NULL, 0, -1);
		}
	} else if (from == ROLE_VRRP && m->type == MSG_ROLE) {
		take_role(p, m);
	} else if (m->type == MSG_ASK) {
		on_ask(p, from, m);
	} else if (from == ROLE_RUNNER && m->type == MSG_RAN) {
		on_ran(p, m);
	} else {
		log_debug("message %u of %s is not for ipvs", m->type, role_name(from));
	}
	if (m->fd >= 0)
		close(m->fd);
}

static void on_kept(void *arg, struct msg *m)
{
	struct ipvs *p = arg;
	if (m->type == MSG_KEPT)
		take_picture(p, m->fd, m->generation);
	else
		take_rows(p, m);
	if (m->fd >= 0)
		close(m->fd);
}

static void on_peer(void *arg, enum role who, bool up)
{
	struct ipvs *p = arg;
	if (!up && who == ROLE_RUNNER)
		modules_lost(&p->modules);
	if (who == ROLE_RUNNER)
		netfilter_runner(&p->netfilter, up);
	if (!up)
		return;
	if (who == ROLE_VRRP && p->started) {
		tell_waiting(p, true);
		send_programmed(p);
	}
	if (who != ROLE_CONTROL)
		return;
	reconcile_renote(&p->r);
	netfilter_renote(&p->netfilter);
	sysctls_renote(&p->sysctls);
	if (p->problem[0])
		send_note(p, "ipvs", "KernelMissing", p->problem, false);
	if (p->sync_problem[0])
		send_note(p, "sync", "SyncNotRunning", p->sync_problem, false);
	if (p->record[0])
		send_note(p, OWN_FILE, "BadRecord", p->record, false);
}

static void on_start(void *arg, bool restarted)
{
	struct ipvs *p = arg;
	p->started = true;
	child_send(p->child, ROLE_SUPERVISOR, MSG_READY, 0, NULL, 0, -1);
	on_beat(p);
	run(p);
}

static bool withdrawn(void *arg, const struct vs_key *k)
{
	const struct ipvs *p = arg;
	const struct vs *want = p->r.want ? table_get(p->r.want, k) : NULL;
	if (!want)
		return p->r.want != NULL;
	for (uint32_t i = 0; i < want->n; i++)
		if (want->reals[i].forward != FORWARD_NAT)
			return true;
	return false;
}

static void on_stop(void *arg)
{
	struct ipvs *p = arg;
	int n = p->r.sock || !own_count(p->own) ? 0 : ipvs_sock_open(&p->r.sock);
	if (p->r.sock)
		syncd_stop(&p->sync, p->r.sock);
	if (!n && p->r.sock)
		n = cleanup_delete(p->r.sock, p->own, withdrawn, p);
	if (n < 0)
		log_error("virtual servers cannot be withdrawn: %s", strerror(-n));
	else
		log_info("stopping: %d virtual servers withdrawn, %zu left for the next start", n, own_count(p->own));
	child_exit(p->child, n < 0);
}

static void on_dump(void *arg)
{
	size_t len;
	char *text = answer_status(arg, &len);
	log_info("status: %.*s", (int)len, text);
	free(text);
}

/* ---- the whole */

/* What was wrong with the record, for a person. */
static void judge_record(struct ipvs *p, const struct own_found *f)
{
	static const char rest[] = "what is in the kernel as wanted is taken over, the rest is left alone";

	if (f->other)
		snprintf(p->record, sizeof(p->record), VERSION_OTHER ": it is begun anew; %s", f->version,
			 (unsigned)OWN_VERSION, rest);
	else if (f->bad)
		snprintf(p->record, sizeof(p->record), "was damaged: %zu lines are passed over; %s", f->bad, rest);
	if (p->record[0])
		log_event(LOG_OWNED_LOST, LOG_WITH(.file = OWN_FILE), "the ownership record (" OWN_FILE ") %s",
			  p->record);
}

static int take_record(struct ipvs *p, int fd, bool *lost)
{
	struct own_found found;
	int err = own_open(fd, &p->own, &found);

	if (!err) {
		judge_record(p, &found);
		*lost = found.lost;
		return 0;
	}
	log_event(LOG_OWNED_NOT_SAVED, NULL,
		  "the ownership record cannot be used: %s; what vipd makes is known only while this process lives",
		  strerror(-err));
	err = own_open(-1, &p->own, &found);
	*lost = true;
	return err;
}

int ipvs_main(struct child *c, const struct role_env *env)
{
	static const struct netfilter_ops packets = {.note = on_packets, .progress = on_progress};
	static const struct sysctl_ops settings = {.note = on_packets, .need = on_need};
	static const struct child_ops ops = {
	    .start = on_start, .msg = on_msg, .peer = on_peer, .kept = on_kept, .stop = on_stop, .dump = on_dump};
	struct ipvs *p = xcalloc(1, sizeof(*p));
	bool lost = false;
	int code;

	p->child = c;
	take_record(p, env->own_fd, &lost);
	reconcile_init(&p->r, &reconcile_hooks, p, p->own, lost);
	p->work = loop_timer_new(child_loop(c), on_work, p);
	p->look = loop_timer_new(child_loop(c), on_look, p);
	p->drain = loop_timer_new(child_loop(c), on_drain, p);
	p->reopen = loop_timer_new(child_loop(c), on_reopen, p);
	p->sync_look = loop_timer_new(child_loop(c), on_sync_look, p);
	p->beat = loop_timer_new(child_loop(c), on_beat, p);
	p->waiting = xcalloc(GATES_MAX, sizeof(*p->waiting));
	p->told = why_not_ready(p); /* at the start that is no news */
	netfilter_init(&p->netfilter, c, &packets, p);
	sysctls_init(&p->sysctls, child_loop(c), p->own, &settings, p);
	code = child_run(c, &ops, p);
	loop_timer_free(p->work);
	loop_timer_free(p->look);
	loop_timer_free(p->drain);
	loop_timer_free(p->reopen);
	loop_timer_free(p->sync_look);
	loop_timer_free(p->beat);
	netfilter_clear(&p->netfilter);
	sysctls_clear(&p->sysctls);
	reconcile_clear(&p->r);
	gates_clear(&p->gates);
	free(p->waiting);
	own_close(p->own);
	free(p);
	return code;
}
