/* ipvs/wire_encode.c, wire_decode.c: any bytes are refused, or are exactly what the decoded value encodes to. First byte: rows or a picture. */
#include "../../ipvs/wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void picture(const uint8_t *data, size_t size)
{
	struct table *t;
	struct ipvs_settings s;
	const char *reason = NULL;
	size_t len;
	void *again;

	if (wire_decode_table(data, size, &t, &s, &reason) != 0) {
		if (!reason)
			abort();
		return;
	}
	again = wire_encode_table(t, &s, &len);
	if (len != size || memcmp(again, data, len) != 0)
		abort();
	free(again);
	table_free(t);
}

static void rows(const uint8_t *data, size_t size)
{
	enum row_op op;
	struct vs v;
	const char *reason = NULL;
	size_t at = 0, before = 0;
	uint8_t *again = malloc(size + 1);
	int rc;

	while (again && (rc = wire_next_row(data, size, &at, &op, &v, &reason)) > 0) {
		size_t len = wire_encode_row(op, &v, again, size);

		if (len != at - before || memcmp(again, data + before, len) != 0)
			abort();
		vs_clear(&v);
		before = at;
	}
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	(data[0] & 1 ? rows : picture)(data + 1, size - 1);
	return 0;
}
