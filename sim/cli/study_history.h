// SPDX-License-Identifier: GPL-3.0-or-later
/* `--history FILE` of a study, with its replication. The format: models/outcome/op_history.md. */
#ifndef STUDY_HISTORY_H
#define STUDY_HISTORY_H

#include "op_history.h"
#include "output_file.h"
#include "study_options.h"

struct study_history {
    struct op_history operations; /* of the run; written only with --history */
    struct output_file file;      /* `stream` is NULL without --history */
};

/* As study_trace_open(), study_trace_close() and study_trace_discard(). */
int study_history_open(const struct study_values *values, uint32_t replications,
                       struct study_history *history);
int study_history_close(struct study_history *history);
void study_history_discard(struct study_history *history);

#endif
