// SPDX-License-Identifier: GPL-3.0-or-later
#include "command.h"

#include "lint.h"
#include "quote.h"

#include <stdio.h>

struct validate_values {
    struct text_list sets;
    bool quiet;
};
#define OPTION_VALUES struct validate_values

/* clang-format off */
static const struct option options[] = {
    LIST_OPTION("set", sets, "PATH=VALUE", "set a parameter before checking; repeatable"),
    FLAG_OPTION("quiet", quiet, "print nothing for a valid scenario, lint warnings included"),
    OPTIONS_END,
};
/* clang-format on */

static int validate_one(const struct invocation *invocation, const char *path)
{
    const struct validate_values *values = invocation->values;
    struct diag diag = {0};
    bool cannot_read = false;
    struct scenario *scenario = scenario_load(path, invocation->registry, values->sets.items,
                                              values->sets.count, &diag, &cannot_read);
    int code = scenario ? EXIT_DONE : cannot_read ? EXIT_FILES : EXIT_SCENARIO;

    if (scenario && !values->quiet)
        scenario_lint(scenario, &diag);
    print_diag(&diag);
    if (scenario && !values->quiet)
        quote_print_line(stdout, "%s: valid", path);
    scenario_free(scenario);
    return code;
}

/* Check every file; the first invalid one decides the exit code. */
static int validate(const struct invocation *invocation)
{
    int code = EXIT_DONE;

    for (size_t i = 0; i < invocation->argument_count; i++) {
        int one = validate_one(invocation, invocation->arguments[i]);
        if (code == EXIT_DONE)
            code = one;
    }
    return code;
}

const struct command cmd_validate = {
    .name = "validate",
    .arguments = "SCENARIO...",
    .argument_min = 1,
    .argument_max = SIZE_MAX,
    .summary = "Check scenario files and report all errors",
    .details =
        "Print all errors to stderr with file, line, column and what is allowed. Nothing is "
        "simulated. A setting that is allowed and probably not meant gets a warning, with the name "
        "of the lint rule that found it; 'isthmus describe MODEL' lists the rules of a model. "
        "Warnings do not change the exit code.",
    .examples = "  isthmus validate scenarios/*.yaml\n"
                "  isthmus validate scenarios/00-baseline.yaml --set client.timeout=500ms",
    .options = options,
    .values_size = sizeof(struct validate_values),
    .run = validate,
};
