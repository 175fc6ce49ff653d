/* A uid for an object that has none. Pure. */
#ifndef VIPD_CONFIGMAPS_UID_H
#define VIPD_CONFIGMAPS_UID_H

enum { UID_TEXT = 37 };

/* UUIDv5 (RFC 9562 5.5) of kind, "namespace/name" and generation, in a namespace of vipd's own; returns buf. */
char *uid_derive(const char *kind, const char *owner, unsigned generation, char buf[UID_TEXT]);

#endif
