/* Manifests taken apart into objects, and files of which one object is changed while the others stay as they are written. */
#ifndef VIPD_MANIFEST_EDIT_H
#define VIPD_MANIFEST_EDIT_H

#include "../configmaps/object.h"

#include <jansson.h>

/* One object of a manifest. */
struct edit_object {
	bool ours;       /* of a kind that vipd reads; else only kind, namespace and name are told */
	enum kind kind;  /* if ours */
	char *kind_word; /* as written: "Service", "Deployment" */
	char *namespace; /* "default" if none is written; "" for Node */
	char *name;
	bool has_namespace; /* one is written */
	json_t *json;       /* the whole object */
	char *text;         /* as it is written, comments too; NULL: it is not alone in its document */
};

struct edit_list {
	struct edit_object *items;
	size_t n;
};

/* The objects of a text in order, Lists taken apart. 0; -EINVAL when it is no manifest, with diagnostics. What is in the objects is not looked at. */
int edit_read(const char *file, const char *text, size_t len, struct edit_list *out, struct diag_list *diags);
void edit_list_clear(struct edit_list *l);

/* Gives the object the namespace; its text is gone then. */
void edit_set_namespace(struct edit_object *o, const char *namespace);
/* The object as a document of its own, as it is written if it can be: ends with a newline; malloc'd. */
char *edit_document(const struct edit_object *o);
bool edit_same_identity(const struct edit_object *a, const struct edit_object *b);

/* The text with o in the place of the object of the same identity, or behind the others; remove: without it. A document of which only a part changes
 * (a List, JSON) is written anew, every other byte stays. 0 and malloc'd *out with the number of objects in *left; -EINVAL as edit_read, and when what
 * comes out would not hold just that. */
int edit_replace(const char *file, const char *text, size_t len, const struct edit_object *o, bool remove, char **out,
		 size_t *left, struct diag_list *diags);

#endif
