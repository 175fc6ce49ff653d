/* What vipctl apply and delete share: manifests as they are given, and the manifests folder as they change it. Nobody else includes this. */
#ifndef VIPD_VIPCTL_CHANGE_H
#define VIPD_VIPCTL_CHANGE_H

#include "manifest_edit.h"
#include "vipctl.h"

/* ---- input (vipctl_input.c) ---- */

/* Reads every -f: files, folders (their *.yaml, *.yml, *.json), - for standard input. Objects without a namespace get -n's; one with another than the
 * stated -n is an error. checked: errors of what is in the objects are told too, as vipctl check does. Appends to *out. 0, or 1 after messages on stderr. */
int vipctl_input(const struct vipctl *v, bool checked, struct edit_list *out);
/* "service/web", "endpointslice.discovery.k8s.io/web-1", as kubectl names objects; malloc'd. */
char *vipctl_title(const struct edit_object *o);
/* "services", as messages of the API server have it; malloc'd. */
char *vipctl_resource(const struct edit_object *o);

/* ---- the folder (vipctl_folder.c) ---- */

struct change_file {
	char *name;
	char *text; /* as it is to be; NULL: not there */
	size_t len;
	bool there;   /* it was */
	bool changed; /* to be written or, without a text, removed */
	unsigned mode, uid, gid;
	bool owned; /* keep uid and gid: it has another owner than we have */
};

struct change {
	const struct vipctl *v;
	unsigned patience_s;
	char *folder;
	int fd;
	struct change_file *files;
	size_t n;
};

/* Asks vipd where its folder is and which files hold each object ("Service default/web", NULL for none); opens and locks the folder. places: one list of
 * names for each. 0, or 1 after a message. */
int change_begin(struct change *c, const struct vipctl *v, const struct edit_list *objects, json_t **places);
/* The file as it is or is to be; read when it is asked for first. NULL after a message. Lives until the next call. */
struct change_file *change_open(struct change *c, const char *name);
/* Takes text; NULL: the file goes. What would be left of it must have no errors. 0, or 1 after messages. */
int change_set(struct change *c, struct change_file *f, char *text);
/* Writes all that changed. 0, or 1 after a message. */
int change_write(struct change *c);
/* Waits as --timeout and --no-wait say until all of it is programmed; warnings about the objects on stderr. 0, or 1 after a message. */
int change_wait(const struct change *c);
void change_end(struct change *c);

extern const struct vipctl_flag vipctl_filename, vipctl_timeout, vipctl_no_wait;

#endif
