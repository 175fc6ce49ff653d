/* An object that was read into scratch memory -> one of its own, exactly as large as it needs. Private to configmaps/. Pure. */
#ifndef VIPD_CONFIGMAPS_OBJECT_PACK_H
#define VIPD_CONFIGMAPS_OBJECT_PACK_H

#include "object.h"

/* Copies everything that o points to. o's own pointers are consumed: it must not be used afterwards. The result ends after the member of its
 * kind (an EndpointSlice does not carry a Service's fields), so it must never be copied by assignment. */
struct object *object_pack(struct object *o);

/* The same object read again from another place of its file: takes over the places. Both must have the same hash. */
void object_move(struct object *o, const struct object *from);

#endif
