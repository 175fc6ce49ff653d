/* What manifest.c calls to read the parts of each kind. Private to configmaps/. Pure. */
#ifndef VIPD_CONFIGMAPS_MANIFEST_PARTS_H
#define VIPD_CONFIGMAPS_MANIFEST_PARTS_H

#include "fields.h"

/* Each reads one object's fields into scratch, with the API server's defaults, and reports what is wrong. */
void manifest_read_meta(const struct field *root, enum kind kind, struct meta *out);
void manifest_read_service(const struct field *root, struct object *o);
void manifest_read_endpoints(const struct field *root, struct object *o);
void manifest_read_slice(const struct field *root, struct object *o);
void manifest_read_pod(const struct field *root, struct object *o);
void manifest_read_node(const struct field *root, struct object *o);
void manifest_read_configmap(const struct field *root, struct object *o);

/* The annotation vipd.io/weight of an object: 0..65535, 1 if there is none. */
uint16_t manifest_weight(const struct field *root);
/* A protocol: TCP (the default), UDP, SCTP as IPPROTO_*. */
uint8_t manifest_proto(struct field f);
/* Seconds since 1970 of RFC 3339 text; false if it is none. */
bool manifest_time(const char *text, int64_t *out);

#endif
