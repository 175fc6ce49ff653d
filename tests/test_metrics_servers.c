/* Metrics of virtual servers: the same text whatever the pieces, each family once and whole. */
#include "../src/metrics_servers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static struct metrics_servers world(void)
{
	static struct metrics_server items[3];
	static struct counted_real reals[3];

	for (uint16_t i = 0; i < 3; i++) {
		items[i] =
		    (struct metrics_server){.key = {addr_from_v4(0x0a000001u + i), (uint16_t)(80 + i), IPPROTO_TCP},
					    .namespace = "default",
					    .service = i ? "web" : "",
					    .counters = {100, 2, 3, 4, UINT64_MAX},
					    .first = i ? 2 : 0,
					    .n = i == 0   ? 2
						 : i == 1 ? 0
							  : 1};
		memset(&reals[i], 0, sizeof reals[i]);
		reals[i].addr = addr_from_v4(0x0a200001u + i);
		reals[i].port = 8080;
		reals[i].weight = i;
		reals[i].active = 7;
		reals[i].drains = i == 0;
		reals[i].counters = (struct counters){11, 12, 13, 14, 15};
	}
	return (struct metrics_servers){items, 3, reals};
}

/* In pieces, malloc'd. */
static char *text_of(const struct metrics_servers *s, size_t room, size_t *pieces)
{
	struct metrics_cursor at = {0};
	struct metrics m = {.open = false};
	char *all = calloc(1, 1 << 16);
	bool more;

	*pieces = 0;
	do {
		m.len = 0;
		more = metrics_servers_next(s, &at, room, &m);
		assert_true(m.len < room + 512);
		strncat(all, m.bytes, m.len);
		++*pieces;
	} while (more);
	metrics_clear(&m);
	return all;
}

static size_t lines_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void test_text(void **state)
{
	struct metrics_servers s = world();
	size_t pieces;
	char *text = text_of(&s, 1 << 16, &pieces);

	assert_int_equal(pieces, 1);
	assert_int_equal(lines_of(text),
			 2 * (METRICS_A_SERVER + METRICS_A_REAL) + 3 * METRICS_A_SERVER + 3 * METRICS_A_REAL);
	assert_non_null(strstr(text,
			       "# TYPE vipd_virtual_server_outgoing_bytes_total counter\n"
			       "vipd_virtual_server_outgoing_bytes_total{namespace=\"default\",service=\"\",address="
			       "\"10.0.0.1\",port=\"80\",protocol=\"TCP\"} 18446744073709551615\n"));
	assert_non_null(strstr(text, "vipd_virtual_server_real_servers{namespace=\"default\",service=\"web\",address="
				     "\"10.0.0.2\",port=\"81\",protocol=\"TCP\"} 0\n"));
	assert_non_null(strstr(text,
			       "vipd_real_server_weight{namespace=\"default\",service=\"web\",address=\"10.0.0.3\","
			       "port=\"82\",protocol=\"TCP\",real_address=\"10.32.0.3\",real_port=\"8080\"} 2\n"));
	assert_non_null(strstr(text, "real_address=\"10.32.0.1\",real_port=\"8080\"} 1\n"));
	free(text);
}

static void test_pieces(void **state)
{
	static const size_t rooms[] = {0, 1, 100, 333, 4096};
	struct metrics_servers s = world();
	size_t pieces;
	char *whole = text_of(&s, 1 << 16, &pieces);

	for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
		char *text = text_of(&s, rooms[i], &pieces);

		assert_string_equal(text, whole);
		assert_true(pieces > 1);
		free(text);
	}
	free(whole);
	s.n = 0;
	whole = text_of(&s, 1 << 16, &pieces);
	assert_int_equal(lines_of(whole), 2 * (METRICS_A_SERVER + METRICS_A_REAL));
	free(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_text), cmocka_unit_test(test_pieces)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
