/* The record: what vipd must remember across restarts: allocations and derived uids. Values; text in and out. Its text is the VIP ConfigMap as a manifest:
 * keepalived-cloud-provider's annotation has the load balancer addresses, vipd.io/allocations the rest, data has the addresses for readers of
 * kube-keepalived-vip's format, and what a person wrote there. Kept in state_dir/vip-configmap.yaml. */
#ifndef VIPD_CONFIGMAPS_RECORD_H
#define VIPD_CONFIGMAPS_RECORD_H

#include "../src/base/addr.h"
#include "../src/base/diag.h"
#include "object.h"

#include <stdbool.h>

#define RECORD_CLOUD       "k8s.co/cloud-provider-config"
#define RECORD_ALLOCATIONS "vipd.io/allocations"
#define RECORD_HEAD        "# Written by vipd: the addresses, cluster IPs and node ports that it gave."
#define RECORD_END         "# end"
enum { RECORD_VERSION = 2, RECORD_MAX = 64 << 20 };

struct record;

enum grant_kind { GRANT_CLUSTER_IP, GRANT_NODE_PORT, GRANT_VIP };

struct grant {
	enum grant_kind kind;
	const char *owner; /* "namespace/name" */
	const char *uid;   /* of the Service: a new one with the same name does not inherit */
	struct addr addr;  /* GRANT_CLUSTER_IP, GRANT_VIP */
	uint16_t port;     /* GRANT_NODE_PORT: the node port; proto too */
	uint8_t proto;
	const char *port_name; /* GRANT_NODE_PORT: the Service port's name and number it is for; NULL is "" */
	uint16_t service_port;
	const char *share; /* GRANT_VIP: the key by which others may have the address too; NULL is "": none may */
	uint8_t method;    /* GRANT_VIP: what keepalived-cloud-provider said, enum forward + 1; 0: nothing */
};

struct record *record_new(void);
void record_free(struct record *r);
/* From the manifest's text, or from that of the record that vipd wrote before (version 1). Errors have places; a record with an error gives -EINVAL and
 * *out untouched. Of a ConfigMap that keepalived-cloud-provider wrote (no vipd.io/allocations) the first of two that have one address counts. */
int record_parse(const char *file, const char *text, size_t len, struct record **out, struct diag_list *diags);
/* From a ConfigMap of a manifests folder that has vipd.io/allocations; -ENOENT if it has not. */
int record_from_object(const struct object *configmap, struct record **out, struct diag_list *diags);
/* The manifest, malloc'd; configmap: "namespace/name". record_parse(record_text(r)) equals r. */
char *record_text(const struct record *r, const char *configmap, size_t *len);
/* The manifest of data alone, of what a person wrote; NULL if there is nothing. */
char *record_hand_text(const struct record *r, const char *configmap);
/* An entry of data: the key (fd00--10), and who has the address; malloc'd, NULL if nobody has. */
char *record_key(const struct addr *a, char buf[ADDR_TEXT]);
char *record_data_value(const struct record *r, const struct addr *a);
bool record_changed(const struct record *r); /* since the last record_saved */
void record_saved(struct record *r);
void record_touch(struct record *r); /* counts as changed */

/* Strings are copied. A node port and a cluster IP have one owner, a load balancer address one or, by its share key, several: record_put replaces what
 * the owner had there, and whatever else cannot stand beside the new one. */
void record_put(struct record *r, const struct grant *g);
void record_drop(struct record *r, const struct grant *g);
/* The owner of what record_put would replace; NULL: nothing is in the way. */
const char *record_in_the_way(const struct record *r, const struct grant *g);
void record_each(const struct record *r, const char *owner, void (*each)(void *arg, const struct grant *g),
		 void *arg); /* owner NULL: all */
/* The i-th grant of the address; NULL behind the last. Lives until the record changes. */
const struct grant *record_addr_get(const struct record *r, const struct addr *a, size_t i);
bool record_addr_taken(const struct record *r, const struct addr *a);
bool record_addr_of(const struct record *r, const struct addr *a, const char *owner);
/* The i-th load balancer address with that share key. */
const struct grant *record_share_get(const struct record *r, const char *share, size_t i);
bool record_port_taken(const struct record *r, uint16_t port, uint8_t proto, const char **owner);
/* Generation of a derived uid (UUIDv5 of namespace, name, generation): raised when the object is deleted. 0 if never seen. */
unsigned record_uid_generation(const struct record *r, const char *kind, const char *owner);
void record_uid_raise(struct record *r, const char *kind, const char *owner);
/* 0: as if it had never been seen. */
void record_uid_set(struct record *r, const char *kind, const char *owner, unsigned generation);
void record_uid_each(const struct record *r,
		     void (*each)(void *arg, const char *kind, const char *owner, unsigned generation), void *arg);

/* Entries of data that a person wrote: kept as they are. */
void record_hand_put(struct record *r, const char *key, const char *value);
const char *record_hand_get(const struct record *r, const char *key); /* NULL: none */
void record_hand_each(const struct record *r, void (*each)(void *arg, const char *key, const char *value), void *arg);
bool record_hand_take(struct record *to, const struct record *from); /* false: they are the same */
/* The grants and generations of `from` in place of those of `to`. */
void record_take(struct record *to, const struct record *from);

#endif
