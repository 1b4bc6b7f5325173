// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A quantity whose kind follows from its unit, for ranges of a sweep and conditions between
 * parameters, where the type of the parameter is not known.
 */
#ifndef QUANTITY_H
#define QUANTITY_H

#include "strbuf.h"

#include <stdbool.h>

enum quantity_kind {
    QUANTITY_NUMBER, /* also counts: "10k" */
    QUANTITY_DURATION,
    QUANTITY_SHARE,
    QUANTITY_RATE,
    QUANTITY_SIZE,
    QUANTITY_BANDWIDTH
};
struct quantity {
    enum quantity_kind kind;
    bool whole;   /* NUMBER: written without decimal point and exponent */
    double value; /* ns, 0..1, 1/s, bytes, bit/s */
};

bool quantity_parse(const char *text, struct quantity *quantity);
/* Append as text that parses to the same kind and, to 12 digits, the same value. */
void quantity_add(struct strbuf *out, const struct quantity *quantity);
const char *quantity_kind_name(enum quantity_kind kind); /* "a duration" */

#endif
