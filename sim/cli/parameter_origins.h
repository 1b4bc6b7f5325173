// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Where the values of a stored scenario are from. The stored text has every value, so those that
 * were set are found by comparing with the defaults of a scenario with the same regions and kind of
 * store.
 */
#ifndef PARAMETER_ORIGINS_H
#define PARAMETER_ORIGINS_H

#include "html_report.h"
#include "scenario.h"

struct parameter_origins {
    /* In the order of the models; owned. Regions or links with one value share a row. */
    struct html_parameter *rows;
    size_t count, capacity;
};

/* No rows if that scenario cannot be made. Release in any case. */
void parameter_origins_load(struct parameter_origins *origins, const struct scenario *scenario,
                            const struct registry *registry);
void parameter_origins_release(struct parameter_origins *origins);

#endif
