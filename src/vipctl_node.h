/* What vipctl check and diff know of the vipd of this node: its configuration, folder and record. Nobody else includes this. */
#ifndef VIPD_VIPCTL_NODE_H
#define VIPD_VIPCTL_NODE_H

#include "../configmaps/folder.h"
#include "../configmaps/plan.h"
#include "config.h"
#include "vipctl.h"

struct node_state {
	char *config_file, *state_dir;
	struct config *config; /* NULL: it has errors, they are in diags */
	struct folder *folder; /* NULL with it */
	struct addr *locals;   /* the node's own addresses, as vipd told them */
	size_t n_locals;
	bool running; /* vipd answered */
};

/* Asks vipd where its files are (the defaults if it does not answer) and reads them: errors go to diags. */
void node_state_load(const struct vipctl *v, struct node_state *out, struct diag_list *diags);
void node_state_clear(struct node_state *s);
/* A vipd.yaml as vipd on this node takes it (installed: it must be root's too); NULL, with errors in diags, if it has any. config_free it. */
struct config *node_config_load(char *file, bool installed, struct diag_list *diags);
/* The record as it is on disk; a new one if there is none. NULL, with an error in diags, if it cannot be read. The caller frees. */
struct record *node_state_record(const struct node_state *s, struct diag_list *diags);

#endif
