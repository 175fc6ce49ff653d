/* The word a person probably meant. Pure. */
#ifndef VIPD_SUGGEST_H
#define VIPD_SUGGEST_H

#include <stddef.h>

enum { SUGGEST_WORD_MAX = 64 };

/* Edits (insert, delete, replace, swap of neighbours; letters without case) between two words; SUGGEST_WORD_MAX if one is longer. */
unsigned suggest_distance(const char *a, const char *b);

/* The nearest of n words within a third of word's length (at least one edit); the first of equals; NULL if none is near. */
const char *suggest_nearest(const char *word, const char *const *words, size_t n);

#endif
