/* The record on disk: state_dir/record.yaml, written whole before the rows that rest on it go out. A record that cannot be read stops all planning:
 * what it holds was promised to clients, and giving anew would break it; the kernel stays as it is. Test: tests/test_control.c. */
#include "control.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RECORD "record.yaml"
#define RETRY  (5 * NSEC_PER_SEC)

enum { RECORD_MAX = 64 << 20 };

static void say(struct control *c, const char *reason, const char *message)
{
	if (notices_set(c->notices, "record", RECORD, reason, message) && message)
		log_error("%s/%s: %s", c->env->places->state_dir, RECORD, message);
}

static void say_bad(struct control *c, const struct diag_list *diags)
{
	char line[512] = "";
	char *message;

	if (diags->n)
		diag_format(&diags->items[0], line, sizeof line);
	message =
	    xasprintf("%s: nothing is given and the kernel stays as it is until the record is mended or moved away "
		      "and vipd is reloaded",
		      line);
	say(c, "BadRecord", message);
	free(message);
}

void control_record_load(struct control *c)
{
	struct diag_list diags = {0};
	char *text = NULL;
	size_t len = 0;
	int err = c->env->state_fd < 0 ? -ENOENT : file_read(c->env->state_fd, RECORD, RECORD_MAX, &text, &len);

	if (err == -ENOENT) {
		c->record = record_new();
	} else if (err) {
		diag_error(&diags, RECORD, (struct pos){0}, "cannot be read: %s", strerror(-err));
	} else if (record_parse(RECORD, text, len, &c->record, &diags)) {
		c->record = NULL;
	}
	if (c->record)
		say(c, "BadRecord", NULL);
	else
		say_bad(c, &diags);
	diag_clear(&diags);
	free(text);
}

void control_record_save(struct control *c)
{
	char *text;
	size_t len;
	int err;

	if (!record_changed(c->record) || c->env->state_fd < 0)
		return;
	text = record_text(c->record, &len);
	err = file_write(c->env->state_fd, RECORD, text, len, 0640);
	free(text);
	if (err) {
		/* What is already given goes on; a full disk must not stop endpoints from following their pods. */
		char *message = xasprintf("cannot be written: %s; addresses given now would be forgotten by a restart",
					  strerror(-err));

		say(c, "NotSaved", message);
		free(message);
		loop_timer_set(c->retry, RETRY);
		return;
	}
	record_saved(c->record);
	say(c, "NotSaved", NULL);
}
