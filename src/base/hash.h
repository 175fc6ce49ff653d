/* A hash of bytes, eight at a time. Not against an adversary who knows the seed. */
#ifndef VIPD_BASE_HASH_H
#define VIPD_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t hash_mix(uint64_t h)
{
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15u;
	return h ^ (h >> 29);
}

/* Hashes may be chained: the hash so far is the seed of what follows. */
static inline uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t len)
{
	const unsigned char *p = (const unsigned char *)bytes;
	uint64_t h = seed ^ len, word;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&word, p, 8);
		h = hash_mix(h ^ word);
	}
	word = 0;
	if (len)
		memcpy(&word, p, len);
	return hash_mix(hash_mix(h ^ word));
}

#endif
