/* Decides which packets are masqueraded, dropped and refused. First packets only (table nat): PREROUTING and OUTPUT mark those to a virtual server whose set says so,
 * before IPVS gives them a real server; POSTROUTING masquerades what is marked, behind IPVS.
 *
 *   masquerade: auto   not where the real server answers by way of this node: it runs here, or its gateway is this node (set RETURN), and the client is
 *                      not one of those itself (then they talk to each other directly).
 *   cluster IPs        not from the pods' networks, if they are known: as kube-proxy.
 *   LOOP-BACK          a pod that reaches itself by its Service: it would drop a packet from its own address.
 *   DR, TUN            never: they are in the sets for kept addresses.
 *
 * Source ranges (FW, SOURCE-CIDR): filter INPUT drops what comes from elsewhere before IPVS sees it; what the node itself sends to the address IPVS takes
 * before filter OUTPUT, so that is dropped in mangle OUTPUT.
 * Refused ports: what is new, for a virtual IP that vipd adds (VIPS), and for none of its virtual servers, would reach a program of the host that listens on
 * every address. TCP, UDP and SCTP alone: ICMP is the host's business.
 *
 * The jumps look into the marker set, which is empty: so the number of references to the sets tells, without running a program, whether all rules are there.
 * Source: kube-proxy's IPVS mode; iptables-extensions(8). Test: tests/test_rules.c; fuzzer: tests/fuzz/fuzz_rules.c */
#include "rules.h"

#include "../src/base/arena.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

const struct rules_place rules_places[RULES_JUMPS] = {
    {"nat", "PREROUTING"}, {"nat", "OUTPUT"},    {"nat", "POSTROUTING"}, {"filter", "INPUT"},
    {"filter", "FORWARD"}, {"filter", "OUTPUT"}, {"mangle", "OUTPUT"},
};

static const struct {
	const char *table, *name;
} chains[] = {{"nat", "VIPD-SERVICES"},   {"nat", "VIPD-MARK"},      {"nat", "VIPD-POSTROUTING"},
	      {"filter", "VIPD-FORWARD"}, {"filter", "VIPD-INPUT"},  {"filter", "VIPD-REFUSE"},
	      {"filter", "VIPD-SOURCES"}, {"mangle", "VIPD-SOURCES"}};

enum { CHAINS = sizeof chains / sizeof *chains };

static const char *const tables[] = {"nat", "filter", "mangle"};

enum { TABLES = sizeof tables / sizeof *tables };

/* ---- text ---- */

__attribute__((format(printf, 2, 3))) static void say(struct rules_text *t, const char *fmt, ...)
{
	char line[RULES_LINE];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof line)
		abort(); /* every line is ours */
	t->text = xrealloc(t->text, t->len + (size_t)n + 1);
	memcpy(t->text + t->len, line, (size_t)n + 1);
	t->len += (size_t)n;
}

void rules_text_clear(struct rules_text *t)
{
	free(t->text);
	*t = (struct rules_text){0};
}

/* "-m set --match-set VIPD-FW dst,dst": the name by family. */
static const char *match(enum set_id id, uint8_t family, const char *dims, char buf[64 + SET_NAME])
{
	char name[SET_NAME];

	snprintf(buf, 64 + SET_NAME, "-m set --match-set %s %s", set_name(id, family, name), dims);
	return buf;
}

static const char *match_not(enum set_id id, uint8_t family, const char *dims, char buf[64 + SET_NAME])
{
	char name[SET_NAME];

	snprintf(buf, 64 + SET_NAME, "-m set ! --match-set %s %s", set_name(id, family, name), dims);
	return buf;
}

typedef char match_buf[64 + SET_NAME];

static void nat_rules(struct rules_text *t, const struct nat_settings *s, uint8_t family)
{
	static const enum set_id marked[] = {SET_EXTERNAL_IP, SET_LOAD_BALANCER, SET_NODE_PORT};
	uint32_t mark = UINT32_C(1) << s->mark_bit;
	match_buf a, b;

	if (s->masquerade == MASQUERADE_NEVER)
		return;
	say(t, "-A VIPD-MARK -j MARK --set-xmark 0x%x/0x%x\n", mark, mark);
	say(t, "-A VIPD-SERVICES %s%s%s -j VIPD-MARK\n", match(SET_CLUSTER_IP, family, "dst,dst", a),
	    s->n_pods && s->masquerade == MASQUERADE_AUTO ? " " : "",
	    s->n_pods && s->masquerade == MASQUERADE_AUTO ? match_not(SET_PODS, family, "src", b) : "");
	for (size_t i = 0; i < sizeof marked / sizeof *marked; i++)
		say(t, "-A VIPD-SERVICES %s -j VIPD-MARK\n", match(marked[i], family, "dst,dst", a));
	say(t, "-A VIPD-POSTROUTING %s -j MASQUERADE\n", match(SET_LOOP_BACK, family, "dst,dst,src", a));
	say(t, "-A VIPD-POSTROUTING -m mark ! --mark 0x%x/0x%x -j RETURN\n", mark, mark);
	say(t, "-A VIPD-POSTROUTING -j MARK --set-xmark 0x0/0x%x\n", mark);
	if (s->masquerade == MASQUERADE_AUTO)
		say(t, "-A VIPD-POSTROUTING %s %s -j RETURN\n", match(SET_RETURN, family, "dst", a),
		    match_not(SET_RETURN, family, "src", b));
	say(t, "-A VIPD-POSTROUTING -j MASQUERADE --random-fully\n");
}

static void source_rules(struct rules_text *t, uint8_t family)
{
	match_buf a;

	say(t, "-A VIPD-SOURCES %s -j RETURN\n", match(SET_SOURCE_CIDR, family, "dst,dst,src", a));
	say(t, "-A VIPD-SOURCES -j DROP\n");
}

static const char *proto_word(uint8_t proto)
{
	return proto == IPPROTO_TCP ? "tcp" : proto == IPPROTO_UDP ? "udp" : "sctp";
}

static void refuse_rules(struct rules_text *t, const struct nat_settings *s, uint8_t family)
{
	match_buf a;

	for (unsigned i = SET_CLUSTER_IP; i <= SET_NODE_PORT_LOCAL; i++)
		say(t, "-A VIPD-REFUSE %s -j RETURN\n", match((enum set_id)i, family, "dst,dst", a));
	for (size_t i = 0; i < s->n_allowed; i++)
		say(t, "-A VIPD-REFUSE -p %s -m %s --dport %u -j RETURN\n", proto_word(s->allowed[i].proto),
		    proto_word(s->allowed[i].proto), s->allowed[i].port);
	say(t, "-A VIPD-REFUSE -p tcp -j REJECT --reject-with tcp-reset\n");
	say(t, "-A VIPD-REFUSE -p udp -j REJECT\n");
	say(t, "-A VIPD-REFUSE -p sctp -j REJECT\n");
}

/* What real servers answer passes, whatever the policy of FORWARD is (Docker's is DROP). */
static void filter_rules(struct rules_text *t, const struct nat_settings *s, uint8_t family)
{
	match_buf a;

	if (s->masquerade != MASQUERADE_NEVER)
		say(t, "-A VIPD-FORWARD %s -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n",
		    match(SET_LOOP_BACK, family, "src,src,src", a));
	say(t, "-A VIPD-INPUT %s -j VIPD-SOURCES\n", match(SET_FW, family, "dst,dst", a));
	if (s->refuse)
		say(t, "-A VIPD-INPUT %s -m conntrack --ctstate NEW -j VIPD-REFUSE\n",
		    match(SET_VIPS, family, "dst", a));
	source_rules(t, family);
	if (s->refuse)
		refuse_rules(t, s, family);
}

static void jump(struct rules_text *t, const char *chain, const char *marker, const char *to)
{
	say(t, "-I %s -m set ! --match-set %s src -j %s\n", chain, marker, to);
}

static void jumps(struct rules_text *t, const struct nat_settings *s, uint8_t family, const char *table,
		  const char *marker)
{
	bool masquerade = s->masquerade != MASQUERADE_NEVER;
	match_buf a;

	if (!strcmp(table, "mangle")) {
		say(t, "-I OUTPUT %s -j VIPD-SOURCES\n", match(SET_FW, family, "dst,dst", a));
		return;
	}
	if (!strcmp(table, "filter"))
		jump(t, "INPUT", marker, "VIPD-INPUT");
	if (!strcmp(table, "filter") && masquerade)
		jump(t, "FORWARD", marker, "VIPD-FORWARD");
	if (!strcmp(table, "nat") && masquerade) {
		jump(t, "PREROUTING", marker, "VIPD-SERVICES");
		jump(t, "OUTPUT", marker, "VIPD-SERVICES");
		jump(t, "POSTROUTING", marker, "VIPD-POSTROUTING");
	}
}

/* The rules of one table without their jumps. */
static void table_rules(struct rules_text *t, const struct nat_settings *s, uint8_t family, const char *table)
{
	for (size_t i = 0; i < CHAINS; i++)
		if (!strcmp(chains[i].table, table))
			say(t, ":%s - [0:0]\n", chains[i].name);
	if (!strcmp(table, "nat"))
		nat_rules(t, s, family);
	else if (!strcmp(table, "filter"))
		filter_rules(t, s, family);
	else
		source_rules(t, family);
}

/* FNV-1a over all that the text says but the marker's name. */
static uint32_t text_hash(const struct nat_settings *s, uint8_t family)
{
	struct rules_text t = {0};
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < TABLES; i++) {
		table_rules(&t, s, family, tables[i]);
		jumps(&t, s, family, tables[i], "");
	}
	say(&t, "backend %u\n", s->backend);
	for (size_t i = 0; i < t.len; i++)
		h = (h ^ (unsigned char)t.text[i]) * 16777619u;
	rules_text_clear(&t);
	return h;
}

static const char *marker_prefix(uint8_t family)
{
	return family == AF_INET6 ? "VIPD-6-RULES-" : "VIPD-RULES-";
}

char *rules_marker(const struct nat_settings *s, uint8_t family, char buf[SET_NAME])
{
	snprintf(buf, SET_NAME, "%s%08x", marker_prefix(family), text_hash(s, family));
	return buf;
}

bool rules_is_marker(const char *name, uint8_t family)
{
	return !strncmp(name, marker_prefix(family), strlen(marker_prefix(family)));
}

/* ---- what is there ---- */

/* "-A INPUT ... -j VIPD-X": true with the rest behind "-A". */
static bool is_jump(const char *line, size_t len)
{
	const char *target = "-j VIPD-", *found = NULL;

	if (len < 3 || strncmp(line, "-A ", 3) != 0 || len >= RULES_LINE)
		return false;
	for (size_t i = 0; i + strlen(target) <= len; i++)
		if (!strncmp(line + i, target, strlen(target)))
			found = line + i + 3;
	if (!found)
		return false;
	for (size_t i = 0; i < CHAINS; i++)
		if ((size_t)(line + len - found) == strlen(chains[i].name) &&
		    !strncmp(found, chains[i].name, strlen(chains[i].name)))
			return true;
	return false;
}

void rules_stale(struct rules_text *out, const char *listing, size_t len)
{
	const char *end = listing + len, *nl;

	for (; listing < end && (nl = memchr(listing, '\n', (size_t)(end - listing))); listing = nl + 1)
		if (is_jump(listing, (size_t)(nl - listing)) && out->len < RULES_MAX / RULES_JUMPS / 2)
			say(out, "-D%.*s\n", (int)(nl - listing - 2), listing + 2);
}

static void take_out(struct rules_text *t, const char *table, const struct rules_text stale[RULES_JUMPS])
{
	for (size_t i = 0; i < RULES_JUMPS; i++)
		if (!strcmp(rules_places[i].table, table) && stale[i].len) {
			t->text = xrealloc(t->text, t->len + stale[i].len + 1);
			memcpy(t->text + t->len, stale[i].text, stale[i].len + 1);
			t->len += stale[i].len;
		}
}

char *rules_install(const struct nat_settings *s, uint8_t family, const struct rules_text stale[RULES_JUMPS])
{
	struct rules_text t = {0};
	char marker[SET_NAME];

	rules_marker(s, family, marker);
	for (size_t i = 0; i < TABLES; i++) {
		say(&t, "*%s\n", tables[i]);
		table_rules(&t, s, family, tables[i]);
		take_out(&t, tables[i], stale);
		jumps(&t, s, family, tables[i], marker);
		say(&t, "COMMIT\n");
	}
	return t.text;
}

char *rules_remove(const struct rules_text stale[RULES_JUMPS])
{
	struct rules_text t = {0};

	for (size_t i = 0; i < TABLES; i++) {
		say(&t, "*%s\n", tables[i]);
		for (size_t k = 0; k < CHAINS; k++)
			if (!strcmp(chains[k].table, tables[i]))
				say(&t, ":%s - [0:0]\n", chains[k].name);
		take_out(&t, tables[i], stale);
		for (size_t k = 0; k < CHAINS; k++)
			if (!strcmp(chains[k].table, tables[i]))
				say(&t, "-X %s\n", chains[k].name);
		say(&t, "COMMIT\n");
	}
	return t.text;
}

uint32_t rules_references(const char *text, const char *set)
{
	static const char word[] = "--match-set ";
	size_t len = strlen(set);
	uint32_t n = 0;

	for (const char *at = text; (at = strstr(at, word));) {
		at += sizeof word - 1;
		n += !strncmp(at, set, len) && at[len] == ' ';
	}
	return n;
}

/* ---- what may be restored ---- */

static bool own_chain(const char *name, size_t len)
{
	for (size_t i = 0; i < CHAINS; i++)
		if (strlen(chains[i].name) == len && !strncmp(chains[i].name, name, len))
			return true;
	return false;
}

static bool built_in(const char *name, size_t len)
{
	for (size_t i = 0; i < RULES_JUMPS; i++)
		if (strlen(rules_places[i].chain) == len && !strncmp(rules_places[i].chain, name, len))
			return true;
	return false;
}

/* "-I CHAIN ..." */
static bool command_good(const char *line, size_t len)
{
	const char *chain = line + 3, *end = memchr(chain, ' ', len - 3);
	size_t n = end ? (size_t)(end - chain) : len - 3;
	char as_listed[RULES_LINE];

	switch (line[1]) {
	case 'A':
	case 'X':
		return own_chain(chain, n);
	case 'I':
	case 'D':
		memcpy(as_listed, line, len);
		as_listed[1] = 'A';
		return built_in(chain, n) && is_jump(as_listed, len);
	default:
		return false;
	}
}

static bool table_named(const char *name, size_t len)
{
	for (size_t i = 0; i < TABLES; i++)
		if (strlen(tables[i]) == len && !strncmp(tables[i], name, len))
			return true;
	return false;
}

static bool line_good(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (line[i] < ' ' || line[i] > '~')
			return false;
	if (len >= RULES_LINE)
		return false;
	if (line[0] == '*')
		return table_named(line + 1, len - 1);
	if (len == 6 && !strncmp(line, "COMMIT", 6))
		return true;
	if (line[0] == ':')
		return len > 9 && !strncmp(line + len - 8, " - [0:0]", 8) && own_chain(line + 1, len - 9);
	return len > 3 && line[0] == '-' && line[2] == ' ' && command_good(line, len);
}

bool rules_good(const char *text)
{
	const char *nl;

	if (!*text || strlen(text) > RULES_MAX)
		return false;
	for (; *text; text = nl + 1) {
		nl = strchr(text, '\n');
		if (!nl || nl == text || !line_good(text, (size_t)(nl - text)))
			return false;
	}
	return true;
}
