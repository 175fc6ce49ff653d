/* Each file is written whole to a temporary name, synced and renamed into place: a crash or a full disk at any byte leaves the one that was there.
 * Test: tests/test_record_file.c. */
#include "record_file.h"

#include "base/arena.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct record_stamp stamp_of(int dirfd, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, 0) < 0)
		return (struct record_stamp){0};
	return (struct record_stamp){(uint64_t)st.st_ino, (uint64_t)st.st_size, (uint64_t)st.st_mtim.tv_sec,
				     (uint64_t)st.st_mtim.tv_nsec};
}

bool record_file_edited(int dirfd, const struct record_stamp *stamp)
{
	struct record_stamp now = stamp_of(dirfd, RECORD_FILE);

	return memcmp(&now, stamp, sizeof now) != 0;
}

static int load(int dirfd, const char *name, struct record **out, struct diag_list *diags)
{
	char *text = NULL;
	size_t len = 0;
	int err = file_read(dirfd, name, RECORD_MAX, &text, &len);

	if (err == -ENOENT)
		return err;
	if (err)
		diag_error(diags, name, (struct pos){0}, "cannot be read: %s", strerror(-err));
	else
		err = record_parse(name, text, len, out, diags);
	free(text);
	return err ? -EINVAL : 0;
}

int record_file_load(int dirfd, struct record **out, struct record_stamp *stamp, struct diag_list *diags)
{
	struct record_stamp before = stamp_of(dirfd, RECORD_FILE);
	int err = load(dirfd, RECORD_FILE, out, diags);

	if (err == -ENOENT) {
		err = load(dirfd, RECORD_FORMER, out, diags);
		if (!err)
			record_touch(*out); /* to be written in the new form */
	}
	if (err == -ENOENT) {
		*out = record_new();
		err = 0;
	}
	if (!err)
		*stamp = before;
	return err;
}

/* Looks at what a person made of the file before it is replaced. */
static const char *merge(int dirfd, struct record *r)
{
	struct diag_list diags = {0};
	struct record *theirs = NULL;
	const char *what = NULL;
	int err = load(dirfd, RECORD_FILE, &theirs, &diags);

	if (!err && record_hand_take(r, theirs))
		what = "entries of data that were edited are taken over";
	else if (err == -EINVAL && !renameat(dirfd, RECORD_FILE, dirfd, RECORD_BAD))
		what = "it was edited and cannot be read: it is " RECORD_BAD " now";
	record_free(theirs);
	diag_clear(&diags);
	return what;
}

int record_file_save(int dirfd, struct record *r, const char *configmap, struct record_stamp *stamp,
		     const char **edited)
{
	size_t len;
	char *text;
	int err;

	*edited = record_file_edited(dirfd, stamp) ? merge(dirfd, r) : NULL;
	text = record_text(r, configmap, &len);
	err = file_write(dirfd, RECORD_FILE, text, len, 0640);
	if (!err) {
		*stamp = stamp_of(dirfd, RECORD_FILE);
		record_saved(r);
		renameat(dirfd, RECORD_FORMER, dirfd, RECORD_MOVED);
		file_write(dirfd, RECORD_GOOD, text, len, 0640); /* without it the record is there all the same */
	}
	free(text);
	return err;
}
