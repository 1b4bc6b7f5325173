// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "model.h"

static void regions_are_found_by_name(void **state)
{
    static const char *const names[] = {"us-west-1", "us-west-2"};
    const struct topology topology = {2, names, 3};

    (void)state;
    assert_int_equal(topology_region(&topology, "us-west-1"), 0);
    assert_int_equal(topology_region(&topology, "us-west-2"), 1);
    assert_int_equal(topology_region(&topology, "us-west"), -1);
}

static void ports_differ_by_name_and_both_regions(void **state)
{
    struct port_directory *directory = port_directory_create();
    int faces[4];

    (void)state;
    port_offer(directory, "link", 0, 1, &faces[0]);
    port_offer(directory, "link", 1, 0, &faces[1]);
    port_offer(directory, "app", 0, -1, &faces[2]);
    port_offer(directory, "store", -1, -1, &faces[3]);
    assert_ptr_equal(port_find(directory, "link", 0, 1), &faces[0]);
    assert_ptr_equal(port_find(directory, "link", 1, 0), &faces[1]);
    assert_ptr_equal(port_need(directory, "app", 0, -1), &faces[2]);
    assert_ptr_equal(port_need(directory, "store", -1, -1), &faces[3]);
    assert_null(port_find(directory, "link", 0, 0));
    assert_null(port_find(directory, "app", 1, -1));
    port_directory_free(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions_are_found_by_name),
        cmocka_unit_test(ports_differ_by_name_and_both_regions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
