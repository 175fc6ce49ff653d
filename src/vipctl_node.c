/* The running vipd's files, read here. Test: tests/lab/scenarios/vipctl.sh. */
#include "vipctl_node.h"
#include "record_file.h"

#include "base/arena.h"
#include "base/file.h"
#include "config_load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATE_DIR "/var/lib/vipd"

enum { ASK_S = 10 };

static void load_locals(json_t *list, struct node_state *s)
{
	json_t *one;
	size_t i;

	s->locals = xcalloc(json_array_size(list) + 1, sizeof *s->locals);
	json_array_foreach(list, i, one)
	{
		const char *text = JSON_TEXT(one, "address");

		if (text && addr_parse(text, &s->locals[s->n_locals]) == 0)
			s->n_locals++;
	}
}

struct config *node_config_load(char *file, bool installed, struct diag_list *diags)
{
	char *argv[] = {(char[]){"vipd"}, (char[]){"-c"}, file};
	struct config *c = NULL;
	struct options o;
	char why[256];
	int argc = strcmp(file, CONFIG_FILE_DEFAULT) == 0 ? 1 : 3; /* the default file may be absent */

	if (options_parse(argc, argv, NULL, &o, why, sizeof why)) {
		diag_error(diags, file, (struct pos){0}, "%s", why);
		return NULL;
	}
	o.config_anyones = !installed;
	config_load(&o, &c, diags);
	options_clear(&o);
	return c;
}

void node_state_load(const struct vipctl *v, struct node_state *s, struct diag_list *diags)
{
	json_t *status = vipctl_ask_quietly(v->socket, json_pack("{s:s}", "verb", "status"), ASK_S);
	const char *file = JSON_TEXT(status, "config"), *dir = JSON_TEXT(status, "stateDir");

	*s = (struct node_state){.config_file = xstrdup(file ? file : CONFIG_FILE_DEFAULT),
				 .state_dir = xstrdup(dir ? dir : STATE_DIR),
				 .running = status != NULL};
	load_locals(json_object_get(json_object_get(status, "vrrp"), "locals"), s);
	json_decref(status);
	s->config = node_config_load(s->config_file, true, diags);
	if (s->config)
		s->folder = folder_read(s->config->manifests, diags);
}

void node_state_clear(struct node_state *s)
{
	folder_free(s->folder);
	config_free(s->config);
	free(s->locals);
	free(s->config_file);
	free(s->state_dir);
	*s = (struct node_state){0};
}

struct record *node_state_record(const struct node_state *s, struct diag_list *diags)
{
	struct record *r = NULL;
	struct record_stamp stamp;
	int fd = open(s->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		record_file_load(fd, &r, &stamp, diags);
		close(fd);
	} else if (errno == ENOENT || errno == ENOTDIR) {
		r = record_new();
	} else {
		diag_error(diags, s->state_dir, (struct pos){0}, "cannot be read: %s", strerror(errno));
	}
	return r;
}
