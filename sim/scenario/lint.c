// SPDX-License-Identifier: GPL-3.0-or-later
#include "lint.h"

/* How many configs of an instance the row applies to. */
static size_t count_in_instance(const struct check_context *general,
                                const struct scenario_instance *instance,
                                const struct lint_row *row)
{
    const char *config = instance->config;
    size_t count = 0;

    for (size_t i = 0; i < instance->config_count; i++) {
        const struct check_context context = check_context_of(general, instance, i);

        count += row->applies(config + i * instance->ops->config_size, &context);
    }
    return count;
}

void scenario_lint(const struct scenario *scenario,
                   void (*found)(void *self, const struct lint_finding *finding), void *self)
{
    const struct check_context general = scenario_check_context(scenario);

    for (size_t t = 0; t < scenario->rows.count; t++) {
        const struct model_rows *table = scenario->rows.tables[t];

        for (size_t r = 0; r < table->lint_count; r++) {
            struct lint_finding finding = {.row = &table->lints[r]};
            size_t count = 0;

            for (size_t i = 0; i < scenario->instance_count; i++) {
                const struct scenario_instance *instance = &scenario->instances[i];
                size_t here = instance_has_rows(instance, table)
                                  ? count_in_instance(&general, instance, finding.row)
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
