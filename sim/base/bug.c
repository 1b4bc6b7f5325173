// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A bug report is written without allocating, because the heap may be what is broken, and with
 * stderr locked, because two threads may hit the same bug at once and their reports must stay
 * readable.
 */
#include "bug.h"

#include "quote.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_SIZE = 1000 }; /* longer messages are truncated */

static _Thread_local const struct bug_context *context_now;

const struct bug_context *bug_set_context(const struct bug_context *context)
{
    const struct bug_context *before = context_now;
    context_now = context;
    return before;
}

/* File names are unique in the tree; do not print the folder of the build. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* Print seconds and nanoseconds separately: a double would lose nanoseconds. */
static void print_instant(int64_t now_ns)
{
    uint64_t magnitude_ns = now_ns < 0 ? UINT64_C(0) - (uint64_t)now_ns : (uint64_t)now_ns;
    fprintf(stderr, "  at %s%" PRIu64 ".%09" PRIu64 " s of simulated time", now_ns < 0 ? "-" : "",
            magnitude_ns / 1000000000u, magnitude_ns % 1000000000u);
}

/* Only this replication, with a trace of its last second. */
static void print_replay(const struct bug_context *context)
{
    uint64_t runs = (uint64_t)context->replication + 1;
    int64_t second = context->now_ns / 1000000000;

    fprintf(stderr, "  replay with: isthmus run ");
    quote_write(stderr, QUOTE_SHELL, context->scenario);
    if (is_given(context->set_options))
        fputs(context->set_options, stderr);
    fprintf(stderr,
            " --seed %" PRIu64 " --replications %" PRIu64 " --shard %" PRIu64 "/%" PRIu64
            " --no-output --quiet",
            context->seed, runs, runs, runs);
    fprintf(stderr,
            " --trace /dev/stderr --trace-replication %" PRIu32 " --trace-window %" PRId64 "s..\n",
            context->replication, second > 0 ? second - 1 : 0);
}

static void print_context(const struct bug_context *context)
{
    print_instant(context->now_ns);
    if (is_given(context->event))
        fprintf(stderr, ", in event '%s'", context->event);
    fprintf(stderr, "\n  seed %" PRIu64 ", replication %" PRIu32 "\n", context->seed,
            context->replication);
    if (is_given(context->scenario))
        print_replay(context);
}

void bug_report(const char *file, int line, const char *format, ...)
{
    char message[MESSAGE_SIZE];
    va_list args;
    flockfile(stderr);
    fprintf(stderr, "isthmus: bug at %s:%d: ", base_name(file), line);
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    quote_write(stderr, QUOTE_TERMINAL, message);
    fputc('\n', stderr);
    if (context_now != NULL)
        print_context(context_now);
    funlockfile(stderr);
    fflush(NULL); /* a trace, too: its last lines are what led here */
    abort();
}
