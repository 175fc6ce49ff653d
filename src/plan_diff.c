/* Lines as `ipvsadm-save -n` and `ip address` have them (ipvsadm(8)). Test: tests/test_plan_diff.c. */
#include "plan_diff.h"

#include "../src/base/arena.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* What a plan wants, sorted. */
struct wanted {
	struct table *table;
	const struct vs *const *servers;
	size_t n_servers;
	struct vip *vips;
	size_t n_vips, cap;
};

static void add_server(void *arg, const struct vs *v)
{
	struct wanted *w = arg;

	table_put(w->table, v);
}

static void add_vip(void *arg, const struct vip *v)
{
	struct wanted *w = arg;

	if (w->n_vips == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 64;
		w->vips = xrealloc(w->vips, w->cap * sizeof *w->vips);
	}
	w->vips[w->n_vips++] = *v;
}

static void wanted_load(struct plan *p, const struct assign *assign, struct wanted *w)
{
	*w = (struct wanted){.table = table_new()};
	plan_each_vs(p, add_server, w);
	plan_each_vip(p, add_vip, w);
	w->servers = table_sorted(w->table, &w->n_servers);
	for (size_t i = 0; i < w->n_vips; i++)
		assign_vip(assign, &w->vips[i]);
}

static void wanted_clear(struct wanted *w)
{
	table_free(w->table);
	free(w->vips);
}

/* "-t 10.0.0.1:80": the protocol's letter. */
static void print_key(FILE *to, const struct vs_key *k)
{
	char text[VS_KEY_TEXT];

	vs_key_format(k, text);
	fprintf(to, "%s %s",
		k->proto == IPPROTO_TCP   ? "-t"
		: k->proto == IPPROTO_UDP ? "-u"
					  : "--sctp-service",
		strchr(text, ' ') + 1);
}

static void print_flags(FILE *to, const struct vs *v)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} bits[] = {{VS_SCHED1, "flag-1"}, {VS_SCHED2, "flag-2"}, {VS_SCHED3, "flag-3"}};
	const char *before = " -b ";

	if (v->flags & VS_PERSISTENT)
		fprintf(to, " -p %u", v->timeout);
	if (v->flags & VS_PERSISTENT && v->granularity && v->granularity != (v->key.addr.family == AF_INET ? 32 : 128))
		fprintf(to, " -M /%u", v->granularity);
	if (v->flags & VS_ONEPACKET)
		fputs(" -o", to);
	for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
		if (v->flags & bits[i].bit) {
			fprintf(to, "%s%s", before, bits[i].name);
			before = ",";
		}
}

static size_t print_head(FILE *to, char sign, const struct vs *v)
{
	fprintf(to, "%c-A ", sign);
	print_key(to, &v->key);
	fprintf(to, " -s %s", v->sched);
	print_flags(to, v);
	fputc('\n', to);
	return sign != ' ';
}

static void print_limits(FILE *to, const struct limits *l)
{
	if (l->upper)
		fprintf(to, " -x %u", l->upper);
	if (l->lower)
		fprintf(to, " -y %u", l->lower);
	if (l->tunnel == TUNNEL_GUE)
		fprintf(to, " --tun-type gue --tun-port %u", l->tunnel_port);
	else if (l->tunnel == TUNNEL_GRE)
		fputs(" --tun-type gre", to);
}

static size_t print_real(FILE *to, char sign, const struct vs *v, const struct real *r)
{
	static const char *const methods[] = {[FORWARD_NAT] = "-m", [FORWARD_DR] = "-g", [FORWARD_TUN] = "-i"};
	char text[REAL_TEXT];

	fprintf(to, "%c-a ", sign);
	print_key(to, &v->key);
	fprintf(to, " -r %s %s -w %u", real_format(r, text), methods[r->forward], r->weight);
	print_limits(to, &v->limits);
	fputc('\n', to);
	return sign != ' ';
}

static size_t print_whole(FILE *to, char sign, const struct vs *v)
{
	size_t n = print_head(to, sign, v);

	for (uint32_t i = 0; i < v->n; i++)
		n += print_real(to, sign, v, &v->reals[i]);
	return n;
}

static bool same_real(const struct vs *x, const struct real *a, const struct vs *y, const struct real *b)
{
	return a->forward == b->forward && a->weight == b->weight && limits_equal(&x->limits, &y->limits);
}

/* What the kernel does not know of (gates, how long real servers may drain) makes no difference here. */
static bool same_reals(const struct vs *a, const struct vs *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (real_cmp(&a->reals[i], &b->reals[i]) != 0 || !same_real(a, &a->reals[i], b, &b->reals[i]))
			return false;
	return true;
}

/* One virtual server as it was and as it is to be: its head, then the real servers that differ. */
static size_t print_change(FILE *to, const struct vs *a, const struct vs *b)
{
	size_t n = 0;
	uint32_t i = 0, k = 0;

	if (vs_head_equal(a, b))
		n += print_head(to, ' ', a);
	else
		n += print_head(to, '-', a) + print_head(to, '+', b);
	while (i < a->n || k < b->n) {
		int c = i == a->n ? 1 : k == b->n ? -1 : real_cmp(&a->reals[i], &b->reals[k]);

		if (c < 0) {
			n += print_real(to, '-', a, &a->reals[i++]);
		} else if (c > 0) {
			n += print_real(to, '+', b, &b->reals[k++]);
		} else {
			if (!same_real(a, &a->reals[i], b, &b->reals[k]))
				n += print_real(to, '-', a, &a->reals[i]) + print_real(to, '+', b, &b->reals[k]);
			i++;
			k++;
		}
	}
	return n;
}

static size_t diff_servers(FILE *to, const struct wanted *a, const struct wanted *b)
{
	size_t i = 0, k = 0, n = 0;

	while (i < a->n_servers || k < b->n_servers) {
		int c = i == a->n_servers   ? 1
			: k == b->n_servers ? -1
					    : vs_key_cmp(&a->servers[i]->key, &b->servers[k]->key);

		if (c < 0) {
			n += print_whole(to, '-', a->servers[i++]);
		} else if (c > 0) {
			n += print_whole(to, '+', b->servers[k++]);
		} else {
			if (!vs_head_equal(a->servers[i], b->servers[k]) || !same_reals(a->servers[i], b->servers[k]))
				n += print_change(to, a->servers[i], b->servers[k]);
			i++;
			k++;
		}
	}
	return n;
}

static size_t print_vip(FILE *to, char sign, const struct vip *v)
{
	char text[ADDR_TEXT];

	fprintf(to, "%cip address %s/%u dev %.*s\n", sign, addr_format(&v->addr, text), v->bits, (int)sizeof v->ifname,
		v->ifname[0] ? v->ifname : "?");
	return 1;
}

static bool same_vip(const struct vip *a, const struct vip *b)
{
	return a->bits == b->bits && a->kind == b->kind && strncmp(a->ifname, b->ifname, sizeof a->ifname) == 0;
}

static size_t diff_vips(FILE *to, const struct wanted *a, const struct wanted *b)
{
	size_t i = 0, k = 0, n = 0;

	while (i < a->n_vips || k < b->n_vips) {
		int c = i == a->n_vips ? 1 : k == b->n_vips ? -1 : vip_cmp(&a->vips[i], &b->vips[k]);

		if (c < 0) {
			n += print_vip(to, '-', &a->vips[i++]);
		} else if (c > 0) {
			n += print_vip(to, '+', &b->vips[k++]);
		} else {
			if (!same_vip(&a->vips[i], &b->vips[k]))
				n += print_vip(to, '-', &a->vips[i]) + print_vip(to, '+', &b->vips[k]);
			i++;
			k++;
		}
	}
	return n;
}

size_t plan_diff(struct plan *before, struct plan *after, const struct assign *assign, FILE *to)
{
	struct wanted a, b;
	size_t n;

	wanted_load(before, assign, &a);
	wanted_load(after, assign, &b);
	n = diff_vips(to, &a, &b);
	n += diff_servers(to, &a, &b);
	wanted_clear(&a);
	wanted_clear(&b);
	return n;
}
