/* Decides where the state goes that control has put together. The bytes are not looked at: the supervisor parses nothing from outside.
 * Test: tests/test_supervisor.c */
#include "state_file.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memfd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void state_file_write(const struct places *p, int fd)
{
	char *path = xasprintf("%s/state.json", p->run_dir);
	const void *bytes;
	size_t len;
	int err = memfd_map(fd, &bytes, &len);

	if (!err) {
		err = file_write_as(AT_FDCWD, path, bytes, len, 0640, geteuid(), p->socket_gid);
		memfd_unmap(bytes, len);
	}
	if (err)
		log_event(LOG_RECORD_REFUSED, LOG_WITH(.file = path), "%s: the state cannot be written: %s", path,
			  strerror(-err));
	else
		log_info("the state is in %s, %zu bytes", path, len);
	free(path);
}
