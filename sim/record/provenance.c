// SPDX-License-Identifier: GPL-3.0-or-later
#include "provenance.h"

#include <time.h>

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "unknown"
#endif

struct provenance provenance_now(void)
{
    struct provenance now = {.version = program_version, .compiler = COMPILER};
    time_t seconds = time(NULL);
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL ||
        strftime(now.started, sizeof(now.started), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        now.started[0] = '\0';
    return now;
}
