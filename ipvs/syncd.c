/* Decides when the kernel's sync daemons are started, and what a person is told. sync.c decides what each needs. A daemon of somebody else's is left alone
 * unless it runs as wanted. The sysctls of net/ipv4/vs let a process write that has CAP_NET_ADMIN over the namespace (net_ctl_permissions).
 * Source: net/netfilter/ipvs/ip_vs_sync.c; Documentation/networking/ipvs-sysctl.rst. Test: tests/kernel/test_syncd.c */
#include "syncd.h"

#include "../src/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define THRESHOLD_FILE "/proc/sys/net/ipv4/vs/sync_threshold"

void syncd_want(struct syncd *d, const struct sync_settings *want)
{
	if (memcmp(&d->want, want, sizeof(*want)) == 0)
		return;
	d->want = *want;
	d->set = false;
	d->error = 0;
}

bool syncd_needed(const struct syncd *d)
{
	return d->want.on || d->ours[false] || d->ours[true];
}

static int set_threshold(const struct sync_settings *s)
{
	char text[32];
	int fd = open(THRESHOLD_FILE, O_WRONLY | O_CLOEXEC), n, err = 0;

	if (fd < 0)
		return -errno;
	n = snprintf(text, sizeof(text), "%u %u\n", s->threshold, s->period);
	if (write(fd, text, (size_t)n) != n)
		err = -errno;
	close(fd);
	return err;
}

struct look {
	struct sync_daemon have[2];
	bool there[2];
};

static int see(void *arg, const struct sync_daemon *d)
{
	struct look *l = arg;

	l->have[d->master] = *d;
	l->there[d->master] = true;
	return 0;
}

/* One role to what is wanted: 0, or why not. */
static int step(struct syncd *d, struct ipvs_sock *s, const struct look *l, bool master, bool adopt)
{
	const struct sync_daemon *have = l->there[master] ? &l->have[master] : NULL;
	struct sync_daemon want = sync_wanted(&d->want, master);
	unsigned index = d->want.on ? if_nametoindex(d->want.ifname) : 0;
	enum sync_step what = sync_decide(&d->want, have, d->ours[master] || adopt);
	int err = 0;

	if (what == SYNC_NOTHING && have && d->ifindex[master] && index && index != d->ifindex[master])
		what = SYNC_REPLACE;
	d->runs[master] = have != NULL;
	if (what == SYNC_NOTHING) {
		d->ours[master] = have && d->want.on;
		if (!d->ifindex[master])
			d->ifindex[master] = index;
		return 0;
	}
	if (what == SYNC_CONFLICT)
		return -EBUSY;
	if (what == SYNC_STOP || what == SYNC_REPLACE) {
		err = ipvs_sock_daemon(s, false, have);
		d->ours[master] = d->runs[master] = false;
	}
	if (what == SYNC_STOP)
		log_info("connection sync: %s stopped", master ? "sender" : "receiver");
	if (what == SYNC_STOP || (err && err != -ESRCH))
		return err == -ESRCH ? 0 : err;
	err = ipvs_sock_daemon(s, true, &want);
	if (err)
		return err;
	d->ours[master] = d->runs[master] = true;
	d->ifindex[master] = index;
	d->starts++;
	log_info("connection sync: %s started on %s", master ? "sender" : "receiver", want.ifname);
	return 0;
}

int syncd_look(struct syncd *d, struct ipvs_sock *s, bool adopt)
{
	struct look l = {0};
	int err, first;

	if (!syncd_needed(d))
		return 0;
	err = ipvs_sock_daemons(s, see, &l);
	if (err)
		return err;
	if (d->want.on && !d->set) {
		d->sysctl = set_threshold(&d->want);
		d->set = true;
		if (d->sysctl)
			log_warning("%s cannot be set: %s", THRESHOLD_FILE, strerror(-d->sysctl));
	}
	first = step(d, s, &l, true, adopt);
	err = step(d, s, &l, false, adopt);
	d->error = first ? first : err;
	return 0;
}

void syncd_stop(struct syncd *d, struct ipvs_sock *s)
{
	for (int master = 0; master < 2; master++) {
		struct sync_daemon one = {.master = master};
		int err = d->ours[master] ? ipvs_sock_daemon(s, false, &one) : 0;

		if (err && err != -ESRCH)
			log_warning("connection sync: the %s cannot be stopped: %s", master ? "sender" : "receiver",
				    strerror(-err));
		d->ours[master] = d->runs[master] = false;
	}
}

const char *syncd_problem(const struct syncd *d, char *buf, size_t size)
{
	if (!d->error)
		return NULL;
	if (d->error == -EBUSY)
		snprintf(buf, size,
			 "connection sync runs already with other settings and vipd did not start it: stop it (ipvsadm "
			 "--stop-daemon), or set 'adopt: true'");
	else if (d->error == -ENODEV)
		snprintf(buf, size, "connection sync waits: there is no interface %s", d->want.ifname);
	else if (d->error == -EADDRNOTAVAIL)
		snprintf(buf, size, "connection sync waits: interface %s has no address", d->want.ifname);
	else
		snprintf(buf, size, "connection sync on %s does not start: %s", d->want.ifname, strerror(-d->error));
	return buf;
}
