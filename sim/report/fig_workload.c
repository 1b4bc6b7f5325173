// SPDX-License-Identifier: GPL-3.0-or-later
/* What the system was given to do, over time: requests, logins, sessions, and what retries added.
 */
#include "figure.h"

enum drawn fig_workload(struct figure_job *job)
{
    static const char *const metrics[] = {"requests", "sessions_active", "logins",
                                          "write_amplification"};
    return figure_time_panels(job, metrics, sizeof(metrics) / sizeof(*metrics));
}
