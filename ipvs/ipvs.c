/* The ipvs process: what it is told becomes a wanted table, what is wanted becomes the kernel's (reconcile.c), what changes there is put right (drift.c).
 * Decides when each of them runs (ipvs_int.h: what is where). Source: src/base/proto.h, DESIGN.md "Life and death".
 * Test: tests/kernel/test_ipvs_process.c. */
#include "../src/base/arena.h"
#include "../src/base/version.h"
#include "cleanup.h"
#include "drainer.h"
#include "drift.h"
#include "ipvs_int.h"
#include "ownline.h"
#include "queue.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BEAT       NSEC_PER_SEC
#define SYNC_AGAIN NSEC_PER_SEC
#define SYNC_EVERY (10 * NSEC_PER_SEC)

/* ---- what the parts have to say */

static void on_note(void *arg, const struct vs_key *k, const char *reason, const char *message, bool gone)
{
	char key[VS_KEY_TEXT];
	ipvs_note(arg, vs_key_format(k, key), reason, message, gone);
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
	ipvs_note(arg, object, reason, message, gone);
}

static unsigned need_of_size(const struct ipvs *p)
{
	size_t servers = p->r.want ? table_count(p->r.want) + table_reals(p->r.want) : 0;

	return sysctl_need_of_size(servers, p->cpus, p->sysctls.need);
}

static void on_want(void *arg, const struct vs *old, const struct vs *new)
{
	struct ipvs *p = arg;

	netfilter_change(&p->netfilter, old, new);
	if (new)
		sysctls_more(&p->sysctls, sysctl_need_of(new));
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
	return need | need_of_size(p) | (syncd_needed(&p->sync) ? NEED_BALANCE : 0) | (s->bind4 ? NEED_BIND4 : 0) |
	       (s->bind6 ? NEED_BIND6 : 0) | (if_nametoindex(KUBEPROXY_DEVICE) ? NEED_EVERYWHERE4 : 0);
}

static bool on_shut(void *arg, const struct vs_key *k)
{
	const struct ipvs *p = arg;
	return p->gates.shut && table_get(p->gates.shut, k);
}

static const struct reconcile_ops reconcile_hooks = {
    .note = on_note, .need_scheduler = on_need_scheduler, .want = on_want, .shut = on_shut};

/* ---- the kernel's side */

/* An empty table and no record need no kernel. */
bool ipvs_needs_kernel(const struct ipvs *p)
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
		ipvs_explain(p, err);
		p->reopen_wait = backoff_next(p->reopen_wait);
		loop_timer_set(p->reopen, p->reopen_wait);
		ipvs_tell_ready(p);
		return false;
	}
	loop_timer_stop(p->reopen);
	p->reopen_wait = 0;
	ipvs_set_problem(p, "");
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
	ipvs_tell_ready(p);
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
	sysctls_more(&p->sysctls, need_of_size(p));
	ipvs_send_ack(p);
	p->passed = p->passed || netfilter_ready(&p->netfilter);
	p->work_since = 0;
	ipvs_tell_waiting(p, false);
	ipvs_tell_ready(p);
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
	ipvs_tell_sync(p);
	if (syncd_needed(&p->sync))
		loop_timer_set(p->sync_look, p->sync.error ? SYNC_AGAIN : SYNC_EVERY);
}

static void on_sync_look(void *arg)
{
	look_sync(arg);
}

/* One slice of work, and when the next is due. */
void ipvs_run(struct ipvs *p)
{
	nsec_t now = clock_now(), next;

	if (!p->started || !p->r.want)
		return;
	netfilter_apply(&p->netfilter, SETS_ADD);
	if (!ipvs_needs_kernel(p)) {
		ipvs_set_problem(p, "");
		settled(p);
		return;
	}
	if (!p->r.sock && (loop_timer_armed(p->reopen) || !connect_kernel(p))) {
		if (p->problem[0])
			ipvs_send_ack(p);
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

static void on_beat(void *arg)
{
	struct ipvs *p = arg;

	ipvs_send_programmed(p);
	loop_timer_set(p->beat, BEAT);
}

static void on_work(void *arg)
{
	ipvs_run(arg);
}

static void on_reopen(void *arg)
{
	ipvs_run(arg);
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
		ipvs_run(p);
	arm_look(p);
}

static void on_drain(void *arg)
{
	struct ipvs *p = arg;
	int err = drainer_step(&p->r, clock_now());
	if (err)
		disconnect(p, err);
	else if (reconcile_next(&p->r, clock_now()) == 0)
		ipvs_run(p);
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
		if (!ipvs_take_picture(p, m->fd, m->generation)) {
			child_send(p->child, ROLE_SUPERVISOR, MSG_KEEP, m->generation, NULL, 0, m->fd);
			run_soon(p);
		} else {
			child_send(p->child, ROLE_CONTROL, MSG_AGAIN, m->generation, NULL, 0, -1);
		}
	} else if (from == ROLE_CONTROL && m->type == MSG_ROWS) {
		if (!ipvs_take_rows(p, m)) {
			ipvs_keep_rows(p, m);
			run_soon(p);
		} else {
			child_send(p->child, ROLE_CONTROL, MSG_AGAIN, m->generation, NULL, 0, -1);
		}
	} else if (from == ROLE_VRRP && m->type == MSG_ROLE) {
		ipvs_take_role(p, m);
	} else if (m->type == MSG_ASK) {
		ipvs_answer(p, from, m);
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
		ipvs_take_picture(p, m->fd, m->generation);
	else
		ipvs_take_rows(p, m);
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
		ipvs_tell_waiting(p, true);
		ipvs_send_programmed(p);
	}
	if (who != ROLE_CONTROL)
		return;
	reconcile_renote(&p->r);
	netfilter_renote(&p->netfilter);
	sysctls_renote(&p->sysctls);
	if (p->problem[0])
		ipvs_note(p, "ipvs", "KernelMissing", p->problem, false);
	if (p->sync_problem[0])
		ipvs_note(p, "sync", "SyncNotRunning", p->sync_problem, false);
	if (p->record[0])
		ipvs_note(p, OWN_FILE, "BadRecord", p->record, false);
}

static void on_start(void *arg, bool restarted)
{
	struct ipvs *p = arg;
	p->started = true;
	child_send(p->child, ROLE_SUPERVISOR, MSG_READY, 0, NULL, 0, -1);
	on_beat(p);
	ipvs_run(p);
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
	char *text = ipvs_status(arg, &len);
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
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	bool lost = false;
	int code;

	p->child = c;
	p->cpus = cpus > 0 ? (unsigned)cpus : 1;
	take_record(p, env->own_fd, &lost);
	reconcile_init(&p->r, &reconcile_hooks, p, p->own, lost);
	p->work = loop_timer_new(child_loop(c), on_work, p);
	p->look = loop_timer_new(child_loop(c), on_look, p);
	p->drain = loop_timer_new(child_loop(c), on_drain, p);
	p->reopen = loop_timer_new(child_loop(c), on_reopen, p);
	p->sync_look = loop_timer_new(child_loop(c), on_sync_look, p);
	p->beat = loop_timer_new(child_loop(c), on_beat, p);
	p->waiting = xcalloc(GATES_MAX, sizeof(*p->waiting));
	p->told = ipvs_why_not_ready(p); /* at the start that is no news */
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
