// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows of commands: where they are, and who owns them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_command.h"

#define ROWS (3u << COMMAND_CHUNK_BITS)

/* A row that a server holds stays where it is while its client takes many more. */
static void rows_never_move(void **state)
{
    struct command_pool *pool = mem_zalloc(1, sizeof *pool);
    struct command *held;

    (void)state;
    command_pool_init(pool);
    held = command_at(pool, command_alloc(pool));
    held->identity = 77;
    for (uint32_t i = 1; i < ROWS; i++)
        assert_int_equal(command_alloc(pool), i);
    assert_ptr_equal(command_at(pool, 0), held);
    assert_int_equal(held->identity, 77);
    for (uint32_t chunk = 0; chunk < 3; chunk++) /* neighbours of one chunk are neighbours */
        assert_ptr_equal(command_at(pool, chunk << COMMAND_CHUNK_BITS) + 1,
                         command_at(pool, (chunk << COMMAND_CHUNK_BITS) + 1));
    command_pool_release(pool);
    free(pool);
}

/* The last row that was freed is the next one, under another generation. */
static void freed_row_is_reused_under_another_generation(void **state)
{
    struct command_pool *pool = mem_zalloc(1, sizeof *pool);
    uint32_t first, second, generation;

    (void)state;
    command_pool_init(pool);
    first = command_alloc(pool);
    second = command_alloc(pool);
    generation = command_at(pool, second)->generation;
    command_free(pool, first);
    command_free(pool, second);
    assert_int_equal(command_alloc(pool), second);
    assert_int_equal(command_at(pool, second)->generation, generation + 1);
    assert_int_equal(command_alloc(pool), first);
    command_pool_release(pool);
    free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_never_move),
        cmocka_unit_test(freed_row_is_reused_under_another_generation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
