// SPDX-License-Identifier: GPL-3.0-or-later
#include "progress.h"

#include "strbuf.h"
#include "units.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t host_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

void progress_init(struct progress *progress, bool quiet)
{
    const char *terminal = getenv("TERM");

    *progress = (struct progress){
        .out = quiet ? NULL : stderr,
        .terminal = isatty(STDERR_FILENO) && !(terminal && strcmp(terminal, "dumb") == 0),
        .now_ns = host_now_ns,
        .started_ns = host_now_ns(),
    };
}

double progress_elapsed_s(const struct progress *progress)
{
    return (double)(progress->now_ns() - progress->started_ns) / (double)NS_PER_S;
}

static bool is_hidden(const struct progress *progress)
{
    return !progress->out || (progress->hidden && atomic_load(progress->hidden));
}

void progress_erase(struct progress *progress)
{
    if (!is_hidden(progress) && progress->terminal)
        fputs("\r\033[K", progress->out);
}

static void add_state(struct strbuf *line, const struct study_progress *now, double elapsed_s)
{
    size_t made = now->done - now->recalled;

    strbuf_addf(line, "%zu/%zu runs", now->done, now->total);
    if (made == 0 || elapsed_s <= 0)
        return;
    double left_s = elapsed_s / (double)made * (double)(now->total - now->done);
    strbuf_addf(line, ", %.3g million events/s", (double)now->event_count / elapsed_s / 1e6);
    if (now->done < now->total) {
        strbuf_add(line, ", ");
        units_add(line, left_s * (double)NS_PER_S, UNIT_NS, 2);
        strbuf_add(line, " left");
    }
}

void progress_show(void *self, const struct study_progress *now)
{
    struct progress *progress = self;
    struct strbuf line = STRBUF_INIT;

    if (is_hidden(progress) || now->total == 0)
        return;
    double elapsed_s = progress_elapsed_s(progress);
    size_t tenths = 10 * now->done / now->total;
    add_state(&line, now, elapsed_s);
    if (progress->terminal)
        fprintf(progress->out, "\r\033[K%s", line.text);
    else if (tenths != progress->printed_tenths && elapsed_s >= PROGRESS_PATIENCE_S)
        fprintf(progress->out, "isthmus: %s\n", line.text);
    progress->printed_tenths = tenths;
    strbuf_release(&line);
}
