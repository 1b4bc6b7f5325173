// SPDX-License-Identifier: GPL-3.0-or-later
#include "run_log.h"

#include "mem.h"
#include "strbuf.h"

#include <stdarg.h>
#include <stdlib.h>

void run_log_release(struct incident_log *log)
{
    for (size_t i = 0; i < log->event_count; i++) {
        free(log->events[i].subject);
        free(log->events[i].text);
        free(log->events[i].cause);
    }
    free(log->events);
    free(log->incidents);
    *log = (struct incident_log){0};
}

static char *format_text(const char *format, va_list args)
{
    struct strbuf text = STRBUF_INIT;

    strbuf_addv(&text, format, args);
    return strbuf_detach(&text);
}

void run_log_event(struct incident_log *log, sim_time time, const char *what, const char *subject,
                   const char *cause, const char *format, ...)
{
    va_list args;
    struct run_event *event;

    if (log->event_count == RUN_LOG_MAX) {
        log->dropped_count++;
        return;
    }
    MEM_GROW(log->events, log->event_capacity, log->event_count + 1);
    event = &log->events[log->event_count++];
    event->time = time;
    event->what = what;
    event->subject = mem_strdup(subject ? subject : "");
    event->cause = mem_strdup(cause ? cause : "");
    va_start(args, format);
    event->text = format_text(format, args);
    va_end(args);
}

void run_log_incident(struct incident_log *log, const struct incident *incident)
{
    if (log->incident_count == RUN_LOG_MAX) {
        log->dropped_count++;
        return;
    }
    MEM_GROW(log->incidents, log->incident_capacity, log->incident_count + 1);
    log->incidents[log->incident_count++] = *incident;
}
