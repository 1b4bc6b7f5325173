// SPDX-License-Identifier: GPL-3.0-or-later
#include "mem.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "child.h"

#include <stdlib.h>
#include <string.h>

static void nothing_is_still_a_block(void **state)
{
    (void)state;
    void *blocks[] = {mem_alloc(0, 8), mem_zalloc(8, 0), mem_realloc(NULL, 0, 0)};
    for (size_t i = 0; i < 3; i++) {
        assert_non_null(blocks[i]);
        free(blocks[i]);
    }
}

static void zalloc_zeroes_and_realloc_keeps(void **state)
{
    (void)state;
    uint32_t *items = mem_zalloc(100, sizeof(*items));
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(items[i], 0);
        items[i] = (uint32_t)i;
    }
    items = mem_realloc(items, 10000, sizeof(*items));
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(items[i], i);
    free(items);
}

static void strdup_copies_and_passes_null_on(void **state)
{
    (void)state;
    const char *text = "isthmus";
    char *copy = mem_strdup(text);
    assert_string_equal(copy, text);
    assert_ptr_not_equal(copy, text);
    free(copy);
    assert_null(mem_strdup(NULL));
}

static void strndup_stops_at_length_or_end(void **state)
{
    (void)state;
    char *head = mem_strndup("isthmus", 3);
    char *whole = mem_strndup("isthmus", SIZE_MAX);
    char *none = mem_strndup("isthmus", 0);
    assert_string_equal(head, "ist");
    assert_string_equal(whole, "isthmus");
    assert_string_equal(none, "");
    free(head);
    free(whole);
    free(none);
}

static void grow_keeps_items_and_grows_by_half_at_least(void **state)
{
    (void)state;
    uint64_t *items = NULL;
    size_t capacity = 0;
    size_t growths = 0;
    for (size_t count = 0; count < 100000; count++) {
        size_t before = capacity;
        MEM_GROW(items, capacity, count + 1);
        if (capacity != before) {
            growths++;
            assert_true(capacity >= before + before / 2);
        }
        items[count] = count;
    }
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal(items[i], i);
    /* From 8 items by half each time: 8 * 1.5^n >= 100000 at n = 24 (ln 12500 / ln 1.5 = 23.3). */
    assert_true(growths <= 25);
    free(items);
}

/* The array begins at a cache line each time that it moves, and keeps what it held. */
static void grown_lines_begin_at_a_line(void **state)
{
    (void)state;
    struct row {
        uint64_t words[8];
    } *rows = NULL;
    size_t capacity = 0;
    for (size_t count = 0; count < 1000; count++) {
        MEM_GROW_LINES(rows, capacity, count + 1);
        assert_int_equal((uintptr_t)rows % MEM_LINE_BYTES, 0);
        rows[count].words[7] = count;
    }
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(rows[i].words[7], i);
    free(rows);
}

static void a_slab_of_2_mib_is_a_page(void **state)
{
    (void)state;
    void *slab = mem_alloc_slab(MEM_SLAB_BYTES);
    assert_int_equal((uintptr_t)slab % MEM_SLAB_BYTES, 0);
    free(slab);
}

static void grow_does_nothing_where_there_is_room(void **state)
{
    (void)state;
    int *items = NULL;
    size_t capacity = 0;
    MEM_GROW(items, capacity, 1000);
    assert_true(capacity >= 1000);
    int *before = items;
    size_t capacity_before = capacity;
    MEM_GROW(items, capacity, 1000);
    assert_ptr_equal(items, before);
    assert_int_equal(capacity, capacity_before);
    free(items);
}

static void ask_for_too_much(void)
{
    free(mem_alloc(SIZE_MAX / 2 + 1, 2));
}

/* 2^63 items of 2 bytes are 2^64 bytes, which wraps round to 0: unchecked, it would succeed. */
static void a_product_that_overflows_exits_with_4(void **state)
{
    (void)state;
    char output[256];
    int status = run_child(ask_for_too_much, output, sizeof(output));
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 4);
    assert_string_equal(output, "isthmus: out of memory (9223372036854775808 items of 2 bytes)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_still_a_block),
        cmocka_unit_test(zalloc_zeroes_and_realloc_keeps),
        cmocka_unit_test(strdup_copies_and_passes_null_on),
        cmocka_unit_test(strndup_stops_at_length_or_end),
        cmocka_unit_test(grow_keeps_items_and_grows_by_half_at_least),
        cmocka_unit_test(grown_lines_begin_at_a_line),
        cmocka_unit_test(a_slab_of_2_mib_is_a_page),
        cmocka_unit_test(grow_does_nothing_where_there_is_room),
        cmocka_unit_test(a_product_that_overflows_exits_with_4),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
