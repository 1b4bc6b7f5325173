// SPDX-License-Identifier: GPL-3.0-or-later
#include "lint.h"

/* Number of configs of an instance to which the row applies. */
static size_t count_in_instance(const struct scenario *scenario,
                                const struct scenario_instance *instance,
                                const struct lint_row *row)
{
    const struct check_context context = {.topology = &scenario->topology,
                                          .end = scenario->run.duration,
                                          .region = instance->region,
                                          .peer = instance->peer,
                                          .kind = instance->kind,
                                          .kind_config = instance->kind_config,
                                          .rows = &scenario->rows};
    const char *config = instance->config;
    size_t count = 0;

    for (size_t i = 0; i < instance->config_count; i++)
        count += row->applies(config + i * instance->ops->config_size, &context);
    return count;
}

static bool has_table(const struct scenario_instance *instance, const struct model_rows *table)
{
    return table == &instance->ops->rows || (instance->kind && table == &instance->kind->rows);
}

void scenario_lint(const struct scenario *scenario,
                   void (*found)(void *self, const struct lint_finding *finding), void *self)
{
    for (size_t t = 0; t < scenario->rows.count; t++) {
        const struct model_rows *table = scenario->rows.tables[t];

        for (size_t r = 0; r < table->lint_count; r++) {
            struct lint_finding finding = {.row = &table->lints[r]};
            size_t count = 0;

            for (size_t i = 0; i < scenario->instance_count; i++) {
                const struct scenario_instance *instance = &scenario->instances[i];
                size_t here = has_table(instance, table)
                                  ? count_in_instance(scenario, instance, finding.row)
                                  : 0;

                if (count == 0 && here > 0)
                    finding.instance = instance->name;
                count += here;
            }
            if (count == 0)
                continue;
            finding.more = count - 1;
            found(self, &finding);
        }
    }
}
