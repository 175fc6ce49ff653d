/* Folders, lock, users: src/places.c, src/lock.c, src/users.c */
#include "../src/places.h"

#include "../src/base/arena.h"
#include "../src/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	char dir[64];
	char *run, *state, *sock;
	struct places places;
	struct places_users users;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/vipd-test-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	f->run = xasprintf("%s/a/run", f->dir);
	f->state = xasprintf("%s/b/state", f->dir);
	f->sock = xasprintf("%s/a/run/vipd.sock", f->dir);
	f->places = (struct places){.run_dir = f->run, .state_dir = f->state, .control_socket = f->sock};
	f->users.control = (struct user){getuid(), getgid()};
	f->users.socket_group = getgid();
	*state = f;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f->run);
	free(f->state);
	free(f->sock);
	free(f);
	return 0;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void test_take(void **state)
{
	const struct fixture *f = *state;
	struct places_open o;
	char error[200] = "";
	pid_t holder;
	int lock;

	assert_int_equal(places_make_run_dir(&f->places, error, sizeof(error)), 0);
	assert_int_equal(places_make_run_dir(&f->places, error, sizeof(error)), 0);
	assert_int_equal(mode_of(f->run), 0755);
	lock = lock_take(f->run, 0, &holder);
	assert_true(lock >= 0);
	/* twice: what a killed vipd left (socket, records) must not hinder */
	for (int i = 0; i < 2; i++) {
		char *manifests = xasprintf("%s/manifests", f->state), *own = xasprintf("%s/ipvs.own", f->run);
		char *fifo = xasprintf("%s/notify", f->run);

		assert_int_equal(places_take(&f->places, &f->users, -1, &o, error, sizeof(error)), 0);
		assert_int_equal(mode_of(f->state), 0750);
		assert_int_equal(mode_of(f->sock), 0660);
		assert_int_equal(mode_of(own), 0600);
		assert_int_equal(mode_of(fifo), 0660);
		assert_int_equal(access(manifests, R_OK), 0);
		assert_true(o.own_fd[ROLE_IPVS] >= 0 && o.own_fd[ROLE_VRRP] >= 0);
		assert_int_equal(o.own_fd[ROLE_CONTROL], -1);
		assert_int_equal(fcntl(o.own_fd[ROLE_IPVS], F_GETFL) & (O_APPEND | O_ACCMODE), O_APPEND | O_RDWR);
		/* the watching descriptor sees the lock held, its own description */
		assert_int_equal(flock(o.watch_fd, LOCK_SH | LOCK_NB), -1);
		places_close(&o);
		free(manifests);
		free(own);
		free(fifo);
	}
	close(lock);
}

static void test_socket_path_is_a_file(void **state)
{
	const struct fixture *f = *state;
	struct places_open o;
	char error[200] = "";
	pid_t holder;
	int lock;

	assert_int_equal(places_make_run_dir(&f->places, error, sizeof(error)), 0);
	lock = lock_take(f->run, 0, &holder);
	close(open(f->sock, O_WRONLY | O_CREAT, 0600));
	assert_int_equal(places_take(&f->places, &f->users, -1, &o, error, sizeof(error)), -EEXIST);
	assert_non_null(strstr(error, "vipd.sock: cannot open the control socket"));
	assert_int_equal(access(f->sock, F_OK), 0);
	close(lock);
}

static void test_dir_is_a_file(void **state)
{
	const struct fixture *f = *state;
	char *parent = xasprintf("%s/a", f->dir), error[200] = "";

	close(open(parent, O_WRONLY | O_CREAT, 0600));
	assert_int_equal(places_make_run_dir(&f->places, error, sizeof(error)), -ENOTDIR);
	assert_non_null(strstr(error, "cannot make the run directory"));
	free(parent);
}

static void test_lock(void **state)
{
	const struct fixture *f = *state;
	char error[200], *path = xasprintf("%s/lock", f->run);
	pid_t holder;
	int first, watch;

	assert_int_equal(lock_take(f->run, 0, &holder), -ENOENT);
	assert_int_equal(places_make_run_dir(&f->places, error, sizeof(error)), 0);
	first = lock_take(f->run, 0, &holder);
	assert_true(first >= 0);
	assert_int_equal(lock_take(f->run, 0, &holder), -EWOULDBLOCK);
	assert_int_equal(holder, getpid());
	/* removed by a clean-up: the name is free although the old file is locked */
	unlink(path);
	watch = lock_take(f->run, 0, &holder);
	assert_true(watch >= 0);
	close(watch);
	close(first);
	/* one that only looks is in the way for a moment, not for good */
	watch = lock_watch(f->run);
	assert_int_equal(flock(watch, LOCK_SH | LOCK_NB), 0);
	assert_int_equal(lock_take(f->run, 0, &holder), -EWOULDBLOCK);
	flock(watch, LOCK_UN);
	first = lock_take(f->run, 0, &holder);
	assert_true(first >= 0);
	close(first);
	close(watch);
	free(path);
}

static void test_users(void **state)
{
	static const struct {
		const char *spec;
		int err;
		uid_t uid;
		gid_t gid;
	} rows[] = {
	    {"990:991", 0, 990, 991},
	    {"0", 0, 0, 0},
	    {"root", 0, 0, 0},
	    {"4000000123", 0, 4000000123U, 4000000123U},
	    {"4294967295", -EINVAL, 0, 0},
	    {"99999999999", -EINVAL, 0, 0},
	    {"990:", -EINVAL, 0, 0},
	    {"990:x", -EINVAL, 0, 0},
	    {"9x", -EINVAL, 0, 0},
	    {"", -EINVAL, 0, 0},
	    {"a:b", -EINVAL, 0, 0},
	    {"vipd-no-such-user", -ENOENT, 0, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct user u = {0, 0};

		assert_int_equal(users_find(rows[i].spec, &u), rows[i].err);
		assert_int_equal(u.uid, rows[i].uid);
		assert_int_equal(u.gid, rows[i].gid);
	}
}

static void test_find_users(void **state)
{
	struct places_users u;
	char error[200];

	assert_int_equal(places_find_users("990:990", "991", "992", &u, error, sizeof(error)), 0);
	assert_int_equal(u.net.uid, 991);
	assert_int_equal(places_find_users("990", "vipd-no-such-user", "992", &u, error, sizeof(error)), -ENOENT);
	assert_non_null(strstr(error, "'vipd-no-such-user' does not exist"));
	assert_non_null(strstr(error, "--user-net"));
	assert_int_equal(places_find_users("990", "991", "a:b", &u, error, sizeof(error)), -EINVAL);
	assert_string_equal(error, "--user-script: 'a:b' is neither a name nor UID or UID:GID");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_take, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_socket_path_is_a_file, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_dir_is_a_file, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_lock, setup, teardown),
	    cmocka_unit_test(test_users),
	    cmocka_unit_test(test_find_users),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
