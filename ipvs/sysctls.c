/* Decides nothing that sysctl_rules.c and tug.c do not: reads and writes /proc/sys/net, which lets a process that has CAP_NET_ADMIN over the namespace
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
static int setting_open(const struct sysctl_rule *r, int flags)
{
	char path[SYSCTL_PATH];
	int fd = open(sysctl_path(r, path), flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int setting_read(const struct sysctl_rule *r, int *value)
{
	int fd = setting_open(r, O_RDONLY), err = 0;
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

static int setting_write(const struct sysctl_rule *r, int value)
{
	int fd = setting_open(r, O_WRONLY), err = 0;
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

/* Said when it is new; "": it is over. */
static void set_problem(struct sysctls *s, unsigned i, const char *text)
{
	struct sysctl_state *st = &s->states[i];
	const char *name = sysctl_rules[i].name;

	if (!strcmp(st->problem, text))
		return;
	if (text[0])
		log_warning("%s", text);
	s->ops->note(s->arg, name, "KernelSetting", text[0] ? text : st->problem, !text[0]);
	snprintf(st->problem, sizeof st->problem, "%s", text);
}

static void tell_tug(struct sysctls *s, unsigned i, bool over)
{
	const struct sysctl_rule *r = &sysctl_rules[i];
	char text[SYSCTL_PROBLEM];

	snprintf(text, sizeof text,
		 "another program keeps changing %s; vipd sets it to %d, after longer and longer waits: %s. Stop it "
		 "there (sysctl.d, tuned, kube-proxy), or set manageSysctls: false",
		 r->name, r->value, r->why);
	s->ops->note(s->arg, r->name, "TugOfWar", text, over);
}

/* 0, or -errno: what was there before is on disk before the kernel is told. *where: what failed. */
static int put(struct sysctls *s, const struct sysctl_rule *r, int was, const char **where)
{
	int err;

	own_sysctl(s->own, sysctl_word(r), was, r->value);
	err = own_sync(s->own);
	*where = err ? "the ownership record cannot be written" : "it cannot be set";
	return err ? err : setting_write(r, r->value);
}

/* Who changed it may do so again. */
static void look_again(struct sysctls *s, nsec_t wait)
{
	if (wait < NSEC_PER_SEC)
		wait = NSEC_PER_SEC;
	if (wait < s->next)
		s->next = wait;
}

/* It is not as it should be, and vipd may set it. */
static void mend(struct sysctls *s, unsigned i, int was)
{
	const struct sysctl_rule *r = &sysctl_rules[i];
	struct sysctl_state *st = &s->states[i];
	nsec_t now = clock_now(), left = st->tug.last + tug_wait(&st->tug) - now;
	char text[SYSCTL_PROBLEM];
	const char *where;
	int err;

	if (st->well && left > 0) {
		look_again(s, left);
		return;
	}
	err = put(s, r, was, &where);
	if (err) {
		snprintf(text, sizeof text, "%s is %d, not %d: %s: %s: %s", r->name, was, r->value, where,
			 strerror(-err), r->why);
		set_problem(s, i, text);
		return;
	}
	set_problem(s, i, "");
	log_info("%s is %d now, was %d: %s", r->name, r->value, was, r->why);
	if (st->well) {
		s->mended++;
		if (tug_healed(&st->tug, now)) {
			log_event(LOG_TUG_OF_WAR, NULL, "another program keeps changing %s", r->name);
			tell_tug(s, i, false);
		}
		look_again(s, tug_wait(&st->tug));
	}
	st->well = true;
}

static void tug_end(struct sysctls *s, unsigned i)
{
	if (tug_on(&s->states[i].tug))
		tell_tug(s, i, true);
	s->states[i].tug = (struct tug_row){0};
}

static void keep(struct sysctls *s, unsigned i)
{
	const struct sysctl_rule *r = &sysctl_rules[i];
	char text[SYSCTL_PROBLEM] = "";
	int now, err = setting_read(r, &now);

	if (tug_over(&s->states[i].tug, clock_now()))
		tug_end(s, i);
	if (!err && !sysctl_does(r, now) && s->settings.sysctls && !r->told) {
		mend(s, i, now);
		return;
	}
	if (!err && !sysctl_does(r, now))
		snprintf(text, sizeof text, "%s is %d, not %d: %s%s", r->name, now, r->value, r->why,
			 r->told ? "" : " (manageSysctls: false)");
	s->states[i].well = !err && sysctl_does(r, now);
	set_problem(s, i, text);
}

/* 0, or -errno: it stays in the record. */
static int put_back(struct own *own, const struct sysctl_rule *r, int was, int set)
{
	int now, err = setting_read(r, &now);

	if (err == 0 && now == set) {
		err = setting_write(r, was);
		if (!err)
			log_info("%s is %d again", r->name, was);
	}
	if (err && err != -ENOENT)
		return err;
	own_sysctl_forget(own, sysctl_word(r));
	return 0;
}

static void leave(struct sysctls *s, unsigned i)
{
	set_problem(s, i, "");
	tug_end(s, i);
	s->states[i].well = false;
}

void sysctls_look(struct sysctls *s)
{
	int was, set;

	if (!s->wanted)
		return;
	s->need = s->ops->need(s->arg);
	s->next = LOOK;
	for (unsigned i = 0; i < SYSCTL_RULES; i++) {
		const struct sysctl_rule *r = &sysctl_rules[i];
		bool needed = sysctl_needed(r, &s->settings, s->kernel, s->need);

		if (!r->stays && (!needed || !s->settings.sysctls) &&
		    own_sysctl_was(s->own, sysctl_word(r), &was, &set) && put_back(s->own, r, was, set) == 0)
			own_sync(s->own);
		if (needed)
			keep(s, i);
		else
			leave(s, i);
	}
	loop_timer_set(s->timer, s->next);
}

static void on_timer(void *arg)
{
	sysctls_look(arg);
}

void sysctls_init(struct sysctls *s, struct loop *loop, struct own *own, const struct sysctl_ops *ops, void *arg)
{
	struct utsname u;

	*s = (struct sysctls){.ops = ops, .arg = arg, .own = own, .timer = loop_timer_new(loop, on_timer, s)};
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
	sysctls_look(s);
}

void sysctls_more(struct sysctls *s, unsigned need)
{
	unsigned more = need & ~s->need;

	s->need |= more;
	if (more && s->wanted)
		loop_timer_set(s->timer, 0);
}

bool sysctls_rates(void)
{
	int now;

	for (unsigned i = 0; i < SYSCTL_RULES; i++)
		if (sysctl_rules[i].need == NEED_NO_RATES && !setting_read(&sysctl_rules[i], &now))
			return now;
	return true; /* it cannot be asked not to */
}

void sysctls_renote(struct sysctls *s)
{
	for (unsigned i = 0; i < SYSCTL_RULES; i++) {
		const struct sysctl_state *st = &s->states[i];

		if (st->problem[0])
			s->ops->note(s->arg, sysctl_rules[i].name, "KernelSetting", st->problem, false);
		if (tug_on(&st->tug))
			tell_tug(s, i, false);
	}
}

int sysctls_restore(struct own *own)
{
	int was, set, err = 0;

	for (unsigned i = 0; i < SYSCTL_RULES; i++) {
		const struct sysctl_rule *r = &sysctl_rules[i];
		int one;

		if (!own_sysctl_was(own, sysctl_word(r), &was, &set))
			continue;
		one = put_back(own, r, was, set);
		if (one) {
			log_warning("%s cannot be set to %d again: %s", r->name, was, strerror(-one));
			err = one;
		}
	}
	return err;
}
