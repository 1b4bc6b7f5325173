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
    .summary = "Simulate a scenario several times and summarise it with confidence intervals",
    .details = "Replications differ only in their random numbers. Every run that is finished is in "
               "the results file at once; Ctrl-C ends cleanly and keeps them. A 'sweep' in the "
               "scenario is left aside.",
    .examples = "  isthmus run scenarios/10-peering-brownout.yaml\n"
                "  isthmus run scenarios/10-peering-brownout.yaml --replications 30 \\\n"
                "      --set client.timeout=500ms --output results/timeout-500ms.db --plot=svg",
    .options = study_options,
    .plans = true,
    .values_size = sizeof(struct study_values),
    .run = run,
};
