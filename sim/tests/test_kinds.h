// SPDX-License-Identifier: GPL-3.0-or-later
/* Tests: the real store model with the test's own kinds. A file includes this once, after cmocka.h.
 */
#ifndef TEST_KINDS_H
#define TEST_KINDS_H

#include "client_driver.h"
#include "store_internal.h"

#include <string.h>

static struct model_ops test_store_ops;
static const struct model_ops *const test_models[] = {&client_driver_ops, &wan_link_ops,
                                                      &test_store_ops, &store_client_ops};
static const struct registry test_registry = {test_models, 4};

/* Fill test_store_ops. names: of the kinds, NULL at the end; the first is the default. */
static void test_store_make(const struct model_kind *const *kinds, const char *const *names)
{
    static struct field fields[128];

    test_store_ops = store_ops;
    assert_true(store_ops.field_count <= sizeof fields / sizeof fields[0]);
    memcpy(fields, store_ops.fields, store_ops.field_count * sizeof fields[0]);
    for (size_t i = 0; i < store_ops.field_count; i++)
        if (strcmp(fields[i].name, "kind") == 0) {
            fields[i].choices = names;
            fields[i].initial = names[0];
        }
    test_store_ops.fields = fields;
    test_store_ops.kinds = kinds;
    for (test_store_ops.kind_count = 0; names[test_store_ops.kind_count];)
        test_store_ops.kind_count++;
}

#endif
