/* vipctl: the command line of vipd. Words and flags follow kubectl. Exit codes: 0; 1 an error, or something was not found. */
#include "vipctl.h"

#include "suggest.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOCKET_DEFAULT "/run/vipd/vipd.sock"

static const struct {
	const char *name;
	int (*run)(const struct vipctl *v);
} verbs[] = {{"get", vipctl_get},
	     {"status", vipctl_status},
	     {"check", vipctl_check},
	     {"failover", vipctl_failover},
	     {"reexec", vipctl_reexec}};
enum { N_VERBS = sizeof verbs / sizeof verbs[0] };

static void help(FILE *to)
{
	fputs("Usage: vipctl VERB [ARGUMENTS] [FLAGS]\n"
	      "\n"
	      "Verbs:\n"
	      "  get KIND [NAME...]   list what vipd knows; KIND is one of\n"
	      "                         services (svc), endpoints (ep), pods (po),\n"
	      "                         virtualservers (vs), vips (vip), vrrp (vr)\n"
	      "  status               problems first, then the state of each part\n"
	      "  failover [ROUTER]    hands the addresses of a virtual router (of all that are\n"
	      "                       Active here) to another node, and waits until it has them\n"
	      "  reexec               replaces vipd's binary in place, and waits until it runs\n"
	      "  check FILE...        all errors of manifests, without vipd; a folder's\n"
	      "                       *.yaml, *.yml and *.json; - is standard input\n"
	      "\n"
	      "Flags:\n"
	      "  -n, --namespace NS        namespace (default: default)\n"
	      "  -A, --all-namespaces      all namespaces\n"
	      "  -o, --output FORMAT       json, yaml, wide or name\n"
	      "      --control-socket PATH vipd's socket (default: " SOCKET_DEFAULT ")\n"
	      "      --version             print the version\n"
	      "  -h, --help                print this\n",
	      to);
}

static int output_parse(const char *text, enum output *out)
{
	static const char *const names[] = {
	    [OUTPUT_WIDE] = "wide", [OUTPUT_JSON] = "json", [OUTPUT_YAML] = "yaml", [OUTPUT_NAME] = "name"};
	const char *near;

	for (int i = OUTPUT_WIDE; i <= OUTPUT_NAME; i++)
		if (strcmp(text, names[i]) == 0) {
			*out = (enum output)i;
			return 0;
		}
	near = suggest_nearest(text, names + 1, OUTPUT_NAME);
	fprintf(stderr, "Error: unknown output format \"%s\"%s%s%s; expected json, yaml, wide or name\n", text,
		near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
	return 1;
}

/* -1 to go on, else the exit code. */
static int read_flags(int argc, char **argv, struct vipctl *v)
{
	static const struct option flags[] = {{"namespace", required_argument, NULL, 'n'},
					      {"all-namespaces", no_argument, NULL, 'A'},
					      {"output", required_argument, NULL, 'o'},
					      {"control-socket", required_argument, NULL, 's'},
					      {"version", no_argument, NULL, 'V'},
					      {"help", no_argument, NULL, 'h'},
					      {0}};
	int c;

	while ((c = getopt_long(argc, argv, "n:Ao:h", flags, NULL)) != -1) {
		switch (c) {
		case 'n':
			v->ns = optarg;
			break;
		case 'A':
			v->all_namespaces = true;
			break;
		case 'o':
			if (output_parse(optarg, &v->output))
				return 1;
			break;
		case 's':
			v->socket = optarg;
			break;
		case 'V':
			printf("vipctl %s\n", VIPD_VERSION);
			return 0;
		case 'h':
			help(stdout);
			return 0;
		default:
			fprintf(stderr, "See vipctl --help.\n");
			return 1;
		}
	}
	return -1;
}

static int unknown_verb(const char *word)
{
	const char *names[N_VERBS], *near;

	for (size_t i = 0; i < N_VERBS; i++)
		names[i] = verbs[i].name;
	near = suggest_nearest(word, names, N_VERBS);
	fprintf(stderr, "Error: unknown verb \"%s\"", word);
	if (near)
		fprintf(stderr, "; did you mean \"%s\"?\n", near);
	else
		fprintf(stderr, "; see vipctl --help\n");
	return 1;
}

int main(int argc, char **argv)
{
	struct vipctl v = {.socket = SOCKET_DEFAULT, .ns = "default"};
	int code = read_flags(argc, argv, &v);

	if (code >= 0)
		return code;
	if (optind == argc) {
		help(stderr);
		return 1;
	}
	v.args = argv + optind + 1;
	v.n_args = argc - optind - 1;
	for (size_t i = 0; i < N_VERBS; i++)
		if (strcmp(argv[optind], verbs[i].name) == 0) {
			code = verbs[i].run(&v);
			return fflush(stdout) ? 1 : code;
		}
	return unknown_verb(argv[optind]);
}
