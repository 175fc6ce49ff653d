/* Decides in which order a node is left clean: addresses first, so that clients go elsewhere, then the virtual servers, then what goes with them in the packet
 * filter, then the files.
 * Test: tests/lab/ */
#include "cleanup.h"

#include "../ipvs/cleanup.h"
#include "../vrrp/cleanup.h"
#include "base/arena.h"
#include "base/log.h"
#include "cleanup_packets.h"
#include "lock.h"
#include "places.h"
#include "supervisor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int ipvs_one(const struct places *p)
{
	int fd = places_own(p, ROLE_IPVS), err = fd < 0 ? fd : ipvs_cleanup(fd);

	if (fd >= 0)
		close(fd);
	return err;
}

static int vrrp_one(const struct places *p)
{
	int fd = places_own(p, ROLE_VRRP), err = fd < 0 ? fd : vrrp_cleanup(fd);

	if (fd >= 0)
		close(fd);
	return err;
}

static void remove_file(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);

	if (unlink(path) < 0 && errno != ENOENT)
		log_warning("%s: %s", path, strerror(errno));
	free(path);
}

/* The lock goes last, while it is held: who waits for it sees that the name is another file (lock.c). */
static void remove_files(const struct places *p)
{
	struct stat st;

	remove_file(p->run_dir, "ipvs.own");
	remove_file(p->run_dir, "vrrp.own");
	if (lstat(p->control_socket, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(p->control_socket);
	remove_file(p->run_dir, "lock");
}

int cleanup_run(const struct places *p)
{
	pid_t holder;
	int lock, ipvs, vrrp, packets;

	if (access(p->run_dir, F_OK) < 0 && errno == ENOENT) {
		log_info("%s does not exist: no vipd has run here since the boot", p->run_dir);
		return VIPD_OK;
	}
	lock = lock_take(p->run_dir, NSEC_PER_SEC, &holder);
	if (lock == -EWOULDBLOCK) {
		log_error("vipd (pid %ld) holds %s/lock: stop it first", (long)holder, p->run_dir);
		return VIPD_CANNOT;
	}
	if (lock < 0) {
		log_error("%s/lock: %s", p->run_dir, strerror(-lock));
		return lock == -EACCES || lock == -EPERM ? VIPD_CANNOT : VIPD_FAILED;
	}
	vrrp = vrrp_one(p);
	if (vrrp < 0)
		log_error("addresses: %s", strerror(-vrrp));
	ipvs = ipvs_one(p);
	if (ipvs < 0)
		log_error("virtual servers: %s", strerror(-ipvs));
	packets = cleanup_packets();
	if (packets < 0)
		log_error("rules and sets: %s", strerror(-packets));
	if (vrrp >= 0 && ipvs >= 0 && packets >= 0)
		remove_files(p);
	close(lock);
	return vrrp < 0 || ipvs < 0 || packets < 0 ? VIPD_FAILED : VIPD_OK;
}
