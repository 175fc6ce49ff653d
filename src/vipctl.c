/* vipctl: the command line of vipd. Words and flags follow kubectl. Exit codes: 0; 1 an error, or something was not found; a verb's own are in
 * its --help. Test: tests/test_vipctl_args.c, tests/lab/. */
#include "vipctl.h"

int main(int argc, char **argv)
{
	struct vipctl v;
	int code = vipctl_args(argc, argv, &v);

	if (code < 0)
		code = v.verb->run(&v);
	return fflush(stdout) && code == 0 ? 1 : code;
}
