/* SIGUSR1: what control knows, as one JSON document for run_dir/state.json. Control asks itself what vipctl would ask, one question a turn of its loop, so
 * that nobody waits behind the whole; ipvs and vrrp answer from what they hold in memory or read anyway. The text goes to the supervisor as a sealed
 * memfd: control may not write to run_dir. Test: tests/test_control.c */
#include "control.h"

#include "base/log.h"
#include "base/memfd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A member of the document and the request whose answer it is. A member that could not be had is {"error": ...}. */
static const struct {
	const char *member, *request;
} parts[] = {
    {"status", "{\"verb\":\"status\"}"},
    {"routers", "{\"verb\":\"get\",\"kind\":\"vrrp\"}"},
    {"vips", "{\"verb\":\"get\",\"kind\":\"vips\"}"},
    {"virtualServers", "{\"verb\":\"get\",\"kind\":\"virtualservers\",\"allNamespaces\":true}"},
    {"services", "{\"verb\":\"get\",\"kind\":\"services\",\"allNamespaces\":true}"},
    {"pools", "{\"verb\":\"get\",\"kind\":\"pools\"}"},
    {"events", "{\"verb\":\"get\",\"kind\":\"events\",\"allNamespaces\":true}"},
};
enum { PARTS = sizeof parts / sizeof parts[0], SCHEMA = 1 };

struct state_dump {
	struct control *control;
	struct loop_timer *next;
	size_t at; /* the part that is asked for */
	char *text;
	size_t len, room;
};

static void append(struct state_dump *d, const char *bytes, size_t len)
{
	if (d->len + len > d->room) {
		d->room = 2 * (d->len + len);
		d->text = xrealloc(d->text, d->room);
	}
	memcpy(d->text + d->len, bytes, len);
	d->len += len;
}

void control_state_end(struct control *c)
{
	if (!c->dump)
		return;
	loop_timer_free(c->dump->next);
	free(c->dump->text);
	free(c->dump);
	c->dump = NULL;
}

static void send_all(struct state_dump *d)
{
	struct control *c = d->control;
	int fd, err;

	append(d, "}\n", 2);
	fd = d->len > PICTURE_MAX ? -EFBIG : memfd_sealed("vipd-state", d->text, d->len);
	err = fd < 0 ? fd : child_send(c->child, ROLE_SUPERVISOR, MSG_STATE, 0, NULL, 0, fd);
	if (err)
		log_event(LOG_RECORD_REFUSED, LOG_WITH(.file = "state.json"), "the state cannot be written: %s",
			  strerror(-err));
	if (fd >= 0)
		close(fd);
	control_state_end(c);
}

static void on_next(void *arg)
{
	struct state_dump *d = arg;

	if (d->at == PARTS)
		send_all(d);
	else
		control_request(d->control, CONTROL_ITSELF, parts[d->at].request, strlen(parts[d->at].request));
}

void control_state_part(struct control *c, char *text, size_t len)
{
	struct state_dump *d = c->dump;

	if (d) {
		char *name = xasprintf(",\n\"%s\":", parts[d->at].member);

		while (len && text[len - 1] == '\n')
			len--;
		append(d, name, strlen(name));
		append(d, text, len);
		free(name);
		d->at++;
		loop_timer_set(d->next, 0);
	}
	free(text);
}

void control_state_begin(struct control *c)
{
	struct state_dump *d;
	time_t now = (time_t)clock_wall();
	char at[32] = "", *head;
	struct tm tm;

	if (c->dump)
		return; /* what is under way answers this one too */
	d = c->dump = xcalloc(1, sizeof *d);
	d->control = c;
	d->next = loop_timer_new(c->loop, on_next, d);
	if (gmtime_r(&now, &tm))
		strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &tm);
	head = xasprintf("{\"kind\":\"State\",\"schemaVersion\":%d,\"writtenAt\":\"%s\"", SCHEMA, at);
	append(d, head, strlen(head));
	free(head);
	loop_timer_set(d->next, 0);
}
