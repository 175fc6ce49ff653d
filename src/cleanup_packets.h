/* Taking back what vipd made in the packet filter. */
#ifndef VIPD_CLEANUP_PACKETS_H
#define VIPD_CLEANUP_PACKETS_H

/* `vipd --cleanup`: rules first, then the sets that they looked into. Runs iptables only where there are sets of vipd's. 0, or -errno; says what it did. */
int cleanup_packets(void);

#endif
