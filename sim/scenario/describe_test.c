// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_load.h"

#include "describe.h"
#include "json_schema.h"
#include "scenario_values.h"

#include <stdio.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static char *printed(void (*print)(FILE *out))
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    print(out);
    fclose(out);
    return text;
}

static void print_scenario(FILE *out)
{
    static const char *const sets[] = {"client.timeout=1s"};
    struct scenario *scenario = fake_load(fake_scenario, sets, 1);

    describe_scenario(scenario, out, false);
    describe_scenario(scenario, out, true);
    scenario_free(scenario);
}

static void print_models(FILE *out)
{
    struct diag diag = {0};

    describe_models(&fake_registry, out, false);
    describe_models(&fake_registry, out, true);
    for (size_t i = 0; i < fake_registry.model_count; i++) {
        assert_int_equal(describe_markdown(&fake_registry, fake_models[i]->section, out, &diag), 0);
        assert_int_equal(
            describe_model(&fake_registry, fake_models[i]->section, out, i % 2 == 1, &diag), 0);
    }
    assert_int_equal(describe_model(&fake_registry, "clent", out, false, &diag), -1);
    diag_release(&diag);
}

/* A parameter, a group of parameters, a metric, a run setting. */
static void print_parts(FILE *out)
{
    static const char *const parts[] = {"client.timeout", "client.retry", "reauths", "duration",
                                        "regional"};
    struct diag diag = {0};

    for (size_t i = 0; i < COUNT_OF(parts); i++)
        assert_int_equal(describe_model(&fake_registry, parts[i], out, false, &diag), 0);
    assert_int_equal(diag.count, 0);
}

static void parts_of_models_are_described_alone(void **state)
{
    char *text = printed(print_parts);

    (void)state;
    assert_non_null(strstr(text, "\n  timeout "));
    assert_non_null(strstr(text, "\n  retry.attempts "));
    assert_non_null(strstr(text, "\n  retry.backoff.exponential.base "));
    assert_non_null(strstr(text, "\n  reauths{cause} "));
    assert_non_null(strstr(text, "\n  duration "));
    assert_non_null(strstr(text, "store.regional: "));
    assert_null(strstr(text, "\n  preset "));
    assert_null(strstr(text, "\n  warmup "));
    free(text);
}

static void unknown_parts_get_a_suggestion(void **state)
{
    static const char *const parts[] = {"client.tiemout", "reauth", "regoinal"};
    struct diag diag = {0};
    char *text;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        assert_int_equal(describe_model(&fake_registry, parts[i], stdout, false, &diag), -1);
    text = diag_text(&diag);
    assert_string_equal(text,
                        "error: 'client' has no parameter 'tiemout'; did you mean 'timeout'?\n"
                        "error: unknown model, kind or metric 'reauth'; did you mean 'reauths'?\n"
                        "error: unknown model, kind or metric 'regoinal'; did you mean "
                        "'regional'?\n");
    free(text);
    diag_release(&diag);
}

static void print_schema(FILE *out)
{
    scenario_write_schema(&fake_registry, out);
}

static bool has_line(const char *text, const char *path, const char *value, const char *origin)
{
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        char a[200] = "", b[200] = "";
        int used = 0;

        line += *line == '\n';
        if (sscanf(line, " %199s %199s %n", a, b, &used) == 2 && strcmp(a, path) == 0 &&
            strcmp(b, value) == 0 && strncmp(line + used, origin, strlen(origin)) == 0)
            return true;
        if (!*line)
            break;
    }
    return false;
}

static void describe_shows_where_values_come_from(void **state)
{
    char *text = printed(print_scenario);

    (void)state;
    assert_true(has_line(text, "client.timeout", "1s", "--set"));
    assert_true(has_line(text, "client.retry.attempts", "4", "test.yaml:16"));
    assert_true(has_line(text, "store.service", "{exponential:", "{mean: 200us}}"));
    assert_true(has_line(text, "regions.us-west-1.app.workers", "100", "default (assumption)"));
    assert_true(has_line(text, "regions.us-west-2.app.workers", "50", "test.yaml:7"));
    assert_true(has_line(text, "app.rate", "10/s", "test.yaml:9"));
    assert_non_null(strstr(text, "\"path\": \"client.timeout\", \"value\": \"1s\""));
    free(text);
}

static void models_and_schema_are_printed(void **state)
{
    char *models = printed(print_models), *schema = printed(print_schema);

    (void)state;
    assert_non_null(strstr(models, "retry.backoff.exponential.base"));
    assert_non_null(strstr(models, "\nfaults on link: loss, delay\nfaults on gateway: loss\n"));
    assert_non_null(strstr(models, "| `reauths` | count | count | region, cause | logins again |"));
    assert_non_null(strstr(schema, "\"additionalProperties\": false"));
    assert_non_null(strstr(schema, "\"exponential\": {\"type\""));
    free(models);
    free(schema);
}

static void count_assumption(void *self, const char *path, const char *value, const char *meaning)
{
    (void)value;
    (void)meaning;
    *(int *)self +=
        strcmp(path, "client.retry.attempts") == 0 || strcmp(path, "client.budget") == 0;
}

static void assumptions_are_defaults_left_alone(void **state)
{
    struct scenario *scenario = fake_load(fake_scenario, NULL, 0);
    int count = 0;

    (void)state;
    scenario_each_assumption(scenario, count_assumption, &count);
    assert_int_equal(count, 1); /* the budget; attempts were given */
    scenario_free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(describe_shows_where_values_come_from),
        cmocka_unit_test(models_and_schema_are_printed),
        cmocka_unit_test(parts_of_models_are_described_alone),
        cmocka_unit_test(unknown_parts_get_a_suggestion),
        cmocka_unit_test(assumptions_are_defaults_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
