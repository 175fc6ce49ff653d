/* Decides nothing that sysctl_rules.c does not: reads and writes /proc/sys/net/ipv4/vs, which lets a process that has CAP_NET_ADMIN over the namespace
 * (net_ctl_permissions). Test: tests/lab/scenarios/stop-and-cleanup.sh */
#include "sysctls.h"

#include "../src/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define LOOK (30 * NSEC_PER_SEC)

enum { NUMBER = 16 };

/* A setting opened; -errno, -ENOENT where the kernel has none (or no IPVS yet). */
static int setting_open(const char *name, int flags)
{
	char path[96];
	int fd;

	snprintf(path, sizeof path, "/proc/sys/net/ipv4/vs/%s", name);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int setting_read(const char *name, int *value)
{
	int fd = setting_open(name, O_RDONLY), err = 0;
	char text[NUMBER];
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, text, sizeof text - 1);
	if (n <= 0)
		err = n < 0 ? -errno : -EIO;
	close(fd);
	if (err)
		return err;
	text[n] = '\0';
	*value = atoi(text);
	return 0;
}

static int setting_write(const char *name, int value)
{
	int fd = setting_open(name, O_WRONLY), err = 0;
	char text[NUMBER];
	int n = snprintf(text, sizeof text, "%d\n", value);
	ssize_t done;

	if (fd < 0)
		return fd;
	done = write(fd, text, (size_t)n);
	if (done != n)
		err = done < 0 ? -errno : -EIO;
	close(fd);
	return err;
}

/* What was there before is on disk before the kernel is told. Complaints come once. */
static void put(struct sysctls *s, unsigned i, int was, bool told)
{
	const struct sysctl_rule *r = &sysctl_rules[i];
	int err;

	own_sysctl(s->own, r->name, was, r->value);
	err = own_sync(s->own);
	if (err) {
		if (!told)
			log_warning("net.ipv4.vs.%s is left at %d: the ownership record cannot be written: %s", r->name,
				    was, strerror(-err));
		return;
	}
	err = setting_write(r->name, r->value);
	if (!err)
		log_info("net.ipv4.vs.%s is %d now: %s", r->name, r->value, r->why);
	else if (!told)
		log_warning("net.ipv4.vs.%s is %d and cannot be set to %d: %s: %s", r->name, was, r->value,
			    strerror(-err), r->why);
}

/* 0, or -errno: it stays in the record. */
static int put_back(struct own *own, const char *name, int was, int set)
{
	int now, err = setting_read(name, &now);

	if (err == 0 && now == set) {
		err = setting_write(name, was);
		if (!err)
			log_info("net.ipv4.vs.%s is %d again", name, was);
	}
	if (err && err != -ENOENT)
		return err;
	own_sysctl_forget(own, name);
	return 0;
}

static void keep(struct sysctls *s, unsigned i)
{
	const struct sysctl_rule *r = &sysctl_rules[i];
	bool told = s->told & 1u << i;
	int now;

	if (setting_read(r->name, &now) || now == r->value) /* this kernel has none, or it is well */
		return;
	s->told |= 1u << i;
	if (s->settings.sysctls)
		put(s, i, now, told);
	else if (!told)
		log_warning("net.ipv4.vs.%s is %d, not %d: %s (manageSysctls: false)", r->name, now, r->value, r->why);
}

void sysctls_look(struct sysctls *s)
{
	int was, set;

	if (!s->wanted)
		return;
	for (unsigned i = 0; i < SYSCTL_RULES; i++) {
		const struct sysctl_rule *r = &sysctl_rules[i];
		bool needed = sysctl_needed(r, &s->settings, s->kernel);

		if (needed)
			keep(s, i);
		if ((!needed || !s->settings.sysctls) && own_sysctl_was(s->own, r->name, &was, &set) &&
		    put_back(s->own, r->name, was, set) == 0)
			own_sync(s->own);
	}
	loop_timer_set(s->timer, LOOK);
}

static void on_timer(void *arg)
{
	sysctls_look(arg);
}

void sysctls_init(struct sysctls *s, struct loop *loop, struct own *own)
{
	struct utsname u;

	*s = (struct sysctls){.own = own, .timer = loop_timer_new(loop, on_timer, s)};
	s->kernel = uname(&u) == 0 ? sysctl_kernel(u.release) : ~0u;
}

void sysctls_clear(struct sysctls *s)
{
	loop_timer_free(s->timer);
}

void sysctls_want(struct sysctls *s, const struct nat_settings *settings)
{
	s->settings = *settings;
	s->wanted = true;
	s->told = 0;
	sysctls_look(s);
}

int sysctls_restore(struct own *own)
{
	int was, set, err = 0;

	for (unsigned i = 0; i < SYSCTL_RULES; i++)
		if (own_sysctl_was(own, sysctl_rules[i].name, &was, &set)) {
			int one = put_back(own, sysctl_rules[i].name, was, set);

			if (one) {
				log_warning("net.ipv4.vs.%s cannot be set to %d again: %s", sysctl_rules[i].name, was,
					    strerror(-one));
				err = one;
			}
		}
	return err;
}
