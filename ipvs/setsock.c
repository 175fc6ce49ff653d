/* libipset(3) as vipd needs it. The library collects adds and deletes of one set into a message; the kernel stops at the first that it refuses and says its
 * line: what is behind it is sent again. Values go in as values: names of protocols would be looked up in files, line by line.
 * Source: libipset/session.h, net/netfilter/ipset/ip_set_core.c (call_ad). Test: tests/kernel/test_setsock.c */
#include "setsock.h"

#include "../src/base/arena.h"

#include <errno.h>
#include <libipset/ipset.h>
#include <linux/membarrier.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ERROR_TEXT = 256, LINE_MAX_LEN = 512 };

struct setsock {
	struct ipset_session *session;
	char error[ERROR_TEXT];
	/* What the library prints, line by line. */
	char line[LINE_MAX_LEN];
	size_t len;
	void (*on_line)(void *arg, const char *line);
	void *arg;
};

/* Takes the place of the C library's in this program: libipset asks for the name of each entry's protocol, and glibc would open /etc/protocols for each,
 * 50,000 times a listing (and find nothing where there is no such file). */
struct protoent *getprotobynumber(int proto)
{
	static char tcp[] = "tcp", udp[] = "udp", sctp[] = "sctp", *none[] = {NULL};
	static struct protoent known[] = {
	    {tcp, none, IPPROTO_TCP}, {udp, none, IPPROTO_UDP}, {sctp, none, IPPROTO_SCTP}};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].p_proto == proto)
			return &known[i];
	return NULL; /* the library prints the number */
}

/* ---- what the library prints ---- */

static void take_text(struct setsock *s, const char *text)
{
	for (; *text; text++) {
		if (*text != '\n') {
			if (s->len < sizeof(s->line) - 1)
				s->line[s->len++] = *text;
			continue;
		}
		s->line[s->len] = '\0';
		s->len = 0;
		if (s->on_line)
			s->on_line(s->arg, s->line);
	}
}

__attribute__((format(printf, 3, 4))) static int on_print(struct ipset_session *session, void *p, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n >= 0)
		take_text(p, text);
	free(text);
	return n;
}

/* ---- errors ---- */

/* Keeps the words in one line; the line of the batch that they name, or 0. The session begins anew: what the kernel still says to a command that failed
 * would be taken for the answer to the next. */
static uint32_t take_error(struct setsock *s)
{
	const char *text = ipset_session_report_msg(s->session), *colon;
	unsigned long line = 0;

	if (!text || !*text)
		text = "the kernel gave no reason";
	if (sscanf(text, "Error in line %lu", &line) == 1 && (colon = strchr(text, ':')))
		text = colon + 1 + strspn(colon + 1, " ");
	snprintf(s->error, sizeof(s->error), "%s", text);
	for (char *c = s->error; *c; c++)
		if (*c == '\n')
			*c = c[1] ? ' ' : '\0';
	ipset_session_fini(s->session);
	s->session = ipset_session_init(on_print, s);
	if (!s->session)
		abort(); /* out of memory */
	return (uint32_t)line;
}

const char *setsock_error(const struct setsock *s)
{
	return s->error;
}

static int finish(struct setsock *s, int rc)
{
	if (rc >= 0)
		return 0;
	take_error(s);
	return -EIO;
}

/* ---- sets ---- */

int setsock_open(struct setsock **out)
{
	struct setsock *s = xcalloc(1, sizeof *s);

	ipset_load_types();
	s->session = ipset_session_init(on_print, s);
	if (!s->session) {
		free(s);
		return -EPROTONOSUPPORT;
	}
	*out = s;
	return 0;
}

void setsock_close(struct setsock *s)
{
	if (!s)
		return;
	ipset_session_fini(s->session);
	free(s);
}

struct header_reader {
	const char *prefix;
	struct set_header h;
	void (*each)(void *arg, const struct set_header *h);
	void *arg;
};

static void on_header_line(void *arg, const char *line)
{
	struct header_reader *r = arg;

	if (!strncmp(line, "Name: ", 6)) {
		memset(&r->h, 0, sizeof(r->h));
		snprintf(r->h.name, sizeof(r->h.name), "%s", line + 6);
	} else if (!strncmp(line, "Header: ", 8)) {
		const char *buckets = strstr(line, "hashsize ");

		r->h.buckets = buckets ? (uint32_t)strtoul(buckets + 9, NULL, 10) : 0;
	} else if (!strncmp(line, "References: ", 12)) {
		r->h.references = (uint32_t)strtoul(line + 12, NULL, 10);
	} else if (!strncmp(line, "Number of entries: ", 19)) {
		r->h.entries = (uint32_t)strtoul(line + 19, NULL, 10);
		if (!strncmp(r->h.name, r->prefix, strlen(r->prefix)))
			r->each(r->arg, &r->h);
	}
}

/* Runs a command that prints. mode and the set's name are set already. */
static int print(struct setsock *s, enum ipset_cmd cmd, void (*on_line)(void *arg, const char *line), void *arg)
{
	int rc;

	s->len = 0;
	s->on_line = on_line;
	s->arg = arg;
	rc = ipset_cmd(s->session, cmd, 0);
	s->on_line = NULL;
	return finish(s, rc);
}

int setsock_headers(struct setsock *s, const char *prefix, void (*each)(void *arg, const struct set_header *h),
		    void *arg)
{
	struct header_reader r = {.prefix = prefix, .each = each, .arg = arg};
	int err;

	ipset_session_output(s->session, IPSET_LIST_PLAIN);
	ipset_envopt_set(s->session, IPSET_ENV_LIST_HEADER);
	err = print(s, IPSET_CMD_LIST, on_header_line, &r);
	ipset_envopt_unset(s->session, IPSET_ENV_LIST_HEADER);
	return err;
}

static int create(struct setsock *s, const char *name, enum set_shape shape, uint8_t family, uint32_t buckets,
		  bool exists)
{
	const uint32_t most = SET_MAX;
	const struct ipset_type *type;

	ipset_session_data_set(s->session, IPSET_SETNAME, name);
	ipset_session_data_set(s->session, IPSET_OPT_TYPENAME, set_shape_name(shape));
	ipset_session_data_set(s->session, IPSET_OPT_FAMILY, &family);
	type = ipset_type_get(s->session, IPSET_CMD_CREATE);
	if (!type)
		return finish(s, -1);
	ipset_session_data_set(s->session, IPSET_OPT_TYPE, type);
	ipset_session_data_set(s->session, IPSET_OPT_MAXELEM, &most);
	ipset_session_data_set(s->session, IPSET_OPT_HASHSIZE, &buckets);
	if (exists)
		ipset_envopt_set(s->session, IPSET_ENV_EXIST);
	else
		ipset_envopt_unset(s->session, IPSET_ENV_EXIST);
	return finish(s, ipset_cmd(s->session, IPSET_CMD_CREATE, 0));
}

int setsock_create(struct setsock *s, const char *name, enum set_shape shape, uint8_t family, uint32_t buckets)
{
	return create(s, name, shape, family, buckets, true);
}

int setsock_destroy(struct setsock *s, const char *name)
{
	ipset_session_data_set(s->session, IPSET_SETNAME, name);
	return finish(s, ipset_cmd(s->session, IPSET_CMD_DESTROY, 0));
}

struct entry_reader {
	void (*each)(void *arg, const struct set_entry *e);
	void *arg;
};

static void on_entry_line(void *arg, const char *line)
{
	struct entry_reader *r = arg;
	struct set_entry e;

	if (set_entry_parse(line, &e) == 0)
		r->each(r->arg, &e);
}

int setsock_list(struct setsock *s, const char *name, void (*each)(void *arg, const struct set_entry *e), void *arg)
{
	struct entry_reader r = {each, arg};

	ipset_session_output(s->session, IPSET_LIST_SAVE);
	ipset_session_data_set(s->session, IPSET_SETNAME, name);
	return print(s, IPSET_CMD_SAVE, on_entry_line, &r);
}

/* ---- entries ---- */

static union nf_inet_addr inet(const struct addr *a)
{
	union nf_inet_addr u = {{0}};

	memcpy(&u, a->bytes, addr_len(a));
	return u;
}

static void fill(struct ipset_session *session, const struct set_entry *e, const char *name,
		 const struct ipset_type *type)
{
	enum set_shape shape = set_shape((enum set_id)e->set);
	union nf_inet_addr addr = inet(&e->addr), net = inet(&e->net);

	ipset_envopt_set(session, IPSET_ENV_EXIST); /* there already, or not any more: fine */
	ipset_session_data_set(session, IPSET_SETNAME, name);
	ipset_session_data_set(session, IPSET_OPT_TYPE, type);
	ipset_session_data_set(session, IPSET_OPT_FAMILY, &e->addr.family);
	ipset_session_data_set(session, IPSET_OPT_IP, &addr);
	if (shape == SHAPE_NET)
		ipset_session_data_set(session, IPSET_OPT_CIDR, &e->bits);
	if (shape == SHAPE_IP || shape == SHAPE_NET)
		return;
	ipset_session_data_set(session, IPSET_OPT_PROTO, &e->proto);
	ipset_session_data_set(session, IPSET_OPT_PORT, &e->port);
	if (shape == SHAPE_IP_PORT)
		return;
	ipset_session_data_set(session, IPSET_OPT_IP2, &net);
	if (shape == SHAPE_IP_PORT_NET)
		ipset_session_data_set(session, IPSET_OPT_CIDR2, &e->bits);
}

/* The type of an existing set, as the kernel has it. */
static const struct ipset_type *type_of(struct setsock *s, const char *name)
{
	const struct ipset_type *type;

	ipset_session_data_set(s->session, IPSET_SETNAME, name);
	type = ipset_type_get(s->session, IPSET_CMD_ADD);
	if (type)
		ipset_data_reset(ipset_session_data(s->session));
	else
		take_error(s);
	return type;
}

/* Operations of one set and one kind, [0..n). */
struct run {
	struct setsock *s;
	const struct set_op *ops;
	size_t n;
	char name[SET_NAME];
	const struct ipset_type *type;
};

/* Sends from `from` on; returns the index of the one that was refused, n if none was, or -1 where the refusal names none. */
static int64_t send_run(const struct run *r, size_t from)
{
	enum ipset_cmd cmd = r->ops->add ? IPSET_CMD_ADD : IPSET_CMD_DEL;
	int rc = 0;
	uint32_t line;

	for (size_t i = from; i < r->n && rc >= 0; i++) {
		fill(r->s->session, &r->ops[i].entry, r->name, r->type);
		rc = ipset_cmd(r->s->session, cmd, (uint32_t)(i + 1));
	}
	if (rc >= 0)
		rc = ipset_commit(r->s->session);
	if (rc >= 0)
		return (int64_t)r->n;
	line = take_error(r->s);
	return line > from && line <= r->n ? (int64_t)line - 1 : -1;
}

/* One by one. */
static size_t send_singly(const struct run *r, size_t from, void (*done)(void *arg, const struct set_op *op), void *arg)
{
	size_t failed = 0;

	for (size_t i = from; i < r->n; i++) {
		fill(r->s->session, &r->ops[i].entry, r->name, r->type);
		if (finish(r->s, ipset_cmd(r->s->session, r->ops->add ? IPSET_CMD_ADD : IPSET_CMD_DEL, 0)))
			failed++;
		else
			done(arg, &r->ops[i]);
	}
	return failed;
}

static size_t apply_run(struct run *r, void (*done)(void *arg, const struct set_op *op), void *arg)
{
	size_t failed = 0;

	r->type = type_of(r->s, r->name);
	if (!r->type)
		return r->n;
	for (size_t from = 0; from < r->n; from++) {
		int64_t at = send_run(r, from);

		if (at < 0)
			return failed + send_singly(r, from, done, arg);
		for (; from < (size_t)at; from++)
			done(arg, &r->ops[from]);
		failed += from < r->n;
	}
	return failed;
}

size_t setsock_apply(struct setsock *s, const struct set_op *ops, size_t n,
		     void (*done)(void *arg, const struct set_op *op), void *arg)
{
	size_t failed = 0;

	for (size_t at = 0; at < n;) {
		struct run r = {.s = s, .ops = ops + at, .n = set_ops_run(ops + at, n - at)};

		set_name((enum set_id)r.ops->entry.set, r.ops->entry.addr.family, r.name);
		failed += apply_run(&r, done, arg);
		at += r.n;
	}
	return failed;
}

static void not_yet(void *arg, const struct set_op *op)
{
}

static int swap(struct setsock *s, const char *a, const char *b)
{
	ipset_session_data_set(s->session, IPSET_SETNAME, a);
	ipset_session_data_set(s->session, IPSET_OPT_SETNAME2, b);
	return finish(s, ipset_cmd(s->session, IPSET_CMD_SWAP, 0));
}

/* The reason of an earlier failure stays. */
static void destroy_quietly(struct setsock *s, const char *name)
{
	char kept[ERROR_TEXT];

	memcpy(kept, s->error, sizeof kept);
	setsock_destroy(s, name);
	memcpy(s->error, kept, sizeof kept);
}

/* Packets on other CPUs may still be looking into a set that was swapped out, and kernels before 6.7 free it under them. A membarrier waits for that
 * (synchronize_rcu); a machine that keeps its CPUs to itself (nohz_full) refuses it. Source: membarrier(2). */
static bool readers_left(void)
{
	return syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0;
}

int setsock_replace(struct setsock *s, const struct set_op *adds, size_t n, uint32_t buckets,
		    void (*done)(void *arg, const struct set_op *op), void *arg)
{
	enum set_id id = (enum set_id)adds->entry.set;
	uint8_t family = adds->entry.addr.family;
	struct run r = {.s = s, .ops = adds, .n = n};
	char name[SET_NAME];
	int err;

	set_name(id, family, name);
	set_next_name(family, r.name);
	destroy_quietly(s, r.name); /* mostly there is none */
	err = create(s, r.name, set_shape(id), family, buckets, false);
	if (!err && apply_run(&r, not_yet, NULL))
		err = -EIO;
	if (!err)
		err = swap(s, name, r.name);
	for (size_t i = 0; i < n && !err; i++)
		done(arg, &adds[i]);
	if (err || readers_left())
		destroy_quietly(s, r.name);
	return err;
}
