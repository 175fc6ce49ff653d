/* Settings of an interface: net.ipv4.conf.IF.NAME. Shell. */
#ifndef VIPD_VRRP_IFCONF_H
#define VIPD_VRRP_IFCONF_H

#include <stdbool.h>
#include <stdint.h>

/* ifname: also "all". False if it cannot be read or is no number. */
bool ifconf_read(const char *ifname, const char *name, uint32_t *out);

/* A local route alone makes it answer ARP. With arp_ignore an interface answers for what it has itself. */
bool ifconf_route_answers(const char *ifname);

#endif
