/* Objects as Kubernetes writes them in JSON: for vipctl's answers and for `vipd -nv`. */
#ifndef VIPD_OBJECT_JSON_H
#define VIPD_OBJECT_JSON_H

#include "../configmaps/plan.h"

#include <jansson.h>

/* AS_ANSWER: with status, conditions, creationTimestamp; AS_MANIFEST: what reads back to the same, nothing that depends on the hour. */
enum object_json_use { AS_ANSWER, AS_MANIFEST };

/* A Service with all that was granted to it. ip_mode: of its load balancer's addresses, "VIP" or "Proxy". */
json_t *object_json_service(const struct service_view *v, enum object_json_use use, const char *ip_mode);
/* v1 Endpoints of what a Service uses, and of what it does not as notReadyAddresses. */
json_t *object_json_endpoints(const struct service_view *v);
/* Those in use as a list of EndpointSlices, for AS_MANIFEST. */
json_t *object_json_slices(const struct service_view *v);
json_t *object_json_pod(const struct object *o);
json_t *object_json_node(const struct object *o);
json_t *object_json_configmap(const struct object *o);
/* A string; JSON's are UTF-8, in what is none (a file's name may be anything) other bytes than ASCII become '?'. */
json_t *object_json_text(const char *s);

#endif
