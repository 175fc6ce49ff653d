/* src/base/vipwire.c, vip.c: what goes out comes back; everything else is refused with its reason. */
#include "../src/base/vipwire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

enum { HEADER = 32 + TRACK_NAME + FIFO_PATH, ROW = 40 };

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
	    {31, 0xff, "ready timeout out of range"},
	    {33, '/', "notify script is no file name"},
	    {33, '\n', "notify script is no file name"},
	    {32 + TRACK_NAME - 1, 'x', "notify script is no file name"},
	    {32 + TRACK_NAME, 'x', "notify FIFO is no absolute path"},
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(picture_round_trip), cmocka_unit_test(empty_picture), cmocka_unit_test(picture_refuses),
	    cmocka_unit_test(picture_lengths),    cmocka_unit_test(picture_order), cmocka_unit_test(rows_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
