/* A line of the log: whatever the message and a field are, each form fits, ends with a newline, and JSON reads back. */
#include "../../src/base/log_line.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *out = malloc(LOG_LINE_BYTES), *text = malloc(size + 1);
	struct log_line l = {.usec = 1, .process = "control", .message = text};
	json_t *j;
	size_t n;

	must(out && text);
	memcpy(text, data, size);
	text[size] = '\0';
	/* Up to the first NUL is the message, the rest a field. */
	l.with.file = l.with.service = strlen(text) < size ? text + strlen(text) + 1 : NULL;
	l.event = (enum log_event)(size % LOG_EVENT_COUNT);
	n = log_line_text(out, &l, size & 1);
	must(n && n <= LOG_LINE_BYTES && memchr(out, '\n', n) == out + n - 1);
	n = log_line_json(out, &l);
	must(n && n <= LOG_LINE_BYTES && memchr(out, '\n', n) == out + n - 1);
	j = json_loadb(out, n, 0, NULL);
	must(j != NULL);
	json_decref(j);
	n = log_line_journal(out, &l);
	must(n && n <= LOG_LINE_BYTES && out[n - 1] == '\n');
	free(out);
	free(text);
	return 0;
}
