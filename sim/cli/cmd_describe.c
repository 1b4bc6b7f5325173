// SPDX-License-Identifier: GPL-3.0-or-later
#include "command.h"
#include "describe.h"
#include "json_schema.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct describe_values {
    struct text_list sets;
    bool schema, json, presets, service_metrics;
    const char *markdown, *preset;
};
#define OPTION_VALUES struct describe_values

/* clang-format off */
static const struct option options[] = {
    LIST_OPTION("set",      sets, "PATH=VALUE", "set a parameter of the scenario; repeatable"),
    FLAG_OPTION("json",     json,               "print JSON"),
    FLAG_OPTION("schema",   schema,             "print the JSON Schema of scenario files, for editors"),
    FLAG_OPTION("presets",  presets,            "list the presets of all models or of MODEL, with what each sets and omits"),
    FLAG_OPTION("service-metrics", service_metrics, "list metrics by the names under which services publish them, or the one that is named, with the metric here, the factor between them, or why there is none"),
    TEXT_OPTION("preset",   preset, "NAME", NULL, "print one preset"),
    TEXT_OPTION("markdown", markdown, "MODEL", NULL, "print the tables of MODEL or MODEL.KIND in Markdown"),
    OPTIONS_END,
};
/* clang-format on */

/* An existing file takes precedence; otherwise "store.regional" is a kind of a model. */
static bool is_file(const struct registry *registry, const char *name)
{
    if (access(name, F_OK) == 0 || strchr(name, '/'))
        return true;
    return strchr(name, '.') && !describe_knows(registry, name);
}

static int describe_file(const struct invocation *invocation, const char *path)
{
    const struct describe_values *values = invocation->values;
    struct diag diag = {0};
    bool cannot_read = false;
    struct scenario *scenario = scenario_load(path, invocation->registry, values->sets.items,
                                              values->sets.count, &diag, &cannot_read);

    print_diag(&diag);
    if (!scenario)
        return cannot_read ? EXIT_FILES : EXIT_SCENARIO;
    describe_scenario(scenario, stdout, values->json);
    scenario_free(scenario);
    return EXIT_DONE;
}

static int describe(const struct invocation *invocation)
{
    const struct describe_values *values = invocation->values;
    struct diag diag = {0};

    if (values->schema) {
        scenario_write_schema(invocation->registry, stdout);
        return EXIT_DONE;
    }
    if (values->service_metrics) {
        const char *name = invocation->argument_count > 0 ? invocation->arguments[0] : NULL;
        int status =
            describe_service_metrics(invocation->registry, name, stdout, values->json, &diag);

        print_diag(&diag);
        return status < 0 ? EXIT_USAGE : EXIT_DONE;
    }
    if (values->markdown) {
        int status = describe_markdown(invocation->registry, values->markdown, stdout, &diag);

        print_diag(&diag);
        return status < 0 ? EXIT_USAGE : EXIT_DONE;
    }
    if (values->presets || values->preset) {
        const char *model = invocation->argument_count > 0 ? invocation->arguments[0] : NULL;
        int status = describe_presets(invocation->registry, model, values->preset, stdout,
                                      values->json, &diag);

        print_diag(&diag);
        return status < 0 ? EXIT_USAGE : EXIT_DONE;
    }
    if (invocation->argument_count == 0) {
        describe_models(invocation->registry, stdout, values->json);
        return EXIT_DONE;
    }
    const char *name = invocation->arguments[0];
    if (is_file(invocation->registry, name))
        return describe_file(invocation, name);
    int status = describe_model(invocation->registry, name, stdout, values->json, &diag);
    print_diag(&diag);
    return status < 0 ? EXIT_USAGE : EXIT_DONE;
}

const struct command cmd_describe = {
    .name = "describe",
    .arguments = "[MODEL[.KIND | .PARAMETER] | KIND | METRIC | SCENARIO]",
    .argument_max = 1,
    .summary = "Show models with their parameters and metrics, or a fully resolved scenario",
    .details =
        "Without an argument, list the models. With a model's name, show every parameter with "
        "unit, default, range, meaning and source, every metric and every kind; with MODEL.KIND "
        "or KIND, the parameters and metrics of that kind; with MODEL.PARAMETER or METRIC, only "
        "that one. With a scenario file, show every resolved value and its origin.",
    .examples = "  isthmus describe\n"
                "  isthmus describe store_client\n"
                "  isthmus describe client.retry\n"
                "  isthmus describe reauth_rate\n"
                "  isthmus describe --presets\n"
                "  isthmus describe client --preset go-redis-9.22\n"
                "  isthmus describe --service-metrics ElastiCache/CurrConnections\n"
                "  isthmus describe scenarios/00-baseline.yaml\n"
                "  isthmus describe --schema > scenario.schema.json",
    .options = options,
    .values_size = sizeof(struct describe_values),
    .run = describe,
};
