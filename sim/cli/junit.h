// SPDX-License-Identifier: GPL-3.0-or-later
/* Verdicts as a JUnit XML file, which CI systems read. */
#ifndef JUNIT_H
#define JUNIT_H

#include "diag.h"
#include "output_file.h"

#include <stddef.h>

enum junit_result { JUNIT_PASSED, JUNIT_FAILED, JUNIT_SKIPPED };
struct junit_case {
    const char *group; /* "baseline" */
    const char *name;
    enum junit_result result;
    const char *text; /* why; "" where it passed */
};
/* Open `path` before the verdicts are known: one that cannot be written costs nothing. 0, or -1
 * with an error. */
int junit_open(struct output_file *file, const char *path, struct diag *diag);
/* Write and commit. Characters that XML cannot hold become '?'. 0, or -1 with an error. */
int junit_write(struct output_file *file, const char *suite, const struct junit_case *cases,
                size_t count, struct diag *diag);

#endif
