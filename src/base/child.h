/* What every child process does the same: its channel to the supervisor, its peers, its orders. A role gives callbacks and
 * runs the loop. The supervisor forks, then calls the role's main with a struct child that is already wired. */
#ifndef VIPD_BASE_CHILD_H
#define VIPD_BASE_CHILD_H

#include "chan.h"
#include "proto.h"

#include <stdbool.h>

struct child;

/* All may be NULL but msg. */
struct child_ops {
	void (*start)(void *arg, bool restarted);              /* MSG_START: peers and kept state are there */
	void (*msg)(void *arg, enum role from, struct msg *m); /* from a peer; m->fd is the callee's */
	void (*peer)(void *arg, enum role who, bool up);       /* a channel came up (again) or went down */
	void (*kept)(void *arg, struct msg *m); /* MSG_KEPT, MSG_KEPT_ROWS, before start; m->fd is the callee's */
	void (*reload)(void *arg);
	void (*stop)(void *arg); /* withdraw, then child_exit(c, 0) when done */
	void (*dump)(void *arg);
	void (*orphan)(void *arg); /* the supervisor is gone; NULL: exit at once and leave the kernel as it is */
};

/* Makes the child's loop and wires the supervisor's channel; called in the child right after fork. The signal mask is emptied; HUP, INT,
 * TERM, PIPE, USR1 and USR2 are ignored (orders come from the supervisor): a program started from a child needs them reset.
 * Peers' messages are read only after MSG_START. */
struct child *child_new(enum role self, int supervisor_fd);
struct loop *child_loop(struct child *c);
enum role child_role(const struct child *c);
/* Sets callbacks and runs until child_exit; returns its code. */
int child_run(struct child *c, const struct child_ops *ops, void *arg);
void child_exit(struct child *c, int code);
/* Sends to a peer or ROLE_SUPERVISOR. -ENOTCONN when it is down; -ENOBUFS closes the channel (a peer that hangs is dead). */
int child_send(struct child *c, enum role to, uint16_t type, uint64_t generation, const void *payload, size_t len,
	       int fd);
/* To be called as often as one likes in work that keeps the loop from the supervisor's question whether it runs: tells it, once a second, that the work goes on. */
void child_alive(struct child *c);
bool child_has(const struct child *c, enum role who);
void child_free(struct child *c);

/* Options that the supervisor parsed and that every role may read; set before fork, constant afterwards. */
struct places {
	const char *config_file;         /* /etc/vipd/vipd.yaml */
	const char *run_dir;             /* /run/vipd */
	const char *state_dir;           /* /var/lib/vipd */
	const char *control_socket;      /* /run/vipd/vipd.sock */
	const char *scripts_dir;         /* /etc/vipd/scripts */
	uint32_t script_uid, script_gid; /* as whom scripts run */
	uint32_t config_owner;           /* who may own config_file, beside root: the user that started vipd */
	uint32_t socket_gid; /* of the group whose members may look, by the control socket and in run_dir/state.json */
	uint32_t admin_gid;  /* of the group whose members may change things by the control socket; 0: none */
};

/* The roles' mains; each lives in its room. control_fd: listening control socket opened by the supervisor. own_fd: the ownership
 * record of that process under run_dir, opened O_RDWR|O_APPEND by the supervisor (the child cannot open it itself). */
struct role_env {
	const struct places *places;
	int own_fd;    /* ipvs: run_dir/ipvs.own; vrrp: run_dir/vrrp.own; else -1 */
	int listen_fd; /* control: the control socket; else -1 */
	int state_fd;  /* control: directory descriptor of state_dir (owned by its user); else -1 */
	int mem_fd;    /* vrrp: run_dir/vrrp.mem, what outlives the process, O_RDWR; else -1 */
	int lock_fd;   /* vrrp: read-only descriptor of run_dir/lock, to see a new supervisor take it; else -1 */
	int argc;      /* control: the command line, for the predecessors' flags that settle configuration */
	char **argv;
};
int control_main(struct child *c, const struct role_env *env);
int ipvs_main(struct child *c, const struct role_env *env);
int vrrp_main(struct child *c, const struct role_env *env);
int runner_main(struct child *c, const struct role_env *env);

#endif
