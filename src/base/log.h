/* The log: one line to standard error, with the "<N>" prefix that journald reads when stderr is not a terminal.
 * error: act now; warning: soon; info: a state changed; debug: the rest. */
#ifndef VIPD_BASE_LOG_H
#define VIPD_BASE_LOG_H

#include "clock.h"

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* who: "control", "ipvs"...: stands before each line. Call once a process (again after fork is fine). */
void log_open(const char *who, enum log_level level);
int log_level_parse(const char *text, enum log_level *out); /* error warning info debug; -EINVAL */
enum log_level log_level_now(void);

__attribute__((format(printf, 1, 2))) void log_error(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void log_warning(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void log_info(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void log_debug(const char *fmt, ...);

/* A limit for lines that outsiders can cause: zero-initialise one per source of lines. */
struct log_limit {
	nsec_t since;
	unsigned count;
	unsigned suppressed;
};
/* True if a line may be written now: 5 in 10 s; *suppressed gets how many were swallowed since the last one. */
bool log_allow(struct log_limit *l, nsec_t now, unsigned *suppressed);

#endif
