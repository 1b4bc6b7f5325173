// SPDX-License-Identifier: GPL-3.0-or-later
/* Load scenarios of the fake models from a text, for tests. Include cmocka.h first. */
#ifndef FAKE_LOAD_H
#define FAKE_LOAD_H

#include "fake_models.h"

#include <stdlib.h>
#include <string.h>

/* Load a valid text; fails the test on any message. */
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

/* All messages about a text. The caller frees the result. */
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

/* The first line: the error without the excerpt. */
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
