/* The rtnetlink sockets: one hears what the kernel tells, one asks and orders. Three layers: rtmsg.h is the codec, holder.h the model. */
#ifndef VIPD_VRRP_RTNL_H
#define VIPD_VRRP_RTNL_H

#include "rtmsg.h"

struct rtnl;

typedef void (*rtnl_each)(void *arg, const struct rtnews *news);

/* hears: rtnl_event_fd and rtnl_events may be used. 0 or -errno. */
int rtnl_open(bool hears, struct rtnl **out);
void rtnl_close(struct rtnl *r);
/* Becomes readable when links or addresses change, or an address loses its local route. */
int rtnl_event_fd(const struct rtnl *r);

/* Hands over the changes that wait, at most max datagrams. 0 when none is left, -EAGAIN when there are more, -ENOBUFS when some were lost (dump). The
 * kernel queues the changes of a request before the request returns. */
int rtnl_events(struct rtnl *r, unsigned max, rtnl_each each, void *arg);
/* All links, then all addresses. Repeats itself when the kernel says that a dump was disturbed: each may see an object more than once. */
int rtnl_dump(struct rtnl *r, rtnl_each each, void *arg);
/* The stand-in routes that are there. */
int rtnl_dump_stand_ins(struct rtnl *r, rtnl_each each, void *arg);
/* The kernel's own local routes of a family. -EOPNOTSUPP where that would be a dump of all routes there are (before Linux 4.20). */
int rtnl_dump_local_routes(struct rtnl *r, uint8_t family, rtnl_each each, void *arg);

enum { RTNL_BATCH = 64 };
/* Does ops[0..n), n <= RTNL_BATCH, in one send. errors[i]: 0 or the kernel's negative errno. Returns 0, or -errno when the socket failed and nothing is
 * known. */
int rtnl_apply(struct rtnl *r, const struct addr_op *ops, size_t n, int *errors);

/* One acknowledged order each; 0 or the kernel's negative errno (-EOPNOTSUPP: this kernel has no dummy devices). */
int rtnl_make_dummy(struct rtnl *r, const char *name);
int rtnl_make_macvlan(struct rtnl *r, const char *name, uint32_t parent, const uint8_t mac[MAC_LEN]);
int rtnl_link_set(struct rtnl *r, uint32_t index, bool up);
int rtnl_link_delete(struct rtnl *r, uint32_t index);

#endif
