/* src/http_text.c: any bytes as a request. */
#include "../../src/http_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t end = http_head_end(text, size);
	struct http_head h;
	char value[64];

	if (end > size)
		abort();
	if (!end || http_head_parse(text, end, &h))
		return 0;
	if (h.target[0] != '/' || h.query < h.target || h.query > h.target + sizeof h.target)
		if (*h.query)
			abort();
	if (http_field(&h, "host", value, sizeof value) && strlen(value) >= sizeof value)
		abort();
	return 0;
}
