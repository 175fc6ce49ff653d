/* The control socket: many clients, one bounded request and one reply each. Shell. */
#ifndef VIPD_CTL_SERVER_H
#define VIPD_CTL_SERVER_H

#include "base/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Clients at once, the others wait to be accepted; bytes of all requests that are not whole yet; bytes of all replies that are not taken yet. */
enum { CTL_CLIENTS_MAX = 512, CTL_REQUESTS_MAX = 4 << 20, CTL_REPLIES_MAX = 64 << 20 };

struct ctl_server;

/* listen_fd: a listening SOCK_STREAM Unix socket; stays the caller's. on_request: a whole line without its newline; answer it, now or later,
 * by ctl_server_reply with this client's id. admin: the group whose members are administrators beside root; 0: none. */
struct ctl_server *ctl_server_new(struct loop *l, int listen_fd, gid_t admin,
				  void (*on_request)(void *arg, uint64_t client, const char *line, size_t len),
				  void *arg);
void ctl_server_free(struct ctl_server *s);
/* Sends the reply (malloc'd, taken over) and closes; nothing when the client has gone. */
void ctl_server_reply(struct ctl_server *s, uint64_t client, char *text, size_t len);

/* Whether this client may change things. */
bool ctl_server_admin(const struct ctl_server *s, uint64_t client);

/* The reply may take so long from now on; without this it is a matter of seconds. */
void ctl_server_wait(struct ctl_server *s, uint64_t client, nsec_t patience);

#endif
