/* What the ipvs process answers to MSG_ASK, and the text of its notes: JSON. Texts are malloc'd; the caller frees. */
#ifndef VIPD_IPVS_REPORT_H
#define VIPD_IPVS_REPORT_H

#include "gate.h"
#include "reconcile.h"
#include "syncd.h"

/* All virtual servers in the kernel with their counters:
 * [{"address","port","protocol","scheduler","flags","persistence","ours","connections","inPackets","outPackets","inBytes","outBytes",
 *   "rates":{the same five, a second; only if `rates`: the kernel computes them},
 *   "reals":[{"address","port","forward","weight","active","inactive","persistent", "drainsUntil" (Unix seconds, only if it drains), the same five}]}]. NULL and *err when the kernel cannot be read. */
char *report_table(struct reconcile *r, bool rates, size_t *len, int *err);

struct report_state {
	uint64_t healed_filter;   /* entries of sets, and rules, that somebody had changed */
	uint64_t healed_settings; /* of the kernel */
	uint64_t generation;
	const char *not_ready; /* why the table may not be relied upon; NULL: it may */
	const char *problem;   /* why there is no IPVS; NULL: there is */
	const struct syncd *sync;
	const char *sync_problem; /* NULL: none */
	const struct gates *gates;
};
/* {"virtualServers","realServers","wanted","foreign","conflicts","failed","drift":{"services","reals","filter","settings"},"adopted","generation","programmed","notReady",
 *  "kernelVersion","connTabSize","problem","sync":null|{"interface","syncID","group","port","ttl","sender","receiver","threshold","period","starts","problem"},
 *  "operations":{"addVirtualServer":[made,refused],...},"process":{"cpuNs","resident","open"},
 *  "draining":null|{"realServers","virtualServers","until"}: all that drain; virtual servers that are there only for them; when the last is gone at the latest;
 *  "waiting":{"virtualServers","moves"}}: waiting are those whose router is not Active here (only if there are such); virtualServers are vipd's own that are in the kernel. */
char *report_status(struct reconcile *r, const struct report_state *s, size_t *len);

/* MSG_NOTE's payload. */
char *report_note(const char *object, const char *reason, const char *message, bool gone);

#endif
