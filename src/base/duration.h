/* Times as people write them. Pure. */
#ifndef VIPD_BASE_DURATION_H
#define VIPD_BASE_DURATION_H

#include <stdint.h>

/* "1500ms", "5s", "2m", "1h", or whole seconds, at most a day -> milliseconds; -EINVAL. */
int duration_parse(const char *text, uint32_t *ms);

#endif
