/* vipd.yaml: the node's own settings. Parse, check, then swap. */
#ifndef VIPD_CONFIG_H
#define VIPD_CONFIG_H

#include "../configmaps/plan.h"
#include "../ipvs/wire.h"
#include "assign.h"
#include "base/diag.h"
#include "base/vipwire.h"

/* routers: auto: what all nodes share, and the order of the nodes. */
struct spread {
	uint32_t count; /* routers a family */
	uint8_t vrid_first, vrid_last;
	bool excluded[256];
	const char **nodes;
	size_t n_nodes;
	struct pos nodes_at;
	bool v4, v6;
	struct router like; /* all but name, VRID, family, priority; priority: the base */
};

/* Whether DR and TUN virtual servers are programmed where their router is not Active. */
enum dr_on_backup {
	DR_AUTO, /* unless one of their real servers is this node */
	DR_ALWAYS,
	DR_NEVER,
};

/* What status.loadBalancer.ingress says of ipMode. */
enum ip_mode {
	IP_MODE_AUTO, /* VIP where vipd handles cluster IPs too, else Proxy: another service proxy would take the address away from it */
	IP_MODE_VIP,   /* a node's service proxy answers for the address */
	IP_MODE_PROXY, /* it lets packets to the address go to vipd */
};

/* The HTTP server for health and metrics. */
enum { HTTP_LISTEN = 8, HTTP_PORT = 10252, HTTP_SERIES = 100000, HTTP_SERIES_MOST = 10000000 };
struct http_settings {
	struct http_place {
		struct addr addr; /* unspecified: all of that family */
		uint16_t port;
	} listen[HTTP_LISTEN];
	uint8_t n_listen;              /* 0: no server */
	uint32_t series_limit;         /* lines of virtual and real servers in /metrics */
	const char *certificate, *key; /* PEM files; NULL, both of them: no TLS */
	const char *token_file;        /* what /metrics asks for; NULL: nothing */
};

/* All strings live in arena. Defaults stand where the file says nothing. */
struct config {
	struct arena *arena;
	const char *file;
	const char *manifests; /* folder; NULL until config_settle when the file names none */
	bool allocate_stated, allow_unpooled_stated;
	struct plan_config plan;   /* plan.interface too is NULL until then */
	struct ipvs_settings ipvs; /* gates: control fills them in (control_send.c) */
	uint8_t n_gateway_of; /* of ipvs.nat.behind: those that the file names; the others are a virtual router's */
	enum dr_on_backup dr_on_backup;
	enum ip_mode ip_mode;
	struct vip_settings vips;
	struct http_settings http;
	const char *node_name;    /* default: host name */
	uint32_t ready_timeout_s; /* 30 */
	bool routers_auto;
	struct spread *spread;  /* with routers_auto; the routers follow from it in config_finish */
	struct router *routers; /* sorted by name; none: this node is alone and holds every VIP */
	size_t n_routers;
	struct pos *routers_at;  /* where each stands in the file */
	struct assign_pin *pins; /* the routers' own addresses, sorted */
	size_t n_pins;
};

/* Each key of the tables by which vipd.yaml is read, with its parents, list members as [0]: "garp.count", "pools[0].name". Some come more than once. */
typedef void (*config_key_each)(void *arg, const char *key);
void config_keys(config_key_each each, void *arg);
/* Parses the text (NULL: all defaults). All errors at once; 0 and a new config, or -EINVAL. */
int config_parse(const char *file, const char *text, size_t len, struct config **out, struct diag_list *diags);
void config_free(struct config *c);

/* Fills in what the file left to the machine: manifests = state_dir/manifests, interface (NULL: none found), node name. */
void config_settle(struct config *c, const char *state_dir, const char *interface, const char *host);
/* After config_settle: makes the routers of a spread, gives every router its interface, checks what follows. 0, or -EINVAL with diagnostics. */
int config_finish(struct config *c, struct diag_list *diags);
/* The priority of a node (index in nodes) in a spread's k-th router. */
uint8_t config_spread_priority(const struct spread *s, size_t router, size_t node);
/* For the predecessors' flags and environment: 0, or -EINVAL when the text is not such a value. Strings are copied. */
int config_set_interface(struct config *c, const char *name);
int config_set_vip_configmap(struct config *c, const char *name);
int config_set_forward(struct config *c, const char *method);
/* Every address, of both families. */
void config_set_http_port(struct config *c, uint16_t port);
/* The VRID of the only router (of both families), which is made if there is none; -EEXIST when there are others. */
int config_set_vrid(struct config *c, uint8_t vrid);
/* The pool "KEEPALIVED_SERVICE_CIDR", unless the file's pools have its addresses; host bits are cleared. As keepalived-cloud-provider, which asked
 * no further, it makes allowUnpooled true unless the file states it. */
int config_set_service_cidr(struct config *c, const char *cidr);

/* "VIP" or "Proxy": what ip_mode comes to. */
const char *config_ip_mode(const struct config *c);

/* Prints it as YAML that config_parse reads back to the same. malloc'd. */
char *config_text(const struct config *c);

#endif
