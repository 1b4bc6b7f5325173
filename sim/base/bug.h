// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Internal errors: print the simulated time and a command that runs only this replication again and
 * traces its last second, write out what streams hold, then abort.
 *
 * An author's error is never a bug (see diag.h), nor is a full disk. invariant() stays in every
 * build; a check that measurably slows the hot path may use invariant_debug(), with a note why.
 *
 * The context is one pointer per thread: the engine sets it while it runs events, so that a failure
 * deep in a model can name the event, the seed and the replication.
 */
#ifndef BUG_H
#define BUG_H

#include <stdbool.h>
#include <stdint.h>

struct bug_context {
    const char *scenario; /* file name as given, or "" */
    const char
        *set_options;  /* what was set in it, for a shell: " --set a=1"; NULL or "": nothing */
    const char *event; /* name of the event kind being fired, or "" */
    uint64_t seed;
    uint32_t replication;
    int64_t now_ns;
};

/* Set this thread's context (NULL: none), which stays the caller's; return the one before. */
const struct bug_context *bug_set_context(const struct bug_context *context);

/* Print message, place, context and the command that replays it to stderr; abort. Never returns. */
_Noreturn void bug_report(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define BUG(...) bug_report(__FILE__, __LINE__, __VA_ARGS__)
#define invariant(condition)                                                                       \
    ((condition) ? (void)0 : bug_report(__FILE__, __LINE__, "invariant broken: %s", #condition))
#ifdef NDEBUG
#define invariant_debug(condition) ((void)0)
#else
#define invariant_debug(condition) invariant(condition)
#endif

#endif
