/* hostile IFACE SOURCE VRID SECONDS [VERSION (3) [PAUSE (300)]]: floods a virtual router VRID of SOURCE's family with advertisements that it must refuse, each of which
 * would change its state if it did not (vrrp_forge.h), PAUSE microseconds between 32 of them. Prints how many left. */
#include "../vrrp_forge.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	struct timespec pause = {.tv_nsec = 300000};
	struct flood f = {.seed = 9568};
	unsigned long sent = 0;

	if (argc < 5 || argc > 7) {
		fprintf(stderr, "usage: hostile IFACE SOURCE VRID SECONDS [VERSION [PAUSE]]\n");
		return 2;
	}
	f.family = strchr(argv[2], ':') ? AF_INET6 : AF_INET;
	f.vrid = (uint8_t)strtoul(argv[3], NULL, 10);
	f.version = argc > 5 ? (uint8_t)strtoul(argv[5], NULL, 10) : 3;
	if (argc > 6)
		pause.tv_nsec = strtol(argv[6], NULL, 10) * 1000;
	f.fd = forge_open(f.family, argv[1]);
	if (f.fd < 0 || inet_pton(f.family, argv[2], f.src) != 1) {
		perror("hostile");
		return 1;
	}
	time_t end = time(NULL) + strtol(argv[4], NULL, 10);
	while (time(NULL) < end) {
		sent += flood_burst(&f);
		if (pause.tv_nsec)
			nanosleep(&pause, NULL);
	}
	printf("%lu hostile advertisements\n", sent);
	return sent < FLOOD_BURST;
}
