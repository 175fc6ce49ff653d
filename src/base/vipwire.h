/* control -> vrrp: pictures and rows of virtual IPs as bytes. Pure. */
#ifndef VIPD_BASE_VIPWIRE_H
#define VIPD_BASE_VIPWIRE_H

#include "router.h"
#include "vip.h"

#include <stddef.h>

enum { FIFO_PATH = 108, GARP_INTERVAL_MAX_MS = 1000 };

/* What goes with the picture: how to announce, whom to tell. */
struct vip_settings {
	uint32_t garp_count;       /* frames in a burst; 1..100, default 5 */
	uint32_t garp_second_ms;   /* second burst after; 0 none; default 5000 */
	uint32_t garp_refresh_ms;  /* repeat while held; 0 never */
	uint32_t ready_timeout_ms; /* the gate opens by itself, with priority 1, after so long; default 30000 */
	uint32_t garp_interval_ms; /* least time between frames on an interface; to GARP_INTERVAL_MAX_MS; default 0 */
	/* Told of each change of a router's mode; "" none. */
	char notify_script[TRACK_NAME]; /* a name below /etc/vipd/scripts */
	char notify_fifo[FIFO_PATH];    /* an absolute path */
};

enum vip_op { VIP_SET, VIP_DELETE };

/* One row: VIP_DELETE looks at addr only. */
struct vip_row {
	uint8_t op;
	struct vip vip;
};

struct vip_picture {
	struct vip_settings settings;
	struct router *routers; /* owned; sorted by name; at most ROUTERS_MAX */
	size_t n_routers;
	struct arena *lists; /* of the routers; owned; NULL: they are another's */
	struct vip *vips;    /* sorted by vip_cmp, owned */
	size_t n;
};

/* Bytes of a picture, malloc'd: the caller frees. vips must be sorted and without repeats. */
void *vipwire_encode_picture(const struct vip_picture *p, size_t *len);
/* Checks everything (magic, version, counts, order, ranges, NUL in ifname); a reason in words on failure with -EINVAL, *out untouched. */
int vipwire_decode_picture(const void *bytes, size_t len, struct vip_picture *out, const char **reason);
void vip_picture_clear(struct vip_picture *p);

/* Encodes up to n rows into buf of size; returns the bytes used and how many rows in *done. */
size_t vipwire_encode_rows(const struct vip_row *rows, size_t n, void *buf, size_t size, size_t *done);
/* Decodes rows one at a time: *at starts at 0; 1 a row, 0 the end, -EINVAL with a reason. */
int vipwire_next_row(const void *bytes, size_t len, size_t *at, struct vip_row *out, const char **reason);

#endif
