/* The process's standing among others: real-time priority and locked memory, so that no advertisement waits for the rest of the machine. */
#ifndef VIPD_VRRP_REALTIME_H
#define VIPD_VRRP_REALTIME_H

/* Takes what the kernel lets; says what it does not. */
void realtime_enter(void);

#endif
