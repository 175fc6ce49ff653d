/* metadata of any object: names, labels, annotations, times. Source: k8s.io/apimachinery pkg/api/validation/objectmeta.go, RFC 3339.
 * Test: tests/test_manifest.c. */
#include "manifest.h"
#include "manifest_parts.h"

#include <netinet/in.h>
#include <string.h>

/* Two digits at s, or -1. */
static int two(const char *s)
{
	return s[0] >= '0' && s[0] <= '9' && s[1] >= '0' && s[1] <= '9' ? (s[0] - '0') * 10 + s[1] - '0' : -1;
}

/* Days from 1970-01-01 in the proleptic Gregorian calendar; years count from March so that the leap day comes last. */
static int64_t days(int y, int m, int d)
{
	int64_t era;
	int yoe, doy;

	y -= m <= 2;
	era = y / 400;
	yoe = (int)(y - era * 400);
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* "Z" or "+08:00" at the end of the text, in seconds east. */
static bool zone(const char *s, int *out)
{
	int h, m;

	*out = 0;
	if ((*s == 'Z' || *s == 'z') && !s[1])
		return true;
	if (strlen(s) != 6 || (*s != '+' && *s != '-') || s[3] != ':')
		return false;
	h = two(s + 1);
	m = two(s + 4);
	*out = (*s == '-' ? -1 : 1) * (h * 3600 + m * 60);
	return h >= 0 && h <= 23 && m >= 0 && m <= 59;
}

bool manifest_time(const char *t, int64_t *out)
{
	int century, year, month, day, h, m, s, east;
	const char *rest = t + 19;

	if (strlen(t) < 20 || t[4] != '-' || t[7] != '-' || (t[10] != 'T' && t[10] != 't') || t[13] != ':' ||
	    t[16] != ':')
		return false;
	century = two(t);
	year = two(t + 2);
	month = two(t + 5);
	day = two(t + 8);
	h = two(t + 11);
	m = two(t + 14);
	s = two(t + 17);
	if (century < 0 || year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || h < 0 || h > 23 || m < 0 ||
	    m > 59 || s < 0 || s > 60)
		return false;
	if (*rest == '.')
		for (rest++; *rest >= '0' && *rest <= '9';)
			rest++;
	if (!zone(rest, &east))
		return false;
	*out = days(century * 100 + year, month, day) * 86400 + h * 3600 + m * 60 + s - east;
	return true;
}

static int64_t time_field(struct field f)
{
	const char *s = field_string(f, "");
	char quoted[FIELD_QUOTE];
	int64_t t = 0;

	if (*s && !manifest_time(s, &t))
		field_error(&f, "%s is not a time (RFC 3339)", field_quote(s, quoted));
	return t;
}

static const char *read_name(const struct field *meta, enum kind kind)
{
	struct field f = field_get(meta, "name");
	bool label = kind == KIND_SERVICE;
	const char *s = field_string(f, "");
	char quoted[FIELD_QUOTE];

	if (!*s) {
		if (!f.node || f.node->type == NODE_STRING)
			field_error(&f, "required");
	} else if (label ? !name_is_label(s) : !name_is_subdomain(s)) {
		field_error(&f, "%s is not a name (RFC 1123: a-z, 0-9%s, at most %d)", field_quote(s, quoted),
			    label ? " and '-'" : ", '-' and '.'", label ? 63 : 253);
	}
	return s;
}

static const char *read_namespace(const struct field *meta, enum kind kind)
{
	struct field f = field_get(meta, "namespace");
	const char *s = field_string(f, "");
	char quoted[FIELD_QUOTE];

	if (kind == KIND_NODE)
		return "";
	if (*s && !name_is_label(s))
		field_error(&f, "%s is not a namespace (RFC 1123: a-z, 0-9 and '-', at most 63)",
			    field_quote(s, quoted));
	return *s ? s : "default";
}

static void check_pairs(const struct field *map, const struct str_pairs *pairs, bool values)
{
	char quoted[FIELD_QUOTE];

	for (size_t i = 0; i < pairs->n; i++) {
		struct field f = field_get(map, pairs->items[i].key);

		if (!name_is_qualified(pairs->items[i].key))
			field_error(&f, "is not a valid key");
		if (values && !name_is_label_value(pairs->items[i].value))
			field_error(&f, "%s is not a label's value (letters, digits, '-', '_', '.', at most 63)",
				    field_quote(pairs->items[i].value, quoted));
	}
}

const char *const manifest_annotations[] = {"vipd.io/addresses",
					    "vipd.io/allocations",
					    "vipd.io/allow-shared-ip",
					    "vipd.io/drain-timeout",
					    "vipd.io/forward-method",
					    "vipd.io/lower-threshold",
					    "vipd.io/one-packet",
					    "vipd.io/persistence-granularity",
					    "vipd.io/pool",
					    "vipd.io/scheduler",
					    "vipd.io/scheduler-flags",
					    "vipd.io/tunnel",
					    "vipd.io/upper-threshold",
					    "vipd.io/weight",
					    NULL};

/* A misspelt annotation of vipd's own would otherwise do nothing, silently. */
static void check_own(const struct field *map, const char *key)
{
	struct field f = field_get(map, key);

	if (strncmp(key, "vipd.io/", 8))
		return;
	for (const char *const *known = manifest_annotations; *known; known++)
		if (!strcmp(key, *known))
			return;
	field_warning(&f, "vipd knows no such annotation");
}

static struct str_pairs read_annotations(const struct field *meta)
{
	struct field map = field_map(meta, "annotations");
	struct str_pairs all = field_pairs(map);
	size_t kept = 0;

	check_pairs(&map, &all, false);
	for (size_t i = 0; i < all.n; i++) {
		check_own(&map, all.items[i].key);
		/* kubectl's second copy of the whole object is of no use here */
		if (strcmp(all.items[i].key, "kubectl.kubernetes.io/last-applied-configuration"))
			all.items[kept++] = all.items[i];
	}
	all.n = kept;
	return all;
}

void manifest_read_meta(const struct field *root, enum kind kind, struct meta *out)
{
	struct field meta = field_map(root, "metadata");
	struct field labels = field_map(&meta, "labels");
	const char *uid = field_string(field_get(&meta, "uid"), "");

	out->name = read_name(&meta, kind);
	out->namespace = read_namespace(&meta, kind);
	out->uid = *uid ? uid : NULL;
	out->created = time_field(field_get(&meta, "creationTimestamp"));
	out->deleting = time_field(field_get(&meta, "deletionTimestamp"));
	out->labels = field_pairs(labels);
	check_pairs(&labels, &out->labels, true);
	out->annotations = read_annotations(&meta);
}

uint16_t manifest_weight(const struct field *root)
{
	struct field meta = field_get(root, "metadata"), map = field_get(&meta, "annotations");
	struct field f = field_get(&map, "vipd.io/weight");
	unsigned long v = 0;
	const char *s;

	if (!f.node || f.node->type != NODE_STRING) /* a wrong type has been reported with the annotations */
		return 1;
	s = f.node->text;
	for (size_t i = 0; s[i] >= '0' && s[i] <= '9' && i < 5; i++)
		v = v * 10 + (unsigned long)(s[i] - '0');
	if (!*s || s[strspn(s, "0123456789")] || strlen(s) > 5 || v > 65535) {
		char quoted[FIELD_QUOTE];

		field_error(&f, "%s is not a weight (0-65535)", field_quote(s, quoted));
		return 1;
	}
	return (uint16_t)v;
}

uint8_t manifest_proto(struct field f)
{
	static const char *const words[] = {"TCP", "UDP", "SCTP", NULL};
	static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};

	return protos[field_choice(f, words, 0)];
}
