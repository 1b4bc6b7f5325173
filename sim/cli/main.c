// SPDX-License-Identifier: GPL-3.0-or-later
/* Process-wide setup: signal handlers, GSL's error handler, cJSON's allocator, the models. */
#include "command.h"
#include "json_writer.h"
#include "mem.h"
#include "provenance.h"
#include "ranks.h"
#include "registry.h"

#include <gsl/gsl_errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

/* Set by the signal handler and read by all threads, so it must be lock-free. */
static atomic_int interrupt_flag;
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler may only set a lock-free atomic");

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupt_flag = 1;
}

/* BUG() calls abort() after it has printed how to replay the run. */
static void on_abort(int signal_number)
{
    (void)signal_number;
    _exit(EXIT_BUG);
}

static void handle(int signal_number, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, NULL);
}

int main(int argc, char **argv)
{
    struct registry registry = {model_registry, model_registry_count};

    mem_return_large_blocks();
    /* The first Ctrl-C stops cleanly, a second one kills the process. */
    handle(SIGINT, on_interrupt, (int)SA_RESETHAND | SA_RESTART);
    handle(SIGTERM, on_interrupt, (int)SA_RESETHAND | SA_RESTART);
    handle(SIGABRT, on_abort, 0);
    /* A closed pipe (to gnuplot, or stdout) is a write error, not a signal. */
    handle(SIGPIPE, SIG_IGN, 0);
    /* A file that reaches the limit of its size (ulimit -f) is a write error, too. */
    handle(SIGXFSZ, SIG_IGN, 0);
    gsl_set_error_handler_off();
    json_tree_use_mem();

    /* In an MPI job only rank 0 runs the command; the others execute runs for it. */
    struct ranks *ranks;
    int code = EXIT_DONE;
    if (ranks_join(&ranks, &argc, &argv, program_version) < 0)
        return EXIT_USAGE;
    if (ranks_is_first(ranks))
        code = command_main(argc, argv, &registry, &interrupt_flag, ranks);
    else
        ranks_serve(ranks, &registry, &interrupt_flag);
    ranks_leave(ranks);
    return code;
}
