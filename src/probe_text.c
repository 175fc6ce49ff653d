/* /healthz, /livez, /readyz with ?verbose and ?exclude=NAME, and a check alone as /livez/NAME. Why a check fails is withheld, as the API server does: `vipctl
 * status` tells. Source: k8s.io/apiserver pkg/server/healthz/healthz.go. Test: tests/test_probe_text.c */
#include "probe_text.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	unsigned in;
} endpoints[] = {{"healthz", PROBE_LIVEZ | PROBE_READYZ}, {"livez", PROBE_LIVEZ}, {"readyz", PROBE_READYZ}};
enum { ENDPOINTS = sizeof endpoints / sizeof *endpoints };

/* The next parameter: "name" or "name=value"; false at the end. */
static bool parameter(const char **query, const char **at, size_t *len)
{
	*query += strspn(*query, "&");
	*at = *query;
	*len = strcspn(*query, "&");
	*query += *len;
	return *len > 0;
}

static bool is_verbose(const char *query)
{
	const char *at;
	size_t len;

	while (parameter(&query, &at, &len))
		if (strcspn(at, "=&") == strlen("verbose") && !strncmp(at, "verbose", strlen("verbose")))
			return true;
	return false;
}

/* The name that an exclude= has; NULL if the parameter is another one. */
static const char *excluded_name(const char *at, size_t *len)
{
	static const char word[] = "exclude=";

	if (*len < sizeof word - 1 || strncmp(at, word, sizeof word - 1) != 0)
		return NULL;
	*len -= sizeof word - 1;
	return at + sizeof word - 1;
}

static bool same(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && !memcmp(name, text, len);
}

static bool is_excluded(const char *query, const char *name)
{
	const char *at;
	size_t len;

	while (parameter(&query, &at, &len)) {
		at = excluded_name(at, &len);
		if (at && same(name, at, len))
			return true;
	}
	return false;
}

/* Takes text over. */
static char *add(char *all, char *text)
{
	char *both = xasprintf("%s%s", all, text);

	free(all);
	free(text);
	return both;
}

static const struct probe_check *check_find(const struct probe_check *checks, unsigned in, const char *name, size_t len)
{
	for (; checks->name; checks++)
		if (checks->in & in && same(checks->name, name, len))
			return checks;
	return NULL;
}

/* What cannot be excluded, as a line. */
static char *warn_unknown(char *all, const char *query, const struct probe_check *checks, unsigned in)
{
	const char *at;
	size_t len;

	while (parameter(&query, &at, &len)) {
		at = excluded_name(at, &len);
		if (at && !check_find(checks, in, at, len))
			all =
			    add(all, xasprintf("warn: some health checks cannot be excluded: no matches for \"%.*s\"\n",
					       (int)len, at));
	}
	return all;
}

static char *all_checks(const char *name, unsigned in, const char *query, const struct probe_check *checks, int *status)
{
	char *text = xasprintf("%s", "");

	*status = 200;
	for (const struct probe_check *c = checks; c->name; c++) {
		if (!(c->in & in))
			continue;
		if (is_excluded(query, c->name)) {
			text = add(text, xasprintf("[+]%s excluded: ok\n", c->name));
		} else if (c->good) {
			text = add(text, xasprintf("[+]%s ok\n", c->name));
		} else {
			text = add(text, xasprintf("[-]%s failed: reason withheld\n", c->name));
			*status = 500;
		}
	}
	text = warn_unknown(text, query, checks, in);
	if (*status == 200 && !is_verbose(query)) {
		free(text);
		return xasprintf("ok");
	}
	return add(text, xasprintf("%s check %s\n", name, *status == 200 ? "passed" : "failed"));
}

static char *one_check(const struct probe_check *c, int *status)
{
	*status = c->good ? 200 : 500;
	return c->good ? xasprintf("ok") : xasprintf("internal server error: %s failed: reason withheld\n", c->name);
}

char *probe_answer(const char *path, const char *query, const struct probe_check *checks, int *status)
{
	for (int i = 0; i < ENDPOINTS; i++) {
		size_t len = strlen(endpoints[i].name);
		const struct probe_check *c;

		if (path[0] != '/' || strncmp(path + 1, endpoints[i].name, len) != 0)
			continue;
		path += 1 + len;
		if (!*path)
			return all_checks(endpoints[i].name, endpoints[i].in, query, checks, status);
		c = *path == '/' ? check_find(checks, endpoints[i].in, path + 1, strlen(path + 1)) : NULL;
		return c ? one_check(c, status) : NULL;
	}
	return NULL;
}
