/* The files that vipd keeps, by their first byte: whatever is in them, nothing of another version is taken, and what was read is written so that it reads
 * back alike. */
#include "../../ipvs/ownline.h"
#include "../../src/base/version.h"
#include "../../src/drained.h"
#include "../../src/events_json.h"
#include "../../vrrp/owned.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held)
{
	if (!held)
		abort();
}

static void each_line(void *arg, const struct own_line *l)
{
	char line[OWN_LINE];
	struct own_line again;
	size_t n = own_line_format(l, line);

	must(n > 1 && n < OWN_LINE && line[n - 1] == '\n');
	must(!own_line_parse(line, n - 1, &again));
	must(again.type == l->type && !vs_key_cmp(&again.key, &l->key));
	++*(size_t *)arg;
}

static void ipvs_own(const char *text, size_t len)
{
	size_t whole, n = 0;
	struct own_id id;
	unsigned version;
	uint64_t start;

	if (!own_line_parse_header(text, len, &id, &start))
		must(!own_line_version(text, len, &version) && version == OWN_VERSION);
	own_replay(text, len, each_line, &n, &whole);
	must(whole <= len);
}

static void vrrp_own(const char *text, size_t len)
{
	struct owned *o = owned_new("k 1"), *again = owned_new("k 1");
	enum owned_replay how = owned_replay(o, text, len);
	unsigned version;
	size_t n;
	char *written;

	must((how == OWNED_VERSION) == owned_other(text, len, &version));
	must(how == OWNED_READ || how == OWNED_DAMAGED || owned_count(o) == 0);
	written = owned_text(o, &n);
	must(owned_replay(again, written, n) == OWNED_READ);
	must(owned_count(again) == owned_count(o));
	free(written);
	owned_free(o);
	owned_free(again);
}

static void drained(const char *text, size_t len)
{
	struct drained d = {0}, again = {0};
	size_t where, n;
	enum drained_file how = drained_read(&d, text, len, &where);
	char *written = drained_write(&d, &n);

	must(how != DRAINED_OTHER || (!d.n && where != DRAINED_VERSION));
	must(drained_read(&again, written, n, &where) == DRAINED_READ);
	must(again.n == d.n);
	free(written);
	drained_clear(&d);
	drained_clear(&again);
}

static void events(const char *text, size_t len)
{
	struct events *l = events_new(), *again = events_new();
	char why[128] = "", *written;
	size_t n;

	if (events_read(l, text, len, why, sizeof why))
		must(*why && events_count(l) == 0);
	written = events_text(l, "node", &n);
	must(!events_read(again, written, n, why, sizeof why));
	must(events_count(again) == events_count(l));
	free(written);
	events_free(l);
	events_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const files[])(const char *text, size_t len) = {ipvs_own, vrrp_own, drained, events};
	char *text;

	if (!size)
		return 0;
	text = malloc(size); /* of its exact size: reading behind it is seen */
	memcpy(text, data + 1, size - 1);
	files[data[0] % 4](text, size - 1);
	free(text);
	return 0;
}
