/* Rows are packed into messages as they come; a row too large for a message, or more than OUTBOX_MAX bytes that wait, make a full picture
 * due instead. Source: the header of src/base/proto.h (pictures and rows). Test: tests/test_outbox.c. */
#include "outbox.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

struct message {
	struct message *next;
	size_t len;
	unsigned char bytes[];
};

struct side {
	struct message *first, **last;
	struct message *sent;   /* given out by the last outbox_next */
	unsigned char *scratch; /* the message that is being filled */
	size_t fill, waiting;   /* waiting: in whole messages */
	bool picture;
};

struct outbox {
	size_t message;
	struct side sides[OUTBOX_SIDES];
};

struct outbox *outbox_new(size_t message)
{
	struct outbox *o = xcalloc(1, sizeof *o);

	o->message = message;
	for (int i = 0; i < OUTBOX_SIDES; i++) {
		o->sides[i].last = &o->sides[i].first;
		o->sides[i].picture = true;
	}
	return o;
}

static void side_clear(struct side *s)
{
	struct message *m;

	while ((m = s->first)) {
		s->first = m->next;
		free(m);
	}
	free(s->sent);
	free(s->scratch);
	*s = (struct side){.last = &s->first, .picture = s->picture};
}

void outbox_free(struct outbox *o)
{
	if (!o)
		return;
	for (int i = 0; i < OUTBOX_SIDES; i++)
		side_clear(&o->sides[i]);
	free(o);
}

/* Closes the message that is being filled. */
static void seal(struct side *s)
{
	struct message *m;

	if (s->fill == 0)
		return;
	m = xmalloc(sizeof *m + s->fill);
	m->next = NULL;
	m->len = s->fill;
	memcpy(m->bytes, s->scratch, s->fill);
	*s->last = m;
	s->last = &m->next;
	s->waiting += s->fill;
	s->fill = 0;
}

static size_t encode(enum outbox_side side, const void *row, enum row_op op, void *buf, size_t size)
{
	size_t done;

	if (side == OUTBOX_IPVS)
		return wire_encode_row(op, row, buf, size);
	size = vipwire_encode_rows(row, 1, buf, size, &done);
	return done ? size : 0;
}

static void add(struct outbox *o, enum outbox_side side, const void *row, enum row_op op)
{
	struct side *s = &o->sides[side];
	size_t n;

	if (s->picture)
		return;
	if (!s->scratch)
		s->scratch = xmalloc(o->message);
	n = encode(side, row, op, s->scratch + s->fill, o->message - s->fill);
	if (n == 0) {
		seal(s);
		n = encode(side, row, op, s->scratch, o->message);
	}
	s->fill += n;
	if (n == 0 || s->waiting + s->fill > OUTBOX_MAX)
		outbox_want_picture(o, side);
}

void outbox_vs_set(struct outbox *o, const struct vs *v)
{
	add(o, OUTBOX_IPVS, v, ROW_SET);
}

void outbox_vs_delete(struct outbox *o, const struct vs_key *k)
{
	struct vs v = {.key = *k};

	add(o, OUTBOX_IPVS, &v, ROW_DELETE);
}

void outbox_vip_set(struct outbox *o, const struct vip *v)
{
	struct vip_row row = {.op = VIP_SET, .vip = *v};

	add(o, OUTBOX_VRRP, &row, ROW_SET);
}

void outbox_vip_delete(struct outbox *o, const struct addr *a)
{
	struct vip_row row = {.op = VIP_DELETE, .vip = {.addr = *a}};

	add(o, OUTBOX_VRRP, &row, ROW_DELETE);
}

void outbox_want_picture(struct outbox *o, enum outbox_side side)
{
	side_clear(&o->sides[side]);
	o->sides[side].picture = true;
}

bool outbox_picture_due(const struct outbox *o, enum outbox_side side)
{
	return o->sides[side].picture;
}

void outbox_picture_done(struct outbox *o, enum outbox_side side)
{
	o->sides[side].picture = false;
}

bool outbox_next(struct outbox *o, enum outbox_side side, const void **bytes, size_t *len)
{
	struct side *s = &o->sides[side];

	free(s->sent);
	s->sent = NULL;
	if (!s->first)
		seal(s);
	if (!s->first) {
		free(s->scratch);
		s->scratch = NULL;
		return false;
	}
	s->sent = s->first;
	s->first = s->sent->next;
	if (!s->first)
		s->last = &s->first;
	s->waiting -= s->sent->len;
	*bytes = s->sent->bytes;
	*len = s->sent->len;
	return true;
}

size_t outbox_waiting(const struct outbox *o, enum outbox_side side)
{
	return o->sides[side].waiting + o->sides[side].fill;
}
