// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The journey of one session through an incident: its operations, their failed attempts, and the
 * writes that servers executed, from a history of operations of the replication, run again.
 */
#ifndef SESSION_JOURNEY_H
#define SESSION_JOURNEY_H

#include "what_if.h"

#include <stdio.h>

/* A span of the run, in ns. */
struct journey_span {
    int64_t onset_ns, from_ns, to_ns;
};

/*
 * Run the replication again and print the journey of session `key` ("us-west-2/1579/14"), or, for
 * "example", of the first session with an operation that something impaired and that was not
 * successful. Returns an exit code, with the error printed: EXIT_USAGE if there is no such session.
 */
int session_journey_print(const struct what_if_base *base, const char *key,
                          const struct journey_span *span, FILE *out);

#endif
