/* The IPVS netlink socket: dumps into values, batches of operations with the kernel's own errors.
 * Source: tests measured on 6.1: see the comment in sock.c; test: tests/kernel/. */
#ifndef VIPD_IPVS_SOCK_H
#define VIPD_IPVS_SOCK_H

#include "diff.h"
#include "msg.h"

struct ipvs_sock;

/* Opens the socket and resolves the family. -ENOENT: the kernel has no ip_vs (module not loaded); -EPERM, -EPROTONOSUPPORT. */
int ipvs_sock_open(struct ipvs_sock **out);
void ipvs_sock_close(struct ipvs_sock *s);
/* IPVS's version (major << 16 | minor << 8 | patch) and the size of its connection table. */
int ipvs_sock_info(struct ipvs_sock *s, uint32_t *version, uint32_t *conn_tab_size);

/* Reads back. each_* return non-zero to stop. Errors are negative errno. */
int ipvs_sock_services(struct ipvs_sock *s, int (*each)(void *arg, const struct vs *head, const struct vs_stats *st),
		       void *arg);
int ipvs_sock_reals(struct ipvs_sock *s, const struct vs_key *k,
		    int (*each)(void *arg, const struct real *r, const struct real_stats *st), void *arg);
/* The same without counters, at a twentieth of the cost for IPv4 (IP_VS_SO_GET_DESTS, one system call). A missing service has no real servers. */
int ipvs_sock_reals_quick(struct ipvs_sock *s, const struct vs_key *k, int (*each)(void *arg, const struct real *r),
			  void *arg);
/* As cheap, with the connections' counters and the thresholds but no others. */
int ipvs_sock_reals_counted(struct ipvs_sock *s, const struct vs_key *k,
			    int (*each)(void *arg, const struct real *r, const struct real_stats *st), void *arg);

/* The cheap look (IP_VS_SO_GET_SERVICES, IPv4 only): each service with its number of real servers, one system call. */
int ipvs_sock_glance(struct ipvs_sock *s, int (*each)(void *arg, const struct vs *head, uint32_t num_reals), void *arg);

/* Sync daemons: those that run (at most one of each role); start one, stop one. 0 or the kernel's -errno (-EEXIST runs already, -ESRCH runs not, -ENODEV no
 * such interface, -EADDRNOTAVAIL it has no address). */
int ipvs_sock_daemons(struct ipvs_sock *s, int (*each)(void *arg, const struct sync_daemon *d), void *arg);
int ipvs_sock_daemon(struct ipvs_sock *s, bool start, const struct sync_daemon *d);

struct op_error {
	size_t index; /* into the operations given */
	int error; /* negative errno, the kernel's own (-ESRCH missing service, -ENOENT missing real server or scheduler, -EEXIST) */
};

/* Applies ops[0..n) in order by batches of up to 32 KiB a send, errors only. errors[] (owned by the caller: at least n) gets those that failed.
 * Returns how many failed, or negative errno when the socket itself failed (nothing is known then: dump). -ENOBUFS: errors were lost: dump. */
int ipvs_sock_apply(struct ipvs_sock *s, const struct op *ops, size_t n, struct op_error *errors);

#endif
