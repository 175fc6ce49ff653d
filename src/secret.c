/* What keeps a secret: see secret.h. Looked at on the open file, so that nothing changes between the look and the reading. Source: ssh(1) on the mode of
 * key files; config_load.c has the like for what must not be written by others. Test: tests/test_secret.c */
#include "secret.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool secret_is_kept(const struct stat *st, uid_t uid, gid_t gid, char *why, size_t size)
{
	bool owned = st->st_uid == 0 || st->st_uid == uid, grouped = st->st_gid == 0 || st->st_gid == gid;
	mode_t others = S_IROTH | S_IWOTH | S_IWGRP | (grouped ? 0 : S_IRGRP);
	char or_owner[32] = "", group[32] = "root";

	if (owned && !(st->st_mode & others))
		return true;
	if (uid)
		snprintf(or_owner, sizeof or_owner, " or of user %u", (unsigned)uid);
	if (gid)
		snprintf(group, sizeof group, "%u", (unsigned)gid);
	snprintf(why, size,
		 "refused: its owner is user %u, its group %u and its mode %04o; expected a file of root%s that nobody "
		 "else may write and only group %s may read (chown root:%s, chmod 640)",
		 (unsigned)st->st_uid, (unsigned)st->st_gid, (unsigned)st->st_mode & 07777, or_owner, group, group);
	return false;
}

int secret_read(const char *file, size_t max, char **text, size_t *len, char *why, size_t size)
{
	struct stat st;
	char *found;
	size_t n;
	int err = file_read_stat(AT_FDCWD, file, max, &found, &n, &st);

	if (err) {
		snprintf(why, size, "%s", strerror(-err));
		return err;
	}
	if (!secret_is_kept(&st, geteuid(), getegid(), why, size)) {
		secret_free(found, n);
		return -EPERM;
	}
	*text = found;
	*len = n;
	return 0;
}

void secret_free(char *text, size_t len)
{
	if (text)
		explicit_bzero(text, len);
	free(text);
}
