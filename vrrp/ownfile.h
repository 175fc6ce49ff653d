/* The ownership record on its descriptor (run_dir/vrrp.own, opened O_RDWR|O_APPEND by the supervisor). */
#ifndef VIPD_VRRP_OWNFILE_H
#define VIPD_VRRP_OWNFILE_H

#include "owned.h"

enum { OWNFILE_WHY = 256 };

/* What a record must be keyed by to be of this boot and this network namespace. */
void ownfile_key(char key[OWNED_KEY + 1]);

/* Waits (bounded) until no other process holds the record, reads it, and writes it anew in its shortest form; where the disk is full
 * that is left to ownfile_sync. fd -1: no record, it starts empty. why: what is wrong with it if something of ours may not be known (OWNED_VERSION, OWNED_DAMAGED),
 * for a person; else "". 0 and a new record, or -errno. */
int ownfile_load(int fd, struct owned **out, enum owned_replay *how, char why[OWNFILE_WHY]);
/* Whether the record behind fd is of another version, and which. Nothing is changed. */
bool ownfile_other(int fd, unsigned *version);
/* Writes what is pending; to be called before the kernel is told of an intent. 0 or -errno: then it is pending still. */
int ownfile_sync(int fd, struct owned *o);

#endif
