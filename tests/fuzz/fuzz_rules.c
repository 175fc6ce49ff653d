/* What iptables and ipset print, and texts that are to be restored (ipvs/rules.c, ipvs/sets.c): no input may do harm, and what is made of it may be
 * restored. */
#include "../../ipvs/rules.h"

#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void listing(const char *text, size_t len)
{
	const struct nat_settings s = {.masquerade = MASQUERADE_AUTO};
	struct rules_text stale[RULES_JUMPS] = {{0}};
	char *made;

	rules_stale(&stale[0], text, len);
	made = rules_install(&s, AF_INET, stale);
	rules_references(made, text);
	free(made);
	rules_text_clear(&stale[0]);
}

/* An entry that is understood prints back to what is understood as the same. */
static void entry(const char *line)
{
	struct set_entry e, again;
	char name[SET_NAME], text[SET_ENTRY_TEXT], back[256];

	if (set_entry_parse(line, &e))
		return;
	snprintf(back, sizeof back, "add %s %s", set_name((enum set_id)e.set, e.addr.family, name),
		 set_entry_format(&e, text));
	if (set_entry_parse(back, &again) || memcmp(&e, &again, sizeof e) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	listing(text, size);
	entry(text);
	rules_good(text);
	free(text);
	return 0;
}
