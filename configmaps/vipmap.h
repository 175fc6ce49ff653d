/* The VIP ConfigMap: kube-keepalived-vip's data, and keepalived-cloud-provider's annotation. Pure. */
#ifndef VIPD_CONFIGMAPS_VIPMAP_H
#define VIPD_CONFIGMAPS_VIPMAP_H

#include "../ipvs/table.h"
#include "object.h"

#define VIPMAP_CLOUD "k8s.co/cloud-provider-config"

struct vipmap_entry {
	struct addr addr;
	const char *key;     /* as written in data; NULL for the annotation's */
	const char *service; /* "namespace/name"; NULL: address only */
	const char *uid;     /* the annotation's; "" if none */
	int forward;         /* enum forward, or -1: none was said */
};

/* All strings live in arena. */
struct vipmap {
	struct arena *arena;
	struct vipmap_entry *data; /* each address and service; several entries may have one address */
	size_t n_data;
	struct vipmap_entry *cloud; /* the annotation's, unless vipd wrote it (record.h) */
	size_t n_cloud;
};

/* Reads both; what is wrong is left out and said in diags, by key and with its place. Never NULL. */
struct vipmap *vipmap_parse(const struct object *configmap, struct diag_list *diags);
void vipmap_free(struct vipmap *m);

#endif
