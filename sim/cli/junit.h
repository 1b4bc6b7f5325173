// SPDX-License-Identifier: GPL-3.0-or-later
/* Verdicts as a JUnit XML file, which CI systems read. */
#ifndef JUNIT_H
#define JUNIT_H

#include "diag.h"

#include <stddef.h>

enum junit_result { JUNIT_PASSED, JUNIT_FAILED, JUNIT_SKIPPED };
struct junit_case {
    const char *group; /* "baseline" */
    const char *name;
    enum junit_result result;
    const char *text; /* why; "" where it passed */
};
/* Written under another name and renamed, so that nobody reads half a file. 0, or -1 with an
 * error. Characters that XML cannot hold become '?'. */
int junit_write(const char *path, const char *suite, const struct junit_case *cases, size_t count,
                struct diag *diag);

#endif
