/* What the service manager is told (sd_notify(3)); nothing happens where there is none. */
#ifndef VIPD_NOTIFY_H
#define VIPD_NOTIFY_H

#include "base/clock.h"

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);
void notify_watchdog(void);

/* How often notify_watchdog must be called; 0: never. */
nsec_t notify_watchdog_period(void);

#endif
