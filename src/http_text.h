/* A request's head and a response's head as text (RFC 9112). Pure. */
#ifndef VIPD_HTTP_TEXT_H
#define VIPD_HTTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum { HTTP_HEAD_MAX = 8192, HTTP_TARGET_MAX = 2048 };

struct http_head {
	bool head_only;               /* HEAD: the answer has no body */
	bool old;                     /* HTTP/1.0, which knows no chunks */
	char target[HTTP_TARGET_MAX]; /* the path; where there is a '?', it ends there and the query follows */
	const char *query;            /* in target; "" if none */
	const char *fields;           /* in the text: the header lines */
	size_t fields_len;
};

/* Where the head ends: bytes with its empty line; 0: it is not whole. */
size_t http_head_end(const char *text, size_t len);
/* A whole head, as http_head_end found it: 0, or the status to refuse it with (400, 405, 414, 505); *out is then not to be used. */
int http_head_parse(const char *text, size_t len, struct http_head *out);
/* The value of a header line, its blanks cut off, into buf; false if there is none or it is longer. */
bool http_field(const struct http_head *h, const char *name, char *buf, size_t size);

/* "OK", "Not Found"... */
const char *http_reason(int status);

#endif
