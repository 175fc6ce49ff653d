/* vipd.yaml: where the HTTP server listens. Test: tests/test_config_http.c */
#include "config_read.h"

#include <string.h>
#include <sys/socket.h>

/* "10252"; false if it is not a port. */
static bool read_port(const char *text, uint16_t *out)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long port = 0;

	if (!digits || digits > 5 || text[digits])
		return false;
	for (size_t i = 0; i < digits; i++)
		port = port * 10 + (unsigned long)(text[i] - '0');
	*out = (uint16_t)port;
	return port > 0 && port <= UINT16_MAX;
}

/* "127.0.0.1:10252", "[::1]:10252" */
static bool read_place(const char *text, struct http_place *out)
{
	bool six = *text == '[';
	const char *end = six ? strchr(text, ']') : strrchr(text, ':');
	char address[ADDR_TEXT];
	size_t len;

	if (!end || (six && end[1] != ':') || !read_port(end + (six ? 2 : 1), &out->port))
		return false;
	text += six;
	len = (size_t)(end - text);
	if (len >= sizeof address)
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	return addr_parse(address, &out->addr) == 0 && out->addr.family == (six ? AF_INET6 : AF_INET);
}

/* Why nobody can listen there, or NULL. */
static const char *unusable(const struct addr *a)
{
	if (addr_is_link_local(a) && a->family == AF_INET6)
		return "is a link-local address, which is another one on each interface";
	if (addr_is_unspecified(a) || addr_is_loopback(a))
		return NULL;
	return addr_is_link_local(a) ? NULL : addr_unusable(a);
}

static bool has(const struct http_settings *s, const struct http_place *p)
{
	for (size_t i = 0; i < s->n_listen; i++)
		if (addr_equal(&s->listen[i].addr, &p->addr) && s->listen[i].port == p->port)
			return true;
	return false;
}

static void read_listen_one(struct reader *r, const char *key, const struct node *n)
{
	struct http_settings *h = &r->c->http;
	const char *s = config_want_string(r, key, n), *why;
	struct http_place p = {.port = 0};

	if (!s)
		return;
	if (!read_place(s, &p)) {
		diag_error(r->diags, r->file, n->pos,
			   "%s: \"%s\" is not an address with a port such as 127.0.0.1:10252 or \"[::1]:10252\"", key,
			   s);
		return;
	}
	why = unusable(&p.addr);
	if (why || has(h, &p))
		diag_error(r->diags, r->file, n->pos, "%s: %s %s", key, s, why ? why : "is listed twice");
	else if (h->n_listen == HTTP_LISTEN)
		diag_error(r->diags, r->file, n->pos, "%s: more than %d addresses", key, HTTP_LISTEN);
	else
		h->listen[h->n_listen++] = p;
}

static void read_listen(struct reader *r, const char *key, const struct node *n)
{
	if (!config_want(r, key, n, NODE_LIST))
		return;
	r->c->http.n_listen = 0;
	for (size_t i = 0; i < n->list.n; i++)
		read_listen_one(r, key, &n->list.items[i]);
}

static void read_series_limit(struct reader *r, const char *key, const struct node *n)
{
	config_want_range(r, key, n, 0, HTTP_SERIES_MOST, &r->c->http.series_limit);
}

static void read_path(struct reader *r, const char *key, const struct node *n, const char **out)
{
	const char *s = config_want_string(r, key, n);

	if (s && *s != '/')
		diag_error(r->diags, r->file, n->pos, "%s: \"%s\" is not an absolute path", key, s);
	else if (s)
		*out = s;
}

static void read_token_file(struct reader *r, const char *key, const struct node *n)
{
	read_path(r, key, n, &r->c->http.token_file);
}

static void read_certificate(struct reader *r, const char *key, const struct node *n)
{
	read_path(r, key, n, &r->c->http.certificate);
}

static void read_key(struct reader *r, const char *key, const struct node *n)
{
	read_path(r, key, n, &r->c->http.key);
}

static void read_tls(struct reader *r, const char *key, const struct node *n)
{
	static const struct key keys[] = {{"certificate", read_certificate}, {"key", read_key}};

	config_read_map(r, key, n, keys, sizeof keys / sizeof *keys);
	if (n->type == NODE_MAP && n->map.n && (!node_get(n, "certificate") || !node_get(n, "key")))
		diag_error(r->diags, r->file, n->pos, "%s: expected certificate and key", key);
}

void config_read_http(struct reader *r, const char *key, const struct node *n)
{
	static const struct key keys[] = {{"listen", read_listen},
					  {"seriesLimit", read_series_limit},
					  {"tokenFile", read_token_file},
					  {"tls", read_tls}};

	config_read_map(r, key, n, keys, sizeof keys / sizeof *keys);
}

void config_default_http(struct config *c)
{
	c->http = (struct http_settings){
	    .listen = {{addr_from_v4(0x7f000001), HTTP_PORT}}, .n_listen = 1, .series_limit = HTTP_SERIES};
}

void config_set_http_port(struct config *c, uint16_t port)
{
	c->http.n_listen = 2;
	for (int i = 0; i < 2; i++)
		c->http.listen[i] = (struct http_place){{.family = i ? AF_INET6 : AF_INET}, port};
}
