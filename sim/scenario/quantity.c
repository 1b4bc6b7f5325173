// SPDX-License-Identifier: GPL-3.0-or-later
#include "quantity.h"

#include "units.h"

#include <math.h>
#include <string.h>

static bool parse_number(const char *text, double *value, struct strbuf *why)
{
    int64_t count;

    if (units_parse_number(text, value, why))
        return true;
    if (!units_parse_count(text, &count, why))
        return false;
    *value = (double)count;
    return true;
}

static bool parse_duration(const char *text, double *value, struct strbuf *why)
{
    int64_t ns;
    bool good = units_parse_duration(text, &ns, why);

    *value = good ? (double)ns : 0;
    return good;
}

static bool parse_size(const char *text, double *value, struct strbuf *why)
{
    int64_t bytes;
    bool good = units_parse_size(text, &bytes, why);

    *value = good ? (double)bytes : 0;
    return good;
}

/* Plain numbers first: they are valid as shares too. */
static const struct {
    const char *name;
    bool (*parse)(const char *text, double *value, struct strbuf *why);
} kinds[] = {
    [QUANTITY_NUMBER] = {"a number", parse_number},
    [QUANTITY_DURATION] = {"a duration", parse_duration},
    [QUANTITY_SHARE] = {"a share", units_parse_share},
    [QUANTITY_RATE] = {"a rate", units_parse_rate},
    [QUANTITY_SIZE] = {"a size", parse_size},
    [QUANTITY_BANDWIDTH] = {"a bandwidth", units_parse_bandwidth},
};

bool quantity_parse(const char *text, struct quantity *quantity)
{
    struct strbuf why = STRBUF_INIT;
    bool good = false;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && !good; i++) {
        good = kinds[i].parse(text, &quantity->value, &why);
        quantity->kind = (enum quantity_kind)i;
    }
    quantity->whole = good && quantity->kind == QUANTITY_NUMBER && !strpbrk(text, ".eE") &&
                      quantity->value == floor(quantity->value);
    strbuf_release(&why);
    return good;
}

void quantity_add(struct strbuf *out, const struct quantity *quantity)
{
    switch (quantity->kind) {
    case QUANTITY_NUMBER:
        strbuf_addf(out, "%.12g", quantity->value);
        break;
    case QUANTITY_DURATION:
        units_add_duration(out, (int64_t)llround(quantity->value));
        break;
    case QUANTITY_SHARE:
        strbuf_addf(out, "%.12g%%", quantity->value * 100);
        break;
    case QUANTITY_RATE:
        strbuf_addf(out, "%.12g/s", quantity->value);
        break;
    case QUANTITY_SIZE:
        strbuf_addf(out, "%.0f B", quantity->value);
        break;
    case QUANTITY_BANDWIDTH:
        strbuf_addf(out, "%.12g bit/s", quantity->value);
        break;
    }
}

const char *quantity_kind_name(enum quantity_kind kind)
{
    return kinds[kind].name;
}
