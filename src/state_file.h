/* run_dir/state.json: what SIGUSR1 asks for. */
#ifndef VIPD_STATE_FILE_H
#define VIPD_STATE_FILE_H

#include "base/child.h"

/* Writes what the sealed memfd holds, unread: a whole new file takes the old one's place (0640, root and the group that may ask vipctl). Says in the log
 * that it is there, or why not; then the old one stays. fd stays the caller's. */
void state_file_write(const struct places *p, int fd);

#endif
