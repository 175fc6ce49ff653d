/* Inside the vrrp process: vrrp.c (life), intake.c (what control wants), report.c (what people are told). */
#ifndef VIPD_VRRP_VRRP_INT_H
#define VIPD_VRRP_VRRP_INT_H

#include "../src/base/child.h"
#include "engine.h"
#include "holder.h"
#include "notify.h"
#include "track.h"

struct vrrp {
	struct child *child;
	const struct role_env *env;
	struct holder *holder;
	struct engine *engine;
	struct beside *beside;
	struct parting *parting;
	struct vip_set *clients, *clusters; /* of no router */
	bool started, gate_open, stopping, over;
	char ipvs_why[92]; /* why ipvs said last that its table is not there; "" it is, or it said nothing */
	nsec_t ipvs_due;   /* until then it may be silent */

	/* intake.c */
	struct vip_settings settings;
	bool known;          /* a picture has been accepted */
	uint64_t generation; /* the last accepted */
	size_t picture_len;  /* of what the supervisor keeps */
	size_t rows_len;

	/* report.c */
	bool ack_due;     /* control waits for `generation` */
	int device_error; /* why there is no vipd0 */
	int accept_error; /* why the kernel does not keep accept: false */
	struct local_addr *locals;
	size_t n_locals;
	bool locals_sent;

	struct gated *gated;
	struct loop_timer *gate, *ipvs_limit, *locals_wait, *orphan;
	nsec_t orphan_until, gate_from;
};

/* intake.c. m->fd is taken. from_control: keep it with the supervisor and acknowledge it; else it came from there. */
void intake_picture(struct vrrp *v, struct msg *m, bool from_control);
void intake_rows(struct vrrp *v, struct msg *m, bool from_control);
void intake(struct vrrp *v, struct msg *m); /* one of both, from control */

/* parting.c: Active routers that a picture takes away hand over before it is applied */
void parting_new(struct vrrp *v);
void parting_free(struct vrrp *v);
void parting_clear(struct vrrp *v); /* what waits is forgotten: this node stops, or control sends all anew */
/* Is there a router that must? Then m, which holds the picture, is taken, and comes back through intake. */
bool parting_begins(struct vrrp *v, const struct vip_picture *picture, struct msg *m);
/* A picture or rows, while one waits: taken, too. */
bool parting_holds(struct vrrp *v, struct msg *m);

/* report.c */
void report_start(struct vrrp *v); /* control is there (again): the node's addresses and all notes */
void report_changed(void *arg, struct entry *e);
void report_device(struct vrrp *v, int error);
void report_accept(void *arg, int error);
void report_locals(struct vrrp *v); /* sends them if they differ from what was sent */
void report_ack(struct vrrp *v);    /* acknowledges if control waits and all is in place that can be */
void report_answer(struct vrrp *v, const struct msg *m);
void report_roles(struct vrrp *v, enum role to); /* all of them, on a new channel */
void report_news(void *arg, const struct engine_news *n);
void report_router_gone(void *arg, const struct router *r);
void report_failover(void *arg, uint64_t id, const char *json);
void report_dump(struct vrrp *v);

/* beside.c: what is tracked, and whom changes are told */
void beside_new(struct vrrp *v); /* after the holder */
void beside_free(struct vrrp *v);
void beside_withdraw(struct vrrp *v); /* the addresses have gone */
void beside_routers(struct vrrp *v);  /* a picture has come, and engine_end is over */
void beside_accept(struct vrrp *v);   /* what is wanted has changed, and is not in the kernel yet */
void beside_gone(struct vrrp *v, const struct router *r);
void beside_links(struct vrrp *v);
bool beside_ran(struct vrrp *v, uint64_t id, const struct msg_ran *ran); /* false: the id is another's */
void beside_runner(struct vrrp *v, bool up);
void beside_news(struct vrrp *v, const struct engine_news *n);
void beside_prepare(struct vrrp *v, const struct router *routers, size_t n); /* before engine_begin */
uint32_t beside_device(struct vrrp *v, const struct router *r, const char **why);
void beside_taking(struct vrrp *v, const struct router *r);
void beside_leaving(struct vrrp *v, const struct router *r);
void beside_count(const struct vrrp *v, struct notify_counts *out);

/* gated.c: a take-over waits, a little, for virtual servers that are programmed only now */
void gated_new(struct vrrp *v);
void gated_free(struct vrrp *v);
void gated_told(struct vrrp *v, const struct msg *m);      /* MSG_WAITING */
void gated_clear(struct vrrp *v);                          /* ipvs has gone, or come */
void gated_taking(struct vrrp *v, const struct router *r); /* as engine_hooks.taking */
void gated_count(const struct vrrp *v, uint64_t *waits, uint64_t *in_vain);

/* vrrp.c: the settings have come: the gate's time runs from the start. */
void vrrp_gate_time(struct vrrp *v);

#endif
