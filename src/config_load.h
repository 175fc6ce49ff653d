/* The configuration as it counts on this machine: the file, the predecessors' flags over it, the rest from the machine. Shell. */
#ifndef VIPD_CONFIG_LOAD_H
#define VIPD_CONFIG_LOAD_H

#include "config.h"
#include "options.h"

#define CONFIG_FILE_DEFAULT "/etc/vipd/vipd.yaml"

/* 0 and a new config, or -EINVAL with all errors. A file that others than root and places.config_owner could have written is refused. The default file may be absent (all defaults then); one that was named may not. */
int config_load(const struct options *o, struct config **out, struct diag_list *diags);

/* The same for the node that is to run with it, where more can be told: a router's peer that is an address of its interface here is an error too. At a
 * start it is a warning: somebody may have put the address there while vipd did not run, and none of the other routers is to suffer. */
int config_load_here(const struct options *o, bool starts, struct config **out, struct diag_list *diags);

/* The interface of the default route (IPv4, else IPv6; of several that with the lowest metric) out of /proc/net/route and
 * /proc/net/ipv6_route. False if there is none. */
enum { IFACE_NAME = 16 };
bool config_default_interface(char name[IFACE_NAME]);

#endif
