// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The processes of an MPI job: rank 0 runs the command, and the others execute runs for it.
 *
 * Rank 0 reads the command line, owns the results file and decides which runs to do. A run is sent
 * to another rank as a resolved scenario (which needs no file on that machine), a seed and a
 * replication, and returns as bytes (run_bytes.h). So every study works on any number of ranks, and
 * its results equal those of one process, bit for bit.
 *
 * Without MPI the same functions exist with one rank. If a launcher started several such processes,
 * ranks_join() fails, as each would do all the work and write the same file.
 */
#ifndef RANKS_H
#define RANKS_H

#include "experiment.h"

#include <stdatomic.h>

struct ranks;

bool ranks_built(void); /* with MPI */
/*
 * Join the job that a launcher (mpirun, srun) started; *ranks is NULL if there is none or it has
 * one process. `version` must be the same on all. Returns 0, or -1 with one message on stderr of
 * rank 0. Call before starting threads.
 */
int ranks_join(struct ranks **ranks, int *argc, char ***argv, const char *version);
bool ranks_is_first(const struct ranks *ranks); /* true for NULL */
/* On rank 0: the workers on other ranks, one per thread, at most `threads` per rank (0: as many as
 * ranks_default_threads() there); NULL for NULL. Call before the study. */
const struct other_workers *ranks_workers(struct ranks *ranks, uint32_t threads);
/* Default number of threads of this process: its processors, divided among the ranks of the
 * machine; at least 1. */
uint32_t ranks_default_threads(const struct ranks *ranks);
/* On other ranks: execute runs until rank 0 leaves. Sets `interrupt` when rank 0 says so. */
void ranks_serve(struct ranks *ranks, const struct registry *registry, atomic_int *interrupt);
/* On all ranks: leave the job. Rank 0 releases the others first. */
void ranks_leave(struct ranks *ranks);

#endif
