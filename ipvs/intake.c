/* What the ipvs process is told becomes what is wanted, and is kept by the supervisor for a successor: a picture, then rows, and a picture again when the rows
 * have grown. Source: src/base/proto.h, DESIGN.md "Life and death". Test: tests/kernel/test_ipvs_process.c. */
#include "../src/base/arena.h"
#include "../src/base/log.h"
#include "../src/base/memfd.h"
#include "ipvs_int.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEPT_ROWS_LEAST = 64 << 10, KEPT_ROWS_MOST = 1 << 20 };

/* enum fsm_mode of vrrp/fsm.h, which this room does not include. */
enum { ROLE_ACTIVE = 2 };

/* Takes a picture; the descriptor stays the caller's. */
int ipvs_take_picture(struct ipvs *p, int fd, uint64_t generation)
{
	const void *bytes;
	const char *reason = "it is no sealed picture";
	struct ipvs_settings *settings = xcalloc(1, sizeof(*settings));
	struct table *want;
	size_t len;
	int err = fd < 0 ? -EBADF : memfd_map(fd, &bytes, &len);

	if (!err) {
		err = wire_decode_table(bytes, len, &want, settings, &reason);
		memfd_unmap(bytes, len);
	}
	if (err) {
		log_error("picture %" PRIu64 " is refused: %s", generation, reason);
		free(settings);
		return err;
	}
	gates_picture(&p->gates, want, settings);
	netfilter_picture(&p->netfilter, want, &settings->nat);
	reconcile_picture(&p->r, want, settings);
	syncd_want(&p->sync, &settings->sync);
	sysctls_want(&p->sysctls, &settings->nat);
	loop_timer_set(p->sync_look, 0);
	free(settings);
	p->generation = generation;
	p->acked = false;
	p->kept_picture = len;
	p->kept_rows = 0;
	return 0;
}

static int check_rows(const struct ipvs *p, const struct msg *m, const char **reason)
{
	enum row_op op;
	struct vs v;
	size_t at = 0;
	int n;
	while ((n = wire_next_row(m->payload, m->len, &at, &op, &v, reason)) > 0) {
		vs_clear(&v);
		if (v.gate > p->gates.n) {
			*reason = "a gate that is not there";
			return -EINVAL;
		}
	}
	return n;
}

/* Takes a message of rows, all or none. */
int ipvs_take_rows(struct ipvs *p, const struct msg *m)
{
	const char *reason = "no picture came before";
	enum row_op op;
	struct vs v;
	size_t at = 0;

	if (!p->r.want || m->generation < p->generation || check_rows(p, m, &reason) < 0) {
		if (p->r.want && m->generation < p->generation)
			reason = "they are older than what is there";
		log_error("rows of generation %" PRIu64 " are refused: %s", m->generation, reason);
		return -EINVAL;
	}
	while (wire_next_row(m->payload, m->len, &at, &op, &v, &reason) > 0) {
		if (gates_row(&p->gates, op, &v, &op) == 0)
			reconcile_row(&p->r, op, &v);
		vs_clear(&v);
	}
	p->generation = m->generation;
	p->acked = false;
	p->kept_rows += m->len;
	return 0;
}

/* A fresh picture in the place of one with many rows; false: the rows must go on. */
static bool keep_picture(struct ipvs *p)
{
	size_t len;
	void *bytes = gates_encode(&p->gates, p->r.want, &p->r.settings, &len);
	int fd = memfd_sealed("vipd-ipvs", bytes, len), err = fd;
	free(bytes);
	if (fd >= 0) {
		err = child_send(p->child, ROLE_SUPERVISOR, MSG_KEEP, p->generation, NULL, 0, fd);
		close(fd);
	}
	if (err < 0) {
		log_warning("no picture can be made for a successor: %s", strerror(-err));
		return false;
	}
	p->kept_picture = len;
	p->kept_rows = 0;
	return true;
}

void ipvs_keep_rows(struct ipvs *p, const struct msg *m)
{
	size_t most = p->kept_picture / 4;
	most = most < KEPT_ROWS_LEAST ? KEPT_ROWS_LEAST : most > KEPT_ROWS_MOST ? KEPT_ROWS_MOST : most;
	if (p->kept_rows <= most || !keep_picture(p))
		child_send(p->child, ROLE_SUPERVISOR, MSG_KEEP_ROWS, m->generation, m->payload, m->len, -1);
}

static void on_turn(void *arg, enum row_op op, const struct vs *v)
{
	reconcile_row(&((struct ipvs *)arg)->r, op, v);
}

/* vrrp: a router is Active here, or is not. At once: the address follows. */
void ipvs_take_role(struct ipvs *p, const struct msg *m)
{
	struct msg_role role;
	bool active;
	size_t n;

	if (m->len != sizeof(role))
		return;
	memcpy(&role, m->payload, sizeof(role));
	role.router[sizeof(role.router) - 1] = '\0';
	active = !role.gone && role.mode == ROLE_ACTIVE;
	n = gates_role(&p->gates, role.router, active, p->r.want, on_turn, p);
	if (!n)
		return;
	log_debug("router %s: %zu virtual servers %s", role.router, n, active ? "come" : "go");
	p->acked = false;
	ipvs_run(p);
}
