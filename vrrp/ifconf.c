/* Decides nothing but what an interface's settings mean. Source: net/ipv4/arp.c arp_ignore(), Documentation/networking/ip-sysctl.rst.
 * Test: tests/kernel/test_stand_ins.c. */
#include "ifconf.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool ifconf_read(const char *ifname, const char *name, uint32_t *out)
{
	char path[128], text[16] = "";
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%.15s/%s", ifname, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0 || *text < '0' || *text > '9')
		return false;
	*out = (uint32_t)strtoul(text, NULL, 10);
	return true;
}

bool ifconf_route_answers(const char *ifname)
{
	uint32_t all, own;

	return ifconf_read("all", "arp_ignore", &all) && ifconf_read(ifname, "arp_ignore", &own) && !all && !own;
}
