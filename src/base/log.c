/* The log: whole lines by one write each, so that lines of several processes never mix. Test: tests/test_loop.c (log group). */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LIMIT_LINES = 5, LINE_MAX_BYTES = 2048 };

/* Process-wide by nature, as stderr is; set by log_open alone. */
static struct {
	char who[16];
	enum log_level level;
	bool prefix;
} log_state = {"vipd", LOG_LEVEL_INFO, false};

static const char level_prio[] = {'3', '4', '6', '7'}; /* sd-daemon(3) */

void log_open(const char *who, enum log_level level)
{
	snprintf(log_state.who, sizeof(log_state.who), "%s", who);
	log_state.level = level;
	log_state.prefix = !isatty(STDERR_FILENO);
}

enum log_level log_level_now(void)
{
	return log_state.level;
}

__attribute__((format(printf, 2, 0))) static void vlog(enum log_level level, const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES];
	int saved = errno, n, m;

	if (level > log_state.level)
		return;
	n = log_state.prefix ? snprintf(line, sizeof(line), "<%c>", level_prio[level]) : 0;
	n += snprintf(line + n, sizeof(line) - (size_t)n, "%s: %s", log_state.who,
		      level == LOG_LEVEL_ERROR     ? "error: "
		      : level == LOG_LEVEL_WARNING ? "warning: "
						   : "");
	m = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	n = m < 0 ? n : m > (int)sizeof(line) - n - 2 ? (int)sizeof(line) - 2 : n + m;
	for (int i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = ' ';
	line[n++] = '\n';
	/* A log that cannot be written is no reason to stop. */
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		errno = 0;
	errno = saved;
}

#define DEFINE_LOG(name, level)                                                                                        \
	void name(const char *fmt, ...)                                                                                \
	{                                                                                                              \
		va_list ap;                                                                                            \
                                                                                                                       \
		va_start(ap, fmt);                                                                                     \
		vlog(level, fmt, ap);                                                                                  \
		va_end(ap);                                                                                            \
	}

DEFINE_LOG(log_error, LOG_LEVEL_ERROR)
DEFINE_LOG(log_warning, LOG_LEVEL_WARNING)
DEFINE_LOG(log_info, LOG_LEVEL_INFO)
DEFINE_LOG(log_debug, LOG_LEVEL_DEBUG)

bool log_allow(struct log_limit *l, nsec_t now, unsigned *suppressed)
{
	if (!l->count || now - l->since >= 10 * NSEC_PER_SEC) {
		l->since = now;
		l->count = 0;
	}
	if (l->count >= LIMIT_LINES) {
		l->suppressed++;
		return false;
	}
	l->count++;
	*suppressed = l->suppressed;
	l->suppressed = 0;
	return true;
}
