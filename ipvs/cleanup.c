/* Decides nothing: deletes virtual servers that the ownership record names. Source: DESIGN.md, "Life and death". Test: tests/kernel/test_ipvs_process.c. */
#include "cleanup.h"

#include "../src/base/arena.h"
#include "../src/base/log.h"
#include "../src/base/version.h"
#include "ownline.h"
#include "sysctls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct keys {
	struct vs *items;
	size_t n;
	bool (*which)(void *arg, const struct vs_key *k);
	void *arg;
};

static void collect(void *arg, const struct vs_key *k)
{
	struct keys *l = arg;
	if (!l->which || l->which(l->arg, k))
		l->items[l->n++].key = *k;
}

/* Takes out of the record what was deleted, or was not there. */
static int account(struct own *o, const struct keys *l, const struct op_error *errors, int failed)
{
	int deleted = 0, e = 0;
	char key[VS_KEY_TEXT];
	for (size_t i = 0; i < l->n; i++) {
		int err = e < failed && errors[e].index == i ? errors[e++].error : 0;
		if (err && err != -ESRCH) {
			log_warning("%s cannot be deleted: %s", vs_key_format(&l->items[i].key, key), strerror(-err));
			continue;
		}
		own_del(o, &l->items[i].key);
		deleted += err == 0;
	}
	return deleted;
}

int cleanup_delete(struct ipvs_sock *s, struct own *o, bool (*which)(void *arg, const struct vs_key *k), void *arg)
{
	size_t max = own_count(o);
	struct keys l = {.items = xcalloc(max + 1, sizeof(*l.items)), .which = which, .arg = arg};
	struct op *ops = xcalloc(max + 1, sizeof(*ops));
	struct op_error *errors = xcalloc(max + 1, sizeof(*errors));

	own_each(o, collect, &l);
	for (size_t i = 0; i < l.n; i++)
		ops[i] = (struct op){.type = OP_VS_DELETE, .vs = &l.items[i]};
	int n = l.n ? ipvs_sock_apply(s, ops, l.n, errors) : 0;
	if (n >= 0) {
		n = account(o, &l, errors, n);
		int err = own_sync(o);
		if (err)
			log_warning("the ownership record cannot be written: %s", strerror(-err));
	}
	free(errors);
	free(ops);
	free(l.items);
	return n;
}

int ipvs_cleanup(int own_fd)
{
	struct ipvs_sock *s = NULL;
	struct own *o = NULL;
	struct own_found found;
	unsigned version;
	int n, settings = 0;

	if (own_other_version(own_fd, &version)) {
		log_error("the ownership record (" OWN_FILE ") " VERSION_OTHER
			  ": what it lists stays; run --cleanup of the vipd that wrote it",
			  version, (unsigned)OWN_VERSION);
		return -EPROTO;
	}
	n = own_open(own_fd, &o, &found);
	if (n)
		goto out;
	settings = sysctls_restore(o);
	n = own_sync(o);
	if (n || !own_count(o))
		goto out;
	n = ipvs_sock_open(&s);
	if (n == -ENOENT) {
		log_info("the kernel has no IPVS: there are no virtual servers to delete");
		n = 0;
	}
	if (!s)
		goto out;
	n = cleanup_delete(s, o, NULL, NULL);
	if (n >= 0)
		log_info("%d virtual servers deleted", n);
out:
	if (n < 0)
		log_error("virtual servers cannot be cleaned up: %s", strerror(-n));
	ipvs_sock_close(s);
	own_close(o);
	return n < 0 ? n : settings;
}
