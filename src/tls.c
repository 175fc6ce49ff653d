/* TLS 1.2 and 1.3 by OpenSSL, with its defaults for ciphers. No renegotiation, no session kept: a connection is one request. Source: SSL_read(3), SSL_write(3),
 * SSL_CTX_set_mode(3). Test: tests/test_http_tls.c */
#include "tls.h"

#include "base/loop.h"
#include "secret.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEY_MAX = 1 << 20 };

/* The types are OpenSSL's; the names keep it out of the headers. */
static SSL_CTX *context(struct tls_keys *k)
{
	return (SSL_CTX *)k;
}

static SSL *session(struct tls *t)
{
	return (SSL *)t;
}

/* Without it OpenSSL would ask on a terminal. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	return 0;
}

static SSL_CTX *context_new(void)
{
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());

	if (!c)
		return NULL;
	SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_num_tickets(c, 0);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_default_passwd_cb(c, no_passphrase);
	return c;
}

static void say_why(const char *file, char *why, size_t size)
{
	char text[256];

	ERR_error_string_n(ERR_peek_last_error(), text, sizeof text);
	snprintf(why, size, "%s: %s", file, text);
	ERR_clear_error();
}

static int key_use(SSL_CTX *c, const char *file, char *why, size_t size)
{
	size_t len = 0;
	char *text = NULL, said[384];
	BIO *from = NULL;
	EVP_PKEY *key = NULL;
	int err = 0;

	if (secret_read(file, KEY_MAX, &text, &len, said, sizeof said)) {
		snprintf(why, size, "%s: %s", file, said);
		return -EINVAL;
	}
	from = BIO_new_mem_buf(text, (int)len);
	key = PEM_read_bio_PrivateKey(from, NULL, no_passphrase, NULL);
	if (!key || SSL_CTX_use_PrivateKey(c, key) != 1 || SSL_CTX_check_private_key(c) != 1) {
		say_why(file, why, size);
		err = -EINVAL;
	}
	EVP_PKEY_free(key);
	BIO_free(from);
	secret_free(text, len);
	return err;
}

int tls_keys_new(const char *certificate, const char *key, struct tls_keys **out, char *why, size_t size)
{
	SSL_CTX *c = context_new();

	if (!c || SSL_CTX_use_certificate_chain_file(c, certificate) != 1) {
		say_why(certificate, why, size);
		goto fail;
	}
	if (key_use(c, key, why, size))
		goto fail;
	*out = (struct tls_keys *)c;
	return 0;
fail:
	SSL_CTX_free(c);
	return -EINVAL;
}

void tls_keys_free(struct tls_keys *k)
{
	SSL_CTX_free(context(k));
}

struct tls *tls_new(struct tls_keys *k, int fd)
{
	SSL *s = SSL_new(context(k));

	if (!s || SSL_set_fd(s, fd) != 1)
		abort(); /* out of memory */
	SSL_set_accept_state(s);
	return (struct tls *)s;
}

void tls_free(struct tls *t)
{
	SSL_free(session(t));
	ERR_clear_error();
}

/* What a call's result means. */
static ssize_t result(struct tls *t, int n, int *events)
{
	int e = SSL_get_error(session(t), n);

	ERR_clear_error();
	if (n > 0)
		return n;
	if (e == SSL_ERROR_ZERO_RETURN)
		return 0;
	*events = e == SSL_ERROR_WANT_WRITE ? LOOP_WRITE : LOOP_READ;
	errno = e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
	return -1;
}

static int most(size_t len)
{
	return len > INT_MAX ? INT_MAX : (int)len;
}

ssize_t tls_recv(struct tls *t, void *buf, size_t len, int *events)
{
	ERR_clear_error();
	return result(t, SSL_read(session(t), buf, most(len)), events);
}

ssize_t tls_send(struct tls *t, const void *buf, size_t len, int *events)
{
	ERR_clear_error();
	return result(t, SSL_write(session(t), buf, most(len)), events);
}

void tls_close(struct tls *t)
{
	ERR_clear_error();
	SSL_shutdown(session(t));
	ERR_clear_error();
}
