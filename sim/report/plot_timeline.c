// SPDX-License-Identifier: GPL-3.0-or-later
/* User experience over time: panels with a common time axis, faults in grey. */
#include "plot.h"

enum drawn plot_timeline(struct plot_job *job)
{
    static const char *const metrics[] = {"availability", "write_timeout_rate",
                                          "write_failure_rate", "reauth_rate",
                                          "replication_lag_metric"};
    return plot_time_panels(job, metrics, sizeof(metrics) / sizeof(*metrics));
}
