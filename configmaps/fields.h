/* Typed access to the fields of a manifest: a field knows its place and its path, so that every refusal names the file, the object and the field.
 * Private to configmaps/. Pure. */
#ifndef VIPD_CONFIGMAPS_FIELDS_H
#define VIPD_CONFIGMAPS_FIELDS_H

#include "../src/base/doc.h"
#include "object.h"

/* One object being read. */
struct reader {
	const char *file;
	struct diag_list *diags;
	struct arena *arena; /* scratch: lists and pairs of the object; its strings stay in the document */
	const char *object;  /* "Service default/web", opens each message; NULL before it is known */
	bool failed;         /* an error was reported */
};

/* A field, present or not. Lives on the stack of who reads it; `up` must outlive it. */
struct field {
	struct reader *r;
	const struct node *node; /* NULL: absent, null, or of a wrong type that has been reported */
	const struct field *up;
	const char *key; /* NULL: item `index` of a list (or the root, which has no `up`) */
	size_t index;
};

struct field field_root(struct reader *r, const struct node *n);
struct field field_get(const struct field *up, const char *key); /* any type */
/* The same, but a value of another type is reported and taken for absent. */
struct field field_map(const struct field *up, const char *key);
struct field field_list(const struct field *up, const char *key);
size_t field_count(const struct field *list);
struct field field_item(const struct field *list, size_t i); /* any type */
struct field field_item_map(const struct field *list, size_t i);

/* Report at the field's place, or at that of the nearest field above that is written. */
__attribute__((format(printf, 2, 3))) void field_error(const struct field *f, const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void field_warning(const struct field *f, const char *fmt, ...);
void field_mistyped(const struct field *f, const char *expected); /* "expected an integer, got a string "http"" */
/* A scalar's text as a message may show it: quoted, printable, cut. Returns buf. */
enum { FIELD_QUOTE = 72 };
char *field_quote(const char *text, char buf[FIELD_QUOTE]);

/* Scalars: the value, or `fallback` if the field is absent or wrong (then reported). */
const char *field_string(struct field f, const char *fallback);
bool field_bool(struct field f, bool fallback);
uint16_t field_port(struct field f); /* 1..65535; 0 if absent or wrong */
uint32_t field_uint(struct field f, uint32_t min, uint32_t max, uint32_t fallback);
/* Index of the string in words (NULL-terminated); `fallback` if absent, empty or wrong. */
unsigned field_choice(struct field f, const char *const *words, unsigned fallback);
/* An address that can be a virtual IP or a real server. False if absent, empty or wrong. */
bool field_addr(struct field f, struct addr *out);
/* A list of such addresses, in the object's scratch. */
struct addr_list field_addrs(struct field list);
/* A map of strings, sorted by key; null values are "". */
struct str_pairs field_pairs(struct field map);

/* Syntax of names (RFC 1123 label and subdomain, Kubernetes qualified names and label values, IANA service names). */
bool name_is_label(const char *s);
bool name_is_subdomain(const char *s);
bool name_is_qualified(const char *s);
bool name_is_label_value(const char *s);
bool name_is_port(const char *s);

#endif
