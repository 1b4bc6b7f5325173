// SPDX-License-Identifier: GPL-3.0-or-later
#include "trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

static bool trace_wants(const struct trace *trace, sim_time now, const char *instance,
                        const char *event)
{
    if (now < trace->from || now > trace->to)
        return false;
    if (trace->line_limit != 0 && trace->line_count >= trace->line_limit)
        return false;
    return !trace->match || strstr(instance, trace->match) || strstr(event, trace->match);
}

static void trace_start_line(struct trace *trace, sim_time now, const char *instance)
{
    trace->line_count++;
    fprintf(trace->out, "%" PRId64 ".%09" PRId64 " %s ", now / SIM_S, now % SIM_S, instance);
}

void trace_event(struct trace *trace, sim_time now, const char *instance, const char *event,
                 uint32_t entity, uint32_t generation)
{
    if (!trace_wants(trace, now, instance, event))
        return;
    trace_start_line(trace, now, instance);
    fprintf(trace->out, "%s %" PRIu32 " gen %" PRIu32 "\n", event, entity, generation);
}

void trace_note(struct trace *trace, sim_time now, const char *instance, const char *format, ...)
{
    va_list args;

    if (!trace_wants(trace, now, instance, ""))
        return;
    trace_start_line(trace, now, instance);
    va_start(args, format);
    vfprintf(trace->out, format, args);
    va_end(args);
    fputc('\n', trace->out);
}
