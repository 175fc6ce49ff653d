/* What explain wants to know of this node's kernel, as far as anybody may read it. Shell. */
#ifndef VIPD_EXPLAIN_LOOK_H
#define VIPD_EXPLAIN_LOOK_H

#include "explain.h"

/* The way to an address (RTM_GETROUTE), and whether the next hop answers (RTM_GETNEIGH). known is EXPLAIN_UNKNOWN when the kernel cannot be asked. */
void explain_look_route(const struct addr *to, struct explain_route *out);
/* Whether an interface is up and has a carrier. */
enum explain_yes explain_look_link(const char *ifname);
/* A number under /proc/sys; -1 when it cannot be read. */
int explain_look_sysctl(const char *path);
/* The effective rp_filter of an interface: the greater of its own and all's (ip-sysctl.rst); -1 unknown. */
int explain_look_rp_filter(const char *ifname);

/* What IPVS remembers of one virtual server, and of one client of it. */
struct explain_connections {
	enum explain_yes known;
	size_t n;    /* the client's connections */
	bool pinned; /* persistence: the client's next one goes to real:port, too, for seconds more */
	struct addr real;
	uint16_t port;
	unsigned seconds;
};
/* client: NULL for none. Counts into the real servers what waits, is open, is another. */
void explain_look_connections(const struct vs_key *k, const struct addr *client, struct explain_real *reals, size_t n,
			      struct explain_connections *out);
/* One line of /proc/net/ip_vs_conn; what concerns neither is passed over. Pure. */
void explain_connection_line(const char *line, const struct vs_key *k, const struct addr *client,
			     struct explain_real *reals, size_t n, struct explain_connections *out);

#endif
