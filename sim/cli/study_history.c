// SPDX-License-Identifier: GPL-3.0-or-later
#include "study_history.h"

#include <inttypes.h>
#include <string.h>

static bool is_history(const char *head, size_t size)
{
    static const char start[] = "{\"type\": \"history\", ";

    return size >= sizeof start - 1 && memcmp(head, start, sizeof start - 1) == 0;
}

int study_history_open(const struct study_values *values, uint32_t replications,
                       struct study_history *history)
{
    static const struct output_kind kind = {"a history", is_history};
    struct diag diag = {0};

    *history = (struct study_history){0};
    if (!values->history) {
        if (values->history_replication)
            return usage_error("'--history-replication' needs '--history FILE'");
        return EXIT_DONE;
    }
    if (values->history_replication >= replications)
        return usage_error("'--history-replication' must be at most %" PRIu32 " here, got '%" PRIu32
                           "'",
                           replications - 1, values->history_replication);
    int status = output_file_open(&history->file, values->history, &kind, &diag);
    print_diag(&diag);
    if (status < 0)
        return EXIT_FILES;
    op_history_open(&history->operations, history->file.stream);
    return EXIT_DONE;
}

int study_history_close(struct study_history *history)
{
    struct diag diag = {0};

    if (!history->file.stream)
        return EXIT_DONE;
    op_history_close(&history->operations);
    int status = output_file_commit(&history->file, &diag);
    print_diag(&diag);
    return status < 0 ? EXIT_FILES : EXIT_DONE;
}

void study_history_discard(struct study_history *history)
{
    if (history->file.stream)
        op_history_close(&history->operations);
    output_file_discard(&history->file);
}
