/* Nearest word by optimal string alignment distance (Damerau-Levenshtein without moves of moved letters).
 * Test: tests/test_suggest.c. */
#include "suggest.h"

#include <stdint.h>
#include <string.h>

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned suggest_distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	uint8_t d[3][SUGGEST_WORD_MAX + 1];

	if (n >= SUGGEST_WORD_MAX || m >= SUGGEST_WORD_MAX)
		return SUGGEST_WORD_MAX;
	for (size_t j = 0; j <= m; j++)
		d[0][j] = (uint8_t)j;
	for (size_t i = 1; i <= n; i++) {
		uint8_t *row = d[i % 3], *up = d[(i + 2) % 3], *up2 = d[(i + 1) % 3];

		row[0] = (uint8_t)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned v = up[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));

			v = least(v, least(up[j] + 1u, row[j - 1] + 1u));
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
				v = least(v, up2[j - 2] + 1u);
			row[j] = (uint8_t)v;
		}
	}
	return d[n % 3][m];
}

const char *suggest_nearest(const char *word, const char *const *words, size_t n)
{
	unsigned best = (unsigned)strlen(word) / 3;
	const char *found = NULL;

	if (best == 0)
		best = 1;
	for (size_t i = 0; i < n; i++) {
		unsigned d = suggest_distance(word, words[i]);

		if (d < best || (d == best && !found)) {
			best = d;
			found = words[i];
		}
	}
	return found;
}
