/* Decides when the ownership record reaches its file. /run is memory: nothing is fsynced, because a record of another boot says nothing.
 * Test: tests/kernel/test_vrrp_process.c. */
#include "ownfile.h"

#include "../src/base/arena.h"
#include "../src/base/clock.h"
#include "../src/base/version.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORD_MAX = 64 << 20, LOCK_RETRY_MS = 20 };

#define LOCK_WITHIN (2 * NSEC_PER_SEC)

static void boot_id(char *out, size_t size)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, size - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0) {
		snprintf(out, size, "unknown");
		return;
	}
	out[n] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

void ownfile_key(char key[OWNED_KEY + 1])
{
	struct stat st = {0};
	char boot[64];

	boot_id(boot, sizeof(boot));
	if (stat("/proc/self/ns/net", &st) < 0)
		st.st_ino = 0;
	snprintf(key, OWNED_KEY + 1, "%s %llu", boot, (unsigned long long)st.st_ino);
}

/* A process whose supervisor died may still be about to hand over. Released with the descriptor. */
static int lock(int fd)
{
	nsec_t until = clock_now() + LOCK_WITHIN;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EINTR && errno != EWOULDBLOCK)
			return -errno;
		if (clock_now() >= until)
			return -EBUSY;
		poll(NULL, 0, LOCK_RETRY_MS);
	}
	return 0;
}

static int read_all(int fd, char **text, size_t *len)
{
	struct stat st;
	char *buf;
	size_t at = 0;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size > RECORD_MAX)
		return -EFBIG;
	buf = xmalloc((size_t)st.st_size + 1);
	while (at < (size_t)st.st_size) {
		ssize_t n = pread(fd, buf + at, (size_t)st.st_size - at, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(buf);
			return -errno;
		}
		if (n == 0)
			break;
		at += (size_t)n;
	}
	*text = buf;
	*len = at;
	return 0;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Fails on a full disk, which is no reason to hold no address: it is tried again with the next change. */
static int rewrite(int fd, struct owned *o)
{
	size_t len;
	char *text = owned_text(o, &len);
	int err = ftruncate(fd, 0) < 0 ? -errno : write_all(fd, text, len);

	free(text);
	if (err)
		owned_unwritten(o);
	return err;
}

/* All of it or nothing: half a line would grow together with the next one. */
static int append(int fd, const char *text, size_t len)
{
	struct stat st;
	int err = fstat(fd, &st) < 0 ? -errno : write_all(fd, text, len);

	if (err && ftruncate(fd, st.st_size) < 0)
		return -errno;
	return err;
}

/* What was wrong with the record's text. */
static void judge(const char *text, size_t len, enum owned_replay how, char why[OWNFILE_WHY])
{
	static const char rest[] = "addresses that stand as wanted are taken over, the rest is left alone";
	unsigned version = 0;

	why[0] = '\0';
	if (how == OWNED_VERSION && owned_other(text, len, &version))
		snprintf(why, OWNFILE_WHY, VERSION_OTHER ": it is begun anew; %s", version, (unsigned)OWNED_KNOWN,
			 rest);
	else if (how == OWNED_DAMAGED)
		snprintf(why, OWNFILE_WHY, "was damaged: what cannot be understood is passed over; %s", rest);
}

bool ownfile_other(int fd, unsigned *version)
{
	char text[OWNED_KEY];
	ssize_t n = pread(fd, text, sizeof(text), 0);

	return n > 0 && owned_other(text, (size_t)n, version);
}

int ownfile_load(int fd, struct owned **out, enum owned_replay *how, char why[OWNFILE_WHY])
{
	char key[OWNED_KEY + 1];
	struct owned *o;
	char *text = NULL;
	size_t len = 0;
	int err = 0;

	ownfile_key(key);
	o = owned_new(key);
	*how = OWNED_EMPTY;
	why[0] = '\0';
	if (fd < 0)
		goto done;
	err = lock(fd);
	if (!err)
		err = read_all(fd, &text, &len);
	if (err)
		goto done;
	*how = owned_replay(o, text, len);
	judge(text, len, *how, why);
	free(text);
	rewrite(fd, o);
done:
	if (err)
		owned_free(o);
	else
		*out = o;
	return err;
}

int ownfile_sync(int fd, struct owned *o)
{
	const char *text;
	size_t len;
	int err;

	if (fd < 0) {
		owned_flushed(o);
		return 0;
	}
	if (owned_is_long(o))
		return rewrite(fd, o);
	text = owned_pending(o, &len);
	err = len ? append(fd, text, len) : 0;
	if (!err)
		owned_flushed(o);
	return err;
}
