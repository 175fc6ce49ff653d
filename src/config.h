/* vipd.yaml: the node's own settings. Parse, check, then swap. */
#ifndef VIPD_CONFIG_H
#define VIPD_CONFIG_H

#include "../configmaps/plan.h"
#include "../ipvs/wire.h"
#include "base/vipwire.h"

/* All strings live in arena. Defaults stand where the file says nothing. */
struct config {
	struct arena *arena;
	const char *file;
	const char *manifests;   /* folder; NULL until config_settle when the file names none */
	struct plan_config plan; /* plan.interface too is NULL until then */
	struct ipvs_settings ipvs;
	struct vip_settings vips;
	const char *node_name;    /* default: host name */
	uint32_t ready_timeout_s; /* 30 */
};

/* Parses the text (NULL: all defaults). All errors at once; 0 and a new config, or -EINVAL. */
int config_parse(const char *file, const char *text, size_t len, struct config **out, struct diag_list *diags);
void config_free(struct config *c);

/* Fills in what the file left to the machine: manifests = state_dir/manifests, interface (NULL: none found), node name. */
void config_settle(struct config *c, const char *state_dir, const char *interface, const char *host);
/* For the predecessors' flags and environment: 0, or -EINVAL when the text is not such a value. Strings are copied. */
int config_set_interface(struct config *c, const char *name);
int config_set_vip_configmap(struct config *c, const char *name);
int config_set_forward(struct config *c, const char *method);
int config_set_service_cidr(struct config *c,
			    const char *cidr); /* the pool "KEEPALIVED_SERVICE_CIDR"; host bits are cleared */

/* "1500ms", "5s", "2m", "1h", or whole seconds -> milliseconds; -EINVAL. */
int config_duration(const char *text, uint32_t *ms);

/* Prints it as YAML that config_parse reads back to the same. malloc'd. */
char *config_text(const struct config *c);

#endif
