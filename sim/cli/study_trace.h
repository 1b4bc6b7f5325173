// SPDX-License-Identifier: GPL-3.0-or-later
/* `--trace FILE` of a study, with its window, match and replication. */
#ifndef STUDY_TRACE_H
#define STUDY_TRACE_H

#include "study_options.h"
#include "trace.h"

/*
 * Open the trace that the options ask for; `trace->out` is NULL where they ask for none. Returns
 * EXIT_DONE, or EXIT_USAGE or EXIT_FILES with what is wrong told.
 */
int study_trace_open(const struct study_values *values, uint32_t replications, struct trace *trace);
/* Returns EXIT_DONE, or EXIT_FILES, told, where it could not be written to its end. */
int study_trace_close(const struct study_values *values, struct trace *trace);

#endif
