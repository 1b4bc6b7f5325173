// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Simulated time (since the start of the run) and duration, both signed 64-bit nanoseconds.
 */
#ifndef SIM_TIME_H
#define SIM_TIME_H

#include <stdint.h>

typedef int64_t sim_time; /* a point in time, ns since the start of the run, >= 0 */
typedef int64_t sim_dur;  /* a duration, ns */

#define SIM_NEVER INT64_MAX
#define SIM_US INT64_C(1000)
#define SIM_MS INT64_C(1000000)
#define SIM_S INT64_C(1000000000)

#endif
