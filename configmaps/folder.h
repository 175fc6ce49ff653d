/* The manifests folder as a source: watched by inotify, files taken when closed or renamed into place, last good contents kept per file
 * and on disk for a cold start. Shell. */
#ifndef VIPD_CONFIGMAPS_FOLDER_H
#define VIPD_CONFIGMAPS_FOLDER_H

#include "../src/base/loop.h"
#include "object.h"

struct folder;

struct folder_ops {
	/* The winning object of an identity appeared, or was replaced, or went (now NULL). old lives
	 * until the next settled() has returned: the plan reports the end of its problems. */
	void (*object)(void *arg, const struct object *now, const struct object *old);
	/* A file's problems changed; an empty list: it is good again. */
	void (*problems)(void *arg, const char *file, const struct diag_list *diags);
	/* Called once after the first whole pass, and after each later batch of changes. A folder that is away at the start is what
	 * its copies in the cache say; if there are none, the first pass waits for the folder (trouble() says why). */
	void (*settled)(void *arg, bool first);
	/* The folder itself cannot be read (why), or can again (NULL). What was known stays. */
	void (*trouble)(void *arg, const char *why);
	/* A long pass goes on: often. NULL: nobody asks. */
	void (*alive)(void *arg);
	void *arg;
};

/* cache_dirfd: directory for last good copies (state_dir/manifests-good), or -1 for none. Nothing is called before folder_start. */
struct folder *folder_new(struct loop *l, const char *path, int cache_dirfd, const struct folder_ops *ops);
int folder_start(struct folder *f);
/* SIGHUP: reads everything again. A folder that was away and came back empty is only then taken as empty. */
void folder_rescan(struct folder *f);
void folder_free(struct folder *f);
/* Files with problems, winners per kind, for vipctl. */
size_t folder_count(const struct folder *f, enum kind kind);
void folder_each_object(const struct folder *f, void (*each)(void *arg, const struct object *o), void *arg);
void folder_each_problem(const struct folder *f, void (*each)(void *arg, const char *file, const struct diag_list *d),
			 void *arg);

/* The files that hold an object, the one that counts first; names without the folder's. */
void folder_each_place(const struct folder *f, enum kind kind, const char *namespace, const char *name,
		       void (*each)(void *arg, const char *file), void *arg);
/* The objects of a file that count. */
void folder_each_in(const struct folder *f, const char *file, void (*each)(void *arg, const struct object *o),
		    void *arg);
/* The hash of the text that was last read of a file; false when there is no such file. */
bool folder_read_hash(const struct folder *f, const char *file, uint64_t *out);
uint64_t folder_text_hash(const char *text, size_t len);

/* One pass without watching, for vipd -n, -nv and vipctl check: names sorted, winners into *out (owned by the returned folder). */
struct folder *folder_read(const char *path, struct diag_list *diags);

#endif
