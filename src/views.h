/* Answers to `vipctl get`: what plan, folder, ipvs and vrrp know, as lists of objects in Kubernetes' shape. */
#ifndef VIPD_VIEWS_H
#define VIPD_VIEWS_H

#include "../configmaps/events.h"
#include "../configmaps/folder.h"
#include "../configmaps/plan.h"
#include "assign.h"
#include "config.h"
#include "ctl_request.h"

struct views {
	struct plan *plan;
	const struct folder *folder;
	const struct config *config;
	const struct assign *assign;
	const struct events *events;
};

/* The reply to a get, one line, malloc'd: {"kind": "ServiceList", "apiVersion": "v1", "items": [...], "notFound": [names]}. answer: the
 * JSON text of ipvs ("table") for virtualservers, of vrrp ("vips") for vips, ("vrrp") for vrrp; else NULL. routers: what vrrp said ("vrrp"), for
 * vips, or NULL. Items are made one at a time, so that a large list
 * costs its text and no more. NULL when the answer is not such a list. */
char *views_get(const struct views *v, const struct ctl_request *q, const char *answer, size_t answer_len,
		json_t *routers, size_t *len);

/* "MASTER" as vrrp says it for notify scripts -> "Active", the word of RFC 9568; what is no such word stays. */
const char *views_state(const char *word);

/* Calls back each object of a JSON text that is a list of objects, one at a time (borrowed). -EINVAL when the text is no such thing. */
int views_each_item(const char *text, size_t len, void (*each)(void *arg, json_t *item), void *arg);

#endif
