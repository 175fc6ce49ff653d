/* A Service's annotations that tune its virtual servers: scheduler and its flags, forwarding, tunnel, thresholds, persistence, drain. What is wrong is
 * told and counts as not said. Source: README, "Annotations"; linux/ip_vs.h (flags, tunnels, thresholds). Test: tests/test_plan_services.c */
#include "plan_int.h"

#include "../src/base/duration.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEDULERS "rr wrr lc wlc lblc lblcr sh dh sed nq mh fo ovf"

enum { GUE_PORT = 6080 }; /* IANA's */

struct reading {
	const struct plan_config *config;
	struct svc *svc;
	struct knobs *out;
};

static const char *text_of(const struct reading *d, const char *name)
{
	return pairs_get(&d->svc->object->meta.annotations, name);
}

/* "annotation NAME: "TEXT" ..." */
__attribute__((format(printf, 4, 5))) static void bad(struct reading *d, const char *name, const char *text,
						      const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof why, fmt, ap);
	va_end(ap);
	problems_add(&d->svc->found, "BadAnnotation", "annotation %s: \"%.30s\" %s", name, text, why);
}

/* The digits that *text begins with, at most nine; false if there are none. *text moves behind them. */
static bool number(const char **text, uint32_t *out)
{
	size_t n = strspn(*text, "0123456789");
	uint32_t v = 0;

	if (n == 0 || n > 9)
		return false;
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (uint32_t)((*text)[i] - '0');
	*text += n;
	*out = v;
	return true;
}

static void read_scheduler(struct reading *d)
{
	static const char annotation[] = "vipd.io/scheduler";
	const char *name = text_of(d, annotation);

	memcpy(d->out->sched, d->config->default_scheduler, sizeof d->out->sched - 1);
	if (name && !sched_known(name))
		bad(d, annotation, name, "is no scheduler: expected one of " SCHEDULERS "; %s is used", d->out->sched);
	else if (name)
		strcpy(d->out->sched, name);
	if (!strcmp(d->out->sched, "mh")) /* as kube-proxy */
		d->out->flags |= VS_SCHED2;
	if (!strcmp(d->out->sched, "sh")) /* without it clients are refused while their real server drains */
		d->out->flags |= VS_SCHED1;
}

static void read_flags(struct reading *d)
{
	static const struct {
		const char *name, *sched;
		uint32_t flag;
	} known[] = {{"sh-fallback", "sh", VS_SCHED1},
		     {"sh-port", "sh", VS_SCHED2},
		     {"mh-fallback", "mh", VS_SCHED1},
		     {"mh-port", "mh", VS_SCHED2},
		     {"ops", NULL, VS_ONEPACKET}};
	static const char annotation[] = "vipd.io/scheduler-flags";
	const char *value = text_of(d, annotation);
	char *copy, *rest, *item;

	if (!value)
		return;
	d->out->flags &= ~(uint32_t)(VS_SCHED1 | VS_SCHED2);
	rest = copy = xstrdup(value);
	while ((item = strsep(&rest, ", "))) {
		size_t i = 0, n = sizeof known / sizeof *known;

		while (i < n && strcmp(item, known[i].name) != 0)
			i++;
		if (i < n && (!known[i].sched || !strcmp(known[i].sched, d->out->sched)))
			d->out->flags |= known[i].flag;
		else if (i < n)
			bad(d, annotation, item, "needs scheduler %s, this Service has %s", known[i].sched,
			    d->out->sched);
		else if (*item)
			bad(d, annotation, item,
			    "is unknown: expected sh-fallback, sh-port, mh-fallback, mh-port or ops");
	}
	free(copy);
}

static void read_one_packet(struct reading *d)
{
	static const char annotation[] = "vipd.io/one-packet";
	const char *text = text_of(d, annotation);

	if (text && !strcmp(text, "true"))
		d->out->flags |= VS_ONEPACKET;
	else if (text && strcmp(text, "false") != 0)
		bad(d, annotation, text, "is neither true nor false; false is used");
}

/* vipd's own annotation, else the one of keepalived-cloud-provider. */
static void read_forward(struct reading *d)
{
	static const char *const names[] = {"vipd.io/forward-method", "k8s.co/keepalived-forward-method"};
	enum forward f;

	for (size_t i = 0; i < 2 && d->out->forward < 0; i++) {
		const char *method = text_of(d, names[i]);

		if (!method || !*method)
			continue;
		if (!forward_parse(method, &f))
			d->out->forward = (int)f;
		else
			bad(d, names[i], method, "is no forwarding method: expected NAT, DR or TUN; %s is used",
			    forward_name(d->config->default_forward));
	}
}

/* "ipip", "gre", "gue", "gue:6080" */
static void read_tunnel(struct reading *d)
{
	static const char annotation[] = "vipd.io/tunnel";
	const char *text = text_of(d, annotation), *port = text ? strchr(text, ':') : NULL;
	struct limits *l = &d->out->limits;
	uint32_t n = GUE_PORT;

	if (!text || !strcmp(text, "ipip"))
		return;
	if (port && (strncmp(text, "gue:", 4) != 0 || (port++, !number(&port, &n)) || *port || n == 0 || n > 65535))
		n = 0;
	if (!strcmp(text, "gre")) {
		l->tunnel = TUNNEL_GRE;
	} else if (n && !strncmp(text, "gue", 3) && (text[3] == '\0' || text[3] == ':')) {
		l->tunnel = TUNNEL_GUE;
		l->tunnel_port = (uint16_t)n;
	} else {
		bad(d, annotation, text, "is no tunnel: expected ipip, gre, gue or gue:PORT; ipip is used");
	}
}

static uint32_t read_threshold(struct reading *d, const char *annotation)
{
	const char *text = text_of(d, annotation), *at = text;
	uint32_t n;

	if (!text)
		return 0;
	if (number(&at, &n) && !*at)
		return n;
	bad(d, annotation, text, "is no number of connections: expected 0 (no limit) to 999999999; 0 is used");
	return 0;
}

static void read_thresholds(struct reading *d)
{
	struct limits *l = &d->out->limits;

	l->upper = read_threshold(d, "vipd.io/upper-threshold");
	l->lower = read_threshold(d, "vipd.io/lower-threshold");
	if (l->lower <= l->upper)
		return;
	bad(d, "vipd.io/lower-threshold", text_of(d, "vipd.io/lower-threshold"),
	    "is above vipd.io/upper-threshold, %u; neither is used", l->upper);
	l->upper = l->lower = 0;
}

/* "24", or "24,64" for IPv4 and IPv6. */
static void read_granularity(struct reading *d)
{
	static const char annotation[] = "vipd.io/persistence-granularity";
	const char *text = text_of(d, annotation), *at = text;
	uint32_t v4 = 32, v6 = 128;
	bool good = !text || number(&at, &v4);

	if (text && good && *at == ',')
		good = (at++, number(&at, &v6));
	if (text && (!good || *at || v4 < 1 || v4 > 32 || v6 < 1 || v6 > 128)) {
		bad(d, annotation, text,
		    "is no prefix length: expected 1-32, or that, a comma and 1-128 for IPv6; 32,128 is used");
		v4 = 32;
		v6 = 128;
	}
	d->out->granularity4 = (uint8_t)v4;
	d->out->granularity6 = (uint8_t)v6;
}

static void read_drain(struct reading *d)
{
	static const char annotation[] = "vipd.io/drain-timeout";
	const char *text = text_of(d, annotation);
	uint32_t ms;

	d->out->drain_s = d->config->drain_s;
	if (text && !duration_parse(text, &ms) && ms % 1000 == 0)
		d->out->drain_s = ms / 1000;
	else if (text)
		bad(d, annotation, text,
		    "is no time: expected whole seconds, at most a day, such as 30s, 5m, or 0 to drop connections at "
		    "once; %us is used",
		    d->out->drain_s);
}

void knobs_read(const struct plan_config *config, struct svc *s, struct knobs *out)
{
	struct reading d = {config, s, out};

	*out = (struct knobs){.forward = -1};
	read_scheduler(&d);
	read_flags(&d);
	read_one_packet(&d);
	read_forward(&d);
	read_tunnel(&d);
	read_thresholds(&d);
	read_granularity(&d);
	read_drain(&d);
}
