/* Decides which uid and gid a --user-... flag means: passwd(5), group(5). Test: tests/test_places.c */
#include "users.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

/* (uid_t)-1 means "leave it" to setresuid, so the last number is out. */
static int number(const char *text, size_t len, unsigned *out)
{
	unsigned long v;

	if (len == 0 || len > 10 || strspn(text, "0123456789") < len)
		return -EINVAL;
	v = strtoul(text, NULL, 10);
	if (v >= 0xffffffffUL)
		return -EINVAL;
	*out = (unsigned)v;
	return 0;
}

static int find_number(const char *spec, struct user *out)
{
	size_t len = strcspn(spec, ":");
	unsigned uid, gid;
	const struct passwd *pw;

	if (number(spec, len, &uid) < 0)
		return -EINVAL;
	if (spec[len]) {
		if (number(spec + len + 1, strlen(spec + len + 1), &gid) < 0)
			return -EINVAL;
	} else {
		pw = getpwuid(uid);
		gid = pw ? pw->pw_gid : uid;
	}
	*out = (struct user){.uid = uid, .gid = gid};
	return 0;
}

int users_find(const char *spec, struct user *out)
{
	const struct passwd *pw;

	if (*spec >= '0' && *spec <= '9')
		return find_number(spec, out);
	if (!*spec || strchr(spec, ':'))
		return -EINVAL;
	pw = getpwnam(spec);
	if (!pw)
		return -ENOENT;
	*out = (struct user){.uid = pw->pw_uid, .gid = pw->pw_gid};
	return 0;
}

gid_t users_socket_group(gid_t otherwise)
{
	const struct group *gr = getgrnam("vipd");

	return gr ? gr->gr_gid : otherwise;
}

gid_t users_admin_group(void)
{
	const struct group *gr = getgrnam("vipd-admin");

	return gr ? gr->gr_gid : 0;
}
