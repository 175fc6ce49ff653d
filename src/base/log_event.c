/* The table of log_event.h. Pure. Tests: tests/test_log.c, tests/test_man.c */
#include "log_event.h"

#include "log.h"

const struct log_event_info log_event_table[LOG_EVENT_COUNT] = {
#define LOG_EVENT_ROW(id, name, level, uuid, text) [id] = {name, LOG_LEVEL_##level, uuid, text},
    LOG_EVENTS(LOG_EVENT_ROW)
#undef LOG_EVENT_ROW
};
