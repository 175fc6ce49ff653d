/* `vipd --cleanup`: what of vrrp's is left in the kernel. */
#ifndef VIPD_VRRP_CLEANUP_H
#define VIPD_VRRP_CLEANUP_H

/* Removes the addresses that the record behind own_fd (run_dir/vrrp.own, O_RDWR|O_APPEND) names, and the device vipd0 if it is vipd's; the record says
 * so afterwards. Returns how many addresses went, or -errno. No vrrp process may run on that record (-EBUSY); one of another version is left as it
 * is, with an error in the log (-EPROTO). */
int vrrp_cleanup(int own_fd);

#endif
