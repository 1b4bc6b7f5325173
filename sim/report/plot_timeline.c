// SPDX-License-Identifier: GPL-3.0-or-later
/* The plots that are panels over time: which metrics each of them shows. */
#include "plot_lines.h"

#define DRAW(job, metrics) plot_time_panels(job, metrics, sizeof(metrics) / sizeof((metrics)[0]))

enum drawn plot_timeline(struct plot_job *job)
{
    static const struct panel_metric metrics[] = {{"availability", NULL},
                                                  {"request_latency.p99", "request_latency.p50"},
                                                  {"write_latency.p99", "write_latency.p50"},
                                                  {"write_timeout_rate", NULL},
                                                  {"write_failure_rate", NULL},
                                                  {"reauth_rate", NULL},
                                                  {"replication_lag.p99", "replication_lag.p50"}};
    return DRAW(job, metrics);
}

enum drawn plot_goodput(struct plot_job *job)
{
    static const struct panel_metric metrics[] = {{"good_requests", "requests"},
                                                  {"write_goodput", "write_attempts"}};
    return DRAW(job, metrics);
}

enum drawn plot_workload(struct plot_job *job)
{
    static const struct panel_metric metrics[] = {{"requests", NULL},
                                                  {"sessions_active", NULL},
                                                  {"logins", NULL},
                                                  {"write_amplification", NULL}};
    return DRAW(job, metrics);
}

enum drawn plot_lag(struct plot_job *job)
{
    static const struct panel_metric metrics[] = {{"replication_lag.p99", "replication_lag.p50"},
                                                  {"unreplicated_writes", NULL},
                                                  {"replication_backlog_bytes", NULL},
                                                  {"replication_output_buffer", NULL}};
    return DRAW(job, metrics);
}
