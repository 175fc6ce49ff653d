/* pool_range_parse: what it takes prints to what it reads back; what may be given lies within what was written. */
#include "../../configmaps/pool.h"
#include "../../src/base/arena.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held)
{
	if (!held)
		abort();
}

/* The first range is the pool, every further one is to be avoided. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xmalloc(size + 1), *rest = text, *item, buf[POOL_RANGE_TEXT], why[POOL_WHY];
	struct pool_range ranges[16], again, *rooms;
	struct pool p = {.ranges = ranges, .avoid = ranges + 1, .use_all = size % 2};
	size_t n = 0, n_rooms;

	memcpy(text, data, size);
	text[size] = '\0';
	while (n < 16 && (item = strsep(&rest, "\n"))) {
		if (pool_range_parse(item, &ranges[n], why))
			continue;
		must(!pool_range_parse(pool_range_format(&ranges[n], buf), &again, why));
		must(addr_equal(&again.first, &ranges[n].first) && addr_equal(&again.last, &ranges[n].last));
		n++;
	}
	p.n = n > 0;
	p.n_avoid = n ? n - 1 : 0;
	rooms = pool_rooms(&p, &n_rooms);
	for (size_t i = 0; i < n_rooms; i++) {
		must(addr_cmp(&rooms[i].first, &rooms[i].last) <= 0);
		must(addr_cmp(&ranges[0].first, &rooms[i].first) <= 0 &&
		     addr_cmp(&rooms[i].last, &ranges[0].last) <= 0);
		for (size_t k = 1; k < n; k++)
			must(!pool_range_overlaps(&ranges[k], &rooms[i]));
	}
	free(rooms);
	free(text);
	return 0;
}
