/* Decides how vipd's state is said to systemd: sd_notify(3), sd_watchdog_enabled(3). Test: tests/test_supervisor.c */
#include "notify.h"

#include <stdint.h>
#include <systemd/sd-daemon.h>

void notify_ready(void)
{
	sd_notify(0, "READY=1\nSTATUS=serving");
}

/* Type=notify-reload wants the time at which the reload began. */
void notify_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(clock_now() / NSEC_PER_USEC));
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1\nSTATUS=withdrawing");
}

void notify_watchdog(void)
{
	sd_notify(0, "WATCHDOG=1");
}

nsec_t notify_watchdog_period(void)
{
	uint64_t usec;

	return sd_watchdog_enabled(0, &usec) > 0 ? (nsec_t)usec * NSEC_PER_USEC / 2 : 0;
}
