/* vipd.yaml: sync (the kernel's connection sync), drOnBackup, ipMode. Source: DESIGN.md, "DR/TUN"; ipvs/sync.h. Test: tests/test_config_sync.c */
#include "config_read.h"

#include <string.h>

const char *const config_dr_words[] = {[DR_AUTO] = "auto", [DR_ALWAYS] = "always", [DR_NEVER] = "never"};

void config_read_dr_on_backup(struct reader *r, const char *key, const struct node *n)
{
	const char *s = config_want_string(r, key, n);

	for (unsigned i = 0; s && i < DR_WORDS; i++)
		if (strcmp(s, config_dr_words[i]) == 0) {
			r->c->dr_on_backup = (enum dr_on_backup)i;
			return;
		}
	if (s)
		diag_error(r->diags, r->file, n->pos, "%s: expected auto, always or never, found \"%s\"", key, s);
}

const char *const config_ip_mode_words[] = {[IP_MODE_AUTO] = "auto", [IP_MODE_VIP] = "VIP", [IP_MODE_PROXY] = "Proxy"};

void config_read_ip_mode(struct reader *r, const char *key, const struct node *n)
{
	const char *s = config_want_string(r, key, n);

	for (int i = IP_MODE_AUTO; s && i <= IP_MODE_PROXY; i++)
		if (strcmp(s, config_ip_mode_words[i]) == 0) {
			r->c->ip_mode = (enum ip_mode)i;
			return;
		}
	if (s)
		diag_error(r->diags, r->file, n->pos, "%s: expected auto, VIP or Proxy, found \"%s\"", key, s);
}

const char *config_ip_mode(const struct config *c)
{
	if (c->ip_mode != IP_MODE_AUTO)
		return config_ip_mode_words[c->ip_mode];
	return c->plan.handle & HANDLE_CLUSTERIP ? "VIP" : "Proxy";
}

static void read_group(const struct members *m, struct addr *out)
{
	char full[KEY_TEXT];
	const struct node *n = config_member(m, "group", full);
	const char *s = n ? config_want_string(m->r, full, n) : NULL;
	struct addr a;

	if (!s)
		return;
	if (addr_parse(s, &a) || !addr_is_multicast(&a))
		config_member_error(m, "group", "\"%s\" is not a multicast address such as 224.0.0.81", s);
	else
		*out = a;
}

void config_read_sync(struct reader *r, const char *key, const struct node *n)
{
	static const char *const names[] = {"interface", "syncid", "group",     "port",
					    "ttl",       "maxlen", "threshold", "period"};
	struct sync_settings s = {.on = true, .ttl = SYNC_TTL, .threshold = SYNC_THRESHOLD, .period = SYNC_PERIOD};
	uint32_t port = SYNC_PORT, maxlen = 0;
	char full[KEY_TEXT];
	struct members m;

	if (!config_members(&m, r, key, n, names, sizeof names / sizeof names[0]))
		return;
	addr_parse("224.0.0.81", &s.group);
	if (!config_member(&m, "interface", full))
		diag_error(r->diags, r->file, n->pos, "%s: \"interface\" is missing", key);
	config_member_interface(&m, "interface", s.ifname);
	config_member_u8(&m, "syncid", 0, 255, &s.id);
	read_group(&m, &s.group);
	config_member_u32(&m, "port", 1, 65535, &port);
	config_member_u8(&m, "ttl", 1, 255, &s.ttl);
	config_member_u32(&m, "maxlen", 200, 65467, &maxlen);
	config_member_u32(&m, "threshold", 0, 1000000, &s.threshold);
	config_member_u32(&m, "period", 0, 1000000, &s.period);
	if (s.period && s.threshold >= s.period)
		config_member_error(&m, "threshold", "%u is not below the period of %u", s.threshold, s.period);
	s.port = (uint16_t)port;
	s.maxlen = (uint16_t)maxlen;
	r->c->ipvs.sync = s;
}
