/* What is to be said to ipvs and vrrp: collects changes into messages, and turns to a full picture when that is shorter. Pure. */
#ifndef VIPD_OUTBOX_H
#define VIPD_OUTBOX_H

#include "../ipvs/wire.h"
#include "base/vipwire.h"

enum outbox_side { OUTBOX_IPVS, OUTBOX_VRRP, OUTBOX_SIDES };
enum { OUTBOX_MAX = 1 << 20 }; /* bytes of rows that may wait; beyond it a picture is due */

struct outbox;

/* message: the longest payload of one message (MSG_PAYLOAD_MAX). Both sides start with a picture due. */
struct outbox *outbox_new(size_t message);
void outbox_free(struct outbox *o);

/* One change each, in order. Nothing is collected while a picture is due: it will say it all. */
void outbox_vs_set(struct outbox *o, const struct vs *v);
void outbox_vs_delete(struct outbox *o, const struct vs_key *k);
void outbox_vip_set(struct outbox *o, const struct vip *v);
void outbox_vip_delete(struct outbox *o, const struct addr *a);

/* A picture is due: rows that wait are dropped. */
void outbox_want_picture(struct outbox *o, enum outbox_side side);
bool outbox_picture_due(const struct outbox *o, enum outbox_side side);
/* The picture has been sent. */
void outbox_picture_done(struct outbox *o, enum outbox_side side);

/* The next message of rows; false if there is none. The bytes live until the next call for this side. */
bool outbox_next(struct outbox *o, enum outbox_side side, const void **bytes, size_t *len);
size_t outbox_waiting(const struct outbox *o, enum outbox_side side); /* bytes */

#endif
