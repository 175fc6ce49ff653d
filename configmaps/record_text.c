/* The record as a manifest: one grant a line, so that a person finds it and a comparison of two shows what changed. The allocations come before the
 * services and count them, and a comment ends the text: whatever is cut off, it is seen. Source: keepalived-cloud-provider's annotation
 * (SEMANTICS.md 2), kube-keepalived-vip's data. Test: tests/test_record.c; fuzzer: tests/fuzz/fuzz_record.c */
#include "record.h"

#include "../ipvs/table.h"
#include "../src/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct text {
	char *bytes;
	size_t n, cap;
	size_t items; /* of the list at hand */
};

static void text_add(struct text *t, const char *s, size_t n)
{
	if (t->n + n + 1 > t->cap) {
		t->cap = 2 * (t->n + n + 1);
		t->bytes = xrealloc(t->bytes, t->cap);
	}
	memcpy(t->bytes + t->n, s, n);
	t->n += n;
	t->bytes[t->n] = '\0';
}

static void text_put(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

__attribute__((format(printf, 2, 3))) static void text_format(struct text *t, const char *fmt, ...)
{
	char buf[128]; /* only short pieces come through here */
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof buf, fmt, ap);
	va_end(ap);
	text_put(t, buf);
}

/* The character at s, which is UTF-8, and its length. */
static unsigned long utf8_next(const char *s, size_t *len)
{
	unsigned char c = (unsigned char)*s;
	unsigned long v = c;

	*len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (*len > 1)
		v = c & (0x7fu >> *len);
	for (size_t i = 1; i < *len; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80) { /* not UTF-8: the byte for itself */
			*len = 1;
			return c;
		}
		v = v << 6 | ((unsigned char)s[i] & 0x3f);
	}
	return v;
}

/* A double-quoted scalar in ASCII, the same in JSON and (yaml) in YAML, which has no surrogates. */
static void text_quoted(struct text *t, const char *s, bool yaml)
{
	text_put(t, "\"");
	while (*s) {
		size_t plain = 0, len;
		unsigned long c;

		while ((unsigned char)s[plain] >= 0x20 && (unsigned char)s[plain] < 0x7f && s[plain] != '"' &&
		       s[plain] != '\\')
			plain++;
		text_add(t, s, plain);
		s += plain;
		if (!*s)
			break;
		c = utf8_next(s, &len);
		if (c == '"' || c == '\\')
			text_format(t, "\\%c", (char)c);
		else if (c < 0x10000)
			text_format(t, "\\u%04lx", c);
		else if (yaml)
			text_format(t, "\\U%08lx", c);
		else
			text_format(t, "\\u%04lx\\u%04lx", 0xd800 + ((c - 0x10000) >> 10),
				    0xdc00 + ((c - 0x10000) & 0x3ff));
		s += len;
	}
	text_put(t, "\"");
}

/* "key":"value", behind what opens or separates. */
static void text_member(struct text *t, const char *before, const char *key, const char *value)
{
	text_put(t, before);
	text_put(t, "\"");
	text_put(t, key);
	text_put(t, "\":");
	text_quoted(t, value, false);
}

/* Each list begins on the line of what is before it and has one item a line. */
static void list_begin(struct text *t, const char *before)
{
	text_put(t, before);
	t->items = 0;
}

static void list_item(struct text *t)
{
	text_put(t, t->items++ ? ",\n      " : "\n      ");
}

static void list_end(struct text *t)
{
	text_put(t, t->items ? "\n      ]" : "]");
}

/* ---- allocations ---- */

static void cluster_item(void *arg, const struct grant *g)
{
	char addr[ADDR_TEXT];

	if (g->kind != GRANT_CLUSTER_IP)
		return;
	list_item(arg);
	text_member(arg, "{", "service", g->owner);
	text_member(arg, ",", "uid", g->uid);
	text_member(arg, ",", "ip", addr_format(&g->addr, addr));
	text_put(arg, "}");
}

static void port_item(void *arg, const struct grant *g)
{
	if (g->kind != GRANT_NODE_PORT)
		return;
	list_item(arg);
	text_member(arg, "{", "service", g->owner);
	text_member(arg, ",", "uid", g->uid);
	text_format(arg, ",\"nodePort\":%u,\"protocol\":\"%s\",\"port\":%u", g->port, proto_name(g->proto),
		    g->service_port);
	text_member(arg, ",", "portName", g->port_name);
	text_put(arg, "}");
}

static void shared_item(void *arg, const struct grant *g)
{
	char addr[ADDR_TEXT];

	if (g->kind != GRANT_VIP || !*g->share)
		return;
	list_item(arg);
	text_member(arg, "{", "service", g->owner);
	text_member(arg, ",", "ip", addr_format(&g->addr, addr));
	text_member(arg, ",", "key", g->share);
	text_put(arg, "}");
}

static void generation_item(void *arg, const char *kind, const char *owner, unsigned generation)
{
	list_item(arg);
	text_member(arg, "{", "kind", kind);
	text_member(arg, ",", "object", owner);
	text_format(arg, ",\"generation\":%u}", generation);
}

static void count_vip(void *arg, const struct grant *g)
{
	*(size_t *)arg += g->kind == GRANT_VIP;
}

static void allocations_text(const struct record *r, struct text *t)
{
	size_t services = 0;

	record_each(r, NULL, count_vip, &services);
	text_format(t, "    %s: |-\n      {\"version\":%d,\"services\":%zu,\n      ", RECORD_ALLOCATIONS,
		    RECORD_VERSION, services);
	list_begin(t, "\"clusterIPs\":[");
	record_each(r, NULL, cluster_item, t);
	list_end(t);
	list_begin(t, ",\n      \"nodePorts\":[");
	record_each(r, NULL, port_item, t);
	list_end(t);
	list_begin(t, ",\n      \"shared\":[");
	record_each(r, NULL, shared_item, t);
	list_end(t);
	list_begin(t, ",\n      \"generations\":[");
	record_uid_each(r, generation_item, t);
	list_end(t);
	text_put(t, "}\n");
}

/* ---- services ---- */

static void service_item(void *arg, const struct grant *g)
{
	const char *slash = strchr(g->owner, '/');
	char addr[ADDR_TEXT], *namespace;

	if (g->kind != GRANT_VIP)
		return;
	namespace = xasprintf("%.*s", slash ? (int)(slash - g->owner) : 0, g->owner);
	list_item(arg);
	text_member(arg, "{", "uid", g->uid);
	text_member(arg, ",", "ip", addr_format(&g->addr, addr));
	text_member(arg, ",", "serviceNamespace", namespace);
	text_member(arg, ",", "serviceName", slash ? slash + 1 : g->owner);
	if (g->method)
		text_member(arg, ",", "forwardMethod", forward_name((enum forward)(g->method - 1)));
	text_put(arg, "}");
	free(namespace);
}

/* ---- data ---- */

struct vips {
	const struct grant **items;
	size_t n, cap;
};

static void vips_collect(void *arg, const struct grant *g)
{
	struct vips *l = arg;

	if (g->kind != GRANT_VIP)
		return;
	if (l->n == l->cap) {
		l->cap = 2 * l->cap + 16;
		l->items = xrealloc(l->items, l->cap * sizeof(*l->items));
	}
	l->items[l->n++] = g;
}

static int vip_cmp(const void *a, const void *b)
{
	const struct grant *x = *(const struct grant *const *)a, *y = *(const struct grant *const *)b;

	return addr_cmp(&x->addr, &y->addr);
}

char *record_key(const struct addr *a, char buf[ADDR_TEXT])
{
	addr_format(a, buf);
	for (char *c = buf; *c; c++)
		if (*c == ':')
			*c = '-';
	return buf;
}

static void data_entry(struct text *t, const char *key, const char *value)
{
	text_put(t, t->items++ ? "  " : "data:\n  ");
	text_quoted(t, key, true);
	text_put(t, ": ");
	text_quoted(t, value, true);
	text_put(t, "\n");
}

static void hand_entry(void *arg, const char *key, const char *value)
{
	data_entry(arg, key, value);
}

static int owner_cmp(const void *a, const void *b)
{
	return strcmp((*(const struct grant *const *)a)->owner, (*(const struct grant *const *)b)->owner);
}

char *record_data_value(const struct record *r, const struct addr *a)
{
	struct vips l = {0};
	struct text value = {0};
	const struct grant *g;

	for (size_t i = 0; (g = record_addr_get(r, a, i)); i++)
		vips_collect(&l, g);
	if (l.n)
		qsort(l.items, l.n, sizeof(*l.items), owner_cmp);
	for (size_t i = 0; i < l.n; i++) {
		text_put(&value, i ? "," : "");
		text_put(&value, l.items[i]->owner);
		if (l.items[i]->method)
			text_format(&value, ":%s", forward_name((enum forward)(l.items[i]->method - 1)));
	}
	free(l.items);
	return value.bytes;
}

/* An address and all who have it, unless a person wrote what it is for. */
static void data_text(const struct record *r, struct text *t)
{
	struct vips l = {0};
	char key[ADDR_TEXT];

	t->items = 0;
	record_hand_each(r, hand_entry, t);
	record_each(r, NULL, vips_collect, &l);
	if (l.n)
		qsort(l.items, l.n, sizeof(*l.items), vip_cmp);
	for (size_t i = 0; i < l.n; i++) {
		char *value;

		if ((i && addr_equal(&l.items[i]->addr, &l.items[i - 1]->addr)) ||
		    record_hand_get(r, record_key(&l.items[i]->addr, key)))
			continue;
		value = record_data_value(r, &l.items[i]->addr);
		data_entry(t, key, value);
		free(value);
	}
	free(l.items);
	if (!t->items)
		text_put(t, "data: {}\n");
}

static void meta_text(struct text *t, const char *configmap)
{
	const char *slash = strchr(configmap, '/');
	char *namespace = xasprintf("%.*s", slash ? (int)(slash - configmap) : 0, configmap);

	text_put(t, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ");
	text_quoted(t, slash ? slash + 1 : configmap, true);
	text_put(t, "\n  namespace: ");
	text_quoted(t, *namespace ? namespace : "default", true);
	text_put(t, "\n");
	free(namespace);
}

char *record_text(const struct record *r, const char *configmap, size_t *len)
{
	struct text t = {0};

	text_put(&t,
		 RECORD_HEAD "\n# It is a manifest for the other nodes too. Entries that you add to data are kept.\n");
	meta_text(&t, configmap);
	text_put(&t, "  annotations:\n");
	allocations_text(r, &t);
	text_put(&t, "    " RECORD_CLOUD ": |-\n      ");
	list_begin(&t, "{\"services\":[");
	record_each(r, NULL, service_item, &t);
	list_end(&t);
	text_put(&t, "}\n");
	data_text(r, &t);
	text_put(&t, RECORD_END "\n");
	*len = t.n;
	return t.bytes;
}

char *record_hand_text(const struct record *r, const char *configmap)
{
	struct text t = {0};
	size_t head;

	meta_text(&t, configmap);
	head = t.n;
	record_hand_each(r, hand_entry, &t);
	if (t.n > head)
		return t.bytes;
	free(t.bytes);
	return NULL;
}
