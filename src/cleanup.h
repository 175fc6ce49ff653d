/* vipd --cleanup. */
#ifndef VIPD_CLEANUP_H
#define VIPD_CLEANUP_H

#include "base/child.h"

/* Removes what vipd made: the virtual servers and addresses of its records, vipd0, then the records, the socket and the lock. Nothing is
 * touched while a vipd runs. vipd's exit code: 0, 1 when something could not be removed, 77 when a vipd holds the lock. */
int cleanup_run(const struct places *p);

#endif
