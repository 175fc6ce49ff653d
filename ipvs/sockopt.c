/* Decides how much room the kernel's answer needs. Source: net/netfilter/ipvs/ip_vs_ctl.c (__ip_vs_get_dest_entries: fills at most num_dests entries and does
 * not say how many). Test: tests/kernel/test_ipvs_process.c. */
#include "sockopt.h"

#include "../src/base/arena.h"

#include <errno.h>
#include <linux/ip_vs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { FIRST_ROOM = 32 };

void dest_room_clear(struct dest_room *room)
{
	free(room->got);
	*room = (struct dest_room){0};
}

static size_t room_size(size_t entries)
{
	return sizeof(struct ip_vs_get_dests) + entries * sizeof(struct ip_vs_dest_entry);
}

static void room_grow(struct dest_room *room)
{
	room->entries = room->entries ? 2 * room->entries : FIRST_ROOM;
	room->got = xrealloc(room->got, room_size(room->entries));
}

/* Entries that the kernel leaves alone stay zero, and no real server is 0.0.0.0. *n: how many there are; a full answer may be a
 * cut one. */
static int read_entries(int fd, struct dest_room *room, const struct vs_key *k, size_t *n)
{
	struct ip_vs_get_dests *got = room->got;
	socklen_t len = (socklen_t)room_size(room->entries);

	memset(got, 0, len);
	got->protocol = k->proto;
	memcpy(&got->addr, k->addr.bytes, sizeof got->addr);
	got->port = htons(k->port);
	got->num_dests = (unsigned)room->entries;
	*n = 0;
	if (getsockopt(fd, SOL_IP, IP_VS_SO_GET_DESTS, got, &len) < 0)
		return errno == ESRCH ? 0 : -errno;
	while (*n < room->entries && got->entrytable[*n].addr)
		++*n;
	return 0;
}

static uint8_t forward_of(unsigned conn_flags)
{
	switch (conn_flags & IP_VS_CONN_F_FWD_MASK) {
	case IP_VS_CONN_F_MASQ:
		return FORWARD_NAT;
	case IP_VS_CONN_F_DROUTE:
		return FORWARD_DR;
	case IP_VS_CONN_F_TUNNEL:
		return FORWARD_TUN;
	default:
		return FORWARD_OTHER;
	}
}

int sockopt_reals(int fd, struct dest_room *room, const struct vs_key *k,
		  int (*each)(void *arg, const struct real *r, const struct real_stats *st), void *arg)
{
	size_t n = 0;
	int rc;

	if (!room->got)
		room_grow(room);
	for (;;) {
		rc = read_entries(fd, room, k, &n);
		if (rc)
			return rc;
		if (n < room->entries)
			break;
		if (room->entries > REALS_MAX)
			return -EFBIG;
		room_grow(room);
	}
	for (size_t i = 0; !rc && i < n; i++) {
		const struct ip_vs_dest_entry *e = &room->got->entrytable[i];
		struct real r = {.addr = addr_from_bytes(AF_INET, &e->addr),
				 .port = ntohs(e->port),
				 .forward = forward_of(e->conn_flags),
				 .weight = (uint32_t)e->weight};
		struct real_stats st = {.active = e->activeconns,
					.inactive = e->inactconns,
					.persistent = e->persistconns,
					.limits = {.upper = e->u_threshold, .lower = e->l_threshold}};
		rc = each(arg, &r, &st);
	}
	return rc;
}
