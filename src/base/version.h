/* The version of a file that vipd keeps: its first line begins with "NAME N". One of another version is refused by name, never half-read. Pure. */
#ifndef VIPD_BASE_VERSION_H
#define VIPD_BASE_VERSION_H

#include <stddef.h>
#include <stdint.h>

/* What is said of it: printf's format for the version found and the one that this vipd knows, both unsigned. */
#define VERSION_OTHER "is of version %u, this vipd knows %u"

/* The version that text's first line states. N has at most nine digits, with a space or the line's end behind it. -EINVAL if text does not begin so: it is
 * no such file, has no version, or was cut short. */
int version_parse(const char *text, size_t len, const char *name, unsigned *out);

#endif
