/* What the ipvs process tells: control of problems and of generations taken, vrrp whether its table may be relied upon, and who asks what the kernel has.
 * Source: src/base/proto.h. Test: tests/kernel/test_ipvs_process.c. */
#include "../src/base/arena.h"
#include "../src/base/log.h"
#include "../src/base/memfd.h"
#include "count.h"
#include "ipvs_int.h"
#include "queue.h"
#include "ready.h"
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void ipvs_note(struct ipvs *p, const char *object, const char *reason, const char *message, bool gone)
{
	char *text = report_note(object, reason, message, gone);
	child_send(p->child, ROLE_CONTROL, MSG_NOTE, p->generation, text, strlen(text), -1);
	free(text);
}

static size_t wanted(const struct ipvs *p)
{
	return p->r.want ? table_count(p->r.want) - p->r.leaving : 0;
}

void ipvs_send_ack(struct ipvs *p)
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

const char *ipvs_why_not_ready(const struct ipvs *p)
{
	const struct ready_view v = {.passed = p->passed,
				     .kernel = !p->reopen_wait || p->r.sock || !ipvs_needs_kernel(p),
				     .wanted = wanted(p),
				     .missing = queue_missing(p->r.queue),
				     .behind = p->work_since ? clock_now() - p->work_since : 0};
	return ready_why_not(&v);
}

void ipvs_send_programmed(struct ipvs *p)
{
	const char *why = ipvs_why_not_ready(p);
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
void ipvs_tell_ready(struct ipvs *p)
{
	if (ipvs_why_not_ready(p) != p->told)
		ipvs_send_programmed(p);
}

/* What is behind a shut gate now; what an open one has let through is in the kernel. */
void ipvs_tell_waiting(struct ipvs *p, bool anew)
{
	char(*names)[GATE_NAME] = xcalloc(GATES_MAX, sizeof(*names));
	size_t n = gates_waiting(&p->gates, names);

	if (anew || n != p->n_waiting || memcmp(names, p->waiting, n * sizeof(*names)) != 0)
		child_send(p->child, ROLE_VRRP, MSG_WAITING, p->generation, names, n * sizeof(*names), -1);
	free(p->waiting);
	p->waiting = names;
	p->n_waiting = n;
}

void ipvs_set_problem(struct ipvs *p, const char *text)
{
	if (!strcmp(p->problem, text))
		return;
	if (text[0]) {
		log_event(LOG_KERNEL_MISSING, NULL, "%s", text);
		ipvs_note(p, "ipvs", "KernelMissing", text, false);
	} else {
		log_info("over: %s", p->problem);
		ipvs_note(p, "ipvs", "KernelMissing", p->problem, true);
	}
	snprintf(p->problem, sizeof(p->problem), "%s", text);
	ipvs_tell_ready(p);
}

/* What cannot be opened, and what to do. */
void ipvs_explain(struct ipvs *p, int err)
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
	ipvs_set_problem(p, text);
}

void ipvs_tell_sync(struct ipvs *p)
{
	char buf[PROBLEM_TEXT];
	const char *now = syncd_problem(&p->sync, buf, sizeof(buf));

	if (!strcmp(now ? now : "", p->sync_problem))
		return;
	if (now)
		log_warning("%s", now);
	ipvs_note(p, "sync", "SyncNotRunning", now ? now : p->sync_problem, now == NULL);
	snprintf(p->sync_problem, sizeof(p->sync_problem), "%s", now ? now : "");
}

/* ---- questions */

char *ipvs_status(struct ipvs *p, size_t *len)
{
	struct report_state s = {.generation = p->generation,
				 .healed_filter = p->netfilter.mended,
				 .healed_settings = p->sysctls.mended,
				 .not_ready = ipvs_why_not_ready(p),
				 .problem = p->problem[0] ? p->problem : NULL,
				 .sync = &p->sync,
				 .sync_problem = p->sync_problem[0] ? p->sync_problem : NULL,
				 .gates = &p->gates};
	return report_status(&p->r, &s, len);
}

void ipvs_answer(struct ipvs *p, enum role from, const struct msg *m)
{
	char *text = NULL;
	size_t len = 0;
	int err = 0;

	if (m->len == 5 && !memcmp(m->payload, "table", 5))
		text = report_table(&p->r, sysctls_rates(), &len, &err);
	else if (m->len == 6 && !memcmp(m->payload, "status", 6))
		text = ipvs_status(p, &len);
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
