/* routers: a list -> struct router, one a family. Each value is checked where it stands, then the router as a whole, then the routers between each
 * other. Source: RFC 9568 5.2 and 6.1, RFC 3768 5.3; defaults are keepalived's. Test: tests/test_config_router.c. */
#include "config_read.h"

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { OWN_MAX = 4096, V3_INTERVAL_MAX = 40950, V2_INTERVAL_MAX = 255000 };

static const char v6_suffix[] = "-ipv6";

const char *const config_router_names[ROUTER_NAMES] = {
    "interface",          "family", "version", "priority", "interval",       "preempt", "preemptDelay",
    "startupDelay",       "accept", "mac",     "checksum", "authentication", "source",  "peers",
    "checkUnicastSource", "minTTL", "track",   "name",     "vrid",           "group",   "addresses",
};

static const char *family_word(uint8_t family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

struct draft config_draft(void)
{
	return (struct draft){.r = {.name = "vips",
				    .version = 3,
				    .priority = 100,
				    .interval_ms = 1000,
				    .preempt = true,
				    .accept = true,
				    .check_source = true}};
}

static void read_family(const struct members *m, struct draft *d)
{
	static const char *const words[] = {"IPv4", "IPv6"};
	uint8_t v = 2;

	config_member_word(m, "family", words, 2, &v);
	if (v < 2)
		d->families = v ? FAMILY_V6 : FAMILY_V4;
}

/* The password stays zero-padded. */
static void read_authentication(const struct members *m, struct router *r)
{
	static const char *const names[] = {"type", "password"}, *const types[] = {"none", "pass", "ah"};
	char full[KEY_TEXT], sub[KEY_TEXT];
	const struct node *n = config_member(m, "authentication", full), *p;
	struct members a;
	const char *s;

	if (!n || !config_members(&a, m->r, full, n, names, 2))
		return;
	if (!node_get(n, "type"))
		config_member_error(&a, "type", "is missing; expected none, pass or ah");
	config_member_word(&a, "type", types, 3, &r->auth);
	p = config_member(&a, "password", sub);
	s = p ? config_want_string(m->r, sub, p) : NULL;
	if (s && strlen(s) > sizeof r->pass)
		config_member_error(&a, "password", "longer than %zu bytes, which is all that a packet holds",
				    sizeof r->pass);
	else if (s && !r->auth)
		config_member_error(&a, "password", "there is none without a type");
	else if (s)
		memcpy(r->pass, s, strlen(s));
	if (r->auth && !p)
		config_member_error(&a, "password", "is missing");
}

static void read_peers(const struct members *m, struct router *r)
{
	char full[KEY_TEXT];
	const struct node *n = config_member(m, "peers", full);

	if (!n || !config_want(m->r, full, n, NODE_LIST))
		return;
	if (n->list.n > ROUTER_PEERS_MAX) {
		config_member_error(m, "peers", "more than %d", ROUTER_PEERS_MAX);
		return;
	}
	r->peers = arena_alloc(m->r->c->arena, n->list.n * sizeof *r->peers);
	for (size_t i = 0; i < n->list.n; i++)
		if (config_want_host(m->r, full, &n->list.items[i], &r->peers[r->n_peers]))
			r->n_peers++;
}

void config_draft_shared(const struct members *m, struct draft *d)
{
	static const char *const macs[] = {"interface", "virtual"}, *const sums[] = {"rfc5798", "rfc9568"};
	struct router *r = &d->r;
	char full[KEY_TEXT];
	const struct node *n;
	uint8_t vmac = 0;

	config_member_interface(m, "interface", r->ifname);
	read_family(m, d);
	config_member_u8(m, "version", 2, 3, &r->version);
	config_member_u8(m, "priority", 1, 255, &r->priority);
	config_member_duration(m, "interval", &r->interval_ms);
	config_member_bool(m, "preempt", &r->preempt);
	config_member_duration(m, "preemptDelay", &r->preempt_delay_ms);
	config_member_duration(m, "startupDelay", &r->startup_delay_ms);
	config_member_bool(m, "accept", &r->accept);
	config_member_word(m, "mac", macs, 2, &vmac);
	r->vmac = vmac;
	config_member_word(m, "checksum", sums, 2, &r->checksum);
	read_authentication(m, r);
	n = config_member(m, "source", full);
	if (n)
		config_want_host(m->r, full, n, &r->source);
	read_peers(m, r);
	config_member_bool(m, "checkUnicastSource", &r->check_source);
	config_member_u8(m, "minTTL", 0, 255, &r->min_ttl);
	config_read_tracks(m, r);
}

/* Where nothing says the family: that of the addresses of packets; version 2 has IPv4 only; else both. */
static void settle_families(const struct members *m, struct draft *d)
{
	uint8_t of = d->r.source.family ? d->r.source.family : d->r.n_peers ? d->r.peers[0].family : 0;

	if (!d->families && of)
		d->families = of == AF_INET ? FAMILY_V4 : FAMILY_V6;
	if (!d->families)
		d->families = d->r.version == 2 ? FAMILY_V4 : FAMILY_BOTH;
	if (d->r.version == 2 && d->families & FAMILY_V6)
		config_member_error(m, "version", "VRRP version 2 is for IPv4 alone; expected 3 with IPv6");
}

static bool has_family(const struct draft *d, const struct addr *a)
{
	return d->families & (a->family == AF_INET ? FAMILY_V4 : FAMILY_V6);
}

static void check_host(const struct members *m, const char *name, const struct draft *d, const struct addr *a)
{
	char buf[ADDR_TEXT];

	if (!has_family(d, a))
		config_member_error(m, name, "%s is no %s address, as this router's are", addr_format(a, buf),
				    d->families == FAMILY_V4 ? "IPv4" : "IPv6");
}

static void check_peers(const struct members *m, const struct draft *d)
{
	const struct router *r = &d->r;
	char buf[ADDR_TEXT];

	if (r->source.family)
		check_host(m, "source", d, &r->source);
	for (size_t i = 0; i < r->n_peers; i++) {
		check_host(m, "peers", d, &r->peers[i]);
		if (addr_equal(&r->peers[i], &r->source))
			config_member_error(m, "peers", "peer %s is this router's own source",
					    addr_format(&r->peers[i], buf));
		for (size_t k = 0; k < i; k++)
			if (addr_equal(&r->peers[i], &r->peers[k]))
				config_member_error(m, "peers", "peer %s is listed twice",
						    addr_format(&r->peers[i], buf));
	}
}

static void check_interval(const struct members *m, const struct router *r)
{
	uint32_t unit = r->version == 2 ? 1000 : 10, most = r->version == 2 ? V2_INTERVAL_MAX : V3_INTERVAL_MAX;

	if (r->interval_ms >= unit && r->interval_ms <= most && r->interval_ms % unit == 0)
		return;
	config_member_error(m, "interval", "%ums; version %u has %s", r->interval_ms, r->version,
			    r->version == 2 ? "whole seconds from 1s to 255s"
					    : "multiples of 10ms from 10ms to 40950ms");
}

void config_draft_check(const struct members *m, struct draft *d)
{
	settle_families(m, d);
	check_interval(m, &d->r);
	if (d->r.auth && d->r.version == 3)
		config_member_error(m, "authentication", "VRRP version 3 has none; expected version: 2 beside it");
	check_peers(m, d);
}

static uint16_t push_router(struct reader *r, const struct router *router, struct pos at)
{
	if (r->n_routers == r->cap_routers) {
		struct placed *more;

		r->cap_routers = r->cap_routers ? r->cap_routers * 2 : 16;
		more = arena_alloc(r->c->arena, r->cap_routers * sizeof *more);
		if (r->n_routers)
			memcpy(more, r->routers, r->n_routers * sizeof *more);
		r->routers = more;
	}
	r->routers[r->n_routers] = (struct placed){*router, at};
	return (uint16_t)r->n_routers++;
}

static void push_pin(struct reader *r, const struct assign_pin *pin, struct pos at)
{
	if (r->n_pins == r->cap_pins) {
		struct placed_pin *more;

		r->cap_pins = r->cap_pins ? r->cap_pins * 2 : 64;
		more = arena_alloc(r->c->arena, r->cap_pins * sizeof *more);
		if (r->n_pins)
			memcpy(more, r->pins, r->n_pins * sizeof *more);
		r->pins = more;
	}
	r->pins[r->n_pins++] = (struct placed_pin){*pin, at};
}

static const char *const scopes[] = {"global", "site", "link", "host"};
static const uint8_t scope_numbers[] = {RT_SCOPE_UNIVERSE, RT_SCOPE_SITE, RT_SCOPE_LINK, RT_SCOPE_HOST};
enum { SCOPES = sizeof scope_numbers };

const char *config_scope_word(uint8_t scope)
{
	for (size_t i = 0; i < SCOPES; i++)
		if (scope_numbers[i] == scope)
			return scopes[i];
	return scopes[0];
}

/* "10.4.0.50/24", or an address alone. IPv6 may be link-local: RFC 9568 5.2.9 wants one as the first. */
static bool read_own(struct reader *r, const char *key, const struct node *n, struct assign_pin *out)
{
	const char *s = config_want_string(r, key, n), *why;
	struct cidr c;

	if (!s)
		return false;
	if (addr_parse(s, &c.addr) == 0) {
		c.bits = (uint8_t)addr_bits(&c.addr);
	} else if (cidr_parse(s, &c)) {
		diag_error(r->diags, r->file, n->pos, "%s: \"%s\" is not an address such as 10.4.0.50/32", key, s);
		return false;
	}
	why = c.addr.family == AF_INET6 && addr_is_link_local(&c.addr) ? NULL : addr_unusable(&c.addr);
	if (why || c.bits == 0) {
		diag_error(r->diags, r->file, n->pos, "%s: %s %s", key, s, why ? why : "has no prefix length");
		return false;
	}
	*out = (struct assign_pin){.addr = c.addr, .bits = c.bits};
	return true;
}

/* {address: 10.4.0.50/32, label: "eth0:vip", scope: link} */
static bool read_dressed(struct reader *r, const char *key, const struct node *n, struct assign_pin *out)
{
	static const char *const names[] = {"address", "label", "scope"};
	char full[KEY_TEXT];
	const struct node *address;
	struct members m;
	uint8_t scope = 0;

	if (!config_members(&m, r, key, n, names, 3))
		return false;
	address = config_member(&m, "address", full);
	if (!address) {
		config_member_error(&m, "address", "is missing");
		return false;
	}
	if (!read_own(r, full, address, out))
		return false;
	if (out->addr.family == AF_INET6 && (node_get(n, "label") || node_get(n, "scope")))
		config_member_error(&m, "address", "an IPv6 address has neither label nor scope of its own");
	config_member_name(&m, "label", out->label, sizeof out->label);
	config_member_word(&m, "scope", scopes, SCOPES, &scope);
	out->scope = scope_numbers[scope];
	return true;
}

/* index: of the draft's routers by family. */
static void read_addresses(const struct members *m, const struct draft *d, const uint16_t index[2])
{
	char full[KEY_TEXT], at[KEY_TEXT + 32], buf[ADDR_TEXT];
	const struct node *n = config_member(m, "addresses", full);
	struct assign_pin pin;

	if (!n || !config_want(m->r, full, n, NODE_LIST))
		return;
	if (n->list.n > OWN_MAX) {
		config_member_error(m, "addresses", "more than %d", OWN_MAX);
		return;
	}
	for (size_t i = 0; i < n->list.n; i++) {
		const struct node *item = &n->list.items[i];

		snprintf(at, sizeof at, "%s[%zu]", full, i);
		if (!(item->type == NODE_MAP ? read_dressed : read_own)(m->r, at, item, &pin))
			continue;
		if (!has_family(d, &pin.addr))
			diag_error(m->r->diags, m->r->file, item->pos, "%s: %s is no %s address, as this router's are",
				   at, addr_format(&pin.addr, buf), d->families == FAMILY_V4 ? "IPv4" : "IPv6");
		pin.router = index[pin.addr.family == AF_INET6];
		push_pin(m->r, &pin, item->pos);
	}
}

static void check_name(const struct members *m, const struct draft *d)
{
	if (d->families == FAMILY_BOTH && strlen(d->r.name) + sizeof v6_suffix > sizeof d->r.name)
		config_member_error(m, "name", "\"%s\" is longer than %zu characters, with which %s fits behind it",
				    d->r.name, sizeof d->r.name - sizeof v6_suffix, v6_suffix);
}

static void read_router(struct reader *r, const char *key, const struct node *n)
{
	struct draft d = config_draft();
	uint16_t index[2] = {0, 0};
	struct members m;

	if (!config_members(&m, r, key, n, config_router_names, ROUTER_NAMES))
		return;
	config_member_name(&m, "name", d.r.name, sizeof d.r.name);
	if (!node_get(n, "vrid"))
		config_member_error(&m, "vrid", "is missing; expected 1 to 255");
	config_member_u8(&m, "vrid", 1, 255, &d.r.vrid);
	config_member_name(&m, "group", d.r.group, sizeof d.r.group);
	config_draft_shared(&m, &d);
	config_draft_check(&m, &d);
	check_name(&m, &d);
	for (int v6 = 0; v6 < 2; v6++) {
		struct router one = d.r;

		if (!(d.families & (v6 ? FAMILY_V6 : FAMILY_V4)))
			continue;
		one.family = v6 ? AF_INET6 : AF_INET;
		if (v6 && d.families == FAMILY_BOTH)
			snprintf(one.name, sizeof one.name, "%.*s%s", (int)(sizeof one.name - sizeof v6_suffix),
				 d.r.name, v6_suffix);
		index[v6] = push_router(r, &one, config_member_pos(&m, "vrid"));
	}
	read_addresses(&m, &d, index);
}

void config_read_routers(struct reader *r, const char *key, const struct node *n)
{
	char at[64];

	r->routers_at = n->pos;
	if (n->type == NODE_STRING && strcmp(n->text, "auto") == 0) {
		r->c->routers_auto = true;
		return;
	}
	if (n->type != NODE_LIST) {
		diag_error(r->diags, r->file, n->pos, "%s: expected a list or auto, found %s", key,
			   n->type == NODE_STRING ? n->text : node_type_name(n->type));
		return;
	}
	if (n->list.n > ROUTERS_MAX) {
		diag_error(r->diags, r->file, n->pos, "%s: more than %d", key, ROUTERS_MAX);
		return;
	}
	for (size_t i = 0; i < n->list.n; i++) {
		snprintf(at, sizeof at, "%s[%zu]", key, i);
		read_router(r, at, &n->list.items[i]);
	}
}

/* ---- between routers ---- */

static bool same_place(const struct router *a, const struct router *b)
{
	return a->vrid && a->vrid == b->vrid && a->family == b->family && strcmp(a->ifname, b->ifname) == 0;
}

static void check_pair(const struct reader *r, const struct placed *a, const struct placed *b)
{
	if (strcmp(a->r.name, b->r.name) == 0)
		diag_error(r->diags, r->file, b->at, "routers: a second router with the name \"%s\"", b->r.name);
	if (same_place(&a->r, &b->r))
		diag_error(r->diags, r->file, b->at,
			   "routers: vrid %u is router \"%s\"'s on this interface with %s already", b->r.vrid,
			   a->r.name, family_word(b->r.family));
}

static int pin_cmp(const void *a, const void *b)
{
	const struct placed_pin *x = a, *y = b;
	int d = addr_cmp(&x->pin.addr, &y->pin.addr);

	if (d)
		return d;
	if (x->at.line != y->at.line)
		return x->at.line < y->at.line ? -1 : 1;
	return (x->at.col > y->at.col) - (x->at.col < y->at.col);
}

/* A link-local address is another one on each interface (RFC 4007). */
static bool same_address(const struct reader *r, const struct placed_pin *a, const struct placed_pin *b)
{
	const char *on_a = r->routers[a->pin.router].r.ifname, *on_b = r->routers[b->pin.router].r.ifname;

	return addr_equal(&a->pin.addr, &b->pin.addr) &&
	       (a->pin.addr.family == AF_INET || !addr_is_link_local(&a->pin.addr) || strcmp(on_a, on_b) == 0);
}

static void check_pins(const struct reader *r)
{
	char buf[ADDR_TEXT];

	for (size_t i = 1; i < r->n_pins; i++) {
		const struct placed_pin *b = &r->pins[i], *a = b;

		for (size_t k = i; a == b && k-- > 0 && addr_equal(&r->pins[k].pin.addr, &b->pin.addr);)
			if (same_address(r, &r->pins[k], b))
				a = &r->pins[k];
		if (a != b)
			diag_error(r->diags, r->file, b->at, "routers: address %s is router \"%s\"'s already",
				   addr_format(&b->pin.addr, buf), r->routers[a->pin.router].r.name);
	}
}

static int placed_cmp(const void *a, const void *b)
{
	return strcmp(((const struct placed *)a)->r.name, ((const struct placed *)b)->r.name);
}

/* Sorted routers into the configuration; pins follow their routers by name. */
static void take(struct reader *r)
{
	struct config *c = r->c;
	char(*names)[ROUTER_NAME] = arena_alloc(c->arena, (r->n_routers + 1) * sizeof *names);

	for (size_t i = 0; i < r->n_routers; i++)
		memcpy(names[i], r->routers[i].r.name, ROUTER_NAME);
	if (r->n_routers)
		qsort(r->routers, r->n_routers, sizeof *r->routers, placed_cmp);
	c->routers = arena_alloc(c->arena, (r->n_routers + 1) * sizeof *c->routers);
	c->routers_at = arena_alloc(c->arena, (r->n_routers + 1) * sizeof *c->routers_at);
	c->n_routers = r->n_routers;
	for (size_t i = 0; i < r->n_routers; i++) {
		c->routers[i] = r->routers[i].r;
		c->routers_at[i] = r->routers[i].at;
	}
	c->pins = arena_alloc(c->arena, (r->n_pins + 1) * sizeof *c->pins);
	c->n_pins = r->n_pins;
	for (size_t i = 0; i < r->n_pins; i++) {
		struct placed key = {.at = {0}}, *at;

		memcpy(key.r.name, names[r->pins[i].pin.router], ROUTER_NAME);
		at = bsearch(&key, r->routers, r->n_routers, sizeof key, placed_cmp);
		c->pins[i] = r->pins[i].pin;
		c->pins[i].router = (uint16_t)(at - r->routers);
	}
}

void config_end_routers(struct reader *r)
{
	if (r->n_routers > ROUTERS_MAX) {
		diag_error(r->diags, r->file, r->routers_at, "routers: %zu with those for IPv6; expected at most %d",
			   r->n_routers, ROUTERS_MAX);
		return;
	}
	for (size_t i = 0; i < r->n_routers; i++)
		for (size_t k = 0; k < i; k++)
			check_pair(r, &r->routers[k], &r->routers[i]);
	if (r->n_pins)
		qsort(r->pins, r->n_pins, sizeof *r->pins, pin_cmp);
	check_pins(r);
	take(r);
}

int config_finish_routers(struct config *c, struct diag_list *diags)
{
	size_t before = diags->errors;

	for (size_t i = 0; i < c->n_routers && c->plan.interface; i++)
		if (!c->routers[i].ifname[0])
			snprintf(c->routers[i].ifname, sizeof c->routers[i].ifname, "%s", c->plan.interface);
	for (size_t i = 0; i < c->n_routers; i++)
		for (size_t k = 0; k < i; k++)
			if (same_place(&c->routers[k], &c->routers[i]))
				diag_error(diags, c->file, c->routers_at[i],
					   "routers: vrid %u is router \"%s\"'s on %s with %s already",
					   c->routers[i].vrid, c->routers[k].name, c->routers[i].ifname,
					   family_word(c->routers[i].family));
	return diags->errors > before ? -1 : 0;
}
