/* Source: getrusage(2), proc(5): stat, statm, fd, task/TID/children. Test: tests/test_usage.c */
#include "usage.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static uint64_t count_open(void)
{
	DIR *d = opendir("/proc/self/fd");
	uint64_t n = 0;

	if (!d)
		return 0;
	while (readdir(d))
		n++;
	closedir(d);
	return n > 3 ? n - 3 : 0; /* ., .. and d itself */
}

static uint64_t resident(void)
{
	unsigned long all, here = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%lu %lu", &all, &here) != 2)
		here = 0;
	fclose(f);
	return (uint64_t)here * (uint64_t)sysconf(_SC_PAGESIZE);
}

static nsec_t span(struct timeval t)
{
	return t.tv_sec * NSEC_PER_SEC + t.tv_usec * NSEC_PER_USEC;
}

void usage_read(struct usage *out)
{
	struct rusage r = {0};

	getrusage(RUSAGE_SELF, &r);
	*out = (struct usage){.cpu = span(r.ru_utime) + span(r.ru_stime), .resident = resident(), .open = count_open()};
}

json_t *usage_json(void)
{
	struct usage u;

	usage_read(&u);
	return json_pack("{s:I, s:I, s:I}", "cpuNs", (json_int_t)u.cpu, "resident", (json_int_t)u.resident, "open",
			 (json_int_t)u.open);
}

/* The name may have blanks and parentheses in it: the last one ends it. */
bool usage_parse(const char *stat, long ticks, long page, struct usage *out)
{
	const char *at = strrchr(stat, ')');
	unsigned long user, system;
	long pages;

	if (!at || ticks <= 0 ||
	    sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d %*u %*u %ld",
		   &user, &system, &pages) != 3 ||
	    pages < 0)
		return false;
	*out = (struct usage){.cpu = (nsec_t)(user + system) * (NSEC_PER_SEC / ticks),
			      .resident = (uint64_t)pages * (uint64_t)page};
	return true;
}

static bool read_text(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return false;
	n = fread(buf, 1, size - 1, f);
	fclose(f);
	buf[n] = '\0';
	return n > 0;
}

/* "123 (name) S ..." */
static bool is_named(const char *stat, const char *name)
{
	const char *at = strchr(stat, '(');
	size_t n = strlen(name);

	return at && strncmp(at + 1, name, n) == 0 && at[1 + n] == ')';
}

static bool read_pid(long pid, const char *name, struct usage *out)
{
	char path[64], stat[1024];

	snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	return read_text(path, stat, sizeof stat) && (!name || is_named(stat, name)) &&
	       usage_parse(stat, sysconf(_SC_CLK_TCK), sysconf(_SC_PAGESIZE), out);
}

bool usage_read_other(const char *name, struct usage *out)
{
	char path[64], children[512];
	long parent = getppid();
	char *at = children, *end;

	if (!name)
		return read_pid(parent, NULL, out);
	snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", parent, parent);
	if (!read_text(path, children, sizeof children))
		return false;
	for (long pid; (pid = strtol(at, &end, 10)) > 0; at = end)
		if (read_pid(pid, name, out))
			return true;
	return false;
}
