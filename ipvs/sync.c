/* Decides what the kernel's sync daemons need. Source: net/netfilter/ipvs/ip_vs_ctl.c (ip_vs_genl_new_daemon), ip_vs_sync.c (start_sync_thread),
 * proc_do_sync_threshold. Test: tests/test_sync.c */
#include "sync.h"

#include "../src/base/router.h"

#include <string.h>
#include <sys/socket.h>

enum { MAXLEN_LEAST = 200 };

const char *sync_check(const struct sync_settings *s)
{
	const char *why;

	if (!s->on)
		return NULL;
	why = ifname_check(s->ifname);
	if (why)
		return why;
	if ((s->group.family != AF_INET && s->group.family != AF_INET6) || !addr_is_multicast(&s->group))
		return "sync group is no multicast address";
	if (!s->port || !s->ttl)
		return "sync port or TTL is 0";
	if (s->maxlen && s->maxlen < MAXLEN_LEAST)
		return "sync maxlen out of range";
	if (s->threshold > INT32_MAX || s->period > INT32_MAX || (s->period && s->threshold >= s->period))
		return "sync threshold is not below the period";
	return NULL;
}

struct sync_daemon sync_wanted(const struct sync_settings *s, bool master)
{
	struct sync_daemon d = {
	    .master = master, .id = s->id, .group = s->group, .port = s->port, .ttl = s->ttl, .maxlen = s->maxlen};

	memcpy(d.ifname, s->ifname, sizeof(d.ifname));
	return d;
}

/* The kernel fills in what was left to it. */
static bool runs_as(const struct sync_daemon *want, const struct sync_daemon *have)
{
	return strncmp(want->ifname, have->ifname, sizeof(want->ifname)) == 0 && want->id == have->id &&
	       addr_equal(&want->group, &have->group) && want->port == have->port && want->ttl == have->ttl &&
	       (!want->maxlen || want->maxlen == have->maxlen);
}

enum sync_step sync_decide(const struct sync_settings *want, const struct sync_daemon *have, bool ours)
{
	struct sync_daemon d;

	if (!want->on)
		return have && ours ? SYNC_STOP : SYNC_NOTHING;
	if (!have)
		return SYNC_START;
	d = sync_wanted(want, have->master);
	if (runs_as(&d, have))
		return SYNC_NOTHING;
	return ours ? SYNC_REPLACE : SYNC_CONFLICT;
}
