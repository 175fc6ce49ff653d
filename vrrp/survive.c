/* Decides what a successor may believe of a former process. A store of one field is whole or not there when the process is killed: each is aligned.
 * Source: DESIGN "life and death". Test: tests/test_survive.c. */
#include "survive.h"

#include "../src/base/arena.h"
#include "../src/base/log.h"
#include "../src/base/version.h"
#include "ownfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* "vrm" and the version's digit. */
enum {
	SURVIVE_VERSION = 2,
	SURVIVE_NAME = 0x76726d30,
	SURVIVE_MAGIC = SURVIVE_NAME + SURVIVE_VERSION,
	SLOTS = ROUTERS_MAX * 2
};

struct content {
	uint32_t magic, slots;
	uint32_t
	    begun; /* slots; what lies behind is nobody's, and is not in memory of this process as long as nobody looks */
	char key[OWNED_KEY + 1];
	struct survive_slot slot[SLOTS];
};

struct survive {
	struct content *content;
	bool mapped;
};

static struct content *map_file(int fd)
{
	void *at;
	int err;

	if (fd < 0 || ftruncate(fd, sizeof(struct content)) < 0)
		return NULL;
	/* A store into a hole of a full file system would kill the process (SIGBUS). */
	err = posix_fallocate(fd, 0, sizeof(struct content));
	if (err) {
		errno = err;
		return NULL;
	}
	at = mmap(NULL, sizeof(struct content), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return at == MAP_FAILED ? NULL : at;
}

/* What stands in the memory of this boot and namespace and cannot be used. An empty one is new. */
static void say_wiped(const struct content *c)
{
	static const char then[] = "a router that was Active here starts as Backup";

	if (c->magic >= SURVIVE_NAME && c->magic <= SURVIVE_NAME + 9 && c->magic != SURVIVE_MAGIC)
		log_warning("the routers' memory (vrrp.mem) " VERSION_OTHER ": it is begun anew; %s",
			    c->magic - SURVIVE_NAME, (unsigned)SURVIVE_VERSION, then);
	else if (c->magic && (c->magic != SURVIVE_MAGIC || c->slots != SLOTS || c->begun > SLOTS))
		log_warning("the routers' memory (vrrp.mem) was damaged: it is begun anew; %s", then);
}

struct survive *survive_open(int fd)
{
	struct survive *s = xcalloc(1, sizeof(*s));
	char key[OWNED_KEY + 1] = {0};

	s->content = map_file(fd);
	s->mapped = s->content;
	if (fd >= 0 && !s->mapped)
		log_warning("cannot map the routers' memory: %s; a restarted vrrp process starts as Backup",
			    strerror(errno));
	if (!s->mapped)
		s->content = xcalloc(1, sizeof(*s->content));
	ownfile_key(key);
	if (s->content->magic != SURVIVE_MAGIC || s->content->slots != SLOTS || s->content->begun > SLOTS ||
	    memcmp(s->content->key, key, sizeof(key)) != 0) {
		say_wiped(s->content);
		s->content->begun = 0;
		memcpy(s->content->key, key, sizeof(key));
		s->content->slots = SLOTS;
		s->content->magic = SURVIVE_MAGIC;
	}
	return s;
}

void survive_close(struct survive *s)
{
	if (!s)
		return;
	if (s->mapped)
		munmap(s->content, sizeof(*s->content));
	else
		free(s->content);
	free(s);
}

static bool is_of(const struct survive_slot *slot, const struct router *r)
{
	return slot->used && slot->vrid == r->vrid && slot->family == r->family &&
	       memcmp(slot->name, r->name, sizeof(slot->name)) == 0 &&
	       memcmp(slot->ifname, r->ifname, sizeof(slot->ifname)) == 0;
}

struct survive_slot *survive_slot(struct survive *s, const struct router *r)
{
	struct content *c = s->content;
	struct survive_slot *empty = NULL;

	for (size_t i = 0; i < c->begun; i++) {
		struct survive_slot *slot = &c->slot[i];

		if (is_of(slot, r))
			return slot;
		if (!slot->used && !empty)
			empty = slot;
	}
	if (!empty)
		empty = &c->slot[c->begun < SLOTS ? c->begun : SLOTS - 1];
	*empty = (struct survive_slot){.family = r->family, .vrid = r->vrid};
	memcpy(empty->name, r->name, sizeof(empty->name));
	memcpy(empty->ifname, r->ifname, sizeof(empty->ifname));
	empty->used = 1;
	if (empty == &c->slot[c->begun])
		c->begun++;
	return empty;
}

void survive_drop(struct survive_slot *slot)
{
	slot->used = slot->active = 0;
}

void survive_sweep(struct survive *s, bool (*keep)(void *arg, const struct survive_slot *slot), void *arg)
{
	for (size_t i = 0; i < s->content->begun; i++)
		if (s->content->slot[i].used && !keep(arg, &s->content->slot[i]))
			survive_drop(&s->content->slot[i]);
}

bool survive_is_fresh(const struct survive_slot *slot, nsec_t now, nsec_t down)
{
	return slot->active && slot->sent <= now && now - slot->sent < down;
}
