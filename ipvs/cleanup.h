/* Taking back what vipd made in the kernel: nothing but what is in the ownership record. */
#ifndef VIPD_IPVS_CLEANUP_H
#define VIPD_IPVS_CLEANUP_H

#include "own.h"
#include "sock.h"

/* Deletes the virtual servers of the record for which `which` says so (NULL: all) and takes them out of the record. What is no longer in the kernel counts
 * as deleted, and not in the result: how many were deleted now, or -errno. */
int cleanup_delete(struct ipvs_sock *s, struct own *o, bool (*which)(void *arg, const struct vs_key *k), void *arg);

/* `vipd --cleanup`: all of them, by the record behind own_fd; opens its own socket. Says in the log what it did. 0 (also where the kernel has no IPVS or the
 * record is of another boot), or -errno. */
int ipvs_cleanup(int own_fd);

#endif
