/* The kernel's ipsets by libipset: headers, listings, batches of changes. Needs CAP_NET_ADMIN; touches no set but those that it is told to. */
#ifndef VIPD_IPVS_SETSOCK_H
#define VIPD_IPVS_SETSOCK_H

#include "sets.h"

struct setsock;

/* -EPROTONOSUPPORT where libipset cannot start. The kernel is asked at the first call. */
int setsock_open(struct setsock **out);
void setsock_close(struct setsock *s); /* NULL is fine */
/* What the last call that failed was told, for a person. */
const char *setsock_error(const struct setsock *s);

struct set_header {
	char name[SET_NAME];
	uint32_t references; /* rules that look into it */
	uint32_t entries;
	uint32_t buckets; /* 0: the kernel does not say */
};
/* The header of every set whose name begins with prefix. The others: 0, or -EIO with words in setsock_error. */
int setsock_headers(struct setsock *s, const char *prefix, void (*each)(void *arg, const struct set_header *h),
		    void *arg);
/* Makes a set if there is none of the name; one of another type is an error. buckets: a power of two; the kernel makes it larger as entries need it. */
int setsock_create(struct setsock *s, const char *name, enum set_shape shape, uint8_t family, uint32_t buckets);
int setsock_destroy(struct setsock *s, const char *name);
/* Every entry of one set; what cannot be understood is passed over. */
int setsock_list(struct setsock *s, const char *name, void (*each)(void *arg, const struct set_entry *e), void *arg);
/* Does the operations, sorted by set, many in a message; an entry that is there already, or not any more, is fine. done is called for each that the kernel did.
 * Returns how many it refused (the words of the last one are in setsock_error). */
size_t setsock_apply(struct setsock *s, const struct set_op *ops, size_t n,
		     void (*done)(void *arg, const struct set_op *op), void *arg);
/* Puts a new set of these entries (adds to one set) in the place of the one that there is, rules and all: packets see the one or the other. done as above.
 * On an error, -EIO, the old one stays as it was. May leave the one that was taken away under the name set_next_name. */
int setsock_replace(struct setsock *s, const struct set_op *adds, size_t n, uint32_t buckets,
		    void (*done)(void *arg, const struct set_op *op), void *arg);

#endif
