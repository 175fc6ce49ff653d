/* The manifests folder on a real file system and a real loop. Nothing sleeps: each step waits for what must come, at most LIMIT_S. */
#include "../configmaps/folder.h"
#include "../src/base/log.h"
#include "../src/base/map.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { LIMIT_S = 20 };

struct lab {
	char root[32];
	char *folder, *cache;
	int cache_fd;
	struct loop *loop;
	struct loop_timer *limit, *tick;
	struct folder *f;
	struct map *objects; /* "Kind namespace/name" -> value of data.v, or "-" */
	char *problems;      /* the last that was called back: lines */
	char *trouble;       /* NULL: none */
	unsigned settled, firsts, changes, alive;
	bool (*done)(struct lab *l);
	void (*on_tick)(struct lab *l);
	unsigned ticks;
};

/* --- what the folder calls back --- */

static char *key_of(const struct object *o)
{
	return xasprintf("%s %s/%s", kind_name(o->kind), o->meta.namespace, o->meta.name);
}

static void on_object(void *arg, const struct object *now, const struct object *old)
{
	struct lab *l = arg;
	const struct object *either = now ? now : old;
	char *key;
	const char *v = now && now->kind == KIND_CONFIGMAP ? pairs_get(&now->configmap.data, "v") : NULL;
	char *before;

	l->changes++;
	assert_non_null(either);
	key = key_of(either);
	if (now && old) { /* the former one is still whole */
		char *same = key_of(old);

		assert_string_equal(key, same);
		free(same);
	}
	before = now ? map_puts(l->objects, key, xstrdup(v ? v : "-")) : map_dels(l->objects, key);
	assert_int_equal(before != NULL, old != NULL);
	free(before);
	free(key);
}

static void on_alive(void *arg)
{
	((struct lab *)arg)->alive++;
}

static void on_problems(void *arg, const char *file, const struct diag_list *d)
{
	struct lab *l = arg;
	char line[1024];

	assert_memory_equal(file, l->folder, strlen(l->folder));
	free(l->problems);
	l->problems = xstrdup("");
	for (size_t i = 0; i < d->n; i++) {
		char *more = xasprintf("%s%s\n", l->problems, diag_format(&d->items[i], line, sizeof(line)));

		free(l->problems);
		l->problems = more;
	}
}

static void look(struct lab *l)
{
	if (l->done && l->done(l))
		loop_stop(l->loop, 0);
}

static void on_settled(void *arg, bool first)
{
	struct lab *l = arg;

	l->settled++;
	l->firsts += first;
	assert_int_equal(first, l->settled == 1);
	look(l);
}

static void on_trouble(void *arg, const char *why)
{
	struct lab *l = arg;

	free(l->trouble);
	l->trouble = why ? xstrdup(why) : NULL;
	look(l);
}

static void on_limit(void *arg)
{
	struct lab *l = arg;

	loop_stop(l->loop, 1);
}

static void on_tick(void *arg)
{
	struct lab *l = arg;

	if (l->on_tick)
		l->on_tick(l);
	look(l);
	loop_timer_set(l->tick, NSEC_PER_MSEC);
}

/* Runs the loop until done says so. */
static void wait_for(struct lab *l, bool (*done)(struct lab *l))
{
	l->done = done;
	loop_timer_set(l->limit, LIMIT_S * NSEC_PER_SEC);
	loop_timer_set(l->tick, 0);
	assert_int_equal(loop_run(l->loop), 0);
	loop_timer_stop(l->limit);
	loop_timer_stop(l->tick);
	l->done = NULL;
}

/* --- files --- */

static char *in_folder(const struct lab *l, const char *name)
{
	return xasprintf("%s/%s", l->folder, name);
}

static void put_at(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

static void put(const struct lab *l, const char *name, const char *text)
{
	char *path = in_folder(l, name);

	put_at(path, text);
	free(path);
}

static void put_renamed(const struct lab *l, const char *name, const char *text)
{
	char *tmp = in_folder(l, ".new"), *path = in_folder(l, name);

	put_at(tmp, text);
	assert_int_equal(rename(tmp, path), 0);
	free(tmp);
	free(path);
}

static void gone(const struct lab *l, const char *name)
{
	char *path = in_folder(l, name);

	assert_int_equal(unlink(path), 0);
	free(path);
}

/* A ConfigMap of this name whose data.v is v; malloc'd. */
static char *config_map(const char *name, const char *v)
{
	return xasprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {v: \"%s\"}\n", name, v);
}

static void put_map(const struct lab *l, const char *file, const char *name, const char *v)
{
	char *text = config_map(name, v);

	put(l, file, text);
	free(text);
}

static const char *value(const struct lab *l, const char *name)
{
	char *key = xasprintf("ConfigMap default/%s", name);
	const char *v = map_gets(l->objects, key);

	free(key);
	return v;
}

static bool is(const struct lab *l, const char *name, const char *v)
{
	const char *now = value(l, name);

	return v ? now && !strcmp(now, v) : !now;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	(void)st;
	(void)flag;
	(void)at;
	return remove(path);
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* --- one lab a test --- */

static int set_up(void **state)
{
	struct lab *l = xcalloc(1, sizeof(*l));

	strcpy(l->root, "/tmp/vipd-folder-XXXXXX");
	assert_non_null(mkdtemp(l->root));
	l->folder = xasprintf("%s/manifests", l->root);
	l->cache = xasprintf("%s/good", l->root);
	assert_int_equal(mkdir(l->folder, 0700), 0);
	assert_int_equal(mkdir(l->cache, 0700), 0);
	l->cache_fd = open(l->cache, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(l->cache_fd >= 0);
	l->loop = loop_new();
	l->limit = loop_timer_new(l->loop, on_limit, l);
	l->tick = loop_timer_new(l->loop, on_tick, l);
	l->objects = map_new();
	l->problems = xstrdup("");
	*state = l;
	return 0;
}

/* The process ends... */
static void stop(struct lab *l)
{
	folder_free(l->f);
	l->f = NULL;
	map_free(l->objects, free);
	l->objects = map_new();
	free(l->trouble);
	l->trouble = NULL;
	l->settled = l->firsts = l->changes = 0;
}

/* ...and starts. */
static void start(struct lab *l)
{
	const struct folder_ops ops = {on_object, on_problems, on_settled, on_trouble, on_alive, l};

	l->f = folder_new(l->loop, l->folder, l->cache_fd, &ops);
	assert_int_equal(l->settled, 0);
	assert_int_equal(folder_start(l->f), 0);
}

static int tear_down(void **state)
{
	struct lab *l = *state;

	stop(l);
	map_free(l->objects, free);
	loop_timer_free(l->limit);
	loop_timer_free(l->tick);
	loop_free(l->loop);
	close(l->cache_fd);
	remove_tree(l->root);
	free(l->folder);
	free(l->cache);
	free(l->problems);
	free(l);
	return 0;
}

/* --- tests --- */

static bool a_is_2(struct lab *l)
{
	return is(l, "a", "2");
}

static bool a_is_3(struct lab *l)
{
	return is(l, "a", "3");
}

static bool a_is_gone(struct lab *l)
{
	return is(l, "a", NULL);
}

static bool has_problem(struct lab *l)
{
	return *l->problems;
}

static bool no_problem(struct lab *l)
{
	return !*l->problems;
}

static void first_pass(void **state)
{
	struct lab *l = *state;

	put_map(l, "a.yaml", "a", "1");
	put_map(l, "b.yml", "b", "1");
	put(l, "c.json", "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"c\"}}");
	put_map(l, ".hidden.yaml", "x", "1");
	put_map(l, "notes.txt", "y", "1");
	put_map(l, "yaml", "z", "1");
	start(l);
	assert_int_equal(l->firsts, 1);
	assert_int_equal(l->changes, 3);
	assert_int_equal(map_count(l->objects), 3);
	assert_int_equal(folder_count(l->f, KIND_CONFIGMAP), 3);
	assert_int_equal(folder_count(l->f, KIND_SERVICE), 0);
	assert_int_equal(folder_count(l->f, KIND_COUNT), 0);
	assert_null(l->trouble);
}

static void written_renamed_deleted(void **state)
{
	struct lab *l = *state;
	char *text = config_map("a", "3");

	start(l);
	assert_int_equal(l->firsts, 1); /* an empty folder is a whole picture */
	put_map(l, "a.yaml", "a", "2");
	wait_for(l, a_is_2);
	put_renamed(l, "a.yaml", text);
	wait_for(l, a_is_3);
	gone(l, "a.yaml");
	wait_for(l, a_is_gone);
	assert_int_equal(folder_count(l->f, KIND_CONFIGMAP), 0);
	free(text);
}

/* Only what differs is told; the others of the file stay the same objects. */
static void one_of_many(void **state)
{
	struct lab *l = *state;
	char *a1 = config_map("a", "1"), *a2 = config_map("a", "2"), *b = config_map("b", "1");
	char *both = xasprintf("%s---\n%s", a1, b), *other = xasprintf("# a comment\n%s---\n%s", a2, b);

	put(l, "f.yaml", both);
	start(l);
	assert_int_equal(l->changes, 2);
	assert_int_equal(l->alive, 2); /* at each object */
	put(l, "f.yaml", other);
	wait_for(l, a_is_2);
	assert_int_equal(l->changes, 3);
	free(a1);
	free(a2);
	free(b);
	free(both);
	free(other);
}

static void write_all(int fd, const char *s)
{
	assert_int_equal(write(fd, s, strlen(s)), strlen(s));
}

static bool c_is_1(struct lab *l)
{
	return is(l, "c", "1");
}

static bool c_is_2(struct lab *l)
{
	return is(l, "c", "2");
}

/* A file that is being written is not read, however long it takes. */
static void never_half_written(void **state)
{
	struct lab *l = *state;
	char *path = in_folder(l, "a.yaml"), *text = config_map("a", "2");
	int fd;

	put_map(l, "a.yaml", "a", "1");
	start(l);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	put_map(l, "c.yaml", "c", "1");
	wait_for(l, c_is_1); /* a batch has run meanwhile */
	assert_true(is(l, "a", "1"));
	write_all(fd, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n---\n");
	folder_rescan(l->f); /* even when everything is read: the text is whole as far as it goes, but not closed */
	put_map(l, "c.yaml", "c", "2");
	wait_for(l, c_is_2);
	assert_true(is(l, "a", "1"));
	write_all(fd, text);
	close(fd);
	wait_for(l, a_is_2);
	assert_true(is(l, "c", "2"));
	free(path);
	free(text);
}

static void bad_then_good(void **state)
{
	struct lab *l = *state;
	char *expected =
	    xasprintf("%s/a.yaml:4:12: ConfigMap default/a: data.v: expected a string, got an integer 5\n", l->folder);

	put_map(l, "a.yaml", "a", "1");
	start(l);
	put(l, "a.yaml",
	    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: { v: 5}\n---\n"
	    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n");
	wait_for(l, has_problem);
	assert_string_equal(l->problems, expected);
	assert_true(is(l, "a", "1")); /* what was good stays, whole */
	assert_true(is(l, "b", NULL));
	put_map(l, "a.yaml", "a", "2");
	wait_for(l, no_problem);
	assert_true(is(l, "a", "2"));
	put(l, "a.yaml", "a: [\n");
	wait_for(l, has_problem);
	gone(l, "a.yaml"); /* a bad file that is deleted is deleted */
	wait_for(l, no_problem);
	assert_true(is(l, "a", NULL));
	free(expected);
}

static void count_problem(void *arg, const char *file, const struct diag_list *d)
{
	assert_non_null(strstr(file, "b.yaml"));
	assert_int_equal(d->n, 1);
	++*(int *)arg;
}

static void count_object(void *arg, const struct object *o)
{
	(void)o;
	++*(int *)arg;
}

static void twice(void **state)
{
	struct lab *l = *state;
	char *expected =
	    xasprintf("%s/b.yaml:1:1: ConfigMap default/a: is also in %s/a.yaml:1, which counts because its "
		      "name comes first\n",
		      l->folder, l->folder);
	int n = 0;

	put_map(l, "b.yaml", "a", "2");
	start(l);
	assert_true(is(l, "a", "2"));
	put_map(l, "a.yaml", "a", "3");
	wait_for(l, a_is_3);
	assert_string_equal(l->problems, expected);
	folder_each_problem(l->f, count_problem, &n);
	assert_int_equal(n, 1);
	n = 0;
	folder_each_object(l->f, count_object, &n);
	assert_int_equal(n, 1);
	assert_int_equal(folder_count(l->f, KIND_CONFIGMAP), 1);
	gone(l, "a.yaml"); /* the other comes into its own */
	wait_for(l, a_is_2);
	assert_string_equal(l->problems, "");
	free(expected);
}

/* An object that moves to another file is replaced, never gone. */
static void moved(void **state)
{
	struct lab *l = *state;
	char *from = in_folder(l, "a.yaml"), *to = in_folder(l, "z.yaml");

	put_map(l, "a.yaml", "a", "1");
	start(l);
	assert_int_equal(rename(from, to), 0);
	put_map(l, "c.yaml", "c", "1");
	wait_for(l, c_is_1);
	assert_true(is(l, "a", "1"));
	assert_int_equal(l->changes, 3); /* a; a from the other file; c */
	free(from);
	free(to);
}

static bool is_last(struct lab *l)
{
	return is(l, "a", "999");
}

/* A thousand versions within the waiting time: the last one counts, few are read. */
static void replaced_often(void **state)
{
	struct lab *l = *state;

	put_map(l, "a.yaml", "a", "first");
	start(l);
	for (int i = 0; i < 1000; i++) {
		char v[8], *text;

		snprintf(v, sizeof(v), "%d", i);
		text = config_map("a", v);
		put_renamed(l, "a.yaml", text);
		free(text);
	}
	wait_for(l, is_last);
	assert_true(l->settled <= 4);
	assert_true(l->changes <= 4);
}

static void replace_ten(struct lab *l)
{
	for (int i = 0; i < 10 && l->ticks < 1000; i++) {
		char v[8], *text;

		snprintf(v, sizeof(v), "%u", l->ticks++);
		text = config_map("a", v);
		put_renamed(l, "a.yaml", text);
		free(text);
	}
}

/* The same spread over the loop's turns: it neither starves nor is read each time. */
static void replaced_steadily(void **state)
{
	struct lab *l = *state;

	start(l);
	l->on_tick = replace_ten;
	wait_for(l, is_last);
	l->on_tick = NULL;
	assert_int_equal(l->ticks, 1000);
	assert_true(l->settled <= 110);
}

static bool in_trouble(struct lab *l)
{
	return l->trouble;
}

static bool out_of_trouble(struct lab *l)
{
	return !l->trouble;
}

static bool empty_trouble(struct lab *l)
{
	return l->trouble && strstr(l->trouble, "empty");
}

static void folder_deleted(void **state)
{
	struct lab *l = *state;

	put_map(l, "a.yaml", "a", "1");
	put_map(l, "c.yaml", "c", "1");
	start(l);
	remove_tree(l->folder);
	wait_for(l, in_trouble);
	assert_string_equal(l->trouble, "No such file or directory");
	assert_int_equal(map_count(l->objects), 2); /* everything stays */
	assert_int_equal(mkdir(l->folder, 0700), 0);
	wait_for(l, empty_trouble);
	assert_int_equal(map_count(l->objects), 2);
	put_map(l, "a.yaml", "a", "2");
	wait_for(l, out_of_trouble);
	wait_for(l, a_is_2);
	assert_true(is(l, "c", NULL));  /* it is not in the new folder */
	put_map(l, "a.yaml", "a", "3"); /* and it is watched again */
	wait_for(l, a_is_3);
}

/* A person's reload takes an empty folder as it is. */
static void folder_emptied(void **state)
{
	struct lab *l = *state;

	put_map(l, "a.yaml", "a", "1");
	start(l);
	remove_tree(l->folder);
	wait_for(l, in_trouble);
	assert_int_equal(mkdir(l->folder, 0700), 0);
	folder_rescan(l->f);
	wait_for(l, a_is_gone);
	assert_null(l->trouble);
}

/* Another folder takes the place of the first in one step. */
static void folder_swapped(void **state)
{
	struct lab *l = *state;
	char *away = xasprintf("%s/away", l->root), *next = xasprintf("%s/next", l->root), *folder = l->folder;

	put_map(l, "a.yaml", "a", "1");
	start(l);
	assert_int_equal(mkdir(next, 0700), 0);
	l->folder = next;
	put_map(l, "a.yaml", "a", "2");
	l->folder = folder;
	assert_int_equal(rename(folder, away), 0);
	assert_int_equal(rename(next, folder), 0);
	wait_for(l, a_is_2);
	assert_null(l->trouble);
	free(away);
	free(next);
}

/* A ConfigMap volume: names are links through ..data, which is swapped by a rename. */
static void mounted_configmap(void **state)
{
	struct lab *l = *state;
	char *v1 = in_folder(l, "..v1"), *v2 = in_folder(l, "..v2"), *data = in_folder(l, "..data"),
	     *data_new = in_folder(l, "..data_tmp"), *name = in_folder(l, "a.yaml"), *second = in_folder(l, "c.yaml");

	assert_int_equal(mkdir(v1, 0700), 0);
	put_map(l, "..v1/a.yaml", "a", "1");
	put_map(l, "..v1/c.yaml", "c", "1");
	assert_int_equal(symlink("..v1", data), 0);
	assert_int_equal(symlink("..data/a.yaml", name), 0);
	start(l);
	assert_true(is(l, "a", "1"));
	assert_int_equal(symlink("..data/c.yaml", second), 0); /* a new key is a new link */
	wait_for(l, c_is_1);
	assert_int_equal(mkdir(v2, 0700), 0);
	put_map(l, "..v2/a.yaml", "a", "2");
	assert_int_equal(symlink("..v2", data_new), 0);
	assert_int_equal(rename(data_new, data), 0);
	wait_for(l, a_is_2);
	assert_true(is(l, "c", NULL));
	free(v1);
	free(v2);
	free(data);
	free(data_new);
	free(name);
	free(second);
}

static bool unreadable(struct lab *l)
{
	return strstr(l->problems, "cannot be read: Permission denied");
}

/* Root reads everything, so the test stops being root. */
static bool step_down(const struct lab *l, const char *file)
{
	const uid_t nobody = 65534;

	return geteuid() ||
	       (!chown(l->root, nobody, (gid_t)-1) && !chown(l->folder, nobody, (gid_t)-1) &&
		!chown(l->cache, nobody, (gid_t)-1) && !chown(file, nobody, (gid_t)-1) && !seteuid(nobody));
}

static void file_unreadable(void **state)
{
	struct lab *l = *state;
	char *path = in_folder(l, "a.yaml");
	const uid_t before = geteuid();

	put_map(l, "a.yaml", "a", "1");
	assert_true(step_down(l, path));
	start(l);
	assert_int_equal(chmod(path, 0), 0);
	wait_for(l, unreadable);
	assert_true(is(l, "a", "1"));
	assert_int_equal(chmod(path, 0600), 0);
	wait_for(l, no_problem);
	assert_int_equal(chmod(l->folder, 0), 0);
	wait_for(l, in_trouble);
	assert_true(is(l, "a", "1"));
	assert_int_equal(chmod(l->folder, 0700), 0);
	wait_for(l, out_of_trouble);
	assert_int_equal(seteuid(before), 0);
	free(path);
}

static bool link_loop(struct lab *l)
{
	return strstr(l->problems, "cannot be read: Too many levels of symbolic links");
}

static void links_in_a_circle(void **state)
{
	struct lab *l = *state;
	char *path = in_folder(l, "a.yaml");

	put_map(l, "a.yaml", "a", "1");
	start(l);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("a.yaml", path), 0);
	wait_for(l, link_loop);
	assert_true(is(l, "a", "1"));
	free(path);
}

static bool replaced_by_folder(struct lab *l)
{
	return is(l, "a", NULL);
}

static void not_a_file(void **state)
{
	struct lab *l = *state;
	char *path = in_folder(l, "a.yaml"), *sub = in_folder(l, "sub.yaml");

	assert_int_equal(mkdir(sub, 0700), 0);
	put_map(l, "a.yaml", "a", "1");
	start(l);
	assert_string_equal(l->problems, ""); /* folders are passed over */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	wait_for(l, replaced_by_folder);
	free(path);
	free(sub);
}

/* --- the cache --- */

static bool copy_has(struct lab *l, const char *name, const char *words)
{
	char *path = xasprintf("%s/%s", l->cache, name), buf[512] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool has = false;

	if (fd >= 0 && read(fd, buf, sizeof(buf) - 1) > 0)
		has = strstr(buf, words);
	if (fd >= 0)
		close(fd);
	free(path);
	return has;
}

static bool copied_1(struct lab *l)
{
	return copy_has(l, "a.yaml", "v: \"1\"") && copy_has(l, "c.yaml", "v: \"1\"");
}

static bool copied_2(struct lab *l)
{
	return copy_has(l, "a.yaml", "v: \"2\"");
}

static bool copy_gone(struct lab *l)
{
	return !copy_has(l, "a.yaml", "kind");
}

static void copies_follow(void **state)
{
	struct lab *l = *state;

	put_map(l, "a.yaml", "a", "1");
	put_map(l, "c.yaml", "c", "1");
	start(l);
	wait_for(l, copied_1);
	put(l, "a.yaml", "a: [\n");
	wait_for(l, has_problem);
	put_map(l, "a.yaml", "a", "2");
	wait_for(l, copied_2);
	gone(l, "a.yaml");
	wait_for(l, copy_gone);
	stop(l);
	gone(l, "c.yaml"); /* deleted while nobody looked */
	start(l);
	assert_true(is(l, "c", NULL));
}

/* A file that is bad at the start is what it was when it was good. */
static void cold_start_bad_file(void **state)
{
	struct lab *l = *state;

	put_map(l, "a.yaml", "a", "1");
	put_map(l, "c.yaml", "c", "1");
	start(l);
	wait_for(l, copied_1);
	stop(l);
	put(l, "a.yaml", "a: [\n");
	put(l, "n.yaml", "b: [\n");
	start(l);
	assert_true(is(l, "a", "1"));
	assert_int_equal(map_count(l->objects), 2);
	assert_true(copy_has(l, "a.yaml", "v: \"1\""));
	put_map(l, "a.yaml", "a", "2");
	wait_for(l, a_is_2);
}

static void cold_start_without_folder(void **state)
{
	struct lab *l = *state;

	put_map(l, "a.yaml", "a", "1");
	put_map(l, "c.yaml", "c", "1");
	start(l);
	wait_for(l, copied_1);
	stop(l);
	remove_tree(l->folder);
	start(l);
	assert_non_null(l->trouble);
	assert_int_equal(l->firsts, 1);
	assert_true(is(l, "a", "1") && is(l, "c", "1"));
	assert_int_equal(mkdir(l->folder, 0700), 0);
	put_map(l, "a.yaml", "a", "2");
	wait_for(l, a_is_2);
	assert_null(l->trouble);
	assert_true(is(l, "c", NULL));
}

/* Without a folder and without copies there is no picture, and nothing is settled until there is one. */
static void start_from_nothing(void **state)
{
	struct lab *l = *state;

	remove_tree(l->folder);
	start(l);
	assert_non_null(l->trouble);
	assert_int_equal(l->settled, 0);
	assert_int_equal(mkdir(l->folder, 0700), 0);
	wait_for(l, out_of_trouble);
	put_map(l, "a.yaml", "a", "2");
	wait_for(l, a_is_2);
	assert_int_equal(l->firsts, 1);
}

/* A copy that was cut short does not count. */
static void torn_copy(void **state)
{
	struct lab *l = *state;
	char *path = xasprintf("%s/a.yaml", l->cache);
	struct stat st;

	put_map(l, "a.yaml", "a", "1");
	put_map(l, "c.yaml", "c", "1");
	start(l);
	wait_for(l, copied_1);
	stop(l);
	put(l, "a.yaml", "a: [\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size - 2), 0);
	start(l);
	assert_true(is(l, "a", NULL) && is(l, "c", "1"));
	free(path);
}

static bool c_copy_gone(struct lab *l)
{
	return !copy_has(l, "c.yaml", "kind");
}

/* A disk that takes no more (here: a limit on files): the old copy stays, the objects are served all the same. */
static void full_disk(void **state)
{
	struct lab *l = *state;
	struct rlimit before, none;

	put_map(l, "a.yaml", "a", "1");
	put_map(l, "c.yaml", "c", "1");
	start(l);
	wait_for(l, copied_1);
	put_map(l, "a.yaml", "a", "2");
	gone(l, "c.yaml");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = (struct rlimit){16, before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	wait_for(l, a_is_2);
	wait_for(l, c_copy_gone); /* it comes behind a.yaml */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(copy_has(l, "a.yaml", "v: \"1\""));
	assert_false(copy_has(l, ".new", "last"));
	folder_rescan(l->f);
	wait_for(l, copied_2);
}

static void without_cache(void **state)
{
	struct lab *l = *state;
	int fd = l->cache_fd;

	put_map(l, "a.yaml", "a", "1");
	l->cache_fd = -1;
	start(l);
	l->cache_fd = fd;
	put_map(l, "a.yaml", "a", "2");
	wait_for(l, a_is_2);
	assert_true(copy_gone(l));
}

/* --- many, and one pass --- */

static bool all_copied(struct lab *l)
{
	return copy_has(l, "m0299.yaml", "v: \"1\"");
}

static void many_files(void **state)
{
	struct lab *l = *state;

	for (int i = 0; i < 300; i++) {
		char name[16], *object = xasprintf("m%d", i);

		snprintf(name, sizeof(name), "m%04d.yaml", i);
		put_map(l, name, object, "1");
		free(object);
	}
	start(l);
	assert_int_equal(map_count(l->objects), 300);
	wait_for(l, all_copied);
	folder_rescan(l->f);
	put_map(l, "a.yaml", "a", "2");
	wait_for(l, a_is_2);
	assert_int_equal(l->changes, 301); /* what is the same is not told again */
}

static void one_pass(void **state)
{
	struct lab *l = *state;
	struct diag_list diags = {0};
	char *path = xasprintf("%s/", l->folder);
	struct folder *f;
	int n = 0;

	put_map(l, "a.yaml", "a", "1");
	put_map(l, "b.yaml", "a", "2");
	put(l, "c.yaml", "x: [\n");
	f = folder_read(path, &diags);
	folder_each_object(f, count_object, &n);
	assert_int_equal(n, 1);
	assert_int_equal(diags.errors, 2); /* twice; malformed */
	assert_null(strstr(diags.items[0].file, "//"));
	folder_free(f);
	diag_clear(&diags);
	remove_tree(l->folder);
	f = folder_read(l->folder, &diags);
	assert_int_equal(diags.errors, 1);
	assert_string_equal(diags.items[0].text, "cannot be read: No such file or directory");
	folder_free(f);
	diag_clear(&diags);
	folder_free(NULL);
	free(path);
}

#define LAB_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    LAB_TEST(first_pass),
	    LAB_TEST(written_renamed_deleted),
	    LAB_TEST(one_of_many),
	    LAB_TEST(never_half_written),
	    LAB_TEST(bad_then_good),
	    LAB_TEST(twice),
	    LAB_TEST(moved),
	    LAB_TEST(replaced_often),
	    LAB_TEST(replaced_steadily),
	    LAB_TEST(folder_deleted),
	    LAB_TEST(folder_emptied),
	    LAB_TEST(folder_swapped),
	    LAB_TEST(mounted_configmap),
	    LAB_TEST(file_unreadable),
	    LAB_TEST(links_in_a_circle),
	    LAB_TEST(not_a_file),
	    LAB_TEST(copies_follow),
	    LAB_TEST(cold_start_bad_file),
	    LAB_TEST(cold_start_without_folder),
	    LAB_TEST(start_from_nothing),
	    LAB_TEST(torn_copy),
	    LAB_TEST(full_disk),
	    LAB_TEST(without_cache),
	    LAB_TEST(many_files),
	    LAB_TEST(one_pass),
	};

	log_open("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
