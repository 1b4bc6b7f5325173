// SPDX-License-Identifier: GPL-3.0-or-later
/* `--trace FILE` of a study, with its window, match and replication. */
#ifndef STUDY_TRACE_H
#define STUDY_TRACE_H

#include "output_file.h"
#include "study_options.h"
#include "trace.h"

struct study_trace {
    struct trace lines; /* `out` is NULL without --trace */
    struct output_file file;
};

/*
 * Open the trace if the options request one. Returns EXIT_DONE, or EXIT_USAGE or
 * EXIT_FILES with the error printed.
 */
int study_trace_open(const struct study_values *values, uint32_t replications,
                     struct study_trace *trace);
/* Commit the trace under its final name, complete or truncated. Returns EXIT_DONE, or EXIT_FILES
 * with the error printed. */
int study_trace_close(const struct study_values *values, struct study_trace *trace);
/* Discard the trace; an existing file stays as it was. */
void study_trace_discard(struct study_trace *trace);

#endif
