/* Pictures and rows of virtual IPs as bytes: fixed-size rows in host order behind a header. Everything that arrives is checked.
 * Test: tests/test_vipwire.c, tests/fuzz/fuzz_vips.c. */
#include "vipwire.h"

#include "arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MAGIC = 0x76697076, VERSION = 5, DAY_MS = 86400000 };

struct wire_header {
	uint32_t magic, version, count;
	uint32_t garp_count, garp_second_ms, garp_refresh_ms;
	uint32_t routers, ready_timeout_ms, garp_interval_ms;
	char notify_script[TRACK_NAME], notify_fifo[FIFO_PATH];
};

struct wire_row {
	uint8_t op, family, bits, kind;
	uint8_t bytes[16];
	char ifname[16];
	uint16_t router;
	uint8_t scope, local;
	char label[16];
};

static void row_pack(struct wire_row *w, uint8_t op, const struct vip *v)
{
	*w = (struct wire_row){.op = op,
			       .family = v->addr.family,
			       .bits = v->bits,
			       .kind = v->kind,
			       .router = v->router,
			       .scope = v->scope,
			       .local = v->local};
	memcpy(w->bytes, v->addr.bytes, sizeof(w->bytes));
	memcpy(w->ifname, v->ifname, strnlen(v->ifname, sizeof(w->ifname)));
	memcpy(w->label, v->label, strnlen(v->label, sizeof(w->label)));
}

void *vipwire_encode_picture(const struct vip_picture *p, size_t *len)
{
	struct wire_header h = {
	    .magic = MAGIC,
	    .version = VERSION,
	    .count = (uint32_t)p->n,
	    .garp_count = p->settings.garp_count,
	    .garp_second_ms = p->settings.garp_second_ms,
	    .garp_refresh_ms = p->settings.garp_refresh_ms,
	    .garp_interval_ms = p->settings.garp_interval_ms,
	    .routers = (uint32_t)p->n_routers,
	    .ready_timeout_ms = p->settings.ready_timeout_ms,
	};
	size_t routers = p->n_routers * router_wire_len();
	char *buf, *at;

	memcpy(h.notify_script, p->settings.notify_script, strnlen(p->settings.notify_script, TRACK_NAME));
	memcpy(h.notify_fifo, p->settings.notify_fifo, strnlen(p->settings.notify_fifo, FIFO_PATH));
	*len = sizeof(h) + routers + p->n * sizeof(struct wire_row);
	at = buf = xmalloc(*len);
	memcpy(at, &h, sizeof(h));
	at += sizeof(h);
	for (size_t i = 0; i < p->n_routers; i++, at += router_wire_len())
		router_pack(&p->routers[i], at);
	for (size_t i = 0; i < p->n; i++, at += sizeof(struct wire_row)) {
		struct wire_row w;

		row_pack(&w, VIP_SET, &p->vips[i]);
		memcpy(at, &w, sizeof(w));
	}
	return buf;
}

static const char *addr_check(const struct wire_row *w)
{
	struct addr a = {.family = w->family};

	if (w->family != AF_INET && w->family != AF_INET6)
		return "unknown address family";
	memcpy(a.bytes, w->bytes, sizeof(a.bytes));
	for (size_t i = addr_len(&a); i < sizeof(a.bytes); i++)
		if (a.bytes[i])
			return "IPv4 address has bytes behind its end";
	if (a.family == AF_INET6 && addr_is_link_local(&a))
		return NULL; /* an IPv6 router's first (RFC 9568 5.2.9) */
	return addr_unusable(&a) ? "address cannot be a virtual IP" : NULL;
}

/* Printable, with an end, and zero behind it. */
static bool text_ok(const char *text, size_t size)
{
	size_t n = strnlen(text, size);

	if (n == size)
		return false;
	for (size_t i = 0; i < size; i++)
		if (i < n ? (unsigned char)text[i] < ' ' || text[i] == 0x7f : text[i] != 0)
			return false;
	return true;
}

static const char *dress_check(const struct wire_row *w)
{
	if (w->family == AF_INET6 && (w->scope || w->label[0]))
		return "IPv6 address with a scope or a label";
	return text_ok(w->label, sizeof(w->label)) ? NULL : "label is no text";
}

/* NULL and *out, or what is wrong. */
static const char *row_unpack(const struct wire_row *w, struct vip_row *out)
{
	struct vip_row r = {.op = w->op};
	const char *why = addr_check(w);

	if (why)
		return why;
	r.vip.addr.family = w->family;
	memcpy(r.vip.addr.bytes, w->bytes, sizeof(w->bytes));
	if (w->op == VIP_DELETE) {
		*out = r;
		return NULL;
	}
	if (w->op != VIP_SET)
		return "unknown row operation";
	if (!w->bits || w->bits > addr_bits(&r.vip.addr))
		return "prefix length out of range";
	if (w->kind != VIP_CLIENT && w->kind != VIP_CLUSTER)
		return "unknown kind of virtual IP";
	why = ifname_check(w->ifname);
	if (why)
		return why;
	if (w->kind == VIP_CLUSTER && w->router != ROUTER_NONE)
		return "cluster IP of a virtual router";
	if (w->local > VIP_HERE || (w->kind == VIP_CLUSTER && w->local))
		return "traffic policy out of range";
	why = dress_check(w);
	if (why)
		return why;
	r.vip.router = w->router;
	r.vip.bits = w->bits;
	r.vip.kind = w->kind;
	r.vip.local = w->local;
	r.vip.scope = w->scope;
	memcpy(r.vip.ifname, w->ifname, sizeof(w->ifname));
	memcpy(r.vip.label, w->label, sizeof(w->label));
	*out = r;
	return NULL;
}

static const char *notify_check(const struct wire_header *h)
{
	if (!text_ok(h->notify_script, sizeof(h->notify_script)) || strchr(h->notify_script, '/'))
		return "notify script is no file name";
	if (!text_ok(h->notify_fifo, sizeof(h->notify_fifo)) || (h->notify_fifo[0] && h->notify_fifo[0] != '/'))
		return "notify FIFO is no absolute path";
	return NULL;
}

static const char *header_check(const struct wire_header *h, size_t len)
{
	if (h->magic != MAGIC)
		return "not a picture of virtual IPs";
	if (h->version != VERSION)
		return "picture of another version";
	if (h->routers > ROUTERS_MAX)
		return "too many virtual routers";
	if (len < h->routers * router_wire_len())
		return "virtual routers are cut short";
	len -= h->routers * router_wire_len();
	if (len % sizeof(struct wire_row) || len / sizeof(struct wire_row) != h->count)
		return "count does not match the length";
	if (h->garp_count < 1 || h->garp_count > 100)
		return "garp_count out of range";
	if (h->garp_second_ms > DAY_MS || h->garp_refresh_ms > DAY_MS || h->garp_interval_ms > GARP_INTERVAL_MAX_MS)
		return "announcement interval out of range";
	return h->ready_timeout_ms > DAY_MS ? "ready timeout out of range" : notify_check(h);
}

static const char *routers_unpack(const char *at, struct vip_picture *p)
{
	for (size_t i = 0; i < p->n_routers; i++) {
		const char *why = router_unpack(at + i * router_wire_len(), p->lists, &p->routers[i]);

		if (why)
			return why;
	}
	return routers_check(p->routers, p->n_routers);
}

/* A VIP's router is there, of its family. */
static const char *membership_check(const struct vip *v, const struct vip_picture *p)
{
	if (v->router == ROUTER_NONE)
		return NULL;
	if (v->router >= p->n_routers)
		return "virtual IP of a router that is not there";
	return p->routers[v->router].family == v->addr.family ? NULL : "virtual IP of a router of the other family";
}

static const char *rows_unpack(const char *at, struct vip_picture *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct wire_row w;
		struct vip_row r;
		const char *why;

		memcpy(&w, at + i * sizeof(w), sizeof(w));
		why = row_unpack(&w, &r);
		if (why)
			return why;
		if (r.op != VIP_SET)
			return "picture holds a deletion";
		why = membership_check(&r.vip, p);
		if (why)
			return why;
		if (i && vip_cmp(&p->vips[i - 1], &r.vip) >= 0)
			return "addresses are not in order";
		p->vips[i] = r.vip;
	}
	return NULL;
}

int vipwire_decode_picture(const void *bytes, size_t len, struct vip_picture *out, const char **reason)
{
	const char *at = bytes;
	struct wire_header h;
	struct vip_picture p;

	if (len < sizeof(h)) {
		*reason = "shorter than a header";
		return -EINVAL;
	}
	memcpy(&h, at, sizeof(h));
	*reason = header_check(&h, len - sizeof(h));
	if (*reason)
		return -EINVAL;
	p = (struct vip_picture){
	    .settings = {.garp_count = h.garp_count,
			 .garp_second_ms = h.garp_second_ms,
			 .garp_refresh_ms = h.garp_refresh_ms,
			 .garp_interval_ms = h.garp_interval_ms,
			 .ready_timeout_ms = h.ready_timeout_ms},
	    .routers = xcalloc(h.routers, sizeof(*p.routers)),
	    .n_routers = h.routers,
	    .lists = h.routers ? arena_new(0) : NULL,
	    .vips = xcalloc(h.count, sizeof(*p.vips)),
	    .n = h.count,
	};
	memcpy(p.settings.notify_script, h.notify_script, sizeof(h.notify_script));
	memcpy(p.settings.notify_fifo, h.notify_fifo, sizeof(h.notify_fifo));
	at += sizeof(h);
	*reason = routers_unpack(at, &p);
	if (!*reason)
		*reason = rows_unpack(at + h.routers * router_wire_len(), &p);
	if (*reason) {
		vip_picture_clear(&p);
		return -EINVAL;
	}
	*out = p;
	return 0;
}

void vip_picture_clear(struct vip_picture *p)
{
	free(p->routers);
	arena_free(p->lists);
	free(p->vips);
	*p = (struct vip_picture){0};
}

size_t vipwire_encode_rows(const struct vip_row *rows, size_t n, void *buf, size_t size, size_t *done)
{
	size_t fit = size / sizeof(struct wire_row);

	if (n > fit)
		n = fit;
	for (size_t i = 0; i < n; i++) {
		struct wire_row w;

		row_pack(&w, rows[i].op, &rows[i].vip);
		memcpy((char *)buf + i * sizeof(w), &w, sizeof(w));
	}
	*done = n;
	return n * sizeof(struct wire_row);
}

int vipwire_next_row(const void *bytes, size_t len, size_t *at, struct vip_row *out, const char **reason)
{
	struct wire_row w;

	if (*at >= len)
		return 0;
	if (len - *at < sizeof(w)) {
		*reason = "row is cut short";
		return -EINVAL;
	}
	memcpy(&w, (const char *)bytes + *at, sizeof(w));
	*reason = row_unpack(&w, out);
	if (*reason)
		return -EINVAL;
	*at += sizeof(w);
	return 1;
}
