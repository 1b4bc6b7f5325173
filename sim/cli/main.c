// SPDX-License-Identifier: GPL-3.0-or-later
/* What is set up once for the process: signals, GSL's way with errors, cJSON's memory, the models.
 */
#include "command.h"
#include "json_writer.h"
#include "provenance.h"
#include "ranks.h"
#include "registry.h"

#include <gsl/gsl_errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

/* Set by the handler, read by all threads: lock-free, so that a handler may. */
static atomic_int interrupt_flag;
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler sets it");

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupt_flag = 1;
}

/* abort() is how a bug ends the program once it has said how to replay it. */
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

    /* The first Ctrl-C ends cleanly, a second one at once. */
    handle(SIGINT, on_interrupt, (int)SA_RESETHAND | SA_RESTART);
    handle(SIGTERM, on_interrupt, (int)SA_RESETHAND | SA_RESTART);
    handle(SIGABRT, on_abort, 0);
    /* A plotter that dies, or a reader that has seen enough, is an error of writing. */
    handle(SIGPIPE, SIG_IGN, 0);
    gsl_set_error_handler_off();
    json_tree_use_mem();

    /* Of a parallel job only the first process is the program; the others make runs for it. */
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
