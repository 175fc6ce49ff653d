/* The record: what vipd must remember across restarts: allocations and derived uids. Values; text in and out. Kept in state_dir/record.yaml. */
#ifndef VIPD_CONFIGMAPS_RECORD_H
#define VIPD_CONFIGMAPS_RECORD_H

#include "../src/base/addr.h"
#include "../src/base/diag.h"

#include <stdbool.h>

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
/* From text (state_dir/record.yaml). Errors have places; a record with an error gives -EINVAL and *out untouched. */
int record_parse(const char *file, const char *text, size_t len, struct record **out, struct diag_list *diags);
/* Text, malloc'd; record_parse(record_text(r)) equals r. */
char *record_text(const struct record *r, size_t *len);
bool record_changed(const struct record *r); /* since the last record_saved */
void record_saved(struct record *r);

/* Strings are copied. A node port and a cluster IP have one owner, a load balancer address one or, by its share key, several: record_put replaces what
 * the owner had there, and whatever else cannot stand beside the new one. */
void record_put(struct record *r, const struct grant *g);
void record_drop(struct record *r, const struct grant *g);
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

#endif
