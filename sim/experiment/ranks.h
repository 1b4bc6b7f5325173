// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The processes of one parallel job (MPI): rank 0 is the program as ever, and the others make runs
 * for it.
 *
 * Rank 0 reads the command line, owns the results file and decides what is run. A run goes to
 * another rank as a resolved scenario (which needs no file on that machine), a seed and a
 * replication, and comes back as bytes (run_bytes.h). So every study works on any number of ranks
 * without knowing of them, and its results are those of one process, bit for bit.
 *
 * Built without MPI all of this is there: there is one rank, unless a launcher that started several
 * says otherwise, which is refused, as each would do all of the work and write the same file.
 */
#ifndef RANKS_H
#define RANKS_H

#include "experiment.h"

#include <stdatomic.h>

struct ranks;

/*
 * Join the job that a launcher (mpirun, srun) started; *ranks is NULL where there is none, or it
 * has one process. `version` must be the same on all. Returns 0, or -1 with one message on stderr
 * of rank 0. Before any thread is made.
 */
int ranks_join(struct ranks **ranks, int *argc, char ***argv, const char *version);
bool ranks_is_first(const struct ranks *ranks); /* true for NULL */
/* On rank 0: those who make runs, one each a thread of another rank, at most `threads` a rank (0:
 * as many as ranks_default_threads() says there); NULL for NULL. Before the study. */
const struct other_workers *ranks_workers(struct ranks *ranks, uint32_t threads);
/* Threads that this process should use unless told: its processors, shared among the ranks of the
 * machine; at least 1. */
uint32_t ranks_default_threads(const struct ranks *ranks);
/* On the others: make runs until rank 0 leaves. `interrupt` is set when it says so. */
void ranks_serve(struct ranks *ranks, const struct registry *registry, atomic_int *interrupt);
/* On all: the end. Rank 0 lets the others go first. */
void ranks_leave(struct ranks *ranks);

#endif
