/* IPVS by getsockopt: the old interface, IPv4 only, one system call an answer and a consistent one (the kernel holds its lock). */
#ifndef VIPD_IPVS_SOCKOPT_H
#define VIPD_IPVS_SOCKOPT_H

#include "msg.h"

/* Zero-initialise: room for one service's real servers, kept between calls. */
struct dest_room {
	struct ip_vs_get_dests *got;
	size_t entries;
};

/* Real servers of one IPv4 virtual server; a missing one has none. each returns non-zero to end, which is then the result.
 * Of the counters only those of connections are filled in, of the limits all but the tunnel. */
int sockopt_reals(int fd, struct dest_room *room, const struct vs_key *k,
		  int (*each)(void *arg, const struct real *r, const struct real_stats *st), void *arg);
void dest_room_clear(struct dest_room *room);

#endif
