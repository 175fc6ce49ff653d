/* routers: auto -> K routers a family, and the priorities with which this node runs them. All nodes have the same `spread`, so that they agree.
 *
 * Router k (from 0, by VRID) prefers node k mod n of the list, which runs it with priority base + 50. The others run it with base - d, where d is
 * their place in that router's order of succession: the nodes that follow the preferred one, begun one further with each round of n routers, so
 * that a dead node's routers go to different successors. Source: DESIGN.md; PEERS "spread". Test: tests/test_config_router.c. */
#include "config_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { PREFERRED = 50, COUNT_MAX = 255, NODES_MAX = 64 };

static const char *const own_names[] = {"count", "vrids", "exclude", "nodes"};
enum { OWN_NAMES = sizeof own_names / sizeof own_names[0] };

static bool number(const char **s, uint32_t *out)
{
	size_t digits = strspn(*s, "0123456789");

	if (digits == 0 || digits > 3)
		return false;
	*out = (uint32_t)strtoul(*s, NULL, 10);
	*s += digits;
	return true;
}

/* "51-60" */
static void read_vrids(const struct members *m, struct spread *s)
{
	char full[KEY_TEXT];
	const struct node *n = config_member(m, "vrids", full);
	const char *text = n ? config_want_string(m->r, full, n) : NULL, *p = text;
	uint32_t first, last;

	if (!n)
		config_member_error(m, "vrids", "is missing; expected first-last within 1-255");
	if (!text)
		return;
	if (number(&p, &first) && *p++ == '-' && number(&p, &last) && !*p && first >= 1 && last <= 255 &&
	    first <= last) {
		s->vrid_first = (uint8_t)first;
		s->vrid_last = (uint8_t)last;
	} else {
		config_member_error(m, "vrids", "expected first-last within 1-255, found \"%s\"", text);
	}
}

static void read_exclude(const struct members *m, struct spread *s)
{
	char full[KEY_TEXT];
	const struct node *n = config_member(m, "exclude", full);
	uint32_t v;

	if (!n || !config_want(m->r, full, n, NODE_LIST))
		return;
	for (size_t i = 0; i < n->list.n; i++)
		if (config_want_range(m->r, full, &n->list.items[i], 1, 255, &v))
			s->excluded[v] = true;
}

static void add_node(const struct members *m, const char *key, const struct node *n, struct spread *s)
{
	const char *name = config_want_string(m->r, key, n);

	for (size_t i = 0; name && i < s->n_nodes; i++)
		if (strcmp(s->nodes[i], name) == 0) {
			diag_error(m->r->diags, m->r->file, n->pos, "%s: \"%s\" is listed twice", key, name);
			return;
		}
	if (name)
		s->nodes[s->n_nodes++] = name;
}

static void read_nodes(const struct members *m, struct spread *s)
{
	char full[KEY_TEXT];
	const struct node *n = config_member(m, "nodes", full);

	s->nodes_at = config_member_pos(m, "nodes");
	if (!n) {
		config_member_error(m, "nodes", "is missing; expected the names of all nodes, the same list on each");
		return;
	}
	if (!config_want(m->r, full, n, NODE_LIST))
		return;
	if (n->list.n == 0 || n->list.n > NODES_MAX) {
		config_member_error(m, "nodes", "expected 1 to %d names, found %zu", NODES_MAX, n->list.n);
		return;
	}
	s->nodes = arena_alloc(m->r->c->arena, n->list.n * sizeof *s->nodes);
	for (size_t i = 0; i < n->list.n; i++)
		add_node(m, full, &n->list.items[i], s);
}

static unsigned available(const struct spread *s)
{
	unsigned n = 0;

	for (unsigned v = s->vrid_first; v && v <= s->vrid_last; v++)
		n += !s->excluded[v];
	return n;
}

static void check(const struct members *m, const struct spread *s)
{
	unsigned priority = s->like.priority;

	if (s->vrid_first && s->count > available(s))
		config_member_error(m, "count", "%u routers, but vrids and exclude leave %u", s->count, available(s));
	if (priority + PREFERRED > 254 || priority < s->n_nodes)
		config_member_error(m, "priority",
				    "%u with %zu nodes: priorities go from it + %d down to it - %zu; expected them "
				    "within 1 to 254",
				    priority, s->n_nodes, PREFERRED, s->n_nodes ? s->n_nodes - 1 : 0);
}

void config_read_spread(struct reader *r, const char *key, const struct node *n)
{
	const char *names[ROUTER_NAMES_SHARED + OWN_NAMES];
	struct draft d = config_draft();
	struct members m;
	struct spread *s;

	memcpy(names, own_names, sizeof own_names);
	for (size_t i = 0; i < ROUTER_NAMES_SHARED; i++)
		names[OWN_NAMES + i] = config_router_names[i];
	r->spread_at = n->pos;
	if (!config_members(&m, r, key, n, names, ROUTER_NAMES_SHARED + OWN_NAMES))
		return;
	s = arena_alloc(r->c->arena, sizeof *s);
	if (!node_get(n, "count"))
		config_member_error(&m, "count", "is missing; expected 1 to %d", COUNT_MAX);
	config_member_u32(&m, "count", 1, COUNT_MAX, &s->count);
	read_vrids(&m, s);
	read_exclude(&m, s);
	read_nodes(&m, s);
	config_draft_shared(&m, &d);
	config_draft_check(&m, &d);
	s->like = d.r;
	s->v4 = d.families & FAMILY_V4;
	s->v6 = d.families & FAMILY_V6;
	check(&m, s);
	r->c->spread = s;
}

void config_end_spread(struct reader *r)
{
	if (r->c->routers_auto && !r->spread_at.line)
		diag_error(r->diags, r->file, r->routers_at,
			   "routers: auto needs \"spread\" beside it, with count, vrids and nodes");
	if (!r->c->routers_auto && r->spread_at.line)
		diag_error(r->diags, r->file, r->spread_at, "spread: it goes with routers: auto");
}

/* The place of a node in a router's succession: 0 for the one that it prefers. */
static size_t succession(size_t router, size_t node, size_t n)
{
	size_t behind = (node + n - router % n) % n;

	return behind == 0 ? 0 : 1 + (behind - 1 + router / n) % (n - 1);
}

uint8_t config_spread_priority(const struct spread *s, size_t router, size_t node)
{
	size_t d = succession(router, node, s->n_nodes);

	return (uint8_t)(d == 0 ? s->like.priority + PREFERRED : s->like.priority - (int)d);
}

static void add(struct config *c, size_t k, unsigned vrid, size_t node, uint8_t family)
{
	struct router *r = &c->routers[c->n_routers];

	*r = c->spread->like;
	snprintf(r->name, sizeof r->name, "vips-%u%s", vrid, family == AF_INET6 ? "-ipv6" : "");
	r->vrid = (uint8_t)vrid;
	r->family = family;
	r->priority = config_spread_priority(c->spread, k, node);
	c->routers_at[c->n_routers++] = c->spread->nodes_at;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct router *)a)->name, ((const struct router *)b)->name);
}

int config_finish_spread(struct config *c, struct diag_list *diags)
{
	const struct spread *s = c->spread;
	size_t node = 0, k = 0;

	if (!s)
		return 0;
	while (node < s->n_nodes && (!c->node_name || strcmp(s->nodes[node], c->node_name) != 0))
		node++;
	if (node == s->n_nodes) {
		diag_error(diags, c->file, s->nodes_at,
			   "spread.nodes: this node, \"%s\", is not among them; add it, or set nodeName",
			   c->node_name ? c->node_name : "");
		return -EINVAL;
	}
	c->n_routers = 0;
	c->routers = arena_alloc(c->arena, 2 * s->count * sizeof *c->routers);
	c->routers_at = arena_alloc(c->arena, 2 * s->count * sizeof *c->routers_at);
	for (unsigned v = s->vrid_first; v <= s->vrid_last && k < s->count; v++) {
		if (s->excluded[v])
			continue;
		if (s->v4)
			add(c, k, v, node, AF_INET);
		if (s->v6)
			add(c, k, v, node, AF_INET6);
		k++;
	}
	qsort(c->routers, c->n_routers, sizeof *c->routers, by_name);
	return 0;
}
