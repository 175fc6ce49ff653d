/* Event loop glue over libevent: descriptors, timers, signals. Callbacks may free their own source. */
#ifndef VIPD_BASE_LOOP_H
#define VIPD_BASE_LOOP_H

#include "clock.h"

struct loop;
struct loop_io;
struct loop_timer;

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

struct loop *loop_new(void); /* NULL with errno */
void loop_free(struct loop *l);
int loop_run(struct loop *l); /* until loop_stop; returns the code given to it */
void loop_stop(struct loop *l, int code);

/* The descriptor stays the caller's. events: LOOP_READ|LOOP_WRITE; change with loop_io_set (0 pauses). */
struct loop_io *loop_io_new(struct loop *l, int fd, int events, void (*cb)(void *arg, int events), void *arg);
void loop_io_set(struct loop_io *io, int events);
void loop_io_free(struct loop_io *io);

/* A one-shot timer, made unarmed. */
struct loop_timer *loop_timer_new(struct loop *l, void (*cb)(void *arg), void *arg);
void loop_timer_set(struct loop_timer *t, nsec_t after); /* re-arms; at least 0 */
void loop_timer_stop(struct loop_timer *t);
int loop_timer_armed(const struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

/* Signal handler that runs in the loop; signo is given to cb. Freed with the loop. */
int loop_signal(struct loop *l, int signo, void (*cb)(void *arg, int signo), void *arg);

#endif
