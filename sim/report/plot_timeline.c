// SPDX-License-Identifier: GPL-3.0-or-later
/* What users felt, over time: panels below each other on one axis of time, faults in grey. */
#include "plot.h"

enum drawn plot_timeline(struct plot_job *job)
{
    static const char *const metrics[] = {"availability", "write_timeout_rate",
                                          "write_failure_rate", "reauth_rate",
                                          "replication_lag_metric"};
    return plot_time_panels(job, metrics, sizeof(metrics) / sizeof(*metrics));
}
