// SPDX-License-Identifier: GPL-3.0-or-later
/* Version, compiler and start time, stored with the results. The only code that reads the date. */
#ifndef PROVENANCE_H
#define PROVENANCE_H

/*
 * "0.1.0+5f1c0a9b27de": the project's version and a hash of all sources that a run's statistics
 * come from (base, stats, engine, models, scenario, experiment; no tests). Two programs of one
 * version give the same digests with any compiler; changes of the command line or of reports do not
 * change the version.
 */
extern const char program_version[];

struct provenance {
    const char *version;  /* program_version */
    const char *compiler; /* "gcc 12.2.0" */
    char started[32];     /* now, "2026-02-03T04:05:06Z" */
};
struct provenance provenance_now(void);

#endif
