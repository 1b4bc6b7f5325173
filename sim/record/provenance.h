// SPDX-License-Identifier: GPL-3.0-or-later
/* What made the numbers, stored beside them. The only place that reads the host's calendar. */
#ifndef PROVENANCE_H
#define PROVENANCE_H

struct provenance {
    const char *version;  /* of the program */
    const char *compiler; /* "gcc 12.2.0" */
    char started[32];     /* now, "2026-02-03T04:05:06Z" */
};
struct provenance provenance_now(void);

#endif
