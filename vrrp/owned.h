/* The ownership record: which addresses, and whether the device vipd0, in this network namespace vipd made. Pure: replay and lines; ownfile.h writes.
 *
 *   vipd-vrrp 1 KEY            first line; KEY names the boot and the network namespace
 *   + 10.0.0.1/32 7            about to be added to interface 7 (written before the kernel is told)
 *   - 10.0.0.1/32 7            gone
 *   device 12                  vipd0 is ours and has this index; 0: about to be made
 *   nodevice                   gone
 *   was 3 0 1                  a virtual MAC needs other values of arp_ignore and arp_announce on interface 3: these it had
 *   nowas 3                    put back
 */
#ifndef VIPD_VRRP_OWNED_H
#define VIPD_VRRP_OWNED_H

#include "rtmsg.h"

struct owned;

#define OWNED_FILE "vrrp.own"

enum { OWNED_KEY = 100, OWNED_KNOWN = 1 /* the version that is read and written */ };

/* key: at most OWNED_KEY bytes, no newline; copied. */
struct owned *owned_new(const char *key);
void owned_free(struct owned *o);

enum owned_replay {
	OWNED_EMPTY, /* nothing was in it */
	OWNED_READ,  /* read whole (an unfinished last line is passed over: the kernel was not told) */
	OWNED_OTHER, /* of another boot or namespace: nothing taken, and nothing of it can be here */
	OWNED_VERSION, /* of another version (owned_other) by its first line: nothing taken, something of ours may not be known */
	OWNED_DAMAGED, /* some lines could not be read, they are passed over: something of ours may not be known */
};
/* Takes in the record's text; to be called once, before any change. */
enum owned_replay owned_replay(struct owned *o, const char *text, size_t len);
/* Whether the text of a record is of another version, and which. */
bool owned_other(const char *text, size_t len, unsigned *version);

bool owned_has(const struct owned *o, const struct addr *a, uint8_t bits, uint32_t ifindex);
size_t owned_count(const struct owned *o);
void owned_add(struct owned *o, const struct addr *a, uint8_t bits, uint32_t ifindex);
void owned_del(struct owned *o, const struct addr *a, uint8_t bits, uint32_t ifindex);
/* each may owned_del the address that it is given, and nothing else. */
void owned_each(const struct owned *o, void (*each)(void *arg, const struct kaddr *a), void *arg);

/* Is the device with this index ours? An intent (index 0) matches any. */
bool owned_has_device(const struct owned *o, uint32_t index);
void owned_set_device(struct owned *o, uint32_t index);
void owned_clear_device(struct owned *o);

/* What an interface had before a virtual MAC changed it. */
struct owned_was {
	uint32_t ifindex;
	uint32_t arp_ignore, arp_announce;
};
/* The n-th; NULL behind the last. Valid until the next change. */
const struct owned_was *owned_was(const struct owned *o, size_t n);
void owned_set_was(struct owned *o, const struct owned_was *w); /* no-op if the interface has one */
void owned_clear_was(struct owned *o, uint32_t ifindex);

/* Lines not yet written; owned_flushed once they are. */
const char *owned_pending(const struct owned *o, size_t *len);
void owned_flushed(struct owned *o);
/* The record has grown to much more than it says: write owned_text instead. */
bool owned_is_long(const struct owned *o);
/* What the file has is not to be relied upon: owned_is_long is true until owned_text is taken again. */
void owned_unwritten(struct owned *o);
/* The whole record, shortest form; malloc'd. Pending lines are in it. */
char *owned_text(struct owned *o, size_t *len);

#endif
