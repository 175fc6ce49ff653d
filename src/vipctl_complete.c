/* What can come next on a command line, for the shells: `vipctl __complete WORD...`, the last word is the one that is being typed. A line each,
 * "WORD<tab>what it is"; ":file" stands for the names of files. Source: cobra's __complete. Test: tests/test_vipctl_complete.c. */
#include "vipctl.h"

#include <string.h>

enum { LOOK_S = 2 };

struct completion {
	FILE *to;
	const struct vipctl_verb *verb;
	const char *word;                /* what is being typed */
	const struct vipctl_flag *wants; /* the flag whose value the word is, or NULL */
	const char *flag;                /* when looking for one */
	size_t flag_len;
	const char *args[8]; /* those of the verb in front of the word */
	size_t n_args;
	const char *socket, *ns;
};

static void offer(const struct completion *c, const char *word, size_t n, const char *before, const char *help)
{
	size_t lead = strlen(before);

	if (strncmp(c->word, before, strlen(c->word) < lead ? strlen(c->word) : lead) == 0 &&
	    (strlen(c->word) <= lead ||
	     (strlen(c->word) - lead <= n && strncmp(c->word + lead, word, strlen(c->word) - lead) == 0)))
		fprintf(c->to, "%s%.*s\t%.*s\n", before, (int)n, word, (int)strcspn(help, "\n"), help);
}

/* Words with blanks between. */
static void offer_words(const struct completion *c, const char *words, const char *before)
{
	while (*words) {
		size_t n = strcspn(words, " ");

		offer(c, words, n, before, "");
		words += n + strspn(words + n, " ");
	}
}

static void offer_flag(void *arg, const struct vipctl_flag *f)
{
	const struct completion *c = arg;

	offer(c, f->name, strlen(f->name), "--", f == &vipctl_output ? "the format" : f->help);
	if (f->letter && c->word[1] != '-')
		offer(c, &f->letter, 1, "-", f == &vipctl_output ? "the format" : f->help);
}

static void match_flag(void *arg, const struct vipctl_flag *f)
{
	struct completion *c = arg;
	bool is = c->flag[0] == '-'
		      ? strlen(f->name) == c->flag_len - 1 && !strncmp(f->name, c->flag + 1, c->flag_len - 1)
		      : c->flag_len == 1 && f->letter == c->flag[0];

	if (is)
		c->wants = f;
}

/* The flag that a word such as "--output", "--output=js" or "-o" names; NULL: none. Only what is up to '=' counts. */
static const struct vipctl_flag *flag_of(struct completion *c, const char *word)
{
	c->wants = NULL;
	if (word[0] != '-' || !word[1])
		return NULL;
	c->flag = word + 1;
	c->flag_len = strcspn(c->flag, "=");
	vipctl_each_flag(c->verb, match_flag, c);
	return c->wants;
}

/* Names of a kind, as vipd knows them; those with a blank ("TCP 10.0.0.1:80") by what follows it. */
static void offer_names(const struct completion *c, enum ctl_kind kind)
{
	json_t *reply = vipctl_ask_quietly(c->socket,
					   json_pack("{s:s, s:s, s:s, s:b}", "verb", "get", "kind", ctl_kind_name(kind),
						     "namespace", c->ns, "allNamespaces", !ctl_kind_namespaced(kind)),
					   LOOK_S);
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(reply, "items"), i, item)
	{
		const char *name = JSON_TEXT(item, "metadata", "name"), *blank = name ? strchr(name, ' ') : NULL;

		if (name)
			offer(c, blank ? blank + 1 : name, strlen(blank ? blank + 1 : name), "", "");
	}
	json_decref(reply);
}

static void offer_values(const struct completion *c, const char *before)
{
	const struct vipctl_flag *f = c->wants;

	for (enum output o = OUTPUT_TABLE + 1; f == &vipctl_output && o < OUTPUTS; o++)
		if (!c->verb || c->verb->outputs & OUTPUT_BIT(o))
			offer(c, vipctl_output_name(o), strlen(vipctl_output_name(o)), before, "");
	if (f->words)
		offer_words(c, f->words, before);
	else if (!*before && (strcmp(f->argument, "FILE") == 0 || strcmp(f->argument, "DIR") == 0))
		fputs(":file\n", c->to);
}

static void offer_verbs(const struct completion *c)
{
	for (size_t i = 0; i < vipctl_n_verbs; i++)
		offer(c, vipctl_verbs[i]->name, strlen(vipctl_verbs[i]->name), "", vipctl_verbs[i]->summary);
}

static void offer_argument(const struct completion *c)
{
	const char *words = c->verb->words;
	enum ctl_kind kind;

	if (strcmp(c->verb->name, "help") == 0 && c->n_args == 0)
		offer_verbs(c);
	else if (!words)
		return;
	else if (strcmp(words, "<file>") == 0)
		fputs(":file\n", c->to);
	else if (strcmp(words, "<router>") == 0 && c->n_args == 0)
		offer_names(c, CTL_VRRP);
	else if (words[0] != '<' && c->n_args == 0)
		offer_words(c, words, "");
	else if (words[0] != '<' && ctl_kind_parse(c->args[0], &kind) == 0)
		offer_names(c, kind);
}

static void take_value(struct completion *c, const struct vipctl_flag *f, const char *value)
{
	if (strcmp(f->name, "namespace") == 0)
		c->ns = value;
	else if (strcmp(f->name, "control-socket") == 0)
		c->socket = value;
}

/* The words in front of the one that is being typed. */
static void read_before(struct completion *c, int n, char *const *words)
{
	for (int i = 0; i < n; i++) {
		const struct vipctl_flag *f = flag_of(c, words[i]);
		const char *eq = strchr(words[i], '=');

		c->wants = NULL;
		if (f && f->argument && eq) {
			take_value(c, f, eq + 1);
		} else if (f && f->argument && i + 1 == n) {
			c->wants = f;
		} else if (f && f->argument) {
			take_value(c, f, words[++i]);
		} else if (words[i][0] == '-' && words[i][1]) {
			continue;
		} else if (!c->verb) {
			c->verb = vipctl_verb_find(words[i]);
			if (!c->verb)
				return;
		} else if (c->n_args < sizeof c->args / sizeof c->args[0]) {
			c->args[c->n_args++] = words[i];
		}
	}
}

int vipctl_complete(int n, char *const *words, FILE *to)
{
	struct completion c = {.to = to, .word = n ? words[n - 1] : "", .socket = VIPCTL_SOCKET, .ns = "default"};
	char before[64];

	read_before(&c, n ? n - 1 : 0, words);
	if (c.wants) {
		offer_values(&c, "");
	} else if (c.word[0] == '-' && strchr(c.word, '=')) {
		snprintf(before, sizeof before, "%.*s=", (int)strcspn(c.word, "="), c.word);
		if (flag_of(&c, c.word) && c.wants->argument)
			offer_values(&c, before);
	} else if (c.word[0] == '-') {
		vipctl_each_flag(c.verb, offer_flag, &c);
	} else if (c.verb) {
		offer_argument(&c);
	} else {
		offer_verbs(&c);
	}
	return 0;
}
