/* Characters of UTF-8. Pure. */
#ifndef VIPD_BASE_UTF8_H
#define VIPD_BASE_UTF8_H

#include <stddef.h>

/* Length of the sequence that s begins with, of `left` bytes; 0: it is none (RFC 3629: shortest form, no surrogates). */
size_t utf8_len(const char *s, size_t left);

#endif
