/* Objects told at length, in the layout of kubectl describe. Pure but for the stream that it writes to. */
#ifndef VIPD_DESCRIBE_H
#define VIPD_DESCRIBE_H

#include <jansson.h>
#include <stdio.h>

/* Lists of items as `vipctl get KIND -o json` has them, borrowed; NULL where nobody answered. */
struct describe_world {
	json_t *servers;   /* virtual servers */
	json_t *vips;      /* addresses */
	json_t *routers;   /* virtual routers */
	json_t *endpoints; /* of the Services that are described */
	json_t *events;
	json_t *problems; /* of `vipctl status` */
	long long now;    /* Unix seconds */
};

void describe_service(FILE *to, json_t *service, const struct describe_world *w);
void describe_server(FILE *to, json_t *server, const struct describe_world *w);
void describe_vip(FILE *to, json_t *vip, const struct describe_world *w);
void describe_router(FILE *to, json_t *router, const struct describe_world *w);

#endif
