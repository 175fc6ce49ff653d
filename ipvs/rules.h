/* The static rules: text for iptables-restore and ip6tables-restore (--noflush), made of validated values. What they depend on is in the ipsets (sets.h);
 * so they change only with the settings. Pure. */
#ifndef VIPD_IPVS_RULES_H
#define VIPD_IPVS_RULES_H

#include "sets.h"

enum { RULES_JUMPS = 7, RULES_LINE = 512, RULES_MAX = 48 << 10 };

/* The built-in chains that vipd's chains hang in: "nat" "PREROUTING". */
struct rules_place {
	const char *table, *chain;
};
extern const struct rules_place rules_places[RULES_JUMPS];

/* "VIPD-RULES-0123abcd": an empty set that the rules look into: it is there exactly while these rules, and no others, are (a set in use cannot be destroyed).
 * For IPv6 "VIPD-6-RULES-...". */
char *rules_marker(const struct nat_settings *s, uint8_t family, char buf[SET_NAME]);
bool rules_is_marker(const char *name, uint8_t family);

/* What hangs in a built-in chain of ours already: the lines of `iptables -S CHAIN` that jump to vipd's chains, as the text's deletions. Text begins zeroed. */
struct rules_text {
	char *text; /* NUL-terminated; malloc'd */
	size_t len;
};
void rules_text_clear(struct rules_text *t);
void rules_stale(struct rules_text *out, const char *listing, size_t len);

/* The whole text, malloc'd: takes out what is stale (by place; may be all zero), then installs. */
char *rules_install(const struct nat_settings *s, uint8_t family, const struct rules_text stale[RULES_JUMPS]);
/* The text that leaves none of them. */
char *rules_remove(const struct rules_text stale[RULES_JUMPS]);
/* How many rules look into the set. */
uint32_t rules_references(const char *text, const char *set);

/* Whether a text may be given to iptables-restore: the tables nat, filter and mangle, vipd's own chains, and in the built-in chains nothing but jumps to those. */
bool rules_good(const char *text);

#endif
