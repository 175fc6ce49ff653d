/* Decides whether a virtual router's values may be: ranges of RFC 9568 5.2 and 6.1 (version 3) and RFC 3768 5.3 (version 2), and what fits
 * what; and how they stand in a picture. Test: tests/test_vipwire.c, tests/fuzz/fuzz_vips.c. */
#include "router.h"

#include <string.h>
#include <sys/socket.h>

enum {
	FLAG_PREEMPT = 1,
	FLAG_ACCEPT = 2,
	FLAG_VMAC = 4,
	FLAG_CHECK_SOURCE = 8,
	FLAGS = 15,
	V3_INTERVAL_MAX_MS = 40950,
	V2_INTERVAL_MAX_MS = 255000,
	DELAY_MAX_MS = 86400000,
	WEIGHT_MAX = 254,
	AUTH_TYPES = 3,
	AUTH_PASSWORD = 1, /* the types from here on have one */
	TRACK_KINDS = TRACK_SCRIPT + 1,
};

struct wire_track {
	uint32_t interval_ms, timeout_ms, debounce_ms;
	int16_t weight;
	uint8_t kind, rise, fall, zero[3];
	char name[TRACK_NAME];
};

struct wire_router {
	char name[ROUTER_NAME], ifname[16], group[ROUTER_NAME];
	uint32_t interval_ms, preempt_delay_ms, startup_delay_ms;
	uint8_t family, vrid, version, priority;
	uint8_t flags, checksum, auth, min_ttl;
	uint8_t n_peers, n_tracks, has_source, zero;
	uint8_t pass[8];
	uint8_t source[16];
	uint8_t peers[ROUTER_PEERS_MAX][16];
	struct wire_track tracks[ROUTER_TRACKS_MAX];
};

/* Printable, without blanks, with an end, and zero behind it. */
static bool name_ok(const char *name, size_t size)
{
	size_t n = strnlen(name, size);

	if (n == size)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)name[i] <= ' ' || name[i] == 0x7f)
			return false;
	for (size_t i = n; i < size; i++)
		if (name[i])
			return false;
	return true;
}

const char *ifname_check(const char name[16])
{
	size_t n = strnlen(name, 16);

	if (!n || n == 16)
		return "interface name is empty or has no end";
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)name[i] <= ' ' || name[i] == '/' || name[i] == ':' || name[i] == 0x7f)
			return "interface name has a character that none may have";
	for (size_t i = n; i < 16; i++)
		if (name[i])
			return "interface name has bytes behind its end";
	return NULL;
}

static const char *time_check(const struct router *r)
{
	uint32_t unit = r->version == 2 ? 1000 : 10;
	uint32_t most = r->version == 2 ? V2_INTERVAL_MAX_MS : V3_INTERVAL_MAX_MS;

	if (r->interval_ms < unit || r->interval_ms > most || r->interval_ms % unit)
		return "advertisement interval out of range";
	if (r->preempt_delay_ms > DELAY_MAX_MS || r->startup_delay_ms > DELAY_MAX_MS)
		return "delay out of range";
	return NULL;
}

static const char *auth_check(const struct router *r)
{
	static const uint8_t none[sizeof(r->pass)];

	if (r->auth >= AUTH_TYPES || (r->auth && r->version != 2))
		return "authentication is for version 2: none, PASS or AH";
	if (r->auth < AUTH_PASSWORD && memcmp(r->pass, none, sizeof(none)) != 0)
		return "a password without authentication";
	return NULL;
}

/* Only what a packet can come from. */
static bool peer_ok(const struct addr *a, uint8_t family)
{
	return a->family == family && !addr_is_unspecified(a) && !addr_is_multicast(a) && !addr_is_broadcast(a) &&
	       !addr_is_loopback(a);
}

static const char *peers_check(const struct router *r)
{
	if (r->source.family && !peer_ok(&r->source, r->family))
		return "source is no unicast address of the router's family";
	if (r->n_peers > ROUTER_PEERS_MAX)
		return "too many peers";
	for (size_t i = 0; i < r->n_peers; i++) {
		if (!peer_ok(&r->peers[i], r->family))
			return "peer is no unicast address of the router's family";
		if (addr_equal(&r->peers[i], &r->source))
			return "peer is the router itself";
		for (size_t k = 0; k < i; k++)
			if (addr_equal(&r->peers[i], &r->peers[k]))
				return "peer named twice";
	}
	return NULL;
}

static const char *track_check(const struct track *t)
{
	if (t->kind >= TRACK_KINDS)
		return "unknown kind of tracked thing";
	if (!t->name[0] || !name_ok(t->name, sizeof(t->name)))
		return "name of a tracked thing is empty, has no end, or has a character that none may have";
	if (t->weight != TRACK_FAULT && (t->weight < -WEIGHT_MAX || t->weight > WEIGHT_MAX))
		return "weight out of range";
	if (t->interval_ms > DELAY_MAX_MS || t->timeout_ms > DELAY_MAX_MS || t->debounce_ms > DELAY_MAX_MS)
		return "time of a tracked thing out of range";
	return NULL;
}

static const char *tracks_check(const struct router *r)
{
	const char *why = NULL;

	if (r->n_tracks > ROUTER_TRACKS_MAX)
		return "too many tracked things";
	for (size_t i = 0; i < r->n_tracks && !why; i++)
		why = track_check(&r->tracks[i]);
	return why;
}

const char *router_check(const struct router *r)
{
	static const char *(*const checks[])(const struct router *) = {time_check, auth_check, peers_check,
								       tracks_check};
	const char *why;

	if (!r->name[0] || !name_ok(r->name, sizeof(r->name)))
		return "router name is empty, has no end, or has a character that none may have";
	if (!name_ok(r->group, sizeof(r->group)))
		return "group name has no end or a character that none may have";
	why = ifname_check(r->ifname);
	if (why)
		return why;
	if (r->family != AF_INET && r->family != AF_INET6)
		return "unknown address family of a router";
	if (r->version != 3 && (r->version != 2 || r->family != AF_INET))
		return "VRRP version is 3, or 2 for IPv4";
	if (!r->vrid)
		return "VRID is 0";
	if (!r->priority)
		return "priority is 0";
	if (r->checksum > 1)
		return "unknown kind of checksum";
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && !why; i++)
		why = checks[i](r);
	return why;
}

static bool same_place(const struct router *a, const struct router *b)
{
	return a->vrid == b->vrid && a->family == b->family && strncmp(a->ifname, b->ifname, sizeof(a->ifname)) == 0;
}

const char *routers_check(const struct router *routers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *why = router_check(&routers[i]);

		if (why)
			return why;
		if (i && strncmp(routers[i - 1].name, routers[i].name, ROUTER_NAME) >= 0)
			return "routers are not in order";
		for (size_t k = 0; k < i; k++)
			if (same_place(&routers[k], &routers[i]))
				return "two routers with one VRID on one interface and family";
	}
	return NULL;
}

size_t router_wire_len(void)
{
	return sizeof(struct wire_router);
}

static uint8_t flags_of(const struct router *r)
{
	return (uint8_t)((r->preempt ? FLAG_PREEMPT : 0) | (r->accept ? FLAG_ACCEPT : 0) | (r->vmac ? FLAG_VMAC : 0) |
			 (r->check_source ? FLAG_CHECK_SOURCE : 0));
}

static void track_pack(const struct track *t, struct wire_track *w)
{
	*w = (struct wire_track){
	    .interval_ms = t->interval_ms,
	    .timeout_ms = t->timeout_ms,
	    .debounce_ms = t->debounce_ms,
	    .weight = t->weight,
	    .kind = t->kind,
	    .rise = t->rise,
	    .fall = t->fall,
	};
	memcpy(w->name, t->name, strnlen(t->name, sizeof(t->name)));
}

void router_pack(const struct router *r, void *to)
{
	struct wire_router w = {
	    .interval_ms = r->interval_ms,
	    .preempt_delay_ms = r->preempt_delay_ms,
	    .startup_delay_ms = r->startup_delay_ms,
	    .family = r->family,
	    .vrid = r->vrid,
	    .version = r->version,
	    .priority = r->priority,
	    .flags = flags_of(r),
	    .checksum = r->checksum,
	    .auth = r->auth,
	    .min_ttl = r->min_ttl,
	    .n_peers = r->n_peers,
	    .n_tracks = r->n_tracks,
	    .has_source = r->source.family != 0,
	};

	memcpy(w.name, r->name, strnlen(r->name, sizeof(w.name)));
	memcpy(w.ifname, r->ifname, strnlen(r->ifname, sizeof(w.ifname)));
	memcpy(w.group, r->group, strnlen(r->group, sizeof(w.group)));
	memcpy(w.pass, r->pass, sizeof(w.pass));
	memcpy(w.source, r->source.bytes, sizeof(w.source));
	for (size_t i = 0; i < r->n_peers; i++)
		memcpy(w.peers[i], r->peers[i].bytes, sizeof(w.peers[i]));
	for (size_t i = 0; i < r->n_tracks; i++)
		track_pack(&r->tracks[i], &w.tracks[i]);
	memcpy(to, &w, sizeof(w));
}

static bool zero(const void *at, size_t len)
{
	const unsigned char *p = at;

	for (size_t i = 0; i < len; i++)
		if (p[i])
			return false;
	return true;
}

/* An IPv4 address is zero behind its end. */
static bool bytes_ok(uint8_t family, const uint8_t bytes[16])
{
	return family != AF_INET || zero(bytes + 4, 12);
}

static const char *unused_check(const struct wire_router *w)
{
	if (w->flags & ~FLAGS || w->has_source > 1 || w->zero)
		return "unknown flags of a router";
	if (w->n_peers > ROUTER_PEERS_MAX || w->n_tracks > ROUTER_TRACKS_MAX)
		return "too many peers or tracked things";
	if (!zero(w->peers[w->n_peers], (ROUTER_PEERS_MAX - w->n_peers) * sizeof(w->peers[0])) ||
	    !zero(&w->tracks[w->n_tracks], (ROUTER_TRACKS_MAX - w->n_tracks) * sizeof(w->tracks[0])) ||
	    (!w->has_source && !zero(w->source, sizeof(w->source))))
		return "bytes behind the end of a router's lists";
	for (size_t i = 0; i < w->n_peers; i++)
		if (!bytes_ok(w->family, w->peers[i]))
			return "peer has bytes behind its end";
	for (size_t i = 0; i < w->n_tracks; i++)
		if (!zero(w->tracks[i].zero, sizeof(w->tracks[i].zero)))
			return "tracked thing has bytes behind its end";
	return bytes_ok(w->family, w->source) ? NULL : "source has bytes behind its end";
}

static struct track track_unpack(const struct wire_track *w)
{
	struct track t = {
	    .kind = w->kind,
	    .weight = w->weight,
	    .rise = w->rise,
	    .fall = w->fall,
	    .interval_ms = w->interval_ms,
	    .timeout_ms = w->timeout_ms,
	    .debounce_ms = w->debounce_ms,
	};

	memcpy(t.name, w->name, sizeof(t.name));
	return t;
}

const char *router_unpack(const void *from, struct arena *lists, struct router *out)
{
	struct wire_router w;
	struct router r;
	const char *why;

	memcpy(&w, from, sizeof(w));
	why = unused_check(&w);
	if (why)
		return why;
	r = (struct router){
	    .family = w.family,
	    .vrid = w.vrid,
	    .version = w.version,
	    .priority = w.priority,
	    .interval_ms = w.interval_ms,
	    .preempt_delay_ms = w.preempt_delay_ms,
	    .startup_delay_ms = w.startup_delay_ms,
	    .preempt = w.flags & FLAG_PREEMPT,
	    .accept = w.flags & FLAG_ACCEPT,
	    .vmac = w.flags & FLAG_VMAC,
	    .check_source = w.flags & FLAG_CHECK_SOURCE,
	    .checksum = w.checksum,
	    .auth = w.auth,
	    .min_ttl = w.min_ttl,
	    .n_peers = w.n_peers,
	    .n_tracks = w.n_tracks,
	};
	memcpy(r.name, w.name, sizeof(r.name));
	memcpy(r.ifname, w.ifname, sizeof(r.ifname));
	memcpy(r.group, w.group, sizeof(r.group));
	memcpy(r.pass, w.pass, sizeof(r.pass));
	r.source.family = w.has_source ? w.family : 0;
	memcpy(r.source.bytes, w.source, sizeof(w.source));
	if (w.n_peers)
		r.peers = arena_alloc(lists, w.n_peers * sizeof(*r.peers));
	for (size_t i = 0; i < w.n_peers; i++) {
		r.peers[i].family = w.family;
		memcpy(r.peers[i].bytes, w.peers[i], sizeof(w.peers[i]));
	}
	if (w.n_tracks)
		r.tracks = arena_alloc(lists, w.n_tracks * sizeof(*r.tracks));
	for (size_t i = 0; i < w.n_tracks; i++)
		r.tracks[i] = track_unpack(&w.tracks[i]);
	why = router_check(&r);
	if (!why)
		*out = r;
	return why;
}
