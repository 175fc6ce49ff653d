/* Arrays of plain structs, copied in and out. Test: tests/test_counters.c */
#include "counters.h"

#include "../src/base/arena.h"

#include <string.h>

static size_t add(struct counters_out *o, const void *bytes, size_t len)
{
	size_t place = o->len;

	if (o->cap - o->len < len) {
		o->cap = 2 * (o->len + len);
		o->bytes = xrealloc(o->bytes, o->cap);
	}
	memcpy(o->bytes + o->len, bytes, len);
	o->len += len;
	return place;
}

/* Without the gap that it has behind its address: what was there before is nobody's business. */
static void copy_key(struct vs_key *to, const struct vs_key *from)
{
	to->addr = from->addr;
	to->port = from->port;
	to->proto = from->proto;
}

void counters_add_head(struct counters_out *o, const struct vs_key *k, const struct counters *c)
{
	struct counted_head h;

	memset(&h, 0, sizeof h); /* the gaps too */
	copy_key(&h.key, k);
	h.counters = *c;
	add(o, &h, sizeof h);
}

size_t counters_add_key(struct counters_out *o, const struct vs_key *k)
{
	struct counted_reals r;

	memset(&r, 0, sizeof r);
	copy_key(&r.key, k);
	return add(o, &r, sizeof r);
}

void counters_add_real(struct counters_out *o, size_t place, const struct counted_real *r)
{
	struct counted_reals head;

	memcpy(&head, o->bytes + place, sizeof head);
	head.n++;
	memcpy(o->bytes + place, &head, sizeof head);
	add(o, r, sizeof *r);
}

void counters_drop(struct counters_out *o, size_t place)
{
	o->len = place;
}

long counters_heads(size_t len)
{
	return len % sizeof(struct counted_head) ? -1 : (long)(len / sizeof(struct counted_head));
}

void counters_head(const void *bytes, size_t index, struct counted_head *out)
{
	memcpy(out, (const char *)bytes + index * sizeof *out, sizeof *out);
}

bool counters_next(const void *bytes, size_t len, size_t *at, struct counted_reals *out, size_t *reals)
{
	size_t left = len - *at;
	struct counted_reals head;

	if (left < sizeof head)
		return false;
	memcpy(&head, (const char *)bytes + *at, sizeof head);
	if ((left - sizeof head) / sizeof(struct counted_real) < head.n)
		return false;
	*out = head;
	*reals = *at + sizeof head;
	*at = *reals + head.n * sizeof(struct counted_real);
	return true;
}

void counters_real(const void *bytes, size_t reals, uint32_t index, struct counted_real *out)
{
	memcpy(out, (const char *)bytes + reals + index * sizeof *out, sizeof *out);
}
