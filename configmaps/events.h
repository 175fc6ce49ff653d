/* What happened to objects, as Kubernetes' Events tell it: each once with a count, the newest kept. Pure: times are given. */
#ifndef VIPD_CONFIGMAPS_EVENTS_H
#define VIPD_CONFIGMAPS_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kept at most: of one object, of all; bytes of a message, as the API server has it. */
enum { EVENTS_PER_OBJECT = 16, EVENTS_MAX = 4096, EVENT_MESSAGE_MAX = 1023 };

struct event {
	uint64_t id;                         /* tells it from every other, rises */
	const char *kind, *namespace, *name; /* of the object; namespace "" where it has none */
	const char *uid;                     /* "" if it is not known */
	const char *reason, *message;
	bool warning; /* else Normal */
	uint32_t count;
	int64_t first, last; /* seen; Unix seconds */
};

struct events;

struct events *events_new(void);
void events_free(struct events *l);

/* e happened at e->last. The same of the same object (kind, namespace, name, uid, reason, message, type) is counted; else it is a new one, for which
 * the object's oldest and the oldest of all make room. Strings are copied, a long message is cut between characters; id, count and first are not
 * looked at. */
void events_add(struct events *l, const struct event *e);
/* e as it stands, from what was kept: in order of last; one that is there already, or that is bad (no name, count 0), is passed over. */
void events_restore(struct events *l, const struct event *e);

/* Whether this was told of the object; message NULL: anything with this reason. */
bool events_told(const struct events *l, const char *kind, const char *namespace, const char *name, const char *reason,
		 const char *message);
/* All, or those of one object: the longest ago first. Strings live until the next change. */
void events_each(const struct events *l, void (*each)(void *arg, const struct event *e), void *arg);
void events_each_of(const struct events *l, const char *kind, const char *namespace, const char *name,
		    void (*each)(void *arg, const struct event *e), void *arg);
size_t events_count(const struct events *l);

/* Since the last events_saved. */
bool events_changed(const struct events *l);
void events_saved(struct events *l);

#endif
