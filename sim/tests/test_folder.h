// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A temporary folder for all tests of a program: the setup and teardown of the group. For a folder
 * per test see scratch_folder.h. Include it in one file of the program.
 */
#ifndef TEST_FOLDER_H
#define TEST_FOLDER_H

#include <stdio.h>
#include <stdlib.h>

static char test_folder[64];

static int make_test_folder(void **state)
{
    (void)state;
    snprintf(test_folder, sizeof test_folder, "/tmp/isthmus-test-XXXXXX");
    return mkdtemp(test_folder) != NULL ? 0 : -1;
}

static int remove_test_folder(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", test_folder);
    return system(command);
}

/* The path of a file in it, which need not exist; valid for the next three calls. */
static inline char *in_folder(const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", test_folder, name);
    return path;
}

#endif
