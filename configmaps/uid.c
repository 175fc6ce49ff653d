/* Name-based uids: the same object gets the same uid on every node and at every start, and another one when it is deleted and made again.
 * Source: RFC 9562 5.5. SHA-1 comes from libcrypto. Test: tests/test_plan_alloc.c */
#include "uid.h"

#include "../src/base/arena.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char uid_namespace[16] = {0x8a, 0x1f, 0x6d, 0x52, 0x0c, 0x97, 0x4e, 0x3b,
						0x9d, 0x44, 0x76, 0x69, 0x70, 0x64, 0x2e, 0x01};

char *uid_derive(const char *kind, const char *owner, unsigned generation, char buf[UID_TEXT])
{
	char *name = xasprintf("%.16s%s/%s/%u", "0123456789abcdef", kind, owner, generation);
	size_t len = strlen(name);
	unsigned char h[EVP_MAX_MD_SIZE];

	memcpy(name, uid_namespace, sizeof uid_namespace);
	if (EVP_Digest(name, len, h, NULL, EVP_sha1(), NULL) != 1)
		abort();
	free(name);
	h[6] = (unsigned char)((h[6] & 0x0f) | 0x50);
	h[8] = (unsigned char)((h[8] & 0x3f) | 0x80);
	snprintf(buf, UID_TEXT, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", h[0], h[1],
		 h[2], h[3], h[4], h[5], h[6], h[7], h[8], h[9], h[10], h[11], h[12], h[13], h[14], h[15]);
	return buf;
}
