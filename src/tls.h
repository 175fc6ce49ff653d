/* The server's side of TLS on a socket that does not block. */
#ifndef VIPD_TLS_H
#define VIPD_TLS_H

#include <stddef.h>
#include <sys/types.h>

struct tls_keys;
struct tls;

/* Reads a certificate with its chain and its key, PEM files both; no passphrase is asked for, and the key's file must be kept (secret.h). 0, or -EINVAL and
 * why. */
int tls_keys_new(const char *certificate, const char *key, struct tls_keys **out, char *why, size_t size);
void tls_keys_free(struct tls_keys *k); /* NULL is fine; connections that have begun with them go on */

/* fd stays the caller's, and must outlive it. */
struct tls *tls_new(struct tls_keys *k, int fd);
void tls_free(struct tls *t); /* NULL is fine */

/* As recv and send; the handshake is part of the first ones. -1 with EAGAIN: to be called again, with the same bytes, when the socket is ready for *events
 * (LOOP_READ or LOOP_WRITE). */
ssize_t tls_recv(struct tls *t, void *buf, size_t len, int *events);
ssize_t tls_send(struct tls *t, const void *buf, size_t len, int *events);
/* Says that nothing more will be sent; what cannot leave at once does not. */
void tls_close(struct tls *t);

#endif
