/* A line of the log as bytes: plain text, JSON, the journal's native form. Pure. */
#ifndef VIPD_BASE_LOG_LINE_H
#define VIPD_BASE_LOG_LINE_H

#include "log.h"

#include <stddef.h>
#include <stdint.h>

/* A line in any form. It fits into PIPE_BUF, so that lines of several processes never mix in a pipe. */
enum { LOG_LINE_BYTES = 4096 };

struct log_line {
	int64_t usec; /* since 1970 */
	enum log_level level;
	const char *process;
	long pid;
	enum log_event event;
	struct log_fields with;
	const char *message;
};

/* Each writes a whole line to buf and returns its length; what is too long ends in "...". Bytes that are no UTF-8 become U+FFFD (text: '?').
 * text: "PROCESS: warning: MESSAGE\n", control characters as blanks; prefix: with sd-daemon(3)'s "<4>" before it.
 * json: one object and a newline: ts, level, process, pid, msg, and where there are some id, the fields of struct log_fields, suppressed.
 * journal: fields of systemd's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL); a value with a newline in binary form. */
size_t log_line_text(char buf[LOG_LINE_BYTES], const struct log_line *l, bool prefix);
size_t log_line_json(char buf[LOG_LINE_BYTES], const struct log_line *l);
size_t log_line_journal(char buf[LOG_LINE_BYTES], const struct log_line *l);

/* True if JOURNAL_STREAM (systemd.exec(5): "DEVICE:INODE"; NULL: not set) names this file. */
bool log_line_is_stream(const char *value, uint64_t device, uint64_t inode);

#endif
