/* Decides how a time reads in vipd.yaml and in annotations. Test: tests/test_config.c */
#include "duration.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

int duration_parse(const char *text, uint32_t *ms)
{
	static const struct {
		const char *unit;
		uint32_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"", 1000}};
	uint64_t v = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 9)
		return -EINVAL;
	for (size_t i = 0; i < digits; i++)
		v = v * 10 + (uint64_t)(text[i] - '0');
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(text + digits, units[i].unit) != 0)
			continue;
		if (v * units[i].ms > 86400000)
			return -EINVAL;
		*ms = (uint32_t)(v * units[i].ms);
		return 0;
	}
	return -EINVAL;
}
