/* The ownership record: which virtual servers in the kernel vipd made. Append-only lines in run_dir/ipvs.own (descriptor from the supervisor), keyed by boot id
 * and network namespace, intent before the kernel call; compacted when it has grown to twice what it says.
 * Encoding and replay are pure (ownline.h); what is here reads and writes. */
#ifndef VIPD_IPVS_OWN_H
#define VIPD_IPVS_OWN_H

#include "../src/base/clock.h"
#include "table.h"

#define OWN_FILE "ipvs.own"

struct own;

/* What was behind the descriptor. */
struct own_found {
	bool lost;        /* ours may not be known: the caller adopts what equals the last desired state, and says so */
	bool other;       /* the record is of another version ... */
	unsigned version; /* ... of this one */
	size_t bad;       /* lines that could not be understood; the others count */
};

/* Takes the record behind fd; -1 keeps it in memory alone. A record of another boot, namespace or version, one that cannot be read, or an empty file (it was
 * deleted, or this is the first start: nothing tells them apart) is started anew, and lost. -errno if it cannot be written. */
int own_open(int fd, struct own **out, struct own_found *found);
/* Whether the record behind fd is of another version, and which. Nothing is changed. */
bool own_other_version(int fd, unsigned *version);
void own_close(struct own *o); /* not the descriptor; NULL is fine */
bool own_has(const struct own *o, const struct vs_key *k);
size_t own_count(const struct own *o);
/* Intent before the kernel call: buffered until own_sync, which must come before the kernel is told. */
void own_add(struct own *o, const struct vs_key *k);
/* After the kernel has deleted it. */
void own_del(struct own *o, const struct vs_key *k);
/* A real server of ours drains, until then (again, with another time); it drains no more. Buffered until own_sync as well. */
void own_drain(struct own *o, const struct vs_key *k, const struct real *r, nsec_t deadline);
void own_undrain(struct own *o, const struct vs_key *k, const struct real *r);
/* A setting of the kernel (its name in the record; lower case letters, digits and '_') that vipd sets: what it was, 0 to 999999999, unless the record knows that already.
 * Buffered as well. */
void own_sysctl(struct own *o, const char *name, int was, int set);
void own_sysctl_forget(struct own *o, const char *name);
/* False if vipd has not set it. */
bool own_sysctl_was(const struct own *o, const char *name, int *was, int *set);
/* Writes what is buffered. On -errno what is left stays buffered for the next call. */
int own_sync(struct own *o);
/* each may own_del the key that it is given. */
void own_each(const struct own *o, void (*each)(void *arg, const struct vs_key *k), void *arg);
/* The drains; each must not change them. */
void own_each_drain(const struct own *o,
		    void (*each)(void *arg, const struct vs_key *k, const struct real *r, nsec_t deadline), void *arg);

#endif
