/* vipd: chooses between running and the actions that end at once. Everything else is in the files that it calls. */
#include "base/log.h"
#include "base/version.h"
#include "cleanup.h"
#include "dry_run.h"
#include "lock.h"
#include "options.h"
#include "reexec.h"
#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_SIZE = 400 };

static int cannot(int err)
{
	return err == -EACCES || err == -EPERM || err == -EROFS ? VIPD_CANNOT : VIPD_FAILED;
}

/* The path, not the file: a package puts the next version there. */
static char *program_path(const char *argv0)
{
	static const char gone[] = " (deleted)";
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return strdup(argv0);
	path[n] = '\0';
	if ((size_t)n > strlen(gone) && !strcmp(path + n - strlen(gone), gone))
		path[(size_t)n - strlen(gone)] = '\0';
	return strdup(path);
}

/* The loader is to look up every library's symbols before main, not when a virtual router takes over for the first time; and once for all processes.
 * It asks only its environment. Where the program cannot be started again it goes on as it is. */
static void bind_now(char **argv)
{
	static const char variable[] = "LD_BIND_NOW";
	char *program;

	if (getenv(variable))
		return;
	setenv(variable, "1", 1);
	program = program_path(argv[0]);
	execv(program, argv);
	free(program);
}

static void close_stdin(void)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null > STDERR_FILENO) {
		dup2(null, STDIN_FILENO);
		close(null);
	}
}

static int take_lock(const struct places *p)
{
	pid_t holder;
	int fd = lock_take(p->run_dir, NSEC_PER_SEC, &holder);

	if (fd == -EWOULDBLOCK)
		log_error("another vipd (pid %ld) holds %s/lock", (long)holder, p->run_dir);
	else if (fd < 0)
		log_error("%s/lock: %s", p->run_dir, strerror(-fd));
	return fd;
}

/* For all the roles that a restart may ever need. */
static void make_sandboxes(struct spawn *s)
{
	for (int r = 0; r < ROLE_COUNT; r++) {
		int err = sandbox_make((enum role)r, &s->roles[r].sandbox);

		if (err < 0)
			log_warning("%s goes without a seccomp filter: %s", role_name((enum role)r), strerror(-err));
	}
	malloc_trim(0); /* what that took would be in each child */
}

/* Everything is open: serve. */
static int serve(const struct options *o, const struct places *places, char **argv, const struct places_users *u,
		 const struct places_open *open, int lock_fd, struct reexec *carried)
{
	char *program = program_path(argv[0]);
	struct supervisor_conf conf = {
	    .spawn = {.roles = {[ROLE_CONTROL] = {.main = control_main, .user = u->control},
				[ROLE_IPVS] = {.main = ipvs_main, .user = u->net},
				[ROLE_VRRP] = {.main = vrrp_main, .user = u->net},
				[ROLE_RUNNER] = {.main = runner_main}},
		      .confine = true},
	    .places = places,
	    .open = open,
	    .lock_fd = lock_fd,
	    .program = program,
	    .argc = o->argc,
	    .argv = argv,
	    .carried = carried,
	};
	int code;

	log_info("vipd %s (pid %ld)", VIPD_VERSION, (long)getpid());
	make_sandboxes(&conf.spawn);
	code = supervisor_run(&conf);
	for (int r = 0; r < ROLE_COUNT; r++)
		sandbox_clear(&conf.spawn.roles[r].sandbox);
	free(program);
	return code;
}

static int run(const struct options *o, char **argv)
{
	char why[LINE_SIZE] = "";
	struct places places = o->places;
	struct places_users users;
	struct places_open open;
	struct reexec carried;
	unsigned version;
	int taken = reexec_take(&carried, &version), lock_fd, err, code;

	if (taken < 0) {
		if (taken == -EPROTO)
			log_error("what the last vipd carried over " VERSION_OTHER
				  ": its processes leave the kernel as it is and end; start vipd again",
				  version, (unsigned)REEXEC_VERSION);
		else
			log_error("what the last vipd carried over cannot be understood");
		return VIPD_FAILED;
	}
	if (geteuid() != 0) {
		log_error("vipd starts as root; its processes give up what they do not need");
		return VIPD_CANNOT;
	}
	if (places_find_users(o->user_control, o->user_net, o->user_script, &users, why, sizeof(why)) < 0) {
		log_error("%s", why);
		return VIPD_CANNOT;
	}
	places.socket_gid = users.socket_group;
	places.admin_gid = users_admin_group();
	places.script_uid = users.script.uid;
	places.script_gid = users.script.gid;
	close_stdin();
	err = places_make_run_dir(&o->places, why, sizeof(why));
	if (err < 0) {
		log_error("%s", why);
		return cannot(err);
	}
	lock_fd = taken ? carried.lock_fd : take_lock(&o->places);
	if (lock_fd < 0)
		return lock_fd == -EWOULDBLOCK ? VIPD_CANNOT : cannot(lock_fd);
	err = places_take(&places, &users, taken ? carried.listen_fd : -1, &open, why, sizeof(why));
	if (err < 0) {
		log_error("%s", why);
		close(lock_fd);
		return cannot(err);
	}
	code = serve(o, &places, argv, &users, &open, lock_fd, taken ? &carried : NULL);
	unlink(o->places.control_socket);
	places_close(&open);
	close(lock_fd);
	return code;
}

static int help(void)
{
	char *text = options_help();

	fputs(text, stdout);
	free(text);
	return VIPD_OK;
}

static int act(const struct options *o, char **argv)
{
	switch (o->action) {
	case DO_HELP:
		return help();
	case DO_VERSION:
		printf("vipd %s\n", VIPD_VERSION);
		return VIPD_OK;
	case DO_CHECK:
		return dry_run(o, false);
	case DO_PRINT:
		return dry_run(o, true);
	case DO_CLEANUP:
		return cleanup_run(&o->places);
	case DO_RUN:
		bind_now(argv);
		return run(o, argv);
	}
	return VIPD_USAGE;
}

int main(int argc, char **argv)
{
	char why[LINE_SIZE];
	struct options o;
	int code;

	if (options_parse(argc, argv, environ, &o, why, sizeof(why)) < 0) {
		fprintf(stderr, "vipd: %s\n", why);
		return VIPD_USAGE;
	}
	umask(022);
	o.places.config_owner = getuid();
	log_open("vipd", o.log_level);
	log_open_format(o.log_format, LOG_JOURNAL_SOCKET);
	code = act(&o, argv);
	options_clear(&o);
	return code;
}
