// SPDX-License-Identifier: GPL-3.0-or-later
#include "study_command.h"

static int run(const struct invocation *invocation)
{
    struct point_set set = {NULL, NULL, 0};
    int code = EXIT_DONE;
    struct scenario *scenario =
        study_load_scenario(invocation, invocation->arguments[0], NULL, &code);

    if (!scenario)
        return code;
    point_set_add(&set, scenario, NULL, 0);
    code = study_command(invocation, &set);
    point_set_release(&set);
    return code;
}

const struct command cmd_run = {
    .name = "run",
    .arguments = "SCENARIO",
    .argument_min = 1,
    .argument_max = 1,
    .summary = "Simulate a scenario and summarise its replications with confidence intervals",
    .details =
        "Replications differ only in their random numbers. Each completed run is written to the "
        "results file at once; Ctrl-C stops cleanly and keeps completed runs. A 'sweep' in the "
        "scenario is ignored.",
    .examples = "  isthmus run scenarios/10-peering-brownout.yaml\n"
                "  isthmus run scenarios/10-peering-brownout.yaml --replications 30 \\\n"
                "      --set client.timeout=500ms --output results/timeout-500ms.db --plot=svg",
    .options = study_options,
    .old_options = study_old_options,
    .plans = true,
    .values_size = sizeof(struct study_values),
    .run = run,
};
