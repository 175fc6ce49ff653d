/* Decides what control is told: the node's own addresses, acknowledgements, notes about addresses that cannot be held, answers to questions.
 * Source: src/base/proto.h. Test: tests/kernel/test_vrrp_process.c. */
#include "vrrp_int.h"

#include "../src/base/arena.h"
#include "../src/base/log.h"
#include "../src/base/memfd.h"
#include "../src/base/usage.h"
#include "owned.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BREATH = 64, NOTE_TEXT = 256, LOCALS_MAX = MSG_PAYLOAD_MAX / sizeof(struct local_addr) };

/* Where the address stands that is in the way. */
static const char *elsewhere(const struct vrrp *v, const struct entry *e)
{
	for (size_t i = 0; i < e->n_have; i++) {
		const char *name = holder_link_name(v->holder, e->have[i].ifindex);

		if (!e->have[i].ours && name)
			return name;
	}
	return "another interface";
}

/* Why e is not held, for a person. */
static const char *problem_text(const struct vrrp *v, const struct entry *e, char buf[NOTE_TEXT])
{
	const char *where = e->want.ifname;

	switch (e->problem) {
	case VIP_NO_INTERFACE:
		snprintf(buf, NOTE_TEXT, "there is no interface %s; the address is added when it appears", where);
		break;
	case VIP_INTERFACE_DOWN:
		snprintf(buf, NOTE_TEXT, "interface %s is down", where);
		break;
	case VIP_ELSEWHERE:
		snprintf(buf, NOTE_TEXT,
			 "the address stands on %s and vipd did not put it there: remove it there, or leave it out",
			 elsewhere(v, e));
		break;
	case VIP_REFUSED:
		if (e->error == -EACCES && e->addr.family == AF_INET6)
			snprintf(buf, NOTE_TEXT, "IPv6 is off on %s (sysctl net.ipv6.conf.%s.disable_ipv6)", where,
				 where);
		else
			snprintf(buf, NOTE_TEXT, "the kernel refuses the address on %s: %s; it is tried again", where,
				 strerror(-e->error));
		break;
	case VIP_FINE:
	case VIP_PROBLEMS:
		buf[0] = '\0';
	}
	return buf;
}

static void send_note(struct vrrp *v, const char *object, const char *reason, const char *message, bool gone)
{
	json_t *j =
	    json_pack("{s:s, s:s, s:s, s:b}", "object", object, "reason", reason, "message", message, "gone", gone);
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;

	if (text)
		child_send(v->child, ROLE_CONTROL, MSG_NOTE, v->generation, text, strlen(text), -1);
	free(text);
	json_decref(j);
}

/* A missing vipd0 is one note, not one for each cluster IP. */
static enum vip_problem notable(const struct entry *e)
{
	if (!e->wanted || (e->want.kind == VIP_CLUSTER && e->problem == VIP_NO_INTERFACE))
		return VIP_FINE;
	return e->problem;
}

void report_changed(void *arg, struct entry *e)
{
	struct vrrp *v = arg;
	enum vip_problem now = notable(e);
	char object[ADDR_TEXT], text[NOTE_TEXT];

	if (now == e->noted || !v->started || !child_has(v->child, ROLE_CONTROL))
		return;
	addr_format(&e->addr, object);
	if (e->noted != VIP_FINE)
		send_note(v, object, vip_problem_reason(e->noted), "", true);
	if (now != VIP_FINE)
		send_note(v, object, vip_problem_reason(now), problem_text(v, e, text), false);
	e->noted = now;
}

static void note_device(struct vrrp *v)
{
	char text[NOTE_TEXT];

	if (v->device_error == -EEXIST)
		snprintf(text, sizeof(text),
			 "an interface %s that is not a dummy device is in the way of the cluster IPs: rename it",
			 VIPD_DEVICE);
	else if (v->device_error == -EOPNOTSUPP)
		snprintf(text, sizeof(text),
			 "this kernel has no dummy devices, so cluster IPs are not held: load the module (modprobe "
			 "dummy; some "
			 "distributions ship it as linux-modules-extra or kernel-modules-extra)");
	else
		snprintf(text, sizeof(text), "cannot make %s, so cluster IPs are not held: %s", VIPD_DEVICE,
			 strerror(-v->device_error));
	send_note(v, VIPD_DEVICE, "DeviceMissing", v->device_error ? text : "", !v->device_error);
	if (v->device_error)
		log_event(LOG_KERNEL_MISSING, NULL, "%s", text);
}

void report_device(struct vrrp *v, int error)
{
	v->device_error = error;
	note_device(v);
}

static void note_accept(struct vrrp *v)
{
	char text[NOTE_TEXT];

	snprintf(
	    text, sizeof(text),
	    "accept: false is not kept, so this node's own programs can be reached on the addresses: nftables: %s%s",
	    strerror(-v->accept_error),
	    v->accept_error == -EOPNOTSUPP || v->accept_error == -EPROTONOSUPPORT || v->accept_error == -EINVAL
		? " (modprobe nf_tables)"
		: "");
	send_note(v, "accept", "AcceptNotKept", v->accept_error ? text : "", !v->accept_error);
	if (v->accept_error)
		log_event(LOG_KERNEL_MISSING, NULL, "%s", text);
}

void report_accept(void *arg, int error)
{
	struct vrrp *v = arg;

	v->accept_error = error;
	note_accept(v);
}

static int renew_note(void *arg, struct entry *e)
{
	e->noted = VIP_FINE;
	report_changed(arg, e);
	return 0;
}

void report_start(struct vrrp *v)
{
	v->locals_sent = false;
	report_locals(v);
	holder_each(v->holder, renew_note, v);
	if (holder_record_problem(v->holder))
		send_note(v, OWNED_FILE, "BadRecord", holder_record_problem(v->holder), false);
	if (v->device_error)
		note_device(v);
	if (v->accept_error)
		note_accept(v);
}

struct local_list {
	struct local_addr *items;
	size_t n, cap;
};

static void local_each(void *arg, const struct addr *a, uint8_t bits, const char *ifname)
{
	struct local_list *l = arg;

	if (l->n == LOCALS_MAX)
		return;
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 16;
		l->items = xrealloc(l->items, l->cap * sizeof(*l->items));
	}
	l->items[l->n] = (struct local_addr){.addr = *a, .bits = bits};
	memcpy(l->items[l->n].ifname, ifname, strnlen(ifname, sizeof(l->items->ifname) - 1));
	l->n++;
}

static int local_cmp(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct local_addr));
}

void report_locals(struct vrrp *v)
{
	struct local_list l = {0};
	bool same;

	holder_locals(v->holder, local_each, &l);
	if (l.n == LOCALS_MAX)
		log_warning("this node has more than %zu addresses: the rest is passed over", (size_t)LOCALS_MAX);
	if (l.n > 0)
		qsort(l.items, l.n, sizeof(*l.items), local_cmp);
	same = v->locals_sent && l.n == v->n_locals &&
	       (l.n == 0 || memcmp(l.items, v->locals, l.n * sizeof(*l.items)) == 0);
	free(v->locals);
	v->locals = l.items;
	v->n_locals = l.n;
	if (same || !v->started || !child_has(v->child, ROLE_CONTROL))
		return;
	v->locals_sent = child_send(v->child, ROLE_CONTROL, MSG_LOCALS, 0, l.items, l.n * sizeof(*l.items), -1) == 0;
}

void report_ack(struct vrrp *v)
{
	struct holder_counts c;
	struct msg_ack ack;

	if (!v->ack_due || !v->gate_open || !holder_is_settled(v->holder) || !child_has(v->child, ROLE_CONTROL))
		return;
	holder_count(v->holder, &c);
	ack = (struct msg_ack){
	    .failed =
		(uint32_t)(c.problems[VIP_NO_INTERFACE] + c.problems[VIP_INTERFACE_DOWN] + c.problems[VIP_REFUSED]),
	    .conflicts = (uint32_t)c.problems[VIP_ELSEWHERE],
	};
	if (child_send(v->child, ROLE_CONTROL, MSG_ACK, v->generation, &ack, sizeof(ack), -1) == 0)
		v->ack_due = false;
}

/* Wanted entries in the order of their addresses. */
struct entry_list {
	struct entry **items;
	size_t n;
};

static int list_each(void *arg, struct entry *e)
{
	struct entry_list *l = arg;

	if (e->wanted)
		l->items[l->n++] = e;
	return 0;
}

static int entry_cmp(const void *a, const void *b)
{
	struct entry *const *x = a, *const *y = b;

	return addr_cmp(&(*x)->addr, &(*y)->addr);
}

static json_t *vip_json(struct vrrp *v, const struct entry *e)
{
	char address[ADDR_TEXT], text[NOTE_TEXT];
	const char *router = "", *state = "";

	if (e->want.router < engine_count(v->engine)) {
		const struct msg_role role = engine_role(v->engine, e->want.router);

		router = engine_router(v->engine, e->want.router)->name;
		state = fsm_mode_notify((enum fsm_mode)role.mode);
	}
	return json_pack("{s:s, s:s, s:s, s:b, s:I, s:I, s:s, s:s, s:s}", "address", addr_format(&e->addr, address),
			 "interface", e->want.ifname, "kind", e->want.kind == VIP_CLUSTER ? "cluster" : "client",
			 "held", e->held, "since", (json_int_t)e->since, "announcements", (json_int_t)e->tell.sent,
			 "problem", problem_text(v, e, text), "router", router, "state", state);
}

/* Text that grows. */
struct text {
	char *bytes;
	size_t len, cap;
};

static void text_add(struct text *t, const char *bytes, size_t len)
{
	if (t->len + len + 1 > t->cap) {
		t->cap = 2 * (t->len + len + 1);
		t->bytes = xrealloc(t->bytes, t->cap);
	}
	memcpy(t->bytes + t->len, bytes, len);
	t->len += len;
	t->bytes[t->len] = '\0';
}

/* Takes j; malloc'd or NULL. */
static char *json_text(json_t *j)
{
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;

	json_decref(j);
	return text;
}

static void text_add_json(struct text *t, json_t *j)
{
	char *one = json_text(j);

	if (one && t->len > 1)
		text_add(t, ",", 1);
	if (one)
		text_add(t, one, strlen(one));
	free(one);
}

/* Ten thousand addresses take longer than an advertisement may be late: one by one. The caller frees. */
static char *vips_text(struct vrrp *v)
{
	struct entry_list l = {0};
	struct holder_counts c;
	struct text t = {0};

	holder_count(v->holder, &c);
	l.items = xcalloc(c.wanted + 1, sizeof(struct entry *));
	holder_each(v->holder, list_each, &l);
	qsort(l.items, l.n, sizeof(struct entry *), entry_cmp);
	text_add(&t, "[", 1);
	for (size_t i = 0; i < l.n; i++) {
		text_add_json(&t, vip_json(v, l.items[i]));
		if (i % BREATH == 0)
			engine_breathe(v->engine);
	}
	text_add(&t, "]", 1);
	free(l.items);
	return t.bytes;
}

/* Of the addresses of one router, or of a node without any: how many are wanted here, and how many of these stand on the node, whoever put them there. */
struct standing {
	size_t wanted, there;
	struct addr missing, present; /* one of each; family 0: none */
};

struct standings {
	struct vrrp *v;
	struct standing *items; /* by router; the last one: of none */
	size_t n;
	unsigned breath;
};

static int standing_each(void *arg, struct entry *e)
{
	struct standings *s = arg;
	struct standing *one;

	if (s->breath++ % BREATH == 0)
		engine_breathe(s->v->engine);
	if (!e->wanted || e->want.kind == VIP_CLUSTER)
		return 0;
	one = &s->items[e->want.router < s->n - 1 ? e->want.router : s->n - 1];
	one->wanted++;
	if (e->n_have) {
		one->there++;
		one->present = e->addr;
	} else {
		one->missing = e->addr;
	}
	return 0;
}

/* [{"router":"" of the node alone, "state", "wanted", "there", "missing", "present"}] */
static json_t *health_json(struct vrrp *v)
{
	struct standings s = {.v = v, .n = engine_count(v->engine) + 1};
	json_t *list = json_array();
	char missing[ADDR_TEXT], present[ADDR_TEXT];

	s.items = xcalloc(s.n, sizeof *s.items);
	holder_each(v->holder, standing_each, &s);
	for (size_t i = 0; i < s.n; i++) {
		const struct standing *one = &s.items[i];
		bool alone = i == s.n - 1;

		if (alone && i)
			break; /* there are routers: what has none is not held by rule */
		json_array_append_new(
		    list,
		    json_pack("{s:s, s:s, s:I, s:I, s:s, s:s}", "router",
			      alone ? "" : engine_router(v->engine, i)->name, "state",
			      alone ? "MASTER" : fsm_mode_notify((enum fsm_mode)engine_role(v->engine, i).mode),
			      "wanted", (json_int_t)one->wanted, "there", (json_int_t)one->there, "missing",
			      addr_format(&one->missing, missing), "present", addr_format(&one->present, present)));
	}
	free(s.items);
	return list;
}

static json_t *locals_json(const struct vrrp *v)
{
	json_t *list = json_array();
	char text[ADDR_TEXT];

	for (size_t i = 0; i < v->n_locals; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:i, s:s}", "address", addr_format(&v->locals[i].addr, text),
						"bits", (int)v->locals[i].bits, "interface", v->locals[i].ifname));
	return list;
}

static json_t *status_json(struct vrrp *v)
{
	struct holder_counts c;
	uint64_t waits, in_vain;

	holder_count(v->holder, &c);
	gated_count(v, &waits, &in_vain);
	return json_pack("{s:I, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I}, s:o, s:o, s:o}",
			 "generation", (json_int_t)v->generation, "ready", v->gate_open, "settled",
			 holder_is_settled(v->holder), "wanted", (json_int_t)c.wanted, "held", (json_int_t)c.held,
			 "interfaceMissing", (json_int_t)c.problems[VIP_NO_INTERFACE], "interfaceDown",
			 (json_int_t)c.problems[VIP_INTERFACE_DOWN], "elsewhere", (json_int_t)c.problems[VIP_ELSEWHERE],
			 "refused", (json_int_t)c.problems[VIP_REFUSED], "restored", (json_int_t)c.restored,
			 "framesSent", (json_int_t)c.frames, "rescans", (json_int_t)c.rescans, "waitedForIpvs", "times",
			 (json_int_t)waits, "inVain", (json_int_t)in_vain, "locals", locals_json(v), "strays",
			 engine_strays_json(v->engine), "process", usage_json());
}

static bool question_is(const struct msg *m, const char *text)
{
	return m->len == strlen(text) && memcmp(m->payload, text, m->len) == 0;
}

static void send_answer(struct vrrp *v, uint64_t id, const char *text)
{
	int fd = text ? memfd_sealed("answer", text, strlen(text)) : -ENOMEM;

	if (fd < 0) {
		log_error("cannot answer control: %s", strerror(-fd));
		return;
	}
	child_send(v->child, ROLE_CONTROL, MSG_ANSWER, id, NULL, 0, fd);
	close(fd);
}

void report_failover(void *arg, uint64_t id, const char *json)
{
	send_answer(arg, id, json);
}

void report_answer(struct vrrp *v, const struct msg *m)
{
	char *text;

	if (question_is(m, "vips"))
		text = vips_text(v);
	else if (question_is(m, "status"))
		text = json_text(status_json(v));
	else if (question_is(m, "health"))
		text = json_text(health_json(v));
	else if (question_is(m, "vrrp"))
		text = json_text(engine_json(v->engine));
	else
		text = json_text(
		    json_pack("{s:s}", "error", "vrrp answers \"vips\", \"vrrp\", \"health\" and \"status\""));
	send_answer(v, m->generation, text);
	free(text);
}
/* ---- virtual routers ---- */

static void send_role(struct vrrp *v, enum role to, const struct msg_role *m)
{
	if (child_has(v->child, to))
		child_send(v->child, to, MSG_ROLE, 0, m, sizeof(*m), -1);
}

static void send_roles(struct vrrp *v, const struct msg_role *m)
{
	send_role(v, ROLE_CONTROL, m);
	send_role(v, ROLE_IPVS, m);
}

void report_roles(struct vrrp *v, enum role to)
{
	if (to != ROLE_CONTROL && to != ROLE_IPVS)
		return;
	for (size_t i = 0; i < engine_count(v->engine); i++) {
		const struct msg_role m = engine_role(v->engine, i);

		send_role(v, to, &m);
	}
}

static struct msg_role role_of(const struct router *r)
{
	struct msg_role m = {.family = r->family, .vrid = r->vrid};

	memcpy(m.router, r->name, sizeof(m.router));
	memcpy(m.ifname, r->ifname, sizeof(m.ifname));
	return m;
}

void report_news(void *arg, const struct engine_news *n)
{
	struct msg_role m = role_of(n->router);

	m.mode = (uint8_t)n->mode;
	m.before = (uint8_t)n->before;
	m.priority = n->priority;
	strncpy(m.cause, n->cause, sizeof(m.cause) - 1);
	send_roles(arg, &m);
}

void report_router_gone(void *arg, const struct router *r)
{
	struct msg_role m = role_of(r);

	m.gone = 1;
	send_roles(arg, &m);
}

static int dump_each(void *arg, struct entry *e)
{
	char address[ADDR_TEXT], text[NOTE_TEXT];

	if (e->wanted)
		log_info("%s on %s: %s%s%s", addr_format(&e->addr, address), e->want.ifname,
			 e->held ? "held" : "not held", e->problem ? ": " : "", problem_text(arg, e, text));
	return 0;
}

void report_dump(struct vrrp *v)
{
	struct holder_counts c;

	holder_count(v->holder, &c);
	log_info("generation %llu, %zu addresses wanted, %zu held, %llu restored, %llu frames sent, gate %s",
		 (unsigned long long)v->generation, c.wanted, c.held, (unsigned long long)c.restored,
		 (unsigned long long)c.frames, v->gate_open ? "open" : "closed");
	holder_each(v->holder, dump_each, v);
	engine_dump(v->engine);
}
