/* Decides what the ownership record says and which line states a change.
 * Source: DESIGN rule "only our own". Test: tests/test_owned.c. */
#include "owned.h"

#include "../src/base/arena.h"
#include "../src/base/map.h"
#include "../src/base/version.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME   "vipd-vrrp"
#define HEADER NAME " 1 "

_Static_assert(OWNED_KNOWN == 1, "HEADER says so");

enum { LINE_MAX_BYTES = 160, LONG_LINES = 1000 };

/* What makes an address in the kernel one: packed, so that equal keys are equal bytes. */
struct owned_key {
	uint8_t family, bits, bytes[16];
	uint8_t ifindex[4];
};

struct owned {
	struct map *addrs; /* owned_key -> the record itself, as a set */
	bool device;
	uint32_t device_index;
	struct owned_was *was;
	size_t n_was;
	char key[OWNED_KEY + 1];
	char *pending;
	size_t len, cap;
	size_t lines; /* in the file and pending */
	bool unwritten;
};

static struct owned_key key_make(const struct addr *a, uint8_t bits, uint32_t ifindex)
{
	struct owned_key k = {.family = a->family, .bits = bits};

	memcpy(k.bytes, a->bytes, sizeof(k.bytes));
	memcpy(k.ifindex, &ifindex, sizeof(k.ifindex));
	return k;
}

static struct kaddr key_addr(const struct owned_key *k)
{
	struct kaddr a = {.addr.family = k->family, .bits = k->bits};

	memcpy(a.addr.bytes, k->bytes, sizeof(k->bytes));
	memcpy(&a.ifindex, k->ifindex, sizeof(k->ifindex));
	return a;
}

struct owned *owned_new(const char *key)
{
	struct owned *o = xcalloc(1, sizeof(*o));

	o->addrs = map_new();
	memcpy(o->key, key, strnlen(key, OWNED_KEY));
	return o;
}

void owned_free(struct owned *o)
{
	if (!o)
		return;
	map_free(o->addrs, NULL);
	free(o->was);
	free(o->pending);
	free(o);
}

static void append(struct owned *o, const char *text, size_t n)
{
	if (o->cap - o->len < n) {
		o->cap = 2 * (o->len + n);
		o->pending = xrealloc(o->pending, o->cap);
	}
	memcpy(o->pending + o->len, text, n);
	o->len += n;
	o->lines++;
}

/* The first change writes the header if the record is new. */
static void start(struct owned *o)
{
	char line[LINE_MAX_BYTES];
	int n;

	if (o->lines > 0)
		return;
	n = snprintf(line, sizeof(line), HEADER "%s\n", o->key);
	append(o, line, (size_t)n);
}

static void append_addr(struct owned *o, char sign, const struct kaddr *a)
{
	char line[LINE_MAX_BYTES], text[ADDR_TEXT];
	int n;

	start(o);
	addr_format(&a->addr, text);
	n = snprintf(line, sizeof(line), "%c %s/%u %u\n", sign, text, a->bits, a->ifindex);
	append(o, line, (size_t)n);
}

static void append_device(struct owned *o)
{
	char line[LINE_MAX_BYTES];
	int n;

	start(o);
	n = o->device ? snprintf(line, sizeof(line), "device %u\n", o->device_index)
		      : snprintf(line, sizeof(line), "nodevice\n");
	append(o, line, (size_t)n);
}

static bool parse_index(const char *text, uint32_t *out)
{
	char *end;
	unsigned long v;

	if (*text < '0' || *text > '9')
		return false;
	v = strtoul(text, &end, 10);
	if (*end != '\0' || v > INT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

/* "10.0.0.1/32 7" */
static bool parse_addr(char *text, struct kaddr *out)
{
	char *space = strchr(text, ' ');
	struct kaddr a = {0};
	struct cidr c;

	if (!space)
		return false;
	*space = '\0';
	if (cidr_parse(text, &c) < 0 || !parse_index(space + 1, &a.ifindex) || a.ifindex == 0)
		return false;
	a.addr = c.addr;
	a.bits = c.bits;
	*out = a;
	return true;
}

/* ---- sysctls */

static void append_was(struct owned *o, const struct owned_was *w)
{
	char line[LINE_MAX_BYTES];
	int n;

	start(o);
	n = snprintf(line, sizeof(line), "was %u %u %u\n", w->ifindex, w->arp_ignore, w->arp_announce);
	append(o, line, (size_t)n);
}

static size_t was_find(const struct owned *o, uint32_t ifindex)
{
	size_t i = 0;

	while (i < o->n_was && o->was[i].ifindex != ifindex)
		i++;
	return i;
}

static void was_put(struct owned *o, const struct owned_was *w)
{
	if (was_find(o, w->ifindex) < o->n_was)
		return;
	o->was = xrealloc(o->was, (o->n_was + 1) * sizeof(*o->was));
	o->was[o->n_was++] = *w;
}

static void was_drop(struct owned *o, size_t i)
{
	if (i < o->n_was)
		o->was[i] = o->was[--o->n_was];
}

const struct owned_was *owned_was(const struct owned *o, size_t n)
{
	return n < o->n_was ? &o->was[n] : NULL;
}

void owned_set_was(struct owned *o, const struct owned_was *w)
{
	if (was_find(o, w->ifindex) < o->n_was)
		return;
	was_put(o, w);
	append_was(o, w);
}

void owned_clear_was(struct owned *o, uint32_t ifindex)
{
	size_t i = was_find(o, ifindex);
	char line[LINE_MAX_BYTES];

	if (i == o->n_was)
		return;
	was_drop(o, i);
	start(o);
	append(o, line, (size_t)snprintf(line, sizeof(line), "nowas %u\n", ifindex));
}

static bool replay_was(struct owned *o, const char *line)
{
	struct owned_was w;
	char end;

	if (sscanf(line, "was %u %u %u%c", &w.ifindex, &w.arp_ignore, &w.arp_announce, &end) == 3) {
		was_put(o, &w);
		return true;
	}
	if (sscanf(line, "nowas %u%c", &w.ifindex, &end) != 1)
		return false;
	was_drop(o, was_find(o, w.ifindex));
	return true;
}

/* ---- reading */

static bool replay_line(struct owned *o, char *line)
{
	struct owned_key k;
	struct kaddr a;
	uint32_t index;

	if ((line[0] == '+' || line[0] == '-') && line[1] == ' ') {
		if (!parse_addr(line + 2, &a))
			return false;
		k = key_make(&a.addr, a.bits, a.ifindex);
		if (line[0] == '+')
			map_put(o->addrs, &k, sizeof(k), o);
		else
			map_del(o->addrs, &k, sizeof(k));
		return true;
	}
	if (strncmp(line, "device ", strlen("device ")) == 0 && parse_index(line + strlen("device "), &index)) {
		o->device = true;
		o->device_index = index;
		return true;
	}
	if (strcmp(line, "nodevice") == 0) {
		o->device = false;
		return true;
	}
	return replay_was(o, line);
}

/* The next whole line without its newline; false at the end or if what is left has none. Lines too long for the buffer come cut: no line of
 * ours is, so they do not parse. */
static bool next_line(const char *text, size_t len, size_t *at, char line[LINE_MAX_BYTES])
{
	const char *end = memchr(text + *at, '\n', len - *at);
	size_t n;

	if (!end)
		return false;
	n = (size_t)(end - (text + *at));
	memset(line, 0, LINE_MAX_BYTES);
	memcpy(line, text + *at, n < LINE_MAX_BYTES - 1 ? n : LINE_MAX_BYTES - 1);
	*at += n + 1;
	return true;
}

bool owned_other(const char *text, size_t len, unsigned *version)
{
	unsigned got;

	if (version_parse(text, len, NAME, &got) || got == OWNED_KNOWN)
		return false;
	*version = got;
	return true;
}

enum owned_replay owned_replay(struct owned *o, const char *text, size_t len)
{
	enum owned_replay result = OWNED_READ;
	char line[LINE_MAX_BYTES];
	unsigned other;
	size_t at = 0;

	if (len == 0)
		return OWNED_EMPTY;
	if (owned_other(text, len, &other))
		return OWNED_VERSION;
	if (!next_line(text, len, &at, line) || strncmp(line, HEADER, strlen(HEADER)) != 0)
		return OWNED_DAMAGED;
	if (strcmp(line + strlen(HEADER), o->key) != 0)
		return OWNED_OTHER;
	o->lines = 1;
	while (at < len && next_line(text, len, &at, line)) {
		if (!replay_line(o, line))
			result = OWNED_DAMAGED;
		o->lines++;
	}
	return result;
}

bool owned_has(const struct owned *o, const struct addr *a, uint8_t bits, uint32_t ifindex)
{
	struct owned_key k = key_make(a, bits, ifindex);

	return map_get(o->addrs, &k, sizeof(k));
}

size_t owned_count(const struct owned *o)
{
	return map_count(o->addrs);
}

void owned_add(struct owned *o, const struct addr *a, uint8_t bits, uint32_t ifindex)
{
	struct owned_key k = key_make(a, bits, ifindex);
	struct kaddr what = key_addr(&k);

	if (!map_put(o->addrs, &k, sizeof(k), o))
		append_addr(o, '+', &what);
}

void owned_del(struct owned *o, const struct addr *a, uint8_t bits, uint32_t ifindex)
{
	struct owned_key k = key_make(a, bits, ifindex);
	struct kaddr what = key_addr(&k);

	if (map_del(o->addrs, &k, sizeof(k)))
		append_addr(o, '-', &what);
}

void owned_each(const struct owned *o, void (*each)(void *arg, const struct kaddr *a), void *arg)
{
	const void *key;
	size_t at = 0, len;
	void *value;

	while (map_next(o->addrs, &at, &key, &len, &value)) {
		struct owned_key k;
		struct kaddr a;

		memcpy(&k, key, sizeof(k));
		a = key_addr(&k);
		each(arg, &a);
	}
}

bool owned_has_device(const struct owned *o, uint32_t index)
{
	return o->device && (o->device_index == 0 || o->device_index == index);
}

void owned_set_device(struct owned *o, uint32_t index)
{
	if (o->device && o->device_index == index)
		return;
	o->device = true;
	o->device_index = index;
	append_device(o);
}

void owned_clear_device(struct owned *o)
{
	if (!o->device)
		return;
	o->device = false;
	append_device(o);
}

const char *owned_pending(const struct owned *o, size_t *len)
{
	*len = o->len;
	return o->pending;
}

void owned_flushed(struct owned *o)
{
	o->len = 0;
}

bool owned_is_long(const struct owned *o)
{
	return o->unwritten || o->lines > 2 * map_count(o->addrs) + LONG_LINES;
}

void owned_unwritten(struct owned *o)
{
	o->unwritten = true;
}

static void text_each(void *arg, const struct kaddr *a)
{
	append_addr(arg, '+', a);
}

char *owned_text(struct owned *o, size_t *len)
{
	char *text;

	o->len = 0;
	o->lines = 0;
	o->unwritten = false;
	start(o);
	owned_each(o, text_each, o);
	if (o->device)
		append_device(o);
	for (size_t i = 0; i < o->n_was; i++)
		append_was(o, &o->was[i]);
	text = xmemdup(o->pending, o->len);
	*len = o->len;
	o->len = 0;
	return text;
}
