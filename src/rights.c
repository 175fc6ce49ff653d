/* Decides what each role may (DESIGN.md, the parts): capabilities(7) by libcap-ng, prctl(2) PR_SET_NO_NEW_PRIVS.
 * Test: tests/lab/ (a process's own rights cannot be given back to the test program). */
#include "rights.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/prctl.h>

enum { CAPS_MAX = 6, CAP_END = -1 };

/* vrrp: SYS_NICE and IPC_LOCK for real-time priority and locked memory; runner: what iptables and modprobe need, and to become the scripts' user and to end
 * what it has started as that. */
static const int caps[ROLE_COUNT][CAPS_MAX + 1] = {
    [ROLE_SUPERVISOR] = {CAP_END},
    [ROLE_CONTROL] = {CAP_END},
    [ROLE_IPVS] = {CAP_NET_ADMIN, CAP_END},
    [ROLE_VRRP] = {CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_NICE, CAP_IPC_LOCK, CAP_END},
    [ROLE_RUNNER] = {CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_MODULE, CAP_SETUID, CAP_SETGID, CAP_KILL, CAP_END},
};

/* In a container some are missing: the role says what it cannot do without them. */
static void choose_caps(enum role role, capng_type_t sets)
{
	bool have[CAPS_MAX] = {false};

	capng_get_caps_process();
	for (size_t i = 0; caps[role][i] != CAP_END; i++)
		have[i] = capng_have_capability(CAPNG_PERMITTED, (unsigned)caps[role][i]);
	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; caps[role][i] != CAP_END; i++)
		if (have[i])
			capng_update(CAPNG_ADD, sets, (unsigned)caps[role][i]);
}

int rights_drop(enum role role, const struct user *user)
{
	int rc;

	if (user->uid == 0) {
		/* Root programs of the runner get at most what stays in the bounding set. */
		choose_caps(role, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET);
		rc = capng_apply(CAPNG_SELECT_BOTH);
	} else {
		choose_caps(role, CAPNG_EFFECTIVE | CAPNG_PERMITTED);
		rc = capng_change_id((int)user->uid, (int)user->gid, CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
	}
	if (rc < 0)
		return errno ? -errno : -EPERM;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}
