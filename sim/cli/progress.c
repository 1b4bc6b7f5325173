// SPDX-License-Identifier: GPL-3.0-or-later
#include "progress.h"

#include "strbuf.h"
#include "units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

void progress_init(struct progress *progress, bool quiet)
{
    const char *terminal = getenv("TERM");

    *progress = (struct progress){
        .shown = !quiet && isatty(STDERR_FILENO) && !(terminal && strcmp(terminal, "dumb") == 0),
        .started_ns = now_ns(),
    };
}

double progress_elapsed_s(const struct progress *progress)
{
    return (double)(now_ns() - progress->started_ns) / (double)NS_PER_S;
}

void progress_erase(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
}

void progress_show(void *self, const struct study_progress *now)
{
    struct progress *progress = self;
    double elapsed_s = progress_elapsed_s(progress);

    if (!progress->shown)
        return;
    size_t made = now->done - now->recalled;
    if (made == 0) {
        fprintf(stderr, "\r\033[K%zu/%zu runs", now->done, now->total);
        return;
    }
    struct strbuf line = STRBUF_INIT;
    double left_s = elapsed_s / (double)made * (double)(now->total - now->done);
    strbuf_addf(&line, "%zu/%zu runs, %.3g/s, ", now->done, now->total, (double)made / elapsed_s);
    units_add(&line, left_s * (double)NS_PER_S, UNIT_NS, 2);
    fprintf(stderr, "\r\033[K%s left", line.text);
    strbuf_release(&line);
}
