/* The log: whole lines by one write each, so that lines of several processes never mix. Who does not read them holds nobody up: a process that serves waits
 * for its reader no longer than it said. Test: tests/test_log.c */
#include "log.h"

#include "log_line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT_LINES = 5, MESSAGE_MAX = 2048 };

/* Process-wide by nature, as stderr is; set by log_open and its sisters alone. */
static struct {
	char who[16];
	enum log_level level;
	enum log_format format; /* never auto */
	bool prefix;
	int journal; /* -1: none */
	int wait_ms;
	unsigned lost;
} log_state = {"vipd", LOG_LEVEL_INFO, LOG_FORMAT_TEXT, false, -1, -1, 0};

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

int log_journal_fd(void)
{
	return log_state.journal;
}

void log_wait_at_most(int milliseconds)
{
	log_state.wait_ms = milliseconds;
}

/* ---- where to */

/* Above the standard descriptors, which whoever started us may have closed. */
static int journal_connect(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int low, fd, err;

	if (strlen(path) >= sizeof to.sun_path)
		return -ENAMETOOLONG;
	strcpy(to.sun_path, path);
	low = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	fd = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	err = fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) ? -errno : 0;
	if (low >= 0)
		close(low);
	if (err && fd >= 0)
		close(fd);
	return err ? err : fd;
}

bool log_stderr_is_journal(void)
{
	struct stat st;

	return !fstat(STDERR_FILENO, &st) && log_line_is_stream(getenv("JOURNAL_STREAM"), st.st_dev, st.st_ino);
}

void log_open_format(enum log_format format, const char *socket)
{
	int fd = -1;

	if (format == LOG_FORMAT_AUTO)
		format = log_stderr_is_journal() ? LOG_FORMAT_JOURNAL : LOG_FORMAT_TEXT;
	if (format == LOG_FORMAT_JOURNAL)
		fd = journal_connect(socket);
	if (log_state.journal >= 0)
		close(log_state.journal);
	log_state.journal = fd >= 0 ? fd : -1;
	log_state.format = format == LOG_FORMAT_JOURNAL && fd < 0 ? LOG_FORMAT_TEXT : format;
	if (format == LOG_FORMAT_JOURNAL && fd < 0)
		log_warning("%s: %s: the log goes to standard error as text", socket, strerror(-fd));
}

/* ---- writing */

/* 0, or -errno; -EAGAIN: nobody reads. */
static int write_to(int fd, const char *line, size_t n)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	ssize_t done;

	/* After a loss there is no more patience until one line has gone through. */
	if (log_state.wait_ms >= 0 && poll(&p, 1, log_state.lost ? 0 : log_state.wait_ms) == 0)
		return -EAGAIN;
	done = send(fd, line, n, MSG_NOSIGNAL | (log_state.wait_ms >= 0 ? MSG_DONTWAIT : 0));
	if (done < 0 && errno == ENOTSOCK)
		done = write(fd, line, n);
	return done < 0 ? -errno : 0;
}

static int emit(const struct log_line *l)
{
	char buf[LOG_LINE_BYTES];
	int err;

	if (log_state.format == LOG_FORMAT_JOURNAL) {
		err = write_to(log_state.journal, buf, log_line_journal(buf, l));
		if (!err || err == -EAGAIN)
			return err;
		/* The journal's socket is gone: stderr is what is left. */
	}
	if (log_state.format == LOG_FORMAT_JSON)
		return write_to(STDERR_FILENO, buf, log_line_json(buf, l));
	return write_to(STDERR_FILENO, buf, log_line_text(buf, l, log_state.prefix));
}

static int64_t wall_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void write_line(struct log_line *l)
{
	char text[64];
	struct log_line before;

	l->usec = wall_usec();
	l->process = log_state.who;
	l->pid = (long)getpid();
	if (log_state.lost) {
		before = *l;
		before.level = LOG_LEVEL_WARNING;
		before.event = LOG_PLAIN;
		before.with = (struct log_fields){0};
		before.message = text;
		snprintf(text, sizeof text, "%u lines were lost: the log was not read", log_state.lost);
		if (emit(&before) == 0)
			log_state.lost = 0;
	}
	/* A log that cannot be written is no reason to stop. */
	if (emit(l) == -EAGAIN)
		log_state.lost++;
}

__attribute__((format(printf, 4, 0))) static void vlog(enum log_level level, enum log_event event,
						       const struct log_fields *with, const char *fmt, va_list ap)
{
	char message[MESSAGE_MAX];
	struct log_line l = {.level = level, .event = event, .message = message};
	int saved = errno, n;

	if (level > log_state.level)
		return;
	if (with)
		l.with = *with;
	n = vsnprintf(message, sizeof message, fmt, ap);
	if (n < 0)
		snprintf(message, sizeof message, "%s", fmt);
	if (l.with.suppressed && n >= 0 && (size_t)n < sizeof message)
		snprintf(message + n, sizeof message - (size_t)n, " (and %u more like it)", l.with.suppressed);
	write_line(&l);
	errno = saved;
}

#define DEFINE_LOG(name, level)                                                                                        \
	void name(const char *fmt, ...)                                                                                \
	{                                                                                                              \
		va_list ap;                                                                                            \
                                                                                                                       \
		va_start(ap, fmt);                                                                                     \
		vlog(level, LOG_PLAIN, NULL, fmt, ap);                                                                 \
		va_end(ap);                                                                                            \
	}

DEFINE_LOG(log_error, LOG_LEVEL_ERROR)
DEFINE_LOG(log_warning, LOG_LEVEL_WARNING)
DEFINE_LOG(log_info, LOG_LEVEL_INFO)
DEFINE_LOG(log_debug, LOG_LEVEL_DEBUG)

void log_event(enum log_event event, const struct log_fields *with, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog((enum log_level)log_event_table[event].level, event, with, fmt, ap);
	va_end(ap);
}

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
