/* What the folder's files hold and who wins: file -> objects, identity -> the first file that has it. Private to the folder source. Pure. */
#ifndef VIPD_CONFIGMAPS_FOLDER_TABLE_H
#define VIPD_CONFIGMAPS_FOLDER_TABLE_H

#include "folder.h"

/* One object in one file. */
struct claim {
	struct object *object;
	struct source_file *file;
	struct claim *next; /* the same identity in the file that comes next by name */
	bool kept;          /* while a file is replaced: the object stays */
};

struct source_file {
	uint64_t hash, good_hash; /* of the text last read; of the text that the objects came from */
	struct claim *claims;     /* in the file's order */
	size_t n;
	struct diag_list *found;    /* by the last read; NULL if nothing */
	struct diag_list *reported; /* what was last called back; NULL if nothing */
	bool read;                  /* hash holds: the file could be read */
	bool good;                  /* good_hash holds */
	bool check;                 /* its problems are to be looked at again */
	char name[];
};

struct folder_table;

/* path: of the folder; opens the names in messages. Copied. */
struct folder_table *folder_table_new(const char *path);
void folder_table_free(struct folder_table *t);

/* Files sorted by name. */
struct source_file *const *folder_table_files(const struct folder_table *t, size_t *n);
struct source_file *folder_table_find(const struct folder_table *t, const char *name);
struct source_file *folder_table_add(struct folder_table *t, const char *name); /* finds or makes */
void folder_table_remove(struct folder_table *t, struct source_file *f);
char *folder_table_path(const struct folder_table *t, const char *name); /* "folder/name", malloc'd */

/* The file's contents are now these (the list is emptied, its objects taken over). An object that is there already with the same hash stays. */
void folder_table_set(struct folder_table *t, struct source_file *f, struct object_list *objects);
/* The file's own problems are now these (the list is emptied). */
void folder_table_found(struct folder_table *t, struct source_file *f, struct diag_list *diags);

/* Calls back what changed since the last commit: winners, then problems. ops may be NULL. */
void folder_table_commit(struct folder_table *t, const struct folder_ops *ops);
/* Frees the objects that lost their place before the last commit. */
void folder_table_bury(struct folder_table *t);

/* The claims of an identity, the one that counts first; NULL if there is none. */
const struct claim *folder_table_claims(const struct folder_table *t, enum kind kind, const char *namespace,
					const char *name);
bool folder_table_wins(const struct folder_table *t, const struct claim *c);
size_t folder_table_count(const struct folder_table *t, enum kind kind);

#endif
