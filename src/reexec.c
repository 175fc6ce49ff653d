/* Decides what outlives an exec of the supervisor and how: a text of lines, so that a newer vipd can read what an older one wrote.
 *
 *      vipd-reexec 1
 *      supervisor LOCK-FD LISTEN-FD SETTLED
 *      member ROLE PID CHANNEL-FD READY KEPT-FD GENERATION
 *      rows ROLE GENERATION LENGTH        followed by LENGTH bytes and a newline
 *      end
 *
 * Test: tests/test_reexec.c, tests/lab/ */
#include "reexec.h"

#include "base/version.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NAME "vipd-reexec"
#define HEAD NAME " 1"

_Static_assert(REEXEC_VERSION == 1, "HEAD says so");

static const char variable[] = "VIPD_REEXEC";

enum { LINE_MAX_LEN = 120, SAVED_MAX = 600 << 20 };

pid_t reexec_probe(const char *program)
{
	pid_t pid = fork();
	int null;
	sigset_t none;

	if (pid)
		return pid < 0 ? -errno : pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	unsetenv("NOTIFY_SOCKET");
	execl(program, program, "--version", (char *)NULL);
	_exit(127);
}

static void save_rows(FILE *f, int role, const struct kept *k)
{
	const void *bytes;
	uint64_t generation;
	size_t at = 0, len;

	while (kept_next_rows(k, &at, &generation, &bytes, &len)) {
		fprintf(f, "rows %d %llu %zu\n", role, (unsigned long long)generation, len);
		fwrite(bytes, 1, len, f);
		putc('\n', f);
	}
}

static void save_text(FILE *f, const struct reexec *r)
{
	fprintf(f, HEAD "\nsupervisor %d %d %d\n", r->lock_fd, r->listen_fd, r->settled);
	for (int i = 0; i < ROLE_COUNT; i++) {
		const struct team_member *m = &r->members[i];

		fprintf(f, "member %d %d %d %d %d %llu\n", i, (int)m->pid, m->channel, m->ready, m->kept.fd,
			(unsigned long long)m->kept.generation);
		save_rows(f, i, &m->kept);
	}
	fprintf(f, "end\n");
}

int reexec_save(const struct reexec *r)
{
	int fd = memfd_create(NAME, MFD_CLOEXEC), copy, err = 0;
	FILE *f;

	if (fd < 0)
		return -errno;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	f = copy < 0 ? NULL : fdopen(copy, "w");
	if (!f) {
		err = -errno;
		if (copy >= 0)
			close(copy);
		close(fd);
		return err;
	}
	save_text(f, r);
	if (ferror(f))
		err = -EIO;
	if (fclose(f) != 0 && !err)
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/* Where the reading is in the saved text. */
struct cursor {
	const char *at, *end;
};

/* Copies the next line without its newline; false at the end or when it is too long. */
static bool next_line(struct cursor *c, char line[LINE_MAX_LEN])
{
	const char *nl = c->at < c->end ? memchr(c->at, '\n', (size_t)(c->end - c->at)) : NULL;
	size_t len = nl ? (size_t)(nl - c->at) : 0;

	if (!nl || len >= LINE_MAX_LEN)
		return false;
	memcpy(line, c->at, len);
	line[len] = '\0';
	c->at = nl + 1;
	return true;
}

static bool load_member(const char *line, struct reexec *r)
{
	struct team_member m;
	int role, pid, ready;
	unsigned long long generation;

	kept_init(&m.kept);
	if (sscanf(line, "member %d %d %d %d %d %llu", &role, &pid, &m.channel, &ready, &m.kept.fd, &generation) != 6 ||
	    role < 0 || role >= ROLE_COUNT)
		return false;
	m.pid = pid;
	m.ready = ready;
	m.kept.generation = generation;
	kept_clear(&r->members[role].kept);
	r->members[role] = m;
	return true;
}

static bool load_rows(const char *line, struct cursor *c, struct reexec *r)
{
	unsigned long long generation;
	size_t len;
	int role;

	if (sscanf(line, "rows %d %llu %zu", &role, &generation, &len) != 3 || role < 0 || role >= ROLE_COUNT ||
	    len >= (size_t)(c->end - c->at) || kept_rows(&r->members[role].kept, generation, c->at, len) < 0)
		return false;
	c->at += len + 1;
	return true;
}

static bool load_text(struct cursor *c, struct reexec *r)
{
	char line[LINE_MAX_LEN];
	int settled;

	if (!next_line(c, line) || strcmp(line, HEAD) || !next_line(c, line) ||
	    sscanf(line, "supervisor %d %d %d", &r->lock_fd, &r->listen_fd, &settled) != 3)
		return false;
	r->settled = settled;
	while (next_line(c, line)) {
		if (!strcmp(line, "end"))
			return true;
		/* Lines that this version does not know are a newer one's business. */
		if (!strncmp(line, "member ", 7) ? !load_member(line, r)
						 : !strncmp(line, "rows ", 5) && !load_rows(line, c, r))
			return false;
	}
	return false;
}

static void empty(struct reexec *r)
{
	*r = (struct reexec){.lock_fd = -1, .listen_fd = -1};
	for (int i = 0; i < ROLE_COUNT; i++) {
		r->members[i].channel = -1;
		kept_init(&r->members[i].kept);
	}
}

int reexec_load(int fd, struct reexec *out, unsigned *version)
{
	off_t len = lseek(fd, 0, SEEK_END);
	struct reexec r;
	struct cursor c;
	char *text;
	unsigned found;
	bool good, other;

	if (len <= 0 || len > SAVED_MAX)
		return -EINVAL;
	text = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return -errno;
	empty(&r);
	c = (struct cursor){text, text + len};
	other = !version_parse(text, (size_t)len, NAME, &found) && found != REEXEC_VERSION;
	good = !other && load_text(&c, &r);
	munmap(text, (size_t)len);
	if (good) {
		*out = r;
		return 0;
	}
	for (int i = 0; i < ROLE_COUNT; i++) {
		r.members[i].kept.fd = -1; /* a number that was read, not ours to close */
		kept_clear(&r.members[i].kept);
	}
	if (!other)
		return -EINVAL;
	*version = found;
	return -EPROTO;
}

static void inherit_one(int fd, bool on)
{
	if (fd >= 0)
		fcntl(fd, F_SETFD, on ? 0 : FD_CLOEXEC);
}

static void inherit(const struct reexec *r, bool on)
{
	inherit_one(r->lock_fd, on);
	inherit_one(r->listen_fd, on);
	for (int i = 0; i < ROLE_COUNT; i++) {
		inherit_one(r->members[i].channel, on);
		inherit_one(r->members[i].kept.fd, on);
	}
}

int reexec_exec(const char *program, char *const *argv, const struct reexec *r)
{
	int fd = reexec_save(r), err;
	char number[16];

	if (fd < 0)
		return fd;
	snprintf(number, sizeof(number), "%d", fd);
	setenv(variable, number, 1);
	inherit_one(fd, true);
	inherit(r, true);
	/* The signals stay blocked, so that one that comes meanwhile waits for the next image. */
	execv(program, argv);
	err = -errno;
	inherit(r, false);
	unsetenv(variable);
	close(fd);
	return err;
}

int reexec_take(struct reexec *out, unsigned *version)
{
	const char *number = getenv(variable);
	int fd, err;

	if (!number)
		return 0;
	fd = (int)strtol(number, NULL, 10);
	unsetenv(variable);
	if (fd <= STDERR_FILENO)
		return -EINVAL;
	err = reexec_load(fd, out, version);
	close(fd);
	if (err < 0)
		return err == -EPROTO ? err : -EINVAL;
	inherit(out, false);
	return 1;
}
