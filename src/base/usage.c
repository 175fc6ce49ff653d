/* Source: getrusage(2), proc(5): statm, fd. Test: tests/test_usage.c */
#include "usage.h"

#include "memfd.h"

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

int usage_memfd(void)
{
	json_t *j = json_pack("{s:o}", "process", usage_json());
	char *text = json_dumps(j, JSON_COMPACT);
	int fd = memfd_sealed("vipd-usage", text, text ? strlen(text) : 0);

	free(text);
	json_decref(j);
	return fd;
}
