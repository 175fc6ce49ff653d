/* doc_parse_block against libyaml: any text that the line reader takes must make the same tree, with the same places. A first byte below 128 says
 * that the others stand for pieces of YAML. */
#include "../doc_twice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[8192];
	size_t len = 0;

	if (!size)
		return 0;
	if (data[0] < 128)
		len = twice_expand(data + 1, size - 1, text, sizeof(text));
	else if (size <= sizeof(text))
		memcpy(text, data + 1, len = size - 1);
	if (!twice_same(text, len))
		abort();
	return 0;
}
