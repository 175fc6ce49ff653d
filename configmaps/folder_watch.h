/* inotify on the manifests folder: which names to read again, which are being written. Private to the folder source. Shell. */
#ifndef VIPD_CONFIGMAPS_FOLDER_WATCH_H
#define VIPD_CONFIGMAPS_FOLDER_WATCH_H

#include "../src/base/map.h"

#include <stdbool.h>
#include <stdint.h>

struct watch {
	int fd; /* -1: not watching */
	const char *path;
	struct map *dirty;   /* names to read again */
	struct map *writing; /* names that somebody writes: not to be read before they are closed */
	const char *reading; /* the name being read, or NULL */
	bool torn;           /* it was written to while it was read */
	bool gone;           /* among the dirty names are such that went */
	bool rescan;         /* everything may have changed */
	bool check;          /* the folder's own permissions changed */
	bool lost;           /* the folder itself went */
	uint64_t dev, ino;   /* of the folder */
};

/* *.yaml, *.yml, *.json; no dot files. */
bool watch_wants(const char *name);

/* Starts to watch; 0 or -errno. path must outlive the watch. */
int watch_open(struct watch *w, const char *path);
/* A new watch of a folder learns from the one before which names are being written, if it is the same folder. */
void watch_inherit(struct watch *w, struct watch *before);
void watch_close(struct watch *w); /* forgets all; fine on one that is closed */
/* Takes in the events that are there, without blocking. */
void watch_drain(struct watch *w);
bool watch_pending(const struct watch *w);
bool watch_is_writing(const struct watch *w, const char *name);
/* Around the reading of a file: false if what was read is not to be believed, because somebody wrote meanwhile. */
void watch_read_begin(struct watch *w, const char *name);
bool watch_read_end(struct watch *w);

#endif
