// SPDX-License-Identifier: GPL-3.0-or-later
#include "mem.h"
#include "study_command.h"

static int run(const struct invocation *invocation)
{
    const char *path = invocation->arguments[0];
    struct point_set set = {
        .scenarios = mem_zalloc(1, sizeof *set.scenarios),
        .points = mem_zalloc(1, sizeof *set.points),
        .count = 1,
    };
    struct diag diag = {0};
    struct set_list sets;
    bool cannot_read = false;

    set_list_make(&sets, invocation->values, NULL, 0);
    set.scenarios[0] = scenario_load(path, invocation->registry, (const char *const *)sets.items,
                                     sets.count, &diag, &cannot_read);
    set.points[0].scenario = set.scenarios[0];
    set_list_release(&sets);
    tell(&diag);
    int code = cannot_read ? EXIT_FILES : EXIT_SCENARIO;
    if (set.scenarios[0])
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
