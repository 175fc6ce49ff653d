/* The record on disk: state_dir/vip-configmap.yaml, the last good one beside it, and the file of the former version. */
#ifndef VIPD_RECORD_FILE_H
#define VIPD_RECORD_FILE_H

#include "../configmaps/record.h"

#define RECORD_FILE "vip-configmap.yaml"
#define RECORD_GOOD                                                                                                    \
	"vip-configmap.good.yaml" /* as it was written last: for a person, when the other one was edited into an error */
#define RECORD_BAD    "vip-configmap.bad.yaml" /* what a person wrote and vipd had to replace */
#define RECORD_FORMER "record.yaml"
#define RECORD_MOVED  "record.yaml.former"

#include <stdint.h>

/* What tells an edited file from the one that was read or written; zero: there is none. */
struct record_stamp {
	uint64_t inode, size, seconds, nanoseconds;
};

/* dirfd: state_dir. A new record if there is none; one of the former version is read and marked as changed. -EINVAL after diagnostics. */
int record_file_load(int dirfd, struct record **out, struct record_stamp *stamp, struct diag_list *diags);
/* Writes the record (configmap: "namespace/name"), then the last good copy if it can, and moves the former version's file away; the record counts as saved. What a
 * person wrote meanwhile is not lost: entries of data are taken over, a file that cannot be read is moved to RECORD_BAD (*edited: what happened, or NULL).
 * 0 or -errno: the old file stays. */
int record_file_save(int dirfd, struct record *r, const char *configmap, struct record_stamp *stamp,
		     const char **edited);
/* Whether the file is another one than it was. */
bool record_file_edited(int dirfd, const struct record_stamp *stamp);

#endif
