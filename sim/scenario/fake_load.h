// SPDX-License-Identifier: GPL-3.0-or-later
/* Scenarios of the fake models, loaded from a text. Include cmocka.h first; for tests only. */
#ifndef FAKE_LOAD_H
#define FAKE_LOAD_H

#include "fake_models.h"

#include <stdlib.h>
#include <string.h>

/* A text that is right, and gives rise to nothing else. */
static inline struct scenario *fake_load(const char *text, const char *const *sets,
                                         size_t set_count)
{
    struct diag diag = {0};
    struct scenario *scenario =
        scenario_load_text(text, strlen(text), "test.yaml", &fake_registry, sets, set_count, &diag);
    char *errors = diag_text(&diag);

    assert_string_equal(errors, "");
    assert_non_null(scenario);
    free(errors);
    diag_release(&diag);
    return scenario;
}

/* Everything that is reported of a text. To be freed. */
static inline char *fake_report(const char *text, const char *const *sets, size_t set_count)
{
    struct diag diag = {0};
    char *report;

    scenario_free(
        scenario_load_text(text, strlen(text), "t.yaml", &fake_registry, sets, set_count, &diag));
    report = diag_text(&diag);
    diag_release(&diag);
    return report;
}

/* The first line of it: what is wrong, without the excerpt. */
static inline char *fake_report_line(const char *text, const char *const *sets, size_t set_count)
{
    char *report = fake_report(text, sets, set_count);

    report[strcspn(report, "\n")] = '\0';
    return report;
}

static inline const struct scenario_instance *fake_instance(const struct scenario *scenario,
                                                            const char *name)
{
    for (size_t i = 0; i < scenario->instance_count; i++)
        if (strcmp(scenario->instances[i].name, name) == 0)
            return &scenario->instances[i];
    return NULL;
}

#endif
