// SPDX-License-Identifier: GPL-3.0-or-later
/* Workload over time: requests, logins, sessions, and write amplification by retries.
 */
#include "plot.h"

enum drawn plot_workload(struct plot_job *job)
{
    static const char *const metrics[] = {"requests", "sessions_active", "logins",
                                          "write_amplification"};
    return plot_time_panels(job, metrics, sizeof(metrics) / sizeof(*metrics));
}
