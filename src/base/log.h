/* The log: one line an event, to standard error or to the journal (log_line.h has the forms). Each process writes its own lines: to the journal by one
 * socket that the supervisor connects before it forks, so that a child opens nothing and the kernel says who wrote.
 * error: act now; warning: soon; info: a state changed; debug: the rest. */
#ifndef VIPD_BASE_LOG_H
#define VIPD_BASE_LOG_H

#include "clock.h"
#include "log_event.h"

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
/* text: with the "<N>" prefix that journald reads when stderr is no terminal. auto: journal when stderr is connected to it (JOURNAL_STREAM), else text. */
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_TEXT, LOG_FORMAT_JSON, LOG_FORMAT_JOURNAL };

#define LOG_JOURNAL_SOCKET "/run/systemd/journal/socket"

/* who: "control", "ipvs"...: stands before each line. Call once a process (again after fork is fine). */
void log_open(const char *who, enum log_level level);
/* The form of the lines from now on, of this process and those that it forks. socket: LOG_JOURNAL_SOCKET, but for tests. A journal that cannot be
 * reached is said, and the lines are text on stderr. */
void log_open_format(enum log_format format, const char *socket);
bool log_stderr_is_journal(void); /* by JOURNAL_STREAM: systemd started us */
int log_journal_fd(void);         /* what a child must keep open; -1: nothing */
/* How long a line may wait for a reader that does not read: negative (the default) for ever. Then it is lost; how many were is said later. */
void log_wait_at_most(int milliseconds);
enum { LOG_WAIT_MS = 100 }; /* of every process that serves, but vrrp: that waits for nobody */
int log_level_parse(const char *text, enum log_level *out);   /* error warning info debug; -EINVAL */
int log_format_parse(const char *text, enum log_format *out); /* text json journal auto; -EINVAL */
enum log_level log_level_now(void);

__attribute__((format(printf, 1, 2))) void log_error(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void log_warning(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void log_info(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void log_debug(const char *fmt, ...);

/* What a line is about; NULL: nothing to say. The text says it too. suppressed: how many lines like it were swallowed (log_allow). */
struct log_fields {
	const char *router, *service /* namespace/name */, *object /* "Pod namespace/name" */, *vip, *interface, *peer,
	    *file, *child;
	unsigned suppressed;
};
#define LOG_WITH(...) (&(const struct log_fields){__VA_ARGS__})

/* A line with a name, at the level of log_event_table. with: NULL for none. */
__attribute__((format(printf, 3, 4))) void log_event(enum log_event event, const struct log_fields *with,
						     const char *fmt, ...);

/* A limit for lines that outsiders can cause: zero-initialise one per source of lines. */
struct log_limit {
	nsec_t since;
	unsigned count;
	unsigned suppressed;
};
/* True if a line may be written now: 5 in 10 s; *suppressed gets how many were swallowed since the last one. */
bool log_allow(struct log_limit *l, nsec_t now, unsigned *suppressed);

#endif
