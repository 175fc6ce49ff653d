/* src/base/vipwire.c, vip.c: what goes out comes back; everything else is refused with its reason. */
#include "../src/base/vipwire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

enum { HEADER = 36 + TRACK_NAME + FIFO_PATH, ROW = 56 };

static struct vip vip_of(const char *text, uint8_t bits, uint8_t kind, const char *ifname)
{
	struct vip v = {.bits = bits, .kind = kind, .router = ROUTER_NONE};

	assert_int_equal(addr_parse(text, &v.addr), 0);
	memcpy(v.ifname, ifname, strlen(ifname));
	return v;
}

/* Two VIPs encoded; malloc'd. */
static unsigned char *two(size_t *len)
{
	struct vip vips[] = {vip_of("10.0.0.50", 32, VIP_CLIENT, "eth0"),
			     vip_of("fd00::50", 128, VIP_CLUSTER, "vipd0")};
	struct vip_picture p = {
	    .settings = {5, 5000, 60000, .notify_script = "tell.sh", .notify_fifo = "/run/vipd/notify"},
	    .vips = vips,
	    .n = 2};

	return vipwire_encode_picture(&p, len);
}

static void picture_round_trip(void **state)
{
	struct vip_picture p;
	const char *why;
	size_t len;
	void *bytes = two(&len);

	assert_int_equal(len, HEADER + 2 * ROW);
	assert_int_equal(vipwire_decode_picture(bytes, len, &p, &why), 0);
	assert_int_equal(p.n, 2);
	assert_int_equal(p.settings.garp_count, 5);
	assert_int_equal(p.settings.garp_second_ms, 5000);
	assert_int_equal(p.settings.garp_refresh_ms, 60000);
	assert_string_equal(p.settings.notify_script, "tell.sh");
	assert_string_equal(p.settings.notify_fifo, "/run/vipd/notify");
	assert_string_equal(p.vips[0].ifname, "eth0");
	assert_int_equal(p.vips[1].bits, 128);
	assert_int_equal(p.vips[1].kind, VIP_CLUSTER);
	assert_true(vip_cmp(&p.vips[0], &p.vips[1]) < 0);
	vip_picture_clear(&p);
	free(bytes);
}

static void empty_picture(void **state)
{
	struct vip_picture p = {.settings = {.garp_count = 1}}, back;
	const char *why;
	size_t len;
	void *bytes = vipwire_encode_picture(&p, &len);

	assert_int_equal(vipwire_decode_picture(bytes, len, &back, &why), 0);
	assert_int_equal(back.n, 0);
	vip_picture_clear(&back);
	free(bytes);
}

static void picture_refuses(void **state)
{
	static const struct {
		size_t at;
		unsigned char byte;
		const char *why;
	} rows[] = {
	    {0, 0, "not a picture of virtual IPs"},
	    {4, 9, "picture of another version"},
	    {8, 3, "count does not match the length"},
	    {11, 0xff, "count does not match the length"},
	    {12, 0, "garp_count out of range"},
	    {12, 101, "garp_count out of range"},
	    {19, 0xff, "announcement interval out of range"},
	    {23, 0xff, "announcement interval out of range"},
	    {25, 0xff, "too many virtual routers"},
	    {24, 1, "virtual routers are cut short"},
	    {31, 0xff, "ready timeout out of range"},
	    {35, 0xff, "announcement interval out of range"},
	    {37, '/', "notify script is no file name"},
	    {37, '\n', "notify script is no file name"},
	    {36 + TRACK_NAME - 1, 'x', "notify script is no file name"},
	    {36 + TRACK_NAME, 'x', "notify FIFO is no absolute path"},
	    {HEADER - 1, 'x', "notify FIFO is no absolute path"},
	    {HEADER, VIP_DELETE, "picture holds a deletion"},
	    {HEADER, 7, "unknown row operation"},
	    {HEADER + 1, 99, "unknown address family"},
	    {HEADER + 2, 0, "prefix length out of range"},
	    {HEADER + 2, 33, "prefix length out of range"},
	    {HEADER + 3, 2, "unknown kind of virtual IP"},
	    {HEADER + 4, 127, "address cannot be a virtual IP"},
	    {HEADER + 8, 1, "IPv4 address has bytes behind its end"},
	    {HEADER + 20, 0, "interface name is empty or has no end"},
	    {HEADER + 21, '/', "interface name has a character that none may have"},
	    {HEADER + 21, ' ', "interface name has a character that none may have"},
	    {HEADER + 26, 'x', "interface name has bytes behind its end"},
	    {HEADER + 39, 3, "traffic policy out of range"},
	    {HEADER + ROW + 36, 1, "cluster IP of a virtual router"},
	    {HEADER + ROW + 39, 1, "traffic policy out of range"},
	    {HEADER + 41, 'x', "label is no text"},
	    {HEADER + 55, 'x', "label is no text"},
	    {HEADER + ROW + 38, 253, "IPv6 address with a scope or a label"},
	    {HEADER + ROW + 40, 'x', "IPv6 address with a scope or a label"},
	};
	size_t len;

	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned char *bytes = two(&len);
		struct vip_picture p = {.n = 77};
		const char *why = NULL;

		bytes[rows[i].at] = rows[i].byte;
		assert_int_equal(vipwire_decode_picture(bytes, len, &p, &why), -EINVAL);
		assert_string_equal(why, rows[i].why);
		assert_int_equal(p.n, 77);
		free(bytes);
	}
}

static void picture_lengths(void **state)
{
	size_t len;
	unsigned char *bytes = two(&len);

	for (size_t cut = 0; cut < len; cut++) {
		struct vip_picture p;
		const char *why = NULL;

		assert_int_equal(vipwire_decode_picture(bytes, cut, &p, &why), -EINVAL);
		assert_non_null(why);
	}
	free(bytes);
}

static void picture_order(void **state)
{
	struct vip vips[] = {vip_of("10.0.0.51", 32, VIP_CLIENT, "eth0"), vip_of("10.0.0.50", 32, VIP_CLIENT, "eth0")};
	struct vip_picture p = {.settings = {.garp_count = 1}, .vips = vips, .n = 2}, back;
	const char *why;
	size_t len;

	for (int same = 0; same < 2; same++) {
		void *bytes = vipwire_encode_picture(&p, &len);

		assert_int_equal(vipwire_decode_picture(bytes, len, &back, &why), -EINVAL);
		assert_string_equal(why, "addresses are not in order");
		free(bytes);
		vips[1] = vips[0];
	}
}

/* ---- virtual routers ---- */

/* What a router's lists stand in. */
struct lists {
	struct addr peers[2];
	struct track tracks[1];
};

static struct router router_of(const char *name, uint8_t vrid, struct lists *l)
{
	struct router r = {.family = AF_INET,
			   .vrid = vrid,
			   .version = 3,
			   .priority = 100,
			   .interval_ms = 1000,
			   .preempt = true,
			   .accept = true,
			   .tracks = l->tracks,
			   .n_tracks = 1,
			   .peers = l->peers,
			   .n_peers = 2,
			   .check_source = true,
			   .min_ttl = 254};

	strcpy(r.name, name);
	strcpy(r.ifname, "eth0");
	strcpy(r.group, "g");
	assert_int_equal(addr_parse("10.0.0.1", &r.source), 0);
	assert_int_equal(addr_parse("10.0.0.2", &r.peers[0]), 0);
	assert_int_equal(addr_parse("10.0.0.3", &r.peers[1]), 0);
	r.tracks[0] = (struct track){.kind = TRACK_SCRIPT, .weight = -20, .rise = 2, .fall = 3, .interval_ms = 1000};
	strcpy(r.tracks[0].name, "check-http");
	return r;
}

static void routers_round_trip(void **state)
{
	struct lists lists[2];
	struct router routers[] = {router_of("a", 50, &lists[0]), router_of("b", 51, &lists[1])};
	struct vip vips[] = {vip_of("10.0.0.50", 32, VIP_CLIENT, "eth0"), vip_of("10.0.0.51", 32, VIP_CLIENT, "eth0")};
	struct vip_picture p = {
	    .settings = {5, 5000, 0, 30000}, .routers = routers, .n_routers = 2, .vips = vips, .n = 2};
	struct vip_picture back;
	const struct router *b;
	const char *why;
	size_t len;
	void *bytes;

	vips[0].router = 1;
	vips[0].scope = 253;
	vips[0].local = VIP_HERE;
	strcpy(vips[0].label, "eth0:vip");
	routers[1].source = (struct addr){0};
	bytes = vipwire_encode_picture(&p, &len);
	assert_int_equal(len, HEADER + 2 * router_wire_len() + 2 * ROW);
	assert_int_equal(vipwire_decode_picture(bytes, len, &back, &why), 0);
	assert_int_equal(back.settings.ready_timeout_ms, 30000);
	assert_int_equal(back.n_routers, 2);
	assert_int_equal(back.vips[0].router, 1);
	assert_int_equal(back.vips[0].scope, 253);
	assert_int_equal(back.vips[0].local, VIP_HERE);
	assert_string_equal(back.vips[0].label, "eth0:vip");
	assert_int_equal(back.vips[1].router, ROUTER_NONE);
	b = &back.routers[0];
	assert_string_equal(b->name, "a");
	assert_string_equal(b->group, "g");
	assert_int_equal(b->vrid, 50);
	assert_true(b->preempt && b->accept && b->check_source && !b->vmac);
	assert_true(addr_equal(&b->source, &routers[0].source));
	assert_true(addr_equal(&b->peers[1], &routers[0].peers[1]));
	assert_string_equal(b->tracks[0].name, "check-http");
	assert_int_equal(b->tracks[0].weight, -20);
	assert_int_equal(b->tracks[0].fall, 3);
	assert_int_equal(back.routers[1].source.family, 0);
	vip_picture_clear(&back);
	for (size_t cut = 0; cut < len; cut += 7)
		assert_int_equal(vipwire_decode_picture(bytes, cut, &back, &why), -EINVAL);
	free(bytes);
}

static void spoil_name(struct router *r)
{
	r->name[0] = '\0';
}
static void spoil_name_blank(struct router *r)
{
	r->name[0] = ' ';
}
static void spoil_name_tail(struct router *r)
{
	r->name[5] = 'x';
}
static void spoil_name_end(struct router *r)
{
	memset(r->name, 'x', sizeof(r->name));
}
static void spoil_group(struct router *r)
{
	r->group[1] = '\n';
}
static void spoil_ifname(struct router *r)
{
	r->ifname[0] = '/';
}
static void spoil_family(struct router *r)
{
	r->family = 1;
}
static void spoil_version(struct router *r)
{
	r->version = 4;
}
static void spoil_version_6(struct router *r)
{
	r->version = 2;
	r->family = AF_INET6;
}
static void spoil_vrid(struct router *r)
{
	r->vrid = 0;
}
static void spoil_priority(struct router *r)
{
	r->priority = 0;
}
static void spoil_checksum(struct router *r)
{
	r->checksum = 2;
}
static void spoil_interval(struct router *r)
{
	r->interval_ms = 0;
}
static void spoil_interval_step(struct router *r)
{
	r->interval_ms = 1005;
}
static void spoil_interval_top(struct router *r)
{
	r->interval_ms = 40960;
}
static void spoil_interval_2(struct router *r)
{
	r->version = 2;
	r->interval_ms = 500;
}
static void spoil_delay(struct router *r)
{
	r->startup_delay_ms = UINT32_MAX;
}
static void spoil_auth(struct router *r)
{
	r->auth = 1;
}
static void spoil_auth_type(struct router *r)
{
	r->version = 2;
	r->auth = 3;
}
static void spoil_pass(struct router *r)
{
	r->pass[0] = 'x';
}
static void spoil_source(struct router *r)
{
	r->source.bytes[0] = 224;
}
static void spoil_peer(struct router *r)
{
	r->peers[0].bytes[0] = 127;
}
static void spoil_peer_self(struct router *r)
{
	r->peers[0] = r->source;
}
static void spoil_peer_twice(struct router *r)
{
	r->peers[0] = r->peers[1];
}
static void spoil_peers(struct router *r)
{
	r->n_peers = ROUTER_PEERS_MAX + 1;
}
static void spoil_tracks(struct router *r)
{
	r->n_tracks = ROUTER_TRACKS_MAX + 1;
}
static void spoil_track_kind(struct router *r)
{
	r->tracks[0].kind = 9;
}
static void spoil_track_name(struct router *r)
{
	r->tracks[0].name[0] = '\0';
}
static void spoil_track_weight(struct router *r)
{
	r->tracks[0].weight = 255;
}
static void spoil_track_time(struct router *r)
{
	r->tracks[0].timeout_ms = UINT32_MAX;
}

static void router_refuses(void **state)
{
	static const struct {
		void (*spoil)(struct router *r);
		const char *why;
	} rows[] = {
	    {spoil_name, "router name is empty, has no end, or has a character that none may have"},
	    {spoil_name_blank, "router name is empty, has no end, or has a character that none may have"},
	    {spoil_name_tail, "router name is empty, has no end, or has a character that none may have"},
	    {spoil_name_end, "router name is empty, has no end, or has a character that none may have"},
	    {spoil_group, "group name has no end or a character that none may have"},
	    {spoil_ifname, "interface name has a character that none may have"},
	    {spoil_family, "unknown address family of a router"},
	    {spoil_version, "VRRP version is 3, or 2 for IPv4"},
	    {spoil_version_6, "VRRP version is 3, or 2 for IPv4"},
	    {spoil_vrid, "VRID is 0"},
	    {spoil_priority, "priority is 0"},
	    {spoil_checksum, "unknown kind of checksum"},
	    {spoil_interval, "advertisement interval out of range"},
	    {spoil_interval_step, "advertisement interval out of range"},
	    {spoil_interval_top, "advertisement interval out of range"},
	    {spoil_interval_2, "advertisement interval out of range"},
	    {spoil_delay, "delay out of range"},
	    {spoil_auth, "authentication is for version 2: none, PASS or AH"},
	    {spoil_auth_type, "authentication is for version 2: none, PASS or AH"},
	    {spoil_pass, "a password without authentication"},
	    {spoil_source, "source is no unicast address of the router's family"},
	    {spoil_peer, "peer is no unicast address of the router's family"},
	    {spoil_peer_self, "peer is the router itself"},
	    {spoil_peer_twice, "peer named twice"},
	    {spoil_peers, "too many peers"},
	    {spoil_tracks, "too many tracked things"},
	    {spoil_track_kind, "unknown kind of tracked thing"},
	    {spoil_track_name, "name of a tracked thing is empty, has no end, or has a character that none may have"},
	    {spoil_track_weight, "weight out of range"},
	    {spoil_track_time, "time of a tracked thing out of range"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct lists lists;
		struct router r = router_of("a", 50, &lists);

		assert_null(router_check(&r));
		rows[i].spoil(&r);
		assert_non_null(router_check(&r));
		assert_string_equal(router_check(&r), rows[i].why);
	}
}

static void routers_refuse(void **state)
{
	struct lists lists[2];
	struct router two[] = {router_of("a", 50, &lists[0]), router_of("b", 51, &lists[1])};

	assert_null(routers_check(two, 2));
	strcpy(two[1].name, "a");
	assert_string_equal(routers_check(two, 2), "routers are not in order");
	two[1] = router_of("b", 50, &lists[1]);
	assert_string_equal(routers_check(two, 2), "two routers with one VRID on one interface and family");
	two[1].priority = 0;
	assert_string_equal(routers_check(two, 2), "priority is 0");
}

/* Bytes that no encoder writes, and members that are not there. */
static void router_bytes(void **state)
{
	struct arena *arena = arena_new(0);
	struct lists lists;
	struct router r = router_of("a", 50, &lists), back;
	size_t len = router_wire_len();
	unsigned char *good = malloc(len), *bad = malloc(len);
	size_t refused = 0;

	router_pack(&r, good);
	assert_null(router_unpack(good, arena, &back));
	for (size_t i = 0; i < len; i++) {
		memcpy(bad, good, len);
		bad[i] ^= 0xff;
		if (router_unpack(bad, arena, &back))
			refused++;
		else {
			unsigned char *again = malloc(len);

			router_pack(&back, again);
			assert_memory_equal(again, bad, len);
			free(again);
		}
	}
	assert_true(refused > len / 2);
	free(good);
	free(bad);
	arena_free(arena);
}

static void members_refused(void **state)
{
	struct lists lists;
	struct router r = router_of("a", 50, &lists);
	struct vip v = vip_of("fd00::1", 128, VIP_CLIENT, "eth0");
	struct vip_picture p = {.settings = {5, 0, 0, 0}, .routers = &r, .n_routers = 1, .vips = &v, .n = 1}, back;
	const char *why;
	size_t len;
	void *bytes;

	v.router = 0;
	bytes = vipwire_encode_picture(&p, &len);
	assert_int_equal(vipwire_decode_picture(bytes, len, &back, &why), -EINVAL);
	assert_string_equal(why, "virtual IP of a router of the other family");
	free(bytes);
	v.router = 1;
	bytes = vipwire_encode_picture(&p, &len);
	assert_int_equal(vipwire_decode_picture(bytes, len, &back, &why), -EINVAL);
	assert_string_equal(why, "virtual IP of a router that is not there");
	free(bytes);
	v.router = 0;
	v.kind = VIP_CLUSTER;
	bytes = vipwire_encode_picture(&p, &len);
	assert_int_equal(vipwire_decode_picture(bytes, len, &back, &why), -EINVAL);
	assert_string_equal(why, "cluster IP of a virtual router");
	free(bytes);
}

static void rows_round_trip(void **state)
{
	struct vip_row rows[3] = {{VIP_SET, vip_of("10.0.0.50", 24, VIP_CLIENT, "eth0")},
				  {VIP_DELETE, vip_of("fd00::50", 0, 0, "")},
				  {VIP_SET, vip_of("10.96.0.1", 32, VIP_CLUSTER, "vipd0")}};
	unsigned char buf[3 * ROW];
	struct vip_row back;
	const char *why;
	size_t done, at = 0;

	assert_int_equal(vipwire_encode_rows(rows, 3, buf, 2 * ROW + 1, &done), 2 * ROW);
	assert_int_equal(done, 2);
	assert_int_equal(vipwire_encode_rows(rows, 3, buf, sizeof(buf), &done), 3 * ROW);
	assert_int_equal(done, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(vipwire_next_row(buf, sizeof(buf), &at, &back, &why), 1);
		assert_int_equal(back.op, rows[i].op);
		assert_int_equal(vip_cmp(&back.vip, &rows[i].vip), 0);
		assert_string_equal(back.vip.ifname, rows[i].vip.ifname);
	}
	assert_int_equal(vipwire_next_row(buf, sizeof(buf), &at, &back, &why), 0);
	at = 0;
	assert_int_equal(vipwire_next_row(buf, ROW - 1, &at, &back, &why), -EINVAL);
	assert_string_equal(why, "row is cut short");
	buf[0] = 9;
	assert_int_equal(vipwire_next_row(buf, ROW, &at, &back, &why), -EINVAL);
	assert_string_equal(why, "unknown row operation");
	assert_int_equal(at, 0);
}

/* A link-local address is another one on each interface (RFC 4007); any other is the same one wherever it is. */
static void order(void **state)
{
	struct vip a = vip_of("fe80::1", 64, VIP_CLIENT, "eth0"), b = vip_of("fe80::1", 64, VIP_CLIENT, "eth1");
	struct vip c = vip_of("fd00::1", 128, VIP_CLIENT, "eth0"), d = vip_of("fd00::1", 128, VIP_CLIENT, "eth1");
	struct vip e = vip_of("10.0.0.1", 32, VIP_CLIENT, "eth0"), f = vip_of("10.0.0.2", 32, VIP_CLIENT, "eth0");

	assert_true(vip_cmp(&a, &b) < 0);
	assert_true(vip_cmp(&b, &a) > 0);
	assert_int_equal(vip_cmp(&a, &a), 0);
	assert_int_equal(vip_cmp(&c, &d), 0);
	assert_true(vip_cmp(&e, &f) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(picture_round_trip), cmocka_unit_test(empty_picture),   cmocka_unit_test(picture_refuses),
	    cmocka_unit_test(picture_lengths),    cmocka_unit_test(picture_order),   cmocka_unit_test(rows_round_trip),
	    cmocka_unit_test(routers_round_trip), cmocka_unit_test(router_refuses),  cmocka_unit_test(routers_refuse),
	    cmocka_unit_test(router_bytes),       cmocka_unit_test(members_refused), cmocka_unit_test(order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
