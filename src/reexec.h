/* Replacing the supervisor's binary in place (SIGUSR2): what the next image must know goes through a memfd whose number is in the environment. */
#ifndef VIPD_REEXEC_H
#define VIPD_REEXEC_H

#include "team.h"

enum { REEXEC_VERSION = 1 };

struct reexec {
	int lock_fd, listen_fd;
	bool settled; /* READY has been said */
	struct team_member members[ROLE_COUNT];
};

/* Starts `program --version` with nothing of ours open, to see that it runs at all before we become it. Its pid or -errno. */
pid_t reexec_probe(const char *program);

/* Becomes program with argv, carrying everything in r. Returns only on failure, -errno, and then all is as it was. */
int reexec_exec(const char *program, char *const *argv, const struct reexec *r);

/* Takes what an earlier image carried over, and removes it from the environment. 1 and a filled *out (descriptors close-on-exec again), 0 if
 * this is a first start, -EINVAL if it cannot be understood, -EPROTO if it is of another version, *version, than REEXEC_VERSION. */
int reexec_take(struct reexec *out, unsigned *version);

/* The two halves of the above without an exec. reexec_save: a memfd or -errno. reexec_load leaves *out alone on failure. */
int reexec_save(const struct reexec *r);
int reexec_load(int fd, struct reexec *out, unsigned *version);

#endif
