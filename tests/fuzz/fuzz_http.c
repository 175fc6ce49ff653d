/* src/http_text.c: any bytes as a request, and what is made of its parts. */
#include "../../src/http_text.h"
#include "../../src/metrics_text.h"
#include "../../src/probe_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t end = http_head_end(text, size);
	static const struct probe_check checks[] = {
	    {"ping", PROBE_LIVEZ | PROBE_READYZ, true}, {"ipvs", PROBE_READYZ, false}, {NULL, 0, false}};
	struct http_head h;
	int status;
	char value[64], accept[512];

	if (end > size)
		abort();
	if (!end || http_head_parse(text, end, &h))
		return 0;
	if (h.target[0] != '/' || h.query < h.target || h.query > h.target + sizeof h.target)
		if (*h.query)
			abort();
	if (http_field(&h, "host", value, sizeof value) && strlen(value) >= sizeof value)
		abort();
	if (http_field(&h, "accept", accept, sizeof accept) && metrics_accept_open(accept) &&
	    !strcasestr(accept, "openmetrics"))
		abort();
	free(probe_answer(h.target, h.query, checks, &status));
	return 0;
}
