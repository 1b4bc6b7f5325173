// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Counterfactuals: one replication of a recorded point run again, with the same random numbers and
 * other settings, and what became of one of its incidents.
 */
#ifndef WHAT_IF_H
#define WHAT_IF_H

#include "command.h"
#include "explain.h"
#include "incident.h"
#include "query.h"
#include "set_list.h"

#include <stdbool.h>
#include <stdint.h>

#define WHAT_IF_MEASURES 4

/* The incident with the recorded onset, in one of the runs. */
struct what_if_outcome {
    bool found;    /* it happened */
    bool restored; /* and was restored */
    sim_dur rto;   /* 0: no outage */
    sim_dur stages[INCIDENT_STAGES];
    sim_dur rpo; /* -1: no failover */
    uint64_t writes_lost, sessions_lost;
    double measures[WHAT_IF_MEASURES]; /* of the whole run, as what_if_measures; NAN: none */
};
extern const struct what_if_measure {
    const char *metric, *window, *name;
    enum unit unit;
} what_if_measures[WHAT_IF_MEASURES];

/* Other reactions to an incident: sets with commas. */
#define WHAT_IF_ALTERNATIVES 7
extern const struct what_if_alternative {
    const char *name, *sets;
} what_if_alternatives[WHAT_IF_ALTERNATIVES];

/* A run to make: the stored scenario with these sets. */
struct what_if {
    struct set_list sets;
    struct what_if_outcome outcome;
};

/* What is run again. */
struct what_if_base {
    const struct invocation *invocation;
    const char *text; /* the point's scenario, as stored */
    uint64_t seed;
    int64_t replication, onset_ns;
    double level;
    uint32_t thread_count;
};

/*
 * Run all of them. Returns EXIT_DONE, or another exit code with the error printed: EXIT_SCENARIO if
 * a set is not accepted. Sets of what a scenario does not have are errors.
 */
int what_if_run(const struct what_if_base *base, struct what_if *what_ifs, size_t count);
/* The same; the first run's operations go to a history, which may be NULL. */
struct op_history;
int what_if_run_with_history(const struct what_if_base *base, struct what_if *what_ifs,
                             size_t count, struct op_history *history);
void what_if_release(struct what_if *what_if);
/* The stored scenario of a point, which the caller frees, and the seed of one of its runs; -1 with
 * an error: no such run. */
int what_if_find(struct results *results, int64_t study, int64_t point, int64_t replication,
                 char **text, uint64_t *seed, struct diag *diag);

#endif
