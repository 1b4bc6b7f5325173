// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What happened in a run, as bars over time: one lane for each fault (all its occurrences) and one
 * for each outage with the stages of its RTO. Drawn above panels over time. Private to report.
 *
 * Faults are those of replication 0 of the plot's first study; faults at random times differ
 * between replications. Outages are means over replications, of every study of the plot.
 */
#ifndef PLOT_LANES_H
#define PLOT_LANES_H

#include "plot.h"

struct plot_bar {
    double from_ns, to_ns; /* to: INFINITY if it did not end */
};
struct plot_lane {
    char *key;  /* of a fault: subject and name */
    char *text; /* "loss 30% on us-west-2 -> us-west-1" */
    struct plot_bar *bars;
    size_t bar_count, bar_capacity;
    bool is_outage;
    const char *colour; /* of an outage in a plot of several studies: its study's; else NULL */
    bool has_stages;    /* all outages ended, and its colours are free for them */
    double stages_ns[INCIDENT_STAGES]; /* means */
};
struct plot_lanes {
    struct plot_lane *lanes; /* faults, then outages */
    size_t count, capacity, left_out;
};

int plot_lanes_load(struct plot_lanes *lanes, struct plot_job *job);
void plot_lanes_release(struct plot_lanes *lanes);
/* Height in pixels; 0: none. */
int plot_lanes_height(const struct plot_lanes *lanes);
/* Draw them as a panel between these pixels from the left and from the top. */
void plot_lanes_draw(struct plot_job *job, const struct plot_lanes *lanes, int left, int right,
                     int top);
/* The same without an axis: a line of text for each, before the first panel. */
void plot_lanes_list(struct plot_job *job, const struct plot_lanes *lanes, int left, int top);
/* Add to the plot's note what the lanes' texts leave open. Before the text or the foot. */
void plot_lanes_note(struct plot_job *job, const struct plot_lanes *lanes);
/* As lines of text. */
void plot_lanes_text(struct plot_job *job, const struct plot_lanes *lanes);
/* In a panel over time: grey while a fault is active, a line where an outage ends. */
void plot_lanes_shade(struct plot_job *job, const struct plot_lanes *lanes);

#endif
