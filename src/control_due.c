/* What waits until the kernel has all that was decided before: a generation of each side is marked as soon as nothing waits in its outbox, and the end
 * is when both are acknowledged. Test: tests/test_control.c. */
#include "control.h"

#include <stdlib.h>

void control_due_add(struct control *c, struct due *d)
{
	d->next = NULL;
	d->control = c;
	*c->dues_end = d;
	c->dues_end = &d->next;
}

void control_due_take(struct control *c, struct due *d)
{
	struct due **at = &c->dues;

	while (*at && *at != d)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = d->next;
	if (!*at)
		c->dues_end = at;
}

static bool outbox_empty(const struct control *c, enum outbox_side side)
{
	return !outbox_picture_due(c->outbox, side) && !outbox_waiting(c->outbox, side);
}

static bool is_over(struct control *c, struct due *d)
{
	bool over = true;

	for (int side = 0; side < OUTBOX_SIDES; side++) {
		if (!d->marked[side] && outbox_empty(c, (enum outbox_side)side)) {
			d->mark[side] = c->sides[side].sent;
			d->marked[side] = true;
		}
		over = over && d->marked[side] && c->sides[side].acked >= d->mark[side];
	}
	return over;
}

void control_due_look(struct control *c)
{
	struct due *d, *over = NULL, **end = &over, **at = &c->dues;

	while ((d = *at)) {
		if (!is_over(c, d)) {
			at = &d->next;
			continue;
		}
		*at = d->next;
		d->next = NULL;
		*end = d;
		end = &d->next;
	}
	c->dues_end = at;
	while ((d = over)) {
		over = d->next;
		d->done(d, true);
	}
}

void control_due_again(struct control *c, enum outbox_side side)
{
	for (struct due *d = c->dues; d; d = d->next)
		d->marked[side] = false;
}

void control_due_end(struct control *c)
{
	while (c->dues) {
		struct due *d = c->dues;

		control_due_take(c, d);
		d->done(d, false);
	}
}
