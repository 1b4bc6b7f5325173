// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "trace.h"

#include <stdlib.h>

struct memory {
    char *text;
    size_t size;
    struct trace trace;
};

static void memory_open(struct memory *memory)
{
    memory->trace.out = open_memstream(&memory->text, &memory->size);
    assert_non_null(memory->trace.out);
}

static void assert_traced(struct memory *memory, const char *expected)
{
    fclose(memory->trace.out);
    assert_string_equal(memory->text, expected);
    free(memory->text);
}

static void a_line_is_time_instance_event_entity_generation(void **state)
{
    struct memory memory = {.trace = {.from = 0, .to = SIM_NEVER}};

    (void)state;
    memory_open(&memory);
    trace_event(&memory.trace, INT64_C(12000482113), "app_tier/us-west-1", "arrive", 4711, 3);
    trace_note(&memory.trace, 5, "store", "%d %s", 7, "lost");
    assert_traced(&memory, "12.000482113 app_tier/us-west-1 arrive 4711 gen 3\n"
                           "0.000000005 store 7 lost\n");
}

static void only_the_window_is_traced_ends_included(void **state)
{
    struct memory memory = {.trace = {.from = 10, .to = 20}};

    (void)state;
    memory_open(&memory);
    for (sim_time now = 9; now <= 21; now += 1)
        if (now < 12 || now > 19)
            trace_event(&memory.trace, now, "a", "b", 0, 0);
    assert_traced(&memory, "0.000000010 a b 0 gen 0\n"
                           "0.000000011 a b 0 gen 0\n"
                           "0.000000020 a b 0 gen 0\n");
}

static void a_match_looks_at_instance_and_event(void **state)
{
    struct memory memory = {.trace = {.to = SIM_NEVER, .match = "west"}};

    (void)state;
    memory_open(&memory);
    trace_event(&memory.trace, 1, "app/us-west-1", "arrive", 1, 0);
    trace_event(&memory.trace, 1, "store", "go-west", 2, 0);
    trace_event(&memory.trace, 1, "store", "arrive", 3, 0);
    trace_note(&memory.trace, 1, "store", "west");
    assert_traced(&memory, "0.000000001 app/us-west-1 arrive 1 gen 0\n"
                           "0.000000001 store go-west 2 gen 0\n");
}

static void the_limit_ends_it_silently(void **state)
{
    struct memory memory = {.trace = {.to = SIM_NEVER, .line_limit = 2}};

    (void)state;
    memory_open(&memory);
    for (uint32_t i = 0; i < 5; i++)
        trace_event(&memory.trace, 1, "a", "b", i, 0);
    assert_int_equal(memory.trace.line_count, 2);
    assert_traced(&memory, "0.000000001 a b 0 gen 0\n0.000000001 a b 1 gen 0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_time_instance_event_entity_generation),
        cmocka_unit_test(only_the_window_is_traced_ends_included),
        cmocka_unit_test(a_match_looks_at_instance_and_event),
        cmocka_unit_test(the_limit_ends_it_silently),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
