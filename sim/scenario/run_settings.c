// SPDX-License-Identifier: GPL-3.0-or-later
#include "run_settings.h"

#include "phase_rule.h"

#define MODEL_CONFIG struct run_config

static const char *const warmup_kinds[] = {"given", "auto", NULL};

// clang-format off
const struct field run_settings_fields[] = {
    DURATION("duration",     duration,     "1ms", "30min", "3660d", "simulated time of a run, including the warm-up", "assumption"),
    VARIANT ("warmup",       warmup_kind,  warmup_kinds, "given",   "start of the run that is excluded from the statistics: a fixed time, or auto (MSER-5)", "White 1997"),
    DURATION("warmup.given", warmup,       "0s",  "1min",  NULL,    "length of the warm-up; if not set, at most a tenth of the duration", "assumption"),
    DURATION("bin",          bin,          "0s",  "0s",    NULL,    "width of a bin of the time series; 0: a round width, at most 180 bins", "assumption"),
    VARIANT ("phase",        phase_kind,   scenario_phase_choices, "random", "start of periodic work (health checks, alarm periods, cron jobs) in its period: 'random' (uniform, drawn for each replication) or a given time", "reports R19"),
    DURATION("phase.given",  phase,        "0s",  "0s",    "365d",  "time of the first start of all periodic work, modulo its period", "assumption"),
    COUNT   ("zones",        zones,        "1",   "3",     "26",    "availability zones of each region (a, b, c ...): node n of the store and instance n of the application are in zone n modulo this", "assumption"),
    COUNT   ("replications", replications, "1",   "10",    "1M",    "runs of each point, with independent random numbers", "assumption"),
    SHARE   ("level",        level,        "50%", "95%",   "99.99%", "level of confidence intervals", "assumption"),
};
// clang-format on
const size_t run_settings_field_count = sizeof run_settings_fields / sizeof run_settings_fields[0];

sim_dur run_settings_bin(const struct run_config *run)
{
    static const sim_dur widths_s[] = {1,   2,    5,    10,   20,   30,    60,    120,   300,
                                       600, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400};
    const size_t count = sizeof widths_s / sizeof widths_s[0];

    if (run->bin > 0)
        return run->bin;
    for (size_t i = 0; i < count; i++)
        if (run->duration / 180 <= widths_s[i] * SIM_S)
            return widths_s[i] * SIM_S;
    return (run->duration / 180 / widths_s[count - 1] / SIM_S + 1) * widths_s[count - 1] * SIM_S;
}
