// SPDX-License-Identifier: GPL-3.0-or-later
/* Write verdicts as a JUnit XML file, for CI systems. */
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
    const char *text; /* reason; "" if it passed */
};
/* Open `path` before the runs, so that a path that cannot be written fails at once. 0, or -1 with
 * an error. */
int junit_open(struct output_file *file, const char *path, struct diag *diag);
/* Write and commit. Characters that XML does not allow become '?'. 0, or -1 with an error. */
int junit_write(struct output_file *file, const char *suite, const struct junit_case *cases,
                size_t count, struct diag *diag);

#endif
