/* How metrics are written. Source: Prometheus text format 0.0.4; OpenMetrics 1.0 (draft-richih-opsawg-openmetrics), which names a counter's family without
 * _total and ends with # EOF; RFC 9110, 12.5.1 for Accept. Test: tests/test_metrics_text.c */
#include "metrics_text.h"

#include "base/arena.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void add(struct metrics *m, const char *bytes, size_t len)
{
	if (m->cap - m->len < len) {
		m->cap = 2 * (m->len + len);
		m->bytes = xrealloc(m->bytes, m->cap);
	}
	memcpy(m->bytes + m->len, bytes, len);
	m->len += len;
}

static void put(struct metrics *m, const char *text)
{
	add(m, text, strlen(text));
}

void metrics_clear(struct metrics *m)
{
	free(m->bytes);
	free(m->kept);
	*m = (struct metrics){.open = m->open};
}

/* At least so many digits. */
static void put_number(struct metrics *m, uint64_t n, size_t least)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n || sizeof digits - at < least);
	add(m, digits + at, sizeof digits - at);
}

static void put_seconds(struct metrics *m, nsec_t t)
{
	uint64_t n = t < 0 ? 0 : (uint64_t)t;

	put_number(m, n / NSEC_PER_SEC, 1);
	if (n % NSEC_PER_SEC == 0)
		return;
	put(m, ".");
	put_number(m, n % NSEC_PER_SEC, 9);
	while (m->bytes[m->len - 1] == '0')
		m->len--;
}

/* ---- families ---- */

static const char *suffix_of(enum metrics_type type)
{
	return type == METRICS_COUNTER ? "_total" : type == METRICS_INFO ? "_info" : "";
}

void metrics_family(struct metrics *m, enum metrics_type type, const char *name, const char *help)
{
	static const char *const types[] = {[METRICS_COUNTER] = "counter",
					    [METRICS_GAUGE] = "gauge",
					    [METRICS_HISTOGRAM] = "histogram",
					    [METRICS_INFO] = "info"};
	const char *suffix = m->open ? "" : suffix_of(type);
	const char *const words[] = {"# HELP ", name, suffix, " ", help, "\n# TYPE ", name, suffix, " "};

	m->family = name;
	m->type = type;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		put(m, words[i]);
	put(m, type == METRICS_INFO && !m->open ? "gauge" : types[type]);
	put(m, "\n");
}

static void begin(struct metrics *m, const char *suffix)
{
	put(m, m->family);
	put(m, suffix);
	m->labelled = false;
	m->labels = m->len;
}

void metrics_begin(struct metrics *m)
{
	begin(m, suffix_of(m->type));
}

static void label_open(struct metrics *m, const char *name)
{
	put(m, m->labelled ? "," : "{");
	put(m, name);
	put(m, "=\"");
	m->labelled = true;
}

/* A byte that stands for itself. */
static bool is_plain(char c)
{
	return c > 0 && c != '\\' && c != '"' && c != '\n';
}

static void put_escaped(struct metrics *m, const char *value)
{
	size_t left = strlen(value), n;

	for (; left; value += n, left -= n) {
		for (n = 0; n < left && is_plain(value[n]);)
			n++;
		if (n) {
			add(m, value, n);
			continue;
		}
		n = utf8_len(value, left);
		if (n > 1) {
			add(m, value, n);
			continue;
		}
		n = 1;
		put(m, *value == '\n' ? "\\n" : *value == '"' ? "\\\"" : *value == '\\' ? "\\\\" : "?");
	}
}

void metrics_label(struct metrics *m, const char *name, const char *value)
{
	label_open(m, name);
	put_escaped(m, value);
	put(m, "\"");
}

void metrics_label_number(struct metrics *m, const char *name, uint64_t value)
{
	label_open(m, name);
	put_number(m, value, 1);
	put(m, "\"");
}

void metrics_keep(struct metrics *m)
{
	m->n_kept = m->len - m->labels;
	if (m->cap_kept < m->n_kept) {
		m->cap_kept = 2 * m->n_kept;
		m->kept = xrealloc(m->kept, m->cap_kept);
	}
	memcpy(m->kept, m->bytes + m->labels, m->n_kept);
}

void metrics_begin_kept(struct metrics *m)
{
	metrics_begin(m);
	add(m, m->kept, m->n_kept);
	m->labelled = m->n_kept > 0;
}

static void labels_close(struct metrics *m)
{
	put(m, m->labelled ? "} " : " ");
}

void metrics_value(struct metrics *m, uint64_t value)
{
	labels_close(m);
	put_number(m, value, 1);
	put(m, "\n");
}

void metrics_value_seconds(struct metrics *m, nsec_t value)
{
	labels_close(m);
	put_seconds(m, value);
	put(m, "\n");
}

void metrics_single(struct metrics *m, uint64_t value)
{
	metrics_begin(m);
	metrics_value(m, value);
}

void metrics_of(struct metrics *m, const char *label, const char *of, uint64_t value)
{
	metrics_begin(m);
	metrics_label(m, label, of);
	metrics_value(m, value);
}

void metrics_end(struct metrics *m)
{
	if (m->open)
		put(m, "# EOF\n");
}

/* ---- histograms ---- */

static const struct {
	nsec_t most;
	const char *text; /* OpenMetrics wants what a float prints as */
} bounds[METRICS_BOUNDS] = {
    {1 * NSEC_PER_MSEC, "0.001"}, {2500 * NSEC_PER_USEC, "0.0025"}, {5 * NSEC_PER_MSEC, "0.005"},
    {10 * NSEC_PER_MSEC, "0.01"}, {25 * NSEC_PER_MSEC, "0.025"},    {50 * NSEC_PER_MSEC, "0.05"},
    {100 * NSEC_PER_MSEC, "0.1"}, {250 * NSEC_PER_MSEC, "0.25"},    {500 * NSEC_PER_MSEC, "0.5"},
    {1 * NSEC_PER_SEC, "1.0"},    {2500 * NSEC_PER_MSEC, "2.5"},    {5 * NSEC_PER_SEC, "5.0"},
    {10 * NSEC_PER_SEC, "10.0"},  {30 * NSEC_PER_SEC, "30.0"},
};

void metrics_times_add(struct metrics_times *t, nsec_t took)
{
	size_t i = 0;

	while (i < METRICS_BOUNDS && took > bounds[i].most)
		i++;
	t->counts[i]++;
	t->sum += took > 0 ? took : 0;
}

static void times_begin(struct metrics *m, const char *suffix, const char *label, const char *of)
{
	begin(m, suffix);
	if (label)
		metrics_label(m, label, of);
}

void metrics_times(struct metrics *m, const char *label, const char *of, const struct metrics_times *t)
{
	uint64_t count = 0;

	for (size_t i = 0; i <= METRICS_BOUNDS; i++) {
		count += t->counts[i];
		times_begin(m, "_bucket", label, of);
		metrics_label(m, "le", i < METRICS_BOUNDS ? bounds[i].text : "+Inf");
		metrics_value(m, count);
	}
	times_begin(m, "_sum", label, of);
	metrics_value_seconds(m, t->sum);
	times_begin(m, "_count", label, of);
	metrics_value(m, count);
}

/* ---- which of the two ---- */

const char *metrics_content_type(bool open)
{
	return open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
		    : "text/plain; version=0.0.4; charset=utf-8";
}

/* "0.75" -> 750; what is not such a number counts as 0. */
static unsigned quality(const char *at, size_t len)
{
	unsigned q = 0, digit = 1000;

	for (size_t i = 0; i < len && digit; i++) {
		if (at[i] == '.' && i == 1)
			continue;
		if (at[i] < '0' || at[i] > '9')
			return 0;
		q += (unsigned)(at[i] - '0') * digit;
		digit /= 10;
	}
	return q > 1000 ? 1000 : q;
}

/* The q of one element of Accept, 1000 if it has none. */
static unsigned element_quality(const char *at, size_t len)
{
	const char *end = at + len, *p = at;

	while ((p = memchr(p, ';', (size_t)(end - p)))) {
		for (p++; p < end && (*p == ' ' || *p == '\t');)
			p++;
		if (end - p > 2 && (*p == 'q' || *p == 'Q') && p[1] == '=') {
			size_t n = 0;

			for (p += 2; p + n < end && p[n] != ';' && p[n] != ' ';)
				n++;
			return quality(p, n);
		}
	}
	return 1000;
}

static bool element_is(const char *at, size_t len, const char *type)
{
	size_t n = strlen(type);

	return len >= n && strncasecmp(at, type, n) == 0 && (len == n || strchr("; \t", at[n]));
}

bool metrics_accept_open(const char *accept)
{
	unsigned open = 0, plain = 0;

	while (*accept) {
		size_t len = strcspn(accept, ",");
		unsigned q = element_quality(accept, len);

		if (element_is(accept, len, "application/openmetrics-text"))
			open = q > open ? q : open;
		else if (element_is(accept, len, "text/plain"))
			plain = q > plain ? q : plain;
		accept += len;
		accept += strspn(accept, ", \t");
	}
	return open > 0 && open >= plain;
}
