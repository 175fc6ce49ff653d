/* vipmap_parse: any data of a VIP ConfigMap and any annotation. The input is split at NUL bytes: the annotation, then key, value, key... */
#include "../../configmaps/vipmap.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PAIRS_MAX = 64 };

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_entry(const struct vipmap_entry *e, bool data)
{
	require(!addr_unusable(&e->addr));
	require(!e->key == !data);
	require(e->forward >= -1 && e->forward <= FORWARD_TUN);
	require(data || (e->service && e->uid));
	if (e->service)
		require(strchr(e->service, '/') && strchr(e->service, '/') == strrchr(e->service, '/'));
}

static void check_map(const struct vipmap *m)
{
	for (size_t i = 0; i < m->n_cloud; i++)
		check_entry(&m->cloud[i], false);
	for (size_t i = 0; i < m->n_data; i++) {
		const struct vipmap_entry *e = &m->data[i], *before = i ? e - 1 : NULL;

		check_entry(e, true);
		if (!before)
			continue;
		require(addr_cmp(&before->addr, &e->addr) <= 0);
		if (addr_equal(&before->addr, &e->addr))
			require(!strcmp(before->key, e->key) && before->service && e->service &&
				strcmp(before->service, e->service) < 0);
	}
}

static void one_map(struct object *o)
{
	struct diag_list diags = {0};
	struct vipmap *m = vipmap_parse(o, &diags);

	check_map(m);
	for (size_t i = 0; i < diags.n; i++)
		require(diags.items[i].text[0]);
	vipmap_free(m);
	diag_clear(&diags);
}

/* Each key once, as the parser of manifests sees to. */
static void add_pair(struct str_pairs *l, const char *key, const char *value)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->items[i].key, key))
			return;
	l->items[l->n++] = (struct str_pair){key, value, {1, 1}};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str_pair pairs[PAIRS_MAX], annotation = {.key = VIPMAP_CLOUD};
	struct object o = {.kind = KIND_CONFIGMAP, .file = "fuzz.yaml"};
	char *text = malloc(size + 1), *at = text;
	const char *chunks[1 + 2 * PAIRS_MAX] = {0};
	size_t n = 0;

	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	for (; at <= text + size && n < 1 + 2 * PAIRS_MAX; at += strlen(at) + 1)
		chunks[n++] = at;
	annotation.value = chunks[0];
	o.meta.annotations = (struct str_pairs){&annotation, 1};
	o.configmap.data.items = pairs;
	for (size_t i = 1; i + 1 < n; i += 2)
		add_pair(&o.configmap.data, chunks[i], chunks[i + 1]);
	one_map(&o);
	free(text);
	return 0;
}
