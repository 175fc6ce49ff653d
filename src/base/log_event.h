/* What an operator may alert on: a stable name, its level, and a 128-bit id for the journal's MESSAGE_ID, which is UUIDv5 of "event/NAME/0" in
 * vipd's own namespace (configmaps/uid.c). The one source: vipd(8) and packaging/vipd.catalog are held against it by tests/test_man.c.
 * A name is never given another meaning. */
#ifndef VIPD_BASE_LOG_EVENT_H
#define VIPD_BASE_LOG_EVENT_H

/* clang-format off */
#define LOG_EVENTS(X) \
	X(LOG_READY, "ready", INFO, "ed9b0b71bd1655e49ea34f8f301a929a", \
	  "Every process is ready: the first full picture is in the kernel.") \
	X(LOG_STOPPING, "stopping", INFO, "fc0fbb13cd2356c8960ad2f78b4495c3", \
	  "vipd was told to stop.") \
	X(LOG_REPLACED, "replaced", INFO, "ba7a6eab586a50e2a950c0bac6c13896", \
	  "Every process runs the new binary.") \
	X(LOG_REPLACE_FAILED, "replace-failed", ERROR, "bb01a01f4b5e5a3fa1d319ebc4042a5c", \
	  "The binary could not be replaced; nothing has changed.") \
	X(LOG_PROCESS_DIED, "process-died", WARNING, "995e5f6f959d55bf998d2eee145d0642", \
	  "A process of vipd died and is started again.") \
	X(LOG_PROCESS_HUNG, "process-hung", ERROR, "ee3d877d516f5552b6c3b85c57b81d4a", \
	  "The loop of a process did not answer: it was killed and is started again.") \
	X(LOG_PROCESS_NOT_STARTED, "process-not-started", ERROR, "a0da231af4da55bdaeae6604bd7e0f61", \
	  "A process of vipd could not be started; it is tried again.") \
	X(LOG_CONFIG_RELOADED, "config-reloaded", INFO, "d36f0972b63054529c8028b0c9dcc9f6", \
	  "The configuration was read again and holds.") \
	X(LOG_CONFIG_REFUSED, "config-refused", ERROR, "c52f5107eef25501a1ec74b4ff59672b", \
	  "The configuration has errors; the former one stays.") \
	X(LOG_FOLDER_LOST, "folder-lost", ERROR, "19f0a3c0319a58b78e7f2e19bfe9b122", \
	  "The manifests folder cannot be read; what was known stays.") \
	X(LOG_FOLDER_BACK, "folder-back", INFO, "fdf12acb0e76548b9080c6d0021787cd", \
	  "The manifests folder can be read again.") \
	X(LOG_MANIFEST_REFUSED, "manifest-refused", WARNING, "63658a1a754b5771b714c8cdb78a40fc", \
	  "A manifest has errors; its last good contents stay.") \
	X(LOG_MANIFEST_GOOD, "manifest-good", INFO, "c7531a65f2925c61be013f350e4b7966", \
	  "A manifest that had errors is good again.") \
	X(LOG_PROBLEM, "problem", WARNING, "4e2adec6049c5825b7c086dd3e1020cd", \
	  "An object cannot be served as it asks.") \
	X(LOG_PROBLEM_OVER, "problem-over", INFO, "ac719bc0f8a25350bb4ec11bfe498940", \
	  "What was wrong with an object is over.") \
	X(LOG_RECORD_REFUSED, "record-refused", ERROR, "73a61baadf0f53e9b23aaf48c8fe5768", \
	  "A file of state cannot be used or written.") \
	X(LOG_DRAINED, "drained", INFO, "ce90cd451afe51f99919d6717b0f5e3c", \
	  "Real servers were drained or undrained by a person.") \
	X(LOG_CLIENT_REFUSED, "client-refused", WARNING, "d5ae940558325c67be7e5a9f4a11a2e2", \
	  "Somebody without the right to it connected to the control socket.") \
	X(LOG_CONTROL_FULL, "control-full", WARNING, "5f329bf5fb6e5002a2912358a007eba5", \
	  "The control socket has as many clients as it may or can have: the next ones wait.") \
	X(LOG_HTTP_FULL, "http-full", WARNING, "2b6e468dd0035fe4b90fcd75719126fc", \
	  "The HTTP server has as many connections as it may or can have: the next clients wait.") \
	X(LOG_IPVS_READY, "ipvs-ready", INFO, "ad4c99c061f1580f823ee4bc3be83b05", \
	  "What is wanted is in the table of IPVS again.") \
	X(LOG_IPVS_NOT_READY, "ipvs-not-ready", WARNING, "efa3fbecab8c524d8ae9869c1b26f88e", \
	  "The table of IPVS may not be relied upon: virtual routers go to priority 1 soon.") \
	X(LOG_IPVS_LOST, "ipvs-lost", WARNING, "51dda32723e556e6bec12e279f0dd840", \
	  "IPVS did not answer; its state is read again.") \
	X(LOG_IPVS_REFUSED, "ipvs-refused", WARNING, "10722d8c83405cb89bc2d25b224aed63", \
	  "The kernel refused a virtual server or a real server.") \
	X(LOG_IPVS_DRIFT, "ipvs-drift", INFO, "6a0419134db95da399b73523ba40d978", \
	  "Somebody changed the table of IPVS; it was put right.") \
	X(LOG_TUG_OF_WAR, "tug-of-war", WARNING, "e8fc2e76a99957e3aa96a48722894153", \
	  "Another program keeps changing what vipd programs; it is put right after longer and longer waits.") \
	X(LOG_KUBE_PROXY, "kube-proxy-beside", WARNING, "e8e9b1f542485edcbbc374be773e4b2d", \
	  "kube-proxy runs on this node or has left traces, and serves what vipd serves.") \
	X(LOG_IPVS_ADOPTED, "ipvs-adopted", INFO, "7b4dc21208935ae8bc05a7953194b8b1", \
	  "Virtual servers that were in the kernel already were taken over.") \
	X(LOG_KERNEL_MISSING, "kernel-missing", ERROR, "669a5e40063a5a3b88e3aa30492466e9", \
	  "The kernel lacks what the configuration needs.") \
	X(LOG_OWNED_NOT_SAVED, "owned-not-saved", ERROR, "7e25ed7cc3c551c0ad971a893864a4c2", \
	  "An ownership record cannot be written.") \
	X(LOG_OWNED_LOST, "owned-lost", WARNING, "058fa8eb01de50ba81b0db4ddb9defb5", \
	  "An ownership record was damaged, lost or of another version: what is as wanted is taken over.") \
	X(LOG_VRRP_ACTIVE, "vrrp-active", INFO, "01f06b14a7d55af2b421951cbfd47d0c", \
	  "A virtual router became Active here.") \
	X(LOG_VRRP_BACKUP, "vrrp-backup", INFO, "0880ace9225f51848b2c08b64ab5e942", \
	  "A virtual router became Backup here.") \
	X(LOG_VRRP_FAULT, "vrrp-fault", WARNING, "03c5914f46e154f1a279d9202648ce64", \
	  "A virtual router went to Fault: its interface or what it tracks is down.") \
	X(LOG_VRRP_STOPPED, "vrrp-stopped", INFO, "0131f878001b5c42b54b8e88277e9d60", \
	  "A virtual router stopped here.") \
	X(LOG_VRRP_PRIORITY, "vrrp-priority", INFO, "7b918f85e7d5598ab22e781c6981be93", \
	  "The priority of a virtual router changed.") \
	X(LOG_VRRP_UNREADY, "vrrp-unready", WARNING, "98640e2d485f59e3bcba7d5f5d639ddb", \
	  "Virtual routers run at priority 1: the table of IPVS is not programmed.") \
	X(LOG_VRRP_STALLED, "vrrp-stalled", WARNING, "79d18b70932651ee96d7358f791ff674", \
	  "This node sent nothing for longer than its peers wait; the router starts as Backup.") \
	X(LOG_VRRP_DIFFERS, "vrrp-differs", WARNING, "b7fc54b18343516cbd007450e54ed2f6", \
	  "A peer advertises other addresses than this node has for the router.") \
	X(LOG_VRRP_AGREES, "vrrp-agrees", INFO, "a96ad7f91c825cca9863744285e6dc98", \
	  "A peer advertises the same addresses again.") \
	X(LOG_VRRP_SEND_FAILED, "vrrp-send-failed", WARNING, "fca4c2939d7a5492b7ffdc993d3d2a8b", \
	  "An advertisement could not be sent.") \
	X(LOG_VRRP_ORPHANED, "vrrp-orphaned", WARNING, "262949883bff57029536513aaadcd71a", \
	  "The supervisor is gone; the addresses are held until a new one comes.") \
	X(LOG_VIP_RESTORED, "vip-restored", WARNING, "5a8d105750e65e828dd6e2c1679c7350", \
	  "Somebody removed a virtual IP; it was put back.") \
	X(LOG_VIP_REFUSED, "vip-refused", WARNING, "5e7f65d3e40d5ac58b42486632da19a1", \
	  "The kernel refused to add or remove a virtual IP.") \
	X(LOG_VIP_NOT_ANNOUNCED, "vip-not-announced", WARNING, "be6b09eb32f75bb5ba1bd3e9b15accbc", \
	  "A virtual IP could not be announced to its neighbours.") \
	X(LOG_DEVICE_REFUSED, "device-refused", WARNING, "c7d881e5ee0b5c1085d877199f82b221", \
	  "The device of a virtual MAC could not be made or set.") \
	X(LOG_TRACK_CHANGED, "track-changed", INFO, "7e0a1c7b903b59f29ff7d3900f76d9e6", \
	  "Something that virtual routers track went up or down.") \
	X(LOG_NOTIFY_FAILED, "notify-failed", WARNING, "5399b613864e5e86a2afa99285f014b8", \
	  "A notification to a script or a FIFO failed.")
/* clang-format on */

enum log_event {
	LOG_PLAIN, /* a line for reading, no event */
#define LOG_EVENT_ENUM(id, name, level, uuid, text) id,
	LOG_EVENTS(LOG_EVENT_ENUM)
#undef LOG_EVENT_ENUM
	    LOG_EVENT_COUNT,
};

struct log_event_info {
	const char *name; /* "vrrp-active"; NULL for LOG_PLAIN */
	int level;        /* enum log_level */
	const char *uuid; /* 32 hexadecimal digits */
	const char *text; /* one sentence */
};
extern const struct log_event_info log_event_table[LOG_EVENT_COUNT];

#endif
