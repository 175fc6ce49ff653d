/* Monotonic time as a type. Read once a loop turn; never a wall clock. */
#ifndef VIPD_BASE_CLOCK_H
#define VIPD_BASE_CLOCK_H

#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC; also used for spans. */
typedef int64_t nsec_t;

#define NSEC_PER_SEC  ((nsec_t)1000000000)
#define NSEC_PER_MSEC ((nsec_t)1000000)
#define NSEC_PER_USEC ((nsec_t)1000)

nsec_t clock_now(void);
/* Wall clock, whole seconds since 1970, for what people read (ages, record); never for timers. */
int64_t clock_wall(void);

#endif
