/* Decides which system calls a role may make: seccomp(2), its filters made by libseccomp. The tables are the whole policy: what every process of ours
 * does (loop, memory, messages, reading files), then what the role adds, the socket families that it may open, and the calls that end the process.
 * They hold what glibc, valgrind and the sanitizers need too. Test: tests/test_sandbox.c */
#include "sandbox.h"

#include "base/arena.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALL(name)                                                                                                     \
	{                                                                                                              \
		SCMP_SYS(name), #name                                                                                  \
	}

struct call {
	int nr; /* negative where the machine has no such call */
	const char *name;
};

static const struct call common[] = {
    /* memory */
    CALL(mmap), CALL(mmap2), CALL(munmap), CALL(mprotect), CALL(mremap), CALL(madvise), CALL(brk), CALL(mincore),
    CALL(memfd_create), CALL(msync),
    /* time and waiting */
    CALL(clock_gettime), CALL(clock_gettime64), CALL(clock_getres), CALL(clock_nanosleep), CALL(clock_nanosleep_time64),
    CALL(nanosleep), CALL(gettimeofday), CALL(time), CALL(timerfd_create), CALL(timerfd_settime),
    CALL(timerfd_settime64), CALL(timerfd_gettime), CALL(poll), CALL(ppoll), CALL(ppoll_time64), CALL(select),
    CALL(_newselect), CALL(pselect6), CALL(epoll_create), CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_wait),
    CALL(epoll_pwait), CALL(epoll_pwait2), CALL(eventfd2), CALL(futex), CALL(futex_time64), CALL(sched_yield),
    CALL(sched_getaffinity), CALL(restart_syscall), CALL(membarrier), CALL(rseq), CALL(set_robust_list),
    CALL(set_tid_address), CALL(getcpu),
    /* descriptors and files */
    CALL(read), CALL(readv), CALL(pread64), CALL(preadv), CALL(preadv2), CALL(write), CALL(writev), CALL(pwrite64),
    CALL(pwritev), CALL(pwritev2), CALL(close), CALL(close_range), CALL(lseek), CALL(_llseek), CALL(fcntl),
    CALL(fcntl64), CALL(dup), CALL(dup2), CALL(dup3), CALL(pipe), CALL(pipe2), CALL(flock), CALL(ftruncate),
    CALL(ftruncate64), CALL(fallocate), CALL(fsync), CALL(fdatasync), CALL(open), CALL(openat), CALL(openat2),
    CALL(access), CALL(faccessat), CALL(faccessat2), CALL(stat), CALL(stat64), CALL(lstat), CALL(lstat64), CALL(fstat),
    CALL(fstat64), CALL(fstatat64), CALL(newfstatat), CALL(statx), CALL(statfs), CALL(fstatfs), CALL(getdents),
    CALL(getdents64), CALL(readlink), CALL(readlinkat), CALL(getcwd), CALL(ioctl), CALL(umask), CALL(fadvise64),
    CALL(fadvise64_64),
    /* sockets that are there */
    CALL(send), CALL(sendto), CALL(sendmsg), CALL(sendmmsg), CALL(recv), CALL(recvfrom), CALL(recvmsg), CALL(recvmmsg),
    CALL(recvmmsg_time64), CALL(shutdown), CALL(getsockopt), CALL(setsockopt), CALL(getsockname), CALL(getpeername),
    /* signals and the end */
    CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(sigreturn), CALL(rt_sigpending),
    CALL(rt_sigtimedwait), CALL(rt_sigsuspend), CALL(sigaltstack), CALL(signalfd4), CALL(tgkill), CALL(exit),
    CALL(exit_group),
    /* who and where am I */
    CALL(getpid), CALL(getppid), CALL(gettid), CALL(getuid), CALL(getuid32), CALL(geteuid), CALL(geteuid32),
    CALL(getgid), CALL(getgid32), CALL(getegid), CALL(getegid32), CALL(getresuid), CALL(getresgid), CALL(getgroups),
    CALL(getpgrp), CALL(uname), CALL(sysinfo), CALL(getrlimit), CALL(ugetrlimit), CALL(prlimit64), CALL(getrusage),
    CALL(times), CALL(getrandom), CALL(capget), CALL(prctl), CALL(arch_prctl)};

/* Folder watches, its socket's clients, the record in state_dir. */
static const struct call control[] = {CALL(accept),
				      CALL(accept4),
				      CALL(listen),
				      CALL(bind),
				      CALL(connect),
				      CALL(inotify_init),
				      CALL(inotify_init1),
				      CALL(inotify_add_watch),
				      CALL(inotify_rm_watch),
				      CALL(rename),
				      CALL(renameat),
				      CALL(renameat2),
				      CALL(unlink),
				      CALL(unlinkat),
				      CALL(mkdir),
				      CALL(mkdirat),
				      CALL(link),
				      CALL(linkat),
				      CALL(fchmod),
				      CALL(fchmodat),
				      CALL(utimensat)};

static const struct call ipvs[] = {CALL(bind), CALL(connect)};

static const struct call vrrp[] = {CALL(bind),
				   CALL(connect),
				   CALL(sched_setscheduler),
				   CALL(sched_getscheduler),
				   CALL(sched_setparam),
				   CALL(sched_getparam),
				   CALL(sched_get_priority_max),
				   CALL(sched_get_priority_min),
				   CALL(setpriority),
				   CALL(mlock),
				   CALL(mlock2),
				   CALL(mlockall),
				   CALL(munlock),
				   CALL(munlockall),
				   CALL(setrlimit)};

/* Nothing of ours wants these after the filter is set: whoever does is not us any more. */
static const struct call deadly[] = {CALL(execve),
				     CALL(execveat),
				     CALL(ptrace),
				     CALL(process_vm_readv),
				     CALL(process_vm_writev),
				     CALL(mount),
				     CALL(umount),
				     CALL(umount2),
				     CALL(move_mount),
				     CALL(open_tree),
				     CALL(fsopen),
				     CALL(fsconfig),
				     CALL(fsmount),
				     CALL(pivot_root),
				     CALL(chroot),
				     CALL(setns),
				     CALL(unshare),
				     CALL(kexec_load),
				     CALL(kexec_file_load),
				     CALL(init_module),
				     CALL(finit_module),
				     CALL(delete_module),
				     CALL(reboot),
				     CALL(swapon),
				     CALL(swapoff),
				     CALL(bpf),
				     CALL(perf_event_open),
				     CALL(add_key),
				     CALL(request_key),
				     CALL(keyctl),
				     CALL(userfaultfd),
				     CALL(iopl),
				     CALL(ioperm),
				     CALL(acct),
				     CALL(settimeofday),
				     CALL(clock_settime),
				     CALL(sethostname),
				     CALL(setdomainname),
				     CALL(setuid),
				     CALL(setresuid),
				     CALL(setgid),
				     CALL(setresgid),
				     CALL(setgroups),
				     CALL(capset),
				     CALL(mknod),
				     CALL(mknodat),
				     CALL(open_by_handle_at)};

#define TABLE(t) (t), sizeof(t) / sizeof((t)[0])

enum { FAMILIES_MAX = 6 };

/* families ends with 0 (AF_UNSPEC). */
static const struct role_filter {
	const struct call *calls;
	size_t n;
	int families[FAMILIES_MAX];
	bool threads;
} filters[ROLE_COUNT] = {
    [ROLE_CONTROL] = {TABLE(control), {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}, false},
    [ROLE_IPVS] = {TABLE(ipvs), {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}, false},
    [ROLE_VRRP] = {TABLE(vrrp), {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET}, true},
};

static int add(scmp_filter_ctx f, uint32_t action, const struct call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int rc = calls[i].nr < 0 ? 0 : seccomp_rule_add(f, action, calls[i].nr, 0);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int add_families(scmp_filter_ctx f, const int *families)
{
	for (size_t i = 0; i < FAMILIES_MAX && families[i]; i++) {
		const struct scmp_arg_cmp is_family = {
		    .arg = 0, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)families[i]};
		int rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, is_family);

		if (!rc)
			rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1, is_family);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* A thread, no process; glibc falls back to this call from clone3, whose flags a filter cannot see. */
static int add_threads(scmp_filter_ctx f)
{
#if defined(__s390__) || defined(__s390x__)
	enum { FLAGS = 1 };
#else
	enum { FLAGS = 0 };
#endif
	const struct scmp_arg_cmp is_thread = {
	    .arg = FLAGS, .op = SCMP_CMP_MASKED_EQ, .datum_a = CLONE_THREAD, .datum_b = CLONE_THREAD};

	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, is_thread);
}

static int add_all(scmp_filter_ctx f, const struct role_filter *rf)
{
	int rc = seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a binary tree: every call pays for the filter */

	if (!rc)
		rc = add(f, SCMP_ACT_ALLOW, TABLE(common));
	if (!rc)
		rc = add(f, SCMP_ACT_ALLOW, rf->calls, rf->n);
	if (!rc)
		rc = add_families(f, rf->families);
	if (!rc)
		rc = add(f, SCMP_ACT_KILL_PROCESS, TABLE(deadly));
	if (!rc && SCMP_SYS(clone3) >= 0)
		rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (!rc && rf->threads)
		rc = add_threads(f);
	return rc;
}

/* libseccomp writes a filter only to a file. */
static int export(scmp_filter_ctx f, struct sandbox *out)
{
	int fd = memfd_create("seccomp", MFD_CLOEXEC), rc = fd < 0 ? -errno : seccomp_export_bpf(f, fd);
	off_t size = rc ? 0 : lseek(fd, 0, SEEK_END);
	struct sock_filter *code = NULL;

	if (!rc && (size <= 0 || size > (off_t)(BPF_MAXINSNS * sizeof(*code))))
		rc = -E2BIG;
	if (!rc) {
		code = xmalloc((size_t)size);
		if (pread(fd, code, (size_t)size, 0) == size)
			*out = (struct sandbox){code, (unsigned short)((size_t)size / sizeof(*code))};
		else
			rc = -EIO;
	}
	if (rc)
		free(code);
	if (fd >= 0)
		close(fd);
	return rc;
}

int sandbox_make(enum role role, struct sandbox *out)
{
	const struct role_filter *rf = &filters[role];
	scmp_filter_ctx f;
	int rc;

	*out = (struct sandbox){0};
	if (!rf->calls)
		return 0;
	f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!f)
		return -ENOMEM;
	rc = add_all(f, rf);
	if (!rc)
		rc = export(f, out);
	seccomp_release(f);
	return rc;
}

void sandbox_clear(struct sandbox *s)
{
	free(s->code);
	*s = (struct sandbox){0};
}

int sandbox_enter(const struct sandbox *s, bool loud)
{
	const struct sock_fprog program = {.len = s->n, .filter = s->code};

	if (!s->code)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (loud && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, &program) == 0)
		return 0; /* Linux before 4.14 cannot */
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
}
