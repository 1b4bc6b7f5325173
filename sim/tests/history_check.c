// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Check a history of operations: `isthmus run SCENARIO --history FILE`, then
 *
 *   history_check FILE [--quiet SECONDS]
 *
 * Prints how many sessions break each promise, and the first of them. Exit code 0: none; 1: some,
 * which need not be an error, since few stores promise all of this; 4: the file cannot be read.
 */
#include "history_checks.h"

static size_t report(const struct history *history, const char *what, size_t count, long first)
{
    printf("%s: %zu of %zu sessions", what, count, history->session_count);
    if (count > 0)
        printf(", such as %s", history->sessions[first]);
    printf("\n");
    return count;
}

int main(int argc, char **argv)
{
    struct history history;
    FILE *in = argc > 1 ? fopen(argv[1], "r") : NULL;
    double quiet_s = argc == 4 && strcmp(argv[2], "--quiet") == 0 ? strtod(argv[3], NULL) : 10;
    int64_t quiet = (int64_t)(quiet_s * 1e9);
    size_t broken = 0, count;
    long first;

    if (!in || !history_read(&history, in)) {
        fprintf(stderr, "cannot read a history from '%s'\n", argc > 1 ? argv[1] : "");
        return 4;
    }
    fclose(in);
    printf("%zu operations, %zu writes\n", history.op_count, history.write_count);
    count = history_not_linearizable(&history, false, &first);
    broken += report(&history, "not linearizable", count, first);
    count = history_not_linearizable(&history, true, &first);
    broken += report(&history, "not linearizable without reads that may be stale", count, first);
    count = history_own_writes_missed(&history, &first);
    broken += report(&history, "own writes missed", count, first);
    count = history_not_converged(&history, quiet, &first);
    broken += report(&history, "not converged", count, first);
    count = history_lost_writes(&history, quiet, &first);
    broken += report(&history, "acknowledged writes lost", count, first);
    history_release(&history);
    return broken > 0;
}
