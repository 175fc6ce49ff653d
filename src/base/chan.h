/* A channel between two vipd processes: one SOCK_SEQPACKET socket, bounded messages, at most one descriptor each.
 * Sends never block: what the socket does not take is queued, up to CHAN_QUEUE bytes. */
#ifndef VIPD_BASE_CHAN_H
#define VIPD_BASE_CHAN_H

#include "loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MSG_PAYLOAD_MAX = 60 << 10, CHAN_QUEUE = 4 << 20 };

struct msg {
	uint16_t type;       /* enum msg_type, proto.h */
	uint64_t generation; /* of the picture that the message belongs to; 0 if none */
	const void *payload; /* valid inside the callback */
	size_t len;
	int fd; /* -1, or a descriptor that the callback owns (must close or keep) */
};

struct chan;

/* Takes over fd. on_msg is called for each whole message; on_close once when the peer is gone or sends
 * nonsense (the channel is then dead: free it, also from inside the callback). */
struct chan *chan_new(struct loop *l, int fd, void (*on_msg)(void *arg, struct chan *c, struct msg *m),
		      void (*on_close)(void *arg, struct chan *c), void *arg);
void chan_free(struct chan *c); /* closes; NULL is fine */

/* Sends a copy. fd (or -1) is duplicated: it stays the caller's. -EMSGSIZE beyond MSG_PAYLOAD_MAX, -ENOBUFS when the queue
 * is full (the peer hangs: the channel is broken, on_close follows from the loop), -EPIPE when it is gone. */
int chan_send(struct chan *c, uint16_t type, uint64_t generation, const void *payload, size_t len, int fd);
/* Leaves what the peer sends in the socket until unpaused; the peer's end is not seen meanwhile. */
void chan_pause(struct chan *c, bool paused);
/* The socket, still the channel's (to carry it over an exec); -1 when it is broken. */
int chan_fd(const struct chan *c);
/* Delivers now all that has arrived (of a peer that has ended: its last words). on_close may be among it. */
void chan_drain(struct chan *c);
/* Bytes not yet taken by the socket. */
size_t chan_queued(const struct chan *c);
/* Blocks until the queue is empty or the time is over (for last words before an exit). 0 or -ETIMEDOUT, -EPIPE. */
int chan_flush(struct chan *c, nsec_t within);

/* A connected pair, close-on-exec, non-blocking; 0 or -errno. */
int chan_pair(int fds[2]);

#endif
