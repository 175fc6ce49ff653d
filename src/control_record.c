/* The record on disk: state_dir/vip-configmap.yaml, written whole before the rows that rest on it go out. A record that cannot be read stops all
 * planning: what it holds was promised to clients, and giving anew would break it; the kernel stays as it is. What a person writes into its data is
 * served as if it stood in the folder, unless the folder has a ConfigMap of that name. Test: tests/test_control.c. */
#include "control.h"

#include "../configmaps/manifest.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define RETRY (5 * NSEC_PER_SEC)

static void say(struct control *c, const char *reason, const char *message)
{
	if (notices_set(c->notices, "record", RECORD_FILE, reason, message) && message)
		log_event(LOG_RECORD_REFUSED, LOG_WITH(.file = RECORD_FILE), "%s/%s: %s", c->env->places->state_dir,
			  RECORD_FILE, message);
}

/* All errors to the log, the first to whoever asks. */
static void say_bad(struct control *c, const struct diag_list *diags, const char *what)
{
	struct stat st;
	char line[512] = "", first[512] = "";
	bool good = fstatat(c->env->state_fd, RECORD_GOOD, &st, 0) == 0;
	char *message;

	for (size_t i = 0; i < diags->n; i++) {
		diag_format(&diags->items[i], line, sizeof line);
		if (!*first)
			memcpy(first, line, sizeof first);
		log_error("%s", line);
	}
	message = xasprintf("%s: %s%s", first, what, good ? "; the last good one is " RECORD_GOOD : "");
	say(c, "BadRecord", message);
	free(message);
}

void control_record_load(struct control *c)
{
	struct diag_list diags = {0};

	if (c->env->state_fd < 0)
		c->record = record_new();
	else if (record_file_load(c->env->state_fd, &c->record, &c->stamp, &diags))
		c->record = NULL;
	if (c->env->state_fd < 0)
		say(c, "NotSaved", "there is no state directory: addresses given now would be forgotten by a restart");
	if (c->record)
		say(c, "BadRecord", NULL);
	else
		say_bad(c, &diags,
			"nothing is given and the kernel stays as it is until the record is mended or moved away and "
			"vipd is "
			"reloaded");
	diag_clear(&diags);
}

void control_record_reload(struct control *c)
{
	struct diag_list diags = {0};
	struct record *now = NULL;
	struct record_stamp stamp;

	if (!c->record) {
		control_record_load(c);
		return;
	}
	if (c->env->state_fd < 0 || !record_file_edited(c->env->state_fd, &c->stamp))
		return;
	if (record_file_load(c->env->state_fd, &now, &stamp, &diags)) {
		say_bad(c, &diags, "it was edited; what vipd had read before stays");
	} else {
		if (record_hand_take(c->record, now))
			log_info("%s: entries of data taken over", RECORD_FILE);
		record_touch(c->record); /* what was edited besides is put right */
		c->stamp = stamp;
		say(c, "BadRecord", NULL);
	}
	record_free(now);
	diag_clear(&diags);
}

static const char *map_name(const struct control *c)
{
	return c->config->plan.vip_configmap ? c->config->plan.vip_configmap : "default/vip-configmap";
}

bool control_record_is_map(const struct control *c, const struct object *o)
{
	const char *name = map_name(c), *slash = strchr(name, '/');
	size_t n = slash ? (size_t)(slash - name) : 0;

	return slash && o->kind == KIND_CONFIGMAP && strlen(o->meta.namespace) == n &&
	       !memcmp(o->meta.namespace, name, n) && !strcmp(o->meta.name, slash + 1);
}

const struct object *control_record_hand(struct control *c)
{
	struct diag_list diags = {0};
	char *text = record_hand_text(c->record, map_name(c));

	object_list_clear(&c->hand);
	if (text && manifest_parse(RECORD_FILE, text, strlen(text), &c->hand, &diags))
		log_warning("%s: its data cannot be served", RECORD_FILE);
	diag_clear(&diags);
	free(text);
	return c->hand.n ? c->hand.items[0] : NULL;
}

void control_record_map(struct control *c, bool there)
{
	if (c->map_in_folder == there)
		return;
	c->map_in_folder = there;
	if (c->record)
		record_touch(c->record); /* its name is another one now */
}

void control_record_save(struct control *c)
{
	const char *edited;
	char *name;
	int err;

	if (!record_changed(c->record) || c->env->state_fd < 0)
		return;
	name = xasprintf("%s%s", map_name(c), c->map_in_folder ? PLAN_RECORD_SUFFIX : "");
	err = record_file_save(c->env->state_fd, c->record, name, &c->stamp, &edited);
	free(name);
	if (edited)
		log_warning("%s: %s", RECORD_FILE, edited);
	if (err) {
		/* What is already given goes on; a full disk must not stop endpoints from following their pods. */
		char *message = xasprintf("cannot be written: %s; addresses given now would be forgotten by a restart",
					  strerror(-err));

		say(c, "NotSaved", message);
		free(message);
		loop_timer_set(c->retry, RETRY);
		return;
	}
	say(c, "NotSaved", NULL);
}
