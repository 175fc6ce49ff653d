/* The folders, files and sockets that the supervisor opens for the others. */
#ifndef VIPD_PLACES_H
#define VIPD_PLACES_H

#include "base/child.h"
#include "users.h"

#include <stddef.h>

struct places_users {
	struct user control, net, script;
	gid_t socket_group;
};

/* Descriptors, -1 where there is none. */
struct places_open {
	int own_fd[ROLE_COUNT]; /* ROLE_IPVS, ROLE_VRRP: the ownership records, read and append */
	int listen_fd;          /* the control socket, listening */
	int state_fd;           /* state_dir */
	int watch_fd;           /* run_dir/lock, to look at */
	int mem_fd;             /* run_dir/vrrp.mem: what outlives a vrrp process */
};

/* Resolves the three flags; 0, or -errno and a line for a person. */
int places_find_users(const char *control, const char *net, const char *script, struct places_users *out, char *error,
		      size_t size);

/* Makes run_dir (0755) with its parents. 0 or -errno and a line. */
int places_make_run_dir(const struct places *p, char *error, size_t size);

/* Opens an ownership record, run_dir/ROLE.own, made if it is missing. The descriptor or -errno. */
int places_own(const struct places *p, enum role role);

/* Makes state_dir (0750, owner control) and manifests/ in it, opens the records and the control socket (0660, owner control, group socket_group),
 * makes the FIFO run_dir/notify (0660, owner net, the same group).
 * The caller holds the lock: a socket that is there already is stale. listen_fd: one carried over an exec, or -1. On failure everything is
 * closed but listen_fd. 0 or -errno and a line. */
int places_take(const struct places *p, const struct places_users *u, int listen_fd, struct places_open *out,
		char *error, size_t size);
void places_close(struct places_open *o);

#endif
