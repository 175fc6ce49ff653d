/* What outlives the vrrp process: which routers were Active and when each last advertised, in a file of run_dir that is mapped, so that noting it costs
 * a store. A successor takes up Active again if that is younger than the Active_Down_Interval: before a peer can have taken over. */
#ifndef VIPD_VRRP_SURVIVE_H
#define VIPD_VRRP_SURVIVE_H

#include "../src/base/clock.h"
#include "../src/base/router.h"

struct survive;

struct survive_slot {
	char name[ROUTER_NAME], ifname[16];
	uint8_t family, vrid;
	uint8_t used, active;
	uint32_t sequence; /* AH: the highest number that was sent or heard */
	nsec_t sent;       /* CLOCK_MONOTONIC */
};

/* Maps fd (run_dir/vrrp.mem, O_RDWR); what is of another boot, namespace or layout is wiped. fd -1, or one that cannot be mapped: nothing outlives.
 * Never NULL. */
struct survive *survive_open(int fd);
void survive_close(struct survive *s); /* NULL is fine */

/* This router's slot, as a former process left it, or a new one. Never NULL up to ROUTERS_MAX routers. */
struct survive_slot *survive_slot(struct survive *s, const struct router *r);
void survive_drop(struct survive_slot *slot);
/* Forgets the slots that keep says no to. */
void survive_sweep(struct survive *s, bool (*keep)(void *arg, const struct survive_slot *slot), void *arg);

/* It was Active, and last advertised less than down ago. */
bool survive_is_fresh(const struct survive_slot *slot, nsec_t now, nsec_t down);

#endif
