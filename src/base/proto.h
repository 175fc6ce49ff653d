/* The messages between vipd's processes: who says what, with which payload. All integers are host order:
 * both ends are the same machine, and every receiver checks lengths and ranges before it believes.
 *
 *   control -> ipvs     MSG_TABLE (picture)  MSG_ROWS   MSG_ASK
 *   control -> vrrp     MSG_VIPS (picture)   MSG_VIP_ROWS   MSG_ASK
 *   ipvs, vrrp -> control   MSG_ACK  MSG_AGAIN  MSG_NOTE  MSG_ANSWER;  vrrp -> control  MSG_LOCALS
 *   control -> vrrp     MSG_FAILOVER;  vrrp -> control, ipvs  MSG_ROLE
 *   ipvs -> vrrp        MSG_PROGRAMMED  MSG_WAITING
 *   control -> runner, supervisor   MSG_ASK;  they -> control   MSG_ANSWER
 *   child -> supervisor MSG_READY  MSG_KEEP  MSG_KEEP_ROWS  MSG_PONG;  control -> supervisor  MSG_REEXEC  MSG_STATE
 *   supervisor -> child MSG_PEER  MSG_KEPT  MSG_KEPT_ROWS  MSG_START  MSG_RELOAD  MSG_STOP  MSG_LEAVE  MSG_DUMP  MSG_PING
 *   child -> runner     MSG_RUN;  runner -> child  MSG_RAN
 */
#ifndef VIPD_BASE_PROTO_H
#define VIPD_BASE_PROTO_H

#include "addr.h"

#include <stdint.h>

enum role { ROLE_SUPERVISOR, ROLE_CONTROL, ROLE_IPVS, ROLE_VRRP, ROLE_RUNNER, ROLE_COUNT };
const char *role_name(enum role r); /* "control" ... (child.c) */

enum msg_type {
	/* supervisor <-> child */
	MSG_READY = 1, /* child: serving (control: first pass programmed; again after a reload). Payload: none */
	MSG_KEEP, /* child: fd = sealed picture that it has accepted; replaces what was kept, rows too. generation */
	MSG_KEEP_ROWS, /* child: accepted change; the supervisor appends it to the kept rows as opaque bytes. generation */
	MSG_PEER,      /* supervisor: payload uint32_t role, fd = new channel to that role, replacing an older one */
	MSG_KEPT,      /* supervisor, after a restart: fd = last kept picture. generation */
	MSG_KEPT_ROWS, /* ... and its rows, one message each, in order. generation */
	MSG_START, /* supervisor: all peers and kept state are handed over; payload uint32_t: 1 if the child was restarted */
	MSG_RELOAD, /* supervisor: SIGHUP (control re-reads its inputs) */
	MSG_STOP,   /* supervisor: withdraw what a stop withdraws, then exit 0 */
	MSG_LEAVE,  /* supervisor: exit 0 at once and leave the kernel as it is (re-exec) */
	MSG_DUMP,   /* supervisor: SIGUSR1: log the state */
	MSG_REEXEC, /* control: a person asks for what SIGUSR2 asks for */
	MSG_PING,   /* supervisor: does your loop run? Payload: none */
	MSG_PONG,   /* child: it does */
	MSG_STATE,  /* control, after MSG_DUMP: fd = sealed text for run_dir/state.json */

	/* control <-> ipvs, vrrp */
	MSG_TABLE = 32, /* fd = picture (ipvs/wire.h), generation */
	MSG_ROWS,       /* payload: rows (ipvs/wire.h), generation = that of the state after them */
	MSG_VIPS,       /* fd = picture (vipwire.h), generation */
	MSG_VIP_ROWS,   /* payload: rows (vipwire.h), generation */
	MSG_ACK,        /* generation that is programmed as far as the kernel let; payload struct msg_ack */
	MSG_NOTE,       /* something to tell a person, about one virtual server or address: payload JSON text
	                   {"object": "TCP 10.0.0.1:80", "reason": "Conflict", "message": "...", "gone": false} */
	MSG_ASK,        /* question: generation = the asker's id; payload: text: "table", "status", "heads", "reals" and
	                   keys (ipvs/counters.h) of ipvs; "vips", "vrrp", "health", "status" of vrrp. runner and supervisor
	                   do not look at it: they answer what they use (usage.h) */
	MSG_ANSWER,     /* fd = sealed JSON text (of "heads" and "reals": counters); generation = the asker's id */
	MSG_LOCALS,     /* the node's own addresses, without vipd's: payload: array of struct local_addr */

	MSG_FAILOVER, /* control -> vrrp: hand over the router of this name, or all if the payload is empty; generation = the asker's id.
	                 MSG_ANSWER follows when it is over, at most three advertisement intervals later:
	                 {"routers": [{"name", "result": "handed over"|"kept"|"not active", "to": "ADDRESS", "afterMs": 1.2}]}
	                 or {"error": "..."} */
	MSG_AGAIN, /* generation: this picture, or these rows, could not be used: a picture, please. Counts as acknowledged */

	/* ipvs -> vrrp */
	MSG_PROGRAMMED =
	    48, /* whether the table may be relied upon: when that changes, on each new channel, and each second as a sign of
	                        life; generation, payload struct msg_programmed */
	MSG_WAITING, /* routers (names of 32 bytes, all of them) that have virtual servers which are programmed only when they become Active: as soon
	                as a name is missing again, all of that router's are in the kernel */
	/* vrrp -> control, ipvs */
	MSG_ROLE, /* a router's mode or priority is new (all of them on a new channel): payload struct msg_role */

	/* any -> runner */
	MSG_RUN = 64, /* struct msg_run, then NUL-terminated arguments; generation = the caller's id */
	MSG_RAN,      /* struct msg_ran, then output (cut to what fits); generation = the caller's id */
};

struct msg_ack {
	uint32_t failed;    /* operations of this generation that the kernel refused and that will be retried */
	uint32_t conflicts; /* wanted virtual servers that somebody else holds */
};

/* why: "" if it is ready; else a few words. */
struct msg_programmed {
	uint32_t ready;
	char why[92];
};

/* mode: enum fsm_mode of vrrp/fsm.h (0 Initialize, 1 Backup, 2 Active, 3 Fault). gone: there is no such router any more. */
struct msg_role {
	char router[32];
	char ifname[16];
	char cause[64];
	uint8_t family, vrid;
	uint8_t mode, before;
	uint8_t priority; /* effective */
	uint8_t gone;
};

struct local_addr {
	struct addr addr;
	uint8_t bits;
	char ifname[16];
};

/* The runner's table (runner.c holds paths, users, limits). */
enum run_entry {
	RUN_MODPROBE = 1,
	RUN_SCRIPT,        /* a script of the administrator's, without arguments: its name */
	RUN_RULES_LIST,    /* iptables or its like: the program, a built-in chain, "-tnat", "-tfilter" or "-tmangle" */
	RUN_RULES_RESTORE, /* iptables-restore or its like: the program, the text (ipvs/rules.h) */
	RUN_NOTIFY, /* one that is told of a change: its name, "INSTANCE" or "GROUP", whose, the new state, the priority */
	RUN_ENTRY_COUNT,
};

struct msg_run {
	uint32_t entry;
	uint32_t argc;
	uint32_t timeout_ms;
};

struct msg_ran {
	int32_t status;  /* exit code; -errno if it could not be run; 128+N for a signal; -ETIMEDOUT */
	uint32_t output; /* bytes of output behind this struct */
};

#endif
