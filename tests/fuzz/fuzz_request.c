/* Requests on the control socket: whatever the line, words for a refusal or a request within its bounds. */
#include "../../src/ctl_request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctl_request r;
	char why[256] = "";
	char *text;

	if (ctl_request_parse((const char *)data, size, &r, why, sizeof why)) {
		if (!*why)
			abort();
		text = ctl_error_text("BadRequest", why);
		if (text[strlen(text) - 1] != '\n' || strchr(text, '\n') != text + strlen(text) - 1)
			abort();
		free(text);
		return 0;
	}
	if (r.verb == CTL_GET && (!r.ns || (unsigned)r.kind >= CTL_KINDS || r.n_names > CTL_NAMES_MAX))
		abort();
	ctl_request_clear(&r);
	return 0;
}
