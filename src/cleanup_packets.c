/* Decides in which order the packet filter is left clean, as root and without the other processes: lists what hangs in the built-in chains, takes it out with
 * vipd's chains, destroys the sets. A rule that looks into a set holds it; so where no set is left no rule can be. Source: ipvs/rules.h.
 * Test: tests/lab/scenarios/masquerade.sh */
#include "cleanup_packets.h"

#include "../ipvs/rules.h"
#include "../ipvs/setsock.h"
#include "base/arena.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_MAX = 1 << 20, SETS_MAX = 64, PATIENCE = 50 };

/* What there is of one family. */
struct there {
	uint8_t family;
	char names[SETS_MAX][SET_NAME];
	size_t n;
	uint32_t references;
};

static void on_header(void *arg, const struct set_header *h)
{
	struct there *t = arg;
	bool six = !strncmp(h->name, "VIPD-6-", 7);

	if (six != (t->family == AF_INET6) || t->n == SETS_MAX)
		return;
	memcpy(t->names[t->n++], h->name, SET_NAME);
	t->references += h->references;
}

static int read_there(struct setsock *s, struct there *t)
{
	t->n = t->references = 0;
	return setsock_headers(s, "VIPD-", on_header, t);
}

/* ---- programs ---- */

static _Noreturn void become(const char *const *argv, int in, int out)
{
	static const char *const folders[] = {"/usr/sbin", "/sbin"};
	union {
		const char *const *ours;
		char *const *theirs; /* execv does not write either */
	} av = {.ours = argv};
	char path[64];

	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		snprintf(path, sizeof path, "%s/%s", folders[i], argv[0]);
		execv(path, av.theirs);
	}
	_exit(127);
}

/* Runs a program with this on its standard input. What it printed is malloc'd. Its exit status, or -errno. */
static int run(const char *const *argv, const char *input, char **output)
{
	int in = memfd_create("vipd-input", MFD_CLOEXEC), out = memfd_create("vipd-output", MFD_CLOEXEC), status = 0;
	size_t len = strlen(input);
	ssize_t n = 0;
	pid_t pid;

	*output = xcalloc(1, OUTPUT_MAX + 1);
	if (in < 0 || out < 0 || pwrite(in, input, len, 0) != (ssize_t)len) {
		status = -EIO;
		goto end;
	}
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		become(argv, in, out);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		status = -errno;
	else
		status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
	n = pread(out, *output, OUTPUT_MAX, 0);
	(*output)[n > 0 ? n : 0] = '\0';
end:
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return status;
}

/* ---- rules ---- */

/* Takes out what this flavour of iptables shows of ours. */
static void remove_rules(uint8_t family, const char *flavour)
{
	struct rules_text stale[RULES_JUMPS] = {{0}};
	char program[32], restore[40], *output, *text;
	const char *restore_argv[] = {restore, "--wait=5", "--noflush", NULL};

	snprintf(program, sizeof program, "%s%s", family == AF_INET6 ? "ip6tables" : "iptables", flavour);
	snprintf(restore, sizeof restore, "%s-restore", program);
	for (size_t i = 0; i < RULES_JUMPS; i++) {
		const char *argv[] = {program, "--wait=5", "-t", rules_places[i].table, "-S", rules_places[i].chain,
				      NULL};
		int status = run(argv, "", &output);

		if (status == 0)
			rules_stale(&stale[i], output, strlen(output));
		free(output);
		if (status == 127) /* it is not installed */
			goto end;
	}
	text = rules_remove(stale);
	if (run(restore_argv, text, &output))
		log_warning("%s: %s", restore, output);
	free(output);
	free(text);
end:
	for (size_t i = 0; i < RULES_JUMPS; i++)
		rules_text_clear(&stale[i]);
}

/* The kernel lets go of sets a little later than of rules. */
static bool let_go(struct setsock *s, struct there *t)
{
	const struct timespec pause = {0, 20000000};

	for (int i = 0; i < PATIENCE; i++) {
		if (read_there(s, t) || !t->references)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

static int clean_family(struct setsock *s, uint8_t family)
{
	static const char *const flavours[] = {"", "-nft", "-legacy"};
	struct there *t = xcalloc(1, sizeof *t);
	int err, left = 0;

	t->family = family;
	err = read_there(s, t);
	if (err || !t->n)
		goto end;
	for (size_t i = 0; i < sizeof flavours / sizeof *flavours && t->references; i++) {
		remove_rules(family, flavours[i]);
		let_go(s, t);
	}
	for (size_t i = 0; i < t->n; i++)
		if (setsock_destroy(s, t->names[i])) {
			log_warning("the set %s cannot be destroyed: %s", t->names[i], setsock_error(s));
			left = -EBUSY;
		}
	log_info("%s rules are removed, %zu sets destroyed", family == AF_INET6 ? "IPv6" : "IPv4", t->n);
end:
	free(t);
	return err ? 0 : left; /* a kernel without sets has none of ours */
}

int cleanup_packets(void)
{
	struct setsock *s;
	int err = setsock_open(&s), v4, v6;

	if (err)
		return err;
	v4 = clean_family(s, AF_INET);
	v6 = clean_family(s, AF_INET6);
	setsock_close(s);
	return v4 ? v4 : v6;
}
