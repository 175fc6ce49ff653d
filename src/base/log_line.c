/* Decides how a line of the log is written. Values come from manifests, packets and the kernel: every byte is looked at, and each part has a bound, so
 * that a line always ends as its form wants it. Source: systemd.io/JOURNAL_NATIVE_PROTOCOL, RFC 8259, sd-daemon(3).
 * Tests: tests/test_log.c, tests/fuzz/fuzz_log.c */
#include "log_line.h"

#include "utf8.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Of a line: what the message may take, what all fields together may, cut marks not counted. The rest is for names, numbers and brackets. */
enum { MESSAGE_BYTES = 1900, FIELDS_BYTES = 1300, TEXT_BYTES = 2000 };

struct out {
	char *buf;
	size_t n;
};

static const char level_prio[] = {'3', '4', '6', '7'}; /* sd-daemon(3), syslog(3) */
static const char *const level_words[] = {"error", "warning", "info", "debug"};

static void put(struct out *o, const char *s, size_t n)
{
	memcpy(o->buf + o->n, s, n);
	o->n += n;
}

static void put_text(struct out *o, const char *s)
{
	put(o, s, strlen(s));
}

/* ---- characters */

/* One character of a value in its form; at: n bytes, 0 if they are no character. Returns the bytes for it, and how many. */
typedef const char *(*form)(const char *at, size_t n, char room[8], size_t *len);

static const char *same(const char *at, size_t n, size_t *len)
{
	*len = n;
	return at;
}

static const char *literal(const char *s, size_t *len)
{
	*len = strlen(s);
	return s;
}

/* C0, DEL and, as a terminal takes them too, C1. */
static bool is_control(const char *at, size_t n)
{
	unsigned char c = (unsigned char)at[0];

	return (n == 1 && (c < 0x20 || c == 0x7f)) || (n == 2 && c == 0xc2 && (unsigned char)at[1] < 0xa0);
}

static const char *form_text(const char *at, size_t n, char room[8], size_t *len)
{
	if (!n)
		return literal("?", len);
	return is_control(at, n) ? literal(" ", len) : same(at, n, len);
}

/* Newlines are what the binary form is for; the rest of the controls would make journalctl hide the text. */
static const char *form_journal(const char *at, size_t n, char room[8], size_t *len)
{
	if (!n)
		return literal("\xef\xbf\xbd", len);
	return *at != '\n' && *at != '\t' && is_control(at, n) ? literal(" ", len) : same(at, n, len);
}

static const char *form_json(const char *at, size_t n, char room[8], size_t *len)
{
	unsigned code = (unsigned char)at[n == 2];

	if (!n)
		return literal("\xef\xbf\xbd", len);
	if (*at == '"' || *at == '\\')
		snprintf(room, 8, "\\%c", *at);
	else if (*at == '\n')
		snprintf(room, 8, "\\n");
	else if (*at == '\t')
		snprintf(room, 8, "\\t");
	else if (is_control(at, n))
		snprintf(room, 8, "\\u%04x", code);
	else
		return same(at, n, len);
	return literal(room, len);
}

/* A value in at most `most` bytes and the mark of a cut. Returns the bytes that it took. */
static size_t put_value(struct out *o, const char *s, form as, size_t most)
{
	size_t from = o->n, left = strlen(s), n, len;
	char room[8];

	for (; left; s += n, left -= n) {
		n = utf8_len(s, left);
		const char *bytes = as(s, n, room, &len);

		if (o->n - from + len > most) {
			put_text(o, "...");
			break;
		}
		put(o, bytes, len);
		n = n ? n : 1;
	}
	return o->n - from;
}

/* ---- fields */

static const struct field {
	const char *json, *journal;
	size_t at;
} fields[] = {
    {"router", "VIPD_ROUTER", offsetof(struct log_fields, router)},
    {"service", "VIPD_SERVICE", offsetof(struct log_fields, service)},
    {"object", "VIPD_OBJECT", offsetof(struct log_fields, object)},
    {"vip", "VIPD_VIP", offsetof(struct log_fields, vip)},
    {"interface", "VIPD_INTERFACE", offsetof(struct log_fields, interface)},
    {"peer", "VIPD_PEER", offsetof(struct log_fields, peer)},
    {"file", "VIPD_FILE", offsetof(struct log_fields, file)},
    {"child", "VIPD_CHILD", offsetof(struct log_fields, child)},
};

enum { FIELDS = sizeof fields / sizeof fields[0] };

static const char *field_value(const struct log_line *l, size_t i)
{
	const char *v;

	memcpy(&v, (const char *)&l->with + fields[i].at, sizeof v);
	return v;
}

/* Names of ours: letters and dashes. */
static const char *event_name(const struct log_line *l)
{
	return log_event_table[l->event].name;
}

/* ---- text */

size_t log_line_text(char buf[LOG_LINE_BYTES], const struct log_line *l, bool prefix)
{
	struct out o = {.buf = buf};
	char head[80];

	if (prefix) {
		snprintf(head, sizeof head, "<%c>", level_prio[l->level]);
		put_text(&o, head);
	}
	snprintf(head, sizeof head, "%.32s: ", l->process);
	put_text(&o, head);
	if (l->level <= LOG_LEVEL_WARNING) {
		put_text(&o, level_words[l->level]);
		put_text(&o, ": ");
	}
	put_value(&o, l->message, form_text, TEXT_BYTES);
	put_text(&o, "\n");
	return o.n;
}

/* ---- JSON */

/* Proleptic Gregorian calendar, days since 1970 as Hinnant's civil_from_days has it: no table, no time zone. */
static void put_time(struct out *o, int64_t usec)
{
	int64_t sec = usec / 1000000, days = sec / 86400 + 719468, era = days / 146097;
	unsigned doe = (unsigned)(days - era * 146097), rest = (unsigned)(sec % 86400);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	unsigned day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
	long long year = era * 400 + yoe + (month <= 2);
	char text[96];

	snprintf(text, sizeof text, "%04lld-%02u-%02uT%02u:%02u:%02u.%06uZ", year, month, day, rest / 3600,
		 rest / 60 % 60, rest % 60, (unsigned)(usec % 1000000));
	put_text(o, text);
}

static size_t put_pair(struct out *o, const char *name, const char *value, size_t most)
{
	size_t took;

	put_text(o, ",\"");
	put_text(o, name);
	put_text(o, "\":\"");
	took = put_value(o, value, form_json, most);
	put_text(o, "\"");
	return took;
}

static void put_number(struct out *o, const char *name, long value)
{
	char text[64];

	snprintf(text, sizeof text, ",\"%s\":%ld", name, value);
	put_text(o, text);
}

size_t log_line_json(char buf[LOG_LINE_BYTES], const struct log_line *l)
{
	struct out o = {.buf = buf};
	size_t left = FIELDS_BYTES;

	put_text(&o, "{\"ts\":\"");
	put_time(&o, l->usec);
	put_text(&o, "\"");
	put_pair(&o, "level", level_words[l->level], 8);
	put_pair(&o, "process", l->process, 32);
	put_number(&o, "pid", l->pid);
	if (event_name(l))
		put_pair(&o, "id", event_name(l), 32);
	put_pair(&o, "msg", l->message, MESSAGE_BYTES);
	for (size_t i = 0; i < FIELDS; i++) {
		const char *value = field_value(l, i);
		size_t took = value ? put_pair(&o, fields[i].json, value, left) : 0;

		left -= took < left ? took : left;
	}
	if (l->with.suppressed)
		put_number(&o, "suppressed", l->with.suppressed);
	put_text(&o, "}\n");
	return o.n;
}

/* ---- the journal */

/* NAME=value, or NAME, newline, length as 64 bits little endian, value. */
static size_t put_field(struct out *o, const char *name, const char *value, size_t most)
{
	bool binary = strchr(value, '\n') != NULL;
	size_t at, took;

	put_text(o, name);
	put_text(o, binary ? "\n" : "=");
	at = o->n;
	o->n += binary ? 8 : 0;
	took = put_value(o, value, form_journal, most);
	for (int i = 0; binary && i < 8; i++)
		o->buf[at + (size_t)i] = (char)((uint64_t)(o->n - at - 8) >> (8 * i));
	put_text(o, "\n");
	return took;
}

size_t log_line_journal(char buf[LOG_LINE_BYTES], const struct log_line *l)
{
	struct out o = {.buf = buf};
	size_t left = FIELDS_BYTES;
	char head[80], number[24];

	snprintf(head, sizeof head, "PRIORITY=%c\nSYSLOG_IDENTIFIER=vipd\n", level_prio[l->level]);
	put_text(&o, head);
	put_field(&o, "VIPD_PROCESS", l->process, 32);
	if (event_name(l)) {
		put_field(&o, "MESSAGE_ID", log_event_table[l->event].uuid, 32);
		put_field(&o, "VIPD_EVENT", event_name(l), 32);
	}
	for (size_t i = 0; i < FIELDS; i++) {
		const char *value = field_value(l, i);
		size_t took = value ? put_field(&o, fields[i].journal, value, left) : 0;

		left -= took < left ? took : left;
	}
	snprintf(number, sizeof number, "%u", l->with.suppressed);
	if (l->with.suppressed)
		put_field(&o, "VIPD_SUPPRESSED", number, sizeof number);
	put_field(&o, "MESSAGE", l->message, MESSAGE_BYTES);
	return o.n;
}

bool log_line_is_stream(const char *value, uint64_t device, uint64_t inode)
{
	char text[48];

	snprintf(text, sizeof text, "%llu:%llu", (unsigned long long)device, (unsigned long long)inode);
	return value && !strcmp(value, text);
}
