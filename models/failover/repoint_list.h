// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Repointing by the clients themselves: each has a list of the endpoints of all regions and goes on
 * to the next one when the one that it uses fails.
 */
#ifndef REPOINT_LIST_H
#define REPOINT_LIST_H

#include "field.h"
#include "repoint.h"

struct repoint_list_config {
    sim_dur stay_ns;
};

/* The rows of a table of parameters; `member` is the struct repoint_list_config. */
// clang-format off
#define REPOINT_LIST_FIELDS(member) \
    DURATION("list.stay", member.stay_ns, "0s", "1s", "1h", "client-list: least time for which the clients of a region stay with an endpoint, whatever fails, before they go on to the next", "assumption")
// clang-format on

extern const struct repoint_ops repoint_list_ops;

#endif
