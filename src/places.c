/* Decides which files vipd keeps where, with which owner and mode: run_dir is root's and lives for a boot, state_dir is control's and lives on.
 * Test: tests/test_places.c */
#include "places.h"

#include "base/arena.h"
#include "base/log.h"
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

#define FAIL(err, ...) (snprintf(error, size, __VA_ARGS__), (err))

static int find_user(const char *flag, const char *spec, struct user *out, char *error, size_t size)
{
	int err = users_find(spec, out);

	if (err == -ENOENT)
		return FAIL(err,
			    "user '%s' does not exist: make it (systemd-sysusers, useradd --system) or give --user-%s",
			    spec, flag);
	if (err < 0)
		return FAIL(err, "--user-%s: '%s' is neither a name nor UID or UID:GID", flag, spec);
	return 0;
}

int places_find_users(const char *control, const char *net, const char *script, struct places_users *out, char *error,
		      size_t size)
{
	struct places_users u;
	int err = find_user("control", control, &u.control, error, size);

	if (!err)
		err = find_user("net", net, &u.net, error, size);
	if (!err)
		err = find_user("script", script, &u.script, error, size);
	if (err < 0)
		return err;
	u.socket_group = users_socket_group(u.control.gid);
	*out = u;
	return 0;
}

/* mkdir -p; umask does not count. */
static int make_dir(const char *path, mode_t mode)
{
	char *copy = xstrdup(path);
	struct stat st;
	int err = 0;

	for (char *slash = strchr(copy + 1, '/'); slash && !err; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			err = -errno;
		*slash = '/';
	}
	if (!err && mkdir(copy, mode) < 0)
		err = errno == EEXIST ? 0 : -errno;
	else if (!err && chmod(copy, mode) < 0)
		err = -errno;
	if (!err && stat(copy, &st) < 0)
		err = -errno;
	if (!err && !S_ISDIR(st.st_mode))
		err = -ENOTDIR;
	free(copy);
	return err;
}

int places_make_run_dir(const struct places *p, char *error, size_t size)
{
	int err = make_dir(p->run_dir, 0755);

	return err ? FAIL(err, "%s: cannot make the run directory: %s", p->run_dir, strerror(-err)) : 0;
}

int places_own(const struct places *p, enum role role)
{
	char *path = xasprintf("%s/%s.own", p->run_dir, role_name(role));
	int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		fd = -errno;
	free(path);
	return fd;
}

static int mem_open(const struct places *p, struct places_open *o, char *error, size_t size)
{
	char *path = xasprintf("%s/vrrp.mem", p->run_dir);
	int err = 0;

	o->mem_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (o->mem_fd < 0)
		err = FAIL(-errno, "%s: %s", path, strerror(errno));
	free(path);
	return err;
}

static int own_open_all(const struct places *p, struct places_open *o, char *error, size_t size)
{
	static const enum role roles[] = {ROLE_IPVS, ROLE_VRRP};

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		int fd = places_own(p, roles[i]);

		if (fd < 0)
			return FAIL(fd, "%s/%s.own: %s", p->run_dir, role_name(roles[i]), strerror(-fd));
		o->own_fd[roles[i]] = fd;
	}
	return 0;
}

/* What is right already stays: without CAP_FOWNER (packaging/vipd.service) root may change the mode of its own files only, so the mode comes first. */
static int give(int dirfd, const char *name, uid_t uid, gid_t gid, mode_t mode)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if ((st.st_mode & 07777) != mode && fchmodat(dirfd, name, mode, 0) < 0)
		return -errno;
	if ((st.st_uid != uid || st.st_gid != gid) && fchownat(dirfd, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

/* Where manifests go: those of the group vipd-admin may change them. One that is there stays as somebody wants it. */
static int manifests_make(int state_fd, const struct user *owner, gid_t admin)
{
	struct stat st;
	int fd, err;

	if (fstatat(state_fd, "manifests", &st, 0) == 0)
		return 0;
	if (mkdirat(state_fd, "manifests", 0755) <
	    0) /* in control's folder root may not: control tells that it is missing */
		return errno == EACCES ? 0 : -errno;
	/* The folder around it is control's, who could have put a link in its place. */
	fd = openat(state_fd, "manifests", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = give(fd, ".", owner->uid, admin ? admin : owner->gid, admin ? 0775 : 0755);
	close(fd);
	return err;
}

/* A full or read-only disk is no reason to leave the addresses unserved: then nothing outlives this vipd. */
static bool goes_without(const struct places *p, int err, const char *what)
{
	if (err != -EROFS && err != -ENOSPC && err != -EDQUOT)
		return false;
	log_event(LOG_RECORD_REFUSED, LOG_WITH(.file = p->state_dir), "%s: %s: %s; going on without", p->state_dir,
		  what, strerror(-err));
	return true;
}

static int state_open(const struct places *p, const struct user *owner, int *out, char *error, size_t size)
{
	int err = make_dir(p->state_dir, 0750), fd;

	if (goes_without(p, err, "the state directory cannot be made"))
		return 0; /* *out stays -1 */
	if (err)
		return FAIL(err, "%s: cannot make the state directory: %s", p->state_dir, strerror(-err));
	fd = open(p->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return FAIL(-errno, "%s: %s", p->state_dir, strerror(errno));
	err = manifests_make(fd, owner, p->admin_gid);
	if (goes_without(p, err, "the manifests folder cannot be made"))
		err = 0;
	if (!err)
		err = give(fd, ".", owner->uid, owner->gid, 0750);
	if (goes_without(p, err, "owner and mode cannot be set"))
		err = 0;
	if (err) {
		close(fd);
		return FAIL(err, "%s: cannot give it to user %u: %s", p->state_dir, (unsigned)owner->uid,
			    strerror(-err));
	}
	*out = fd;
	return 0;
}

/* Only a socket is removed: a flag that names a file by mistake must not cost the file. */
static int remove_stale(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	return unlink(path) < 0 ? -errno : 0;
}

static int listen_at(const char *path, const struct places_users *u, int *out)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd, err = 0;

	if (strlen(path) >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	strcpy(sun.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = remove_stale(path);
	if (!err) {
		mode_t before = umask(0117); /* never open to others, not even for a moment */

		if (bind(fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0)
			err = -errno;
		umask(before);
	}
	if (!err)
		err = give(AT_FDCWD, path, u->control.uid, u->socket_group, 0660);
	if (!err && listen(fd, BACKLOG) < 0)
		err = -errno;
	if (err)
		close(fd);
	else
		*out = fd;
	return err;
}

/* run_dir/notify: vrrp may not make one itself. What somebody else put there stays as it is. */
static int notify_make(const struct places *p, const struct places_users *u)
{
	char *path = xasprintf("%s/notify", p->run_dir);
	struct stat st;
	int err = 0;

	if (mkfifo(path, 0600) < 0)
		err = errno == EEXIST ? 0 : -errno;
	if (!err && lstat(path, &st) == 0 && S_ISFIFO(st.st_mode))
		err = give(AT_FDCWD, path, u->net.uid, u->socket_group, 0660);
	free(path);
	return err;
}

int places_take(const struct places *p, const struct places_users *u, int listen_fd, struct places_open *out,
		char *error, size_t size)
{
	struct places_open o = {.listen_fd = listen_fd, .state_fd = -1, .watch_fd = -1, .mem_fd = -1};
	int err;

	for (int r = 0; r < ROLE_COUNT; r++)
		o.own_fd[r] = -1;
	o.watch_fd = lock_watch(p->run_dir);
	if (o.watch_fd < 0) {
		err = FAIL(o.watch_fd, "%s/lock: %s", p->run_dir, strerror(-o.watch_fd));
		goto fail;
	}
	err = own_open_all(p, &o, error, size);
	if (!err)
		err = mem_open(p, &o, error, size);
	if (!err)
		err = state_open(p, &u->control, &o.state_fd, error, size);
	if (err)
		goto fail;
	err = notify_make(p, u);
	if (err) {
		snprintf(error, size, "%s/notify: cannot make the FIFO: %s", p->run_dir, strerror(-err));
		goto fail;
	}
	if (listen_fd < 0)
		err = listen_at(p->control_socket, u, &o.listen_fd);
	if (err) {
		snprintf(error, size, "%s: cannot open the control socket: %s", p->control_socket, strerror(-err));
		goto fail;
	}
	*out = o;
	return 0;
fail:
	if (listen_fd >= 0)
		o.listen_fd = -1;
	places_close(&o);
	return err;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void places_close(struct places_open *o)
{
	for (int r = 0; r < ROLE_COUNT; r++)
		close_one(&o->own_fd[r]);
	close_one(&o->listen_fd);
	close_one(&o->state_fd);
	close_one(&o->watch_fd);
	close_one(&o->mem_fd);
}
