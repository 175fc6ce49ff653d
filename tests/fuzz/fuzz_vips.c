/* Pictures and rows of virtual IPs (src/base/vipwire.c): no input may do harm, and what is taken encodes back to itself. */
#include "../../src/base/vipwire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void picture(const uint8_t *data, size_t size)
{
	struct vip_picture p;
	const char *why;
	void *bytes;
	size_t len;

	if (vipwire_decode_picture(data, size, &p, &why) < 0) {
		if (!why)
			abort();
		return;
	}
	bytes = vipwire_encode_picture(&p, &len);
	if (len != size || memcmp(bytes, data, len) != 0)
		abort();
	free(bytes);
	vip_picture_clear(&p);
}

static void rows(const uint8_t *data, size_t size)
{
	struct vip_row row;
	const char *why;
	char buf[64];
	size_t at = 0, done;

	while (vipwire_next_row(data, size, &at, &row, &why) == 1)
		if (!vipwire_encode_rows(&row, 1, buf, sizeof(buf), &done) || done != 1)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	picture(data, size);
	rows(data, size);
	return 0;
}
