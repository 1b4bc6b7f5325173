// SPDX-License-Identifier: GPL-3.0-or-later
#include "run_log.h"

#include "bug.h"
#include "mem.h"
#include "strbuf.h"

#include <stdarg.h>
#include <stdlib.h>

void run_log_release(struct run_log *log)
{
    for (size_t i = 0; i < log->event_count; i++) {
        free(log->events[i].subject);
        free(log->events[i].text);
        free(log->events[i].cause_text);
    }
    free(log->events);
    *log = (struct run_log){0};
}

static char *format_text(const char *format, va_list args)
{
    struct strbuf text = STRBUF_INIT;

    strbuf_addv(&text, format, args);
    return strbuf_detach(&text);
}

uint32_t run_log_event(struct run_log *log, sim_time time, const char *what, const char *subject,
                       struct cause cause, const char *cause_text, const char *format, ...)
{
    va_list args;
    struct run_event *event;

    invariant(cause.number <= log->event_count && cause.waited_for <= log->event_count);
    if (log->event_count == RUN_LOG_MAX) {
        log->dropped_count++;
        return 0;
    }
    MEM_GROW(log->events, log->event_capacity, log->event_count + 1);
    event = &log->events[log->event_count++];
    event->number = (uint32_t)log->event_count;
    event->cause = cause.number;
    event->waited_for = cause.waited_for;
    event->time = time;
    event->what = what;
    event->subject = mem_strdup(subject ? subject : "");
    event->cause_text = mem_strdup(cause_text ? cause_text : "");
    va_start(args, format);
    event->text = format_text(format, args);
    va_end(args);
    return event->number;
}
