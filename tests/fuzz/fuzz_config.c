/* vipd.yaml: whatever the text, a reason or a configuration that prints and reads back to the same. */
#include "../../src/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag_list diags = {0};
	struct config *c, *again;
	char *first, *second;

	if (config_parse("f", (const char *)data, size, &c, &diags)) {
		if (!diags.errors)
			abort();
		diag_clear(&diags);
		return 0;
	}
	first = config_text(c);
	if (config_parse("f", first, strlen(first), &again, &diags))
		abort();
	second = config_text(again);
	if (strcmp(first, second) != 0)
		abort();
	free(first);
	free(second);
	config_free(c);
	config_free(again);
	diag_clear(&diags);
	return 0;
}
