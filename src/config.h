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
	const char *manifests; /* folder */
	struct plan_config plan;
	struct ipvs_settings ipvs;
	struct vip_settings vips;
	const char *node_name;    /* default: host name */
	uint32_t ready_timeout_s; /* 30 */
};

/* Parses the text (NULL: all defaults). All errors at once; 0 and a new config, or -EINVAL. */
int config_parse(const char *file, const char *text, size_t len, struct config **out, struct diag_list *diags);
void config_free(struct config *c);
/* Applies the predecessors' flags and environment over c. */
/* Prints it as YAML that config_parse reads back to the same. malloc'd. */
char *config_text(const struct config *c);

#endif
