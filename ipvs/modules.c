/* Decides when the runner is asked to load a kernel module: once for each, not once for each virtual server.
 * Source: src/base/proto.h (MSG_RUN). Test: tests/kernel/test_ipvs_process.c. */
#include "modules.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct module *modules_find(struct modules *m, const char *name)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (!strcmp(m->items[i].name, name))
			return &m->items[i];
	return NULL;
}

/* The caller's id is the index and 1. */
static int ask(struct modules *m, struct child *c, const struct module *mod)
{
	unsigned char buf[sizeof(struct msg_run) + MODULE_NAME];
	struct msg_run run = {.entry = RUN_MODPROBE, .argc = 1, .timeout_ms = 30000};
	size_t n = strlen(mod->name) + 1;
	memcpy(buf, &run, sizeof(run));
	memcpy(buf + sizeof(run), mod->name, n);
	return child_send(c, ROLE_RUNNER, MSG_RUN, (uint64_t)(mod - m->items) + 1, buf, sizeof(run) + n, -1);
}

struct module *modules_ask(struct modules *m, struct child *c, const char *name, bool again)
{
	struct module *mod = modules_find(m, name);
	if (mod && (mod->waiting || (!again && mod->status != -EAGAIN)))
		return mod;
	if (!mod) {
		if (m->n == MODULES_MAX)
			return NULL;
		mod = &m->items[m->n];
		snprintf(mod->name, sizeof(mod->name), "%s", name);
	}
	if (ask(m, c, mod))
		return NULL;
	if (mod == &m->items[m->n])
		m->n++;
	mod->waiting = true;
	return mod;
}

static void describe(struct module *mod, const char *output, size_t len)
{
	mod->why[0] = '\0';
	if (!mod->status)
		return;
	/* One line, without what a terminal would act on. */
	for (size_t i = 0; i < len && i < sizeof(mod->why) - 1; i++) {
		mod->why[i] = output[i] >= ' ' && output[i] < 127 ? output[i] : ' ';
		mod->why[i + 1] = '\0';
	}
	size_t n = strlen(mod->why);
	while (n && mod->why[n - 1] == ' ')
		mod->why[--n] = '\0';
	if (!n && mod->status < 0)
		snprintf(mod->why, sizeof(mod->why), "%s", strerror(-mod->status));
	else if (!n)
		snprintf(mod->why, sizeof(mod->why), "exit status %d", mod->status);
}

struct module *modules_answer(struct modules *m, const struct msg *msg)
{
	struct msg_ran ran;
	if (msg->len < sizeof(ran) || msg->generation < 1 || msg->generation > m->n)
		return NULL;
	memcpy(&ran, msg->payload, sizeof(ran));
	struct module *mod = &m->items[msg->generation - 1];
	if (!mod->waiting || ran.output > msg->len - sizeof(ran))
		return NULL;
	mod->waiting = false;
	mod->status = ran.status;
	describe(mod, (const char *)msg->payload + sizeof(ran), ran.output);
	return mod;
}

void modules_lost(struct modules *m)
{
	for (uint32_t i = 0; i < m->n; i++) {
		struct module *mod = &m->items[i];
		if (!mod->waiting)
			continue;
		mod->waiting = false;
		mod->status = -EAGAIN;
		snprintf(mod->why, sizeof(mod->why), "vipd's runner ended");
	}
}
