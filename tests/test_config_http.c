/* What vipd.yaml says of the HTTP server: values, each error with its text and place, and that what is printed reads back to the same. */
#include "config_parse.h"

#include <sys/socket.h>

static void listens(const struct config *c, size_t i, const char *address, uint16_t port)
{
	char buf[ADDR_TEXT];

	assert_true(i < c->http.n_listen);
	assert_string_equal(addr_format(&c->http.listen[i].addr, buf), address);
	assert_int_equal(c->http.listen[i].port, port);
}

static void values(void **state)
{
	struct config *c = parse("{}", NULL);

	assert_int_equal(c->http.n_listen, 1);
	listens(c, 0, "127.0.0.1", 10252);
	config_set_http_port(c, 8080);
	assert_int_equal(c->http.n_listen, 2);
	listens(c, 0, "0.0.0.0", 8080);
	listens(c, 1, "::", 8080);
	config_free(c);
	c = parse("http: {listen: []}\n", NULL);
	assert_int_equal(c->http.n_listen, 0);
	assert_int_equal(c->http.series_limit, 100000);
	config_free(c);
	c = parse("http: {seriesLimit: 0}\n", NULL);
	assert_int_equal(c->http.series_limit, 0);
	config_free(c);
	c = parse("http: {}\n", NULL);
	assert_int_equal(c->http.n_listen, 1);
	config_free(c);
}

static void text(void **state)
{
	struct config *c = parse(
	    "http:\n  listen: ['[::1]:10252', 192.0.2.1:65535, '[::]:1', 0.0.0.0:80]\n  tokenFile: /etc/vipd/token\n"
	    "  tls: {certificate: /etc/vipd/tls.crt, key: /etc/vipd/tls.key}\n",
	    NULL);
	char *once = config_text(c), *twice;

	assert_int_equal(c->http.n_listen, 4);
	assert_string_equal(c->http.token_file, "/etc/vipd/token");
	assert_string_equal(c->http.certificate, "/etc/vipd/tls.crt");
	assert_string_equal(c->http.key, "/etc/vipd/tls.key");
	listens(c, 0, "::1", 10252);
	listens(c, 1, "192.0.2.1", 65535);
	listens(c, 2, "::", 1);
	listens(c, 3, "0.0.0.0", 80);
	config_free(c);
	c = parse(once, NULL);
	twice = config_text(c);
	assert_string_equal(once, twice);
	config_free(c);
	free(once);
	free(twice);
}

#define NOT_ONE(place, what)                                                                                           \
	"v.yaml:1:" place ": http.listen: \"" what                                                                     \
	"\" is not an address with a port such as 127.0.0.1:10252 or \"[::1]:10252\""

static void errors(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"http: no\n", "v.yaml:1:7: http: expected a map, found a boolean"},
	    {"http: {port: 1}\n", "v.yaml:1:8: unknown key \"http.port\""},
	    {"http: {tokenFile: token}\n", "v.yaml:1:19: http.tokenFile: \"token\" is not an absolute path"},
	    {"http: {tls: {key: /k}}\n", "v.yaml:1:13: http.tls: expected certificate and key"},
	    {"http: {tls: {certificate: c, key: /k}}\n",
	     "v.yaml:1:27: http.tls.certificate: \"c\" is not an absolute path"},
	    {"http: {tls: yes}\n", "v.yaml:1:13: http.tls: expected a map, found a boolean"},
	    {"http: {seriesLimit: 10000001}\n",
	     "v.yaml:1:21: http.seriesLimit: 10000001 is out of range; expected 0 to 10000000"},
	    {"http: {listen: 127.0.0.1:1}\n", "v.yaml:1:16: http.listen: expected a list, found a string"},
	    {"http: {listen: [1]}\n", "v.yaml:1:17: http.listen: expected a string, found an integer"},
	    {"http: {listen: [127.0.0.1]}\n", NOT_ONE("17", "127.0.0.1")},
	    {"http: {listen: [127.0.0.1:0]}\n", NOT_ONE("17", "127.0.0.1:0")},
	    {"http: {listen: [127.0.0.1:65536]}\n", NOT_ONE("17", "127.0.0.1:65536")},
	    {"http: {listen: ['127.0.0.1:100000']}\n", NOT_ONE("17", "127.0.0.1:100000")},
	    {"http: {listen: ['::1:80']}\n", NOT_ONE("17", "::1:80")},
	    {"http: {listen: ['[127.0.0.1]:80']}\n", NOT_ONE("17", "[127.0.0.1]:80")},
	    {"http: {listen: ['[::1]80']}\n", NOT_ONE("17", "[::1]80")},
	    {"http: {listen: ['[::1:80']}\n", NOT_ONE("17", "[::1:80")},
	    {"http: {listen: [localhost:80]}\n", NOT_ONE("17", "localhost:80")},
	    {"http: {listen: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:80]}\n",
	     NOT_ONE("17", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:80")},
	    {"http: {listen: ['224.0.0.1:80']}\n", "v.yaml:1:17: http.listen: 224.0.0.1:80 is a multicast address"},
	    {"http: {listen: ['[fe80::1]:80']}\n",
	     "v.yaml:1:17: http.listen: [fe80::1]:80 is a link-local address, which is another one on each interface"},
	    {"http: {listen: ['127.0.0.1:80', '127.0.0.1:80']}\n",
	     "v.yaml:1:33: http.listen: 127.0.0.1:80 is listed twice"},
	    {"http: {listen: ['127.0.0.1:1', '127.0.0.1:2', '127.0.0.1:3', '127.0.0.1:4', '127.0.0.1:5', "
	     "'127.0.0.1:6', '127.0.0.1:7', '127.0.0.1:8', '127.0.0.1:9']}\n",
	     "v.yaml:1:137: http.listen: more than 8 addresses"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_null(parse(rows[i].text, rows[i].want));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values),
	    cmocka_unit_test(text),
	    cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
