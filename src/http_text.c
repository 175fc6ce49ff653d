/* What a request asks: method GET or HEAD, a target in origin form ("/path?query") or absolute form, HTTP/1.x, header lines. Nothing is decoded: vipd's
 * paths have no need of %XX. Source: RFC 9112, 2.2 (line ends), 3 (request line), 5 (fields). Test: tests/test_http_text.c; fuzzer:
 * tests/fuzz/fuzz_http.c */
#include "http_text.h"

#include <string.h>
#include <strings.h>

size_t http_head_end(const char *text, size_t len)
{
	const char *at = text, *end = text + len, *nl;

	for (; (nl = memchr(at, '\n', (size_t)(end - at))); at = nl + 1)
		if (nl > text && (nl == at || (nl == at + 1 && *at == '\r')))
			return (size_t)(nl + 1 - text);
	return 0;
}

/* The next word of the line; false if there is none. */
static bool word(const char **at, const char *end, const char **start, size_t *len)
{
	*start = *at;
	while (*at<end &&* * at> ' ' && **at <= '~')
		++*at;
	*len = (size_t)(*at - *start);
	if (*at < end && **at == ' ')
		++*at;
	return *len > 0;
}

static bool is(const char *word, size_t len, const char *what)
{
	return strlen(what) == len && !memcmp(word, what, len);
}

/* "http://host:port/path" -> "/path" */
static void origin_form(const char **target, size_t *len)
{
	static const char scheme[] = "http://";
	const char *slash;

	if (*len < sizeof scheme - 1 || strncasecmp(*target, scheme, sizeof scheme - 1) != 0)
		return;
	*target += sizeof scheme - 1;
	*len -= sizeof scheme - 1;
	slash = memchr(*target, '/', *len);
	*len = slash ? *len - (size_t)(slash - *target) : 0;
	*target = slash ? slash : "/";
	*len += !slash;
}

static int parse_target(const char *target, size_t len, struct http_head *out)
{
	char *query;

	origin_form(&target, &len);
	if (*target != '/')
		return 400;
	if (len >= sizeof out->target)
		return 414;
	memcpy(out->target, target, len);
	out->target[len] = '\0';
	query = strchr(out->target, '?');
	out->query = query ? query + 1 : "";
	if (query)
		*query = '\0';
	return 0;
}

int http_head_parse(const char *text, size_t len, struct http_head *out)
{
	const char *nl = memchr(text, '\n', len), *at = text, *end, *method, *target, *version;
	size_t method_len, target_len, version_len;
	int refused;

	if (!nl)
		return 400;
	end = nl > text && nl[-1] == '\r' ? nl - 1 : nl;
	if (!word(&at, end, &method, &method_len) || !word(&at, end, &target, &target_len) ||
	    !word(&at, end, &version, &version_len) || at != end || version_len < 8 || memcmp(version, "HTTP/", 5) != 0)
		return 400;
	if (!is(version, version_len, "HTTP/1.1") && !is(version, version_len, "HTTP/1.0"))
		return 505;
	out->old = is(version, version_len, "HTTP/1.0");
	out->head_only = is(method, method_len, "HEAD");
	if (!out->head_only && !is(method, method_len, "GET"))
		return 405;
	refused = parse_target(target, target_len, out);
	if (refused)
		return refused;
	out->fields = nl + 1;
	out->fields_len = len - (size_t)(nl + 1 - text);
	return 0;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

bool http_field(const struct http_head *h, const char *name, char *buf, size_t size)
{
	const char *at = h->fields, *end = at + h->fields_len, *nl, *last;
	size_t n = strlen(name);

	for (; (nl = memchr(at, '\n', (size_t)(end - at))); at = nl + 1) {
		if ((size_t)(nl - at) <= n || strncasecmp(at, name, n) != 0 || at[n] != ':')
			continue;
		for (at += n + 1; at < nl && blank(*at);)
			at++;
		for (last = nl; last > at && blank(last[-1]);)
			last--;
		if ((size_t)(last - at) >= size)
			return false;
		memcpy(buf, at, (size_t)(last - at));
		buf[last - at] = '\0';
		return true;
	}
	return false;
}

const char *http_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {{200, "OK"},
		       {400, "Bad Request"},
		       {401, "Unauthorized"},
		       {404, "Not Found"},
		       {405, "Method Not Allowed"},
		       {414, "URI Too Long"},
		       {431, "Request Header Fields Too Large"},
		       {500, "Internal Server Error"},
		       {503, "Service Unavailable"},
		       {505, "HTTP Version Not Supported"}};

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}
