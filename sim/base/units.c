// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A number is read as digits and a power of ten, never as a double, so "0.1s" is 100000000 ns and
 * "9223372036854775807ns" is exact in every locale. A unit is a table row with its power of ten
 * kept separate: for a double, the power is added to the text that strtod() rounds, so "12.3%" is
 * the same double as "0.123".
 */
#include "units.h"

#include "bug.h"
#include "mem.h"
#include "uint128.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A value in this unit, times factor * 10^power / divisor, is one in the quantity's own unit. */
struct scale {
    const char *name; /* "": a bare number */
    int power;
    uint64_t factor;
    uint64_t divisor; /* 1 wherever the quantity is an integer */
};

struct quantity {
    const char *what; /* with its article, for messages */
    const char *example;
    const struct scale *scales;
    size_t scale_count;
    bool has_bare_zero; /* a plain 0 needs no unit */
};

// clang-format off
/* From small to large: a sum must name them from large to small. */
static const struct scale duration_scales[] = {
    {"ns", 0, 1, 1}, {"us", 3, 1, 1}, {"ms", 6, 1, 1}, {"s", 9, 1, 1},
    {"min", 9, 60, 1}, {"h", 9, 3600, 1}, {"d", 9, 86400, 1},
};
static const struct scale share_scales[] = {{"", 0, 1, 1}, {"%", -2, 1, 1}};
static const struct scale rate_scales[] = {
    {"/s", 0, 1, 1},     {"k/s", 3, 1, 1},     {"M/s", 6, 1, 1},
    {"/min", 0, 1, 60},  {"k/min", 3, 1, 60},  {"M/min", 6, 1, 60},
    {"/h", 0, 1, 3600},  {"k/h", 3, 1, 3600},  {"M/h", 6, 1, 3600},
    {"/d", 0, 1, 86400}, {"k/d", 3, 1, 86400}, {"M/d", 6, 1, 86400},
};
static const struct scale size_scales[] = {
    {"B", 0, 1, 1},
    {"kB", 3, 1, 1}, {"MB", 6, 1, 1}, {"GB", 9, 1, 1}, {"TB", 12, 1, 1},
    {"KiB", 0, UINT64_C(1) << 10, 1}, {"MiB", 0, UINT64_C(1) << 20, 1},
    {"GiB", 0, UINT64_C(1) << 30, 1}, {"TiB", 0, UINT64_C(1) << 40, 1},
};
static const struct scale bandwidth_scales[] = {
    {"bit/s", 0, 1, 1},
    {"kbit/s", 3, 1, 1}, {"Mbit/s", 6, 1, 1}, {"Gbit/s", 9, 1, 1}, {"Tbit/s", 12, 1, 1},
    {"B/s", 0, 8, 1}, {"kB/s", 3, 8, 1}, {"MB/s", 6, 8, 1}, {"GB/s", 9, 8, 1},
    {"KiB/s", 0, UINT64_C(8) << 10, 1}, {"MiB/s", 0, UINT64_C(8) << 20, 1},
    {"GiB/s", 0, UINT64_C(8) << 30, 1},
};
static const struct scale count_scales[] = {
    {"", 0, 1, 1}, {"k", 3, 1, 1}, {"M", 6, 1, 1}, {"G", 9, 1, 1},
};
static const struct scale number_scales[] = {{"", 0, 1, 1}};
static const struct scale usd_scales[] = {{"", 0, 1, 1}, {"USD", 0, 1, 1}};

#define SCALES(table) (table), sizeof(table) / sizeof((table)[0])
static const struct quantity a_duration  = {"a duration", "300ms", SCALES(duration_scales), true};
static const struct quantity a_share     = {"a share", "0.5%", SCALES(share_scales), false};
static const struct quantity a_rate      = {"a rate", "10/s", SCALES(rate_scales), false};
static const struct quantity a_size      = {"a size", "10 MiB", SCALES(size_scales), true};
static const struct quantity a_bandwidth =
    {"a bandwidth", "10Gbit/s", SCALES(bandwidth_scales), false};
static const struct quantity a_count     = {"a whole number", "12", SCALES(count_scales), false};
static const struct quantity a_number    = {"a number", "1.5", SCALES(number_scales), false};
/* An expectation compares with a mean count, which may have a fraction. */
static const struct quantity a_mean_count = {"a count", "12", SCALES(count_scales), false};
static const struct quantity an_amount    = {"an amount", "1.5 USD", SCALES(usd_scales), false};

static const struct unit_row {
    const char *name;
    const struct quantity *quantity;
} unit_rows[UNIT_KINDS] = {
    [UNIT_NONE] =      {"",          &a_number},
    [UNIT_COUNT] =     {"count",     &a_mean_count},
    [UNIT_SHARE] =     {"share",     &a_share},
    [UNIT_NS] =        {"ns",        &a_duration},
    [UNIT_BYTES] =     {"bytes",     &a_size},
    [UNIT_PER_S] =     {"per_s",     &a_rate},
    [UNIT_BIT_PER_S] = {"bit_per_s", &a_bandwidth},
    [UNIT_USD] =       {"usd",       &an_amount},
};
// clang-format on

static const char too_large[] = "it is too large";
static const char too_small[] = "it is too small and would round to 0";
static const char not_whole[] = "it is not whole";

/* ---- reading text ---- */

/* digits * 10^exponent, or minus that. */
struct decimal {
    uint64_t digits;
    int exponent;
    bool is_negative;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_spaces(const char *at)
{
    return at + strspn(at, " ");
}

static const char *scan_sign(const char *at, bool *is_negative)
{
    *is_negative = *at == '-';
    return at + (*at == '-' || *at == '+');
}

/*
 * Digits, with '_' allowed between two of them. Past 19 significant ones the rest only counts as
 * places: no int64_t has more, nor does a double. `fraction` says whether they stand after the
 * point.
 */
static const char *scan_digits(const char *at, struct decimal *decimal, bool fraction)
{
    for (; is_digit(*at); at += at[1] == '_' && is_digit(at[2]) ? 2 : 1) {
        if (decimal->digits <= (UINT64_MAX - 9) / 10) {
            decimal->digits = decimal->digits * 10 + (uint64_t)(*at - '0');
            decimal->exponent -= fraction;
        } else {
            decimal->exponent += !fraction;
        }
    }
    return at;
}

/* "e-5", if it is one; held to five digits, past the range of all that it may end up in. */
static const char *scan_exponent(const char *at, struct decimal *decimal)
{
    if (*at != 'e' && *at != 'E')
        return at;
    bool is_negative;
    const char *digit = scan_sign(at + 1, &is_negative);
    if (!is_digit(*digit))
        return at;
    int exponent = 0;
    for (; is_digit(*digit); digit++)
        exponent = exponent < 10000 ? exponent * 10 + (*digit - '0') : exponent;
    decimal->exponent += is_negative ? -exponent : exponent;
    return digit;
}

/* An unsigned decimal in plain ASCII: "12" "1_000" "1.5" ".5" "1e-5". Returns its end, or NULL. */
static const char *scan_decimal(const char *text, struct decimal *decimal)
{
    const char *at = scan_digits(text, decimal, false);
    bool has_digits = at > text;
    if (*at == '.') {
        const char *fraction = at + 1;
        at = scan_digits(fraction, decimal, true);
        has_digits = has_digits || at > fraction;
    }
    return has_digits ? scan_exponent(at, decimal) : NULL;
}

/* ---- refusing ---- */

/* reason: the error in a text of the right form, or NULL. Always returns false. */
static bool refuse(struct strbuf *why, const struct quantity *quantity, const char *text,
                   const char *reason)
{
    strbuf_addf(why, "needs %s such as '%s', got '%s'", quantity->what, quantity->example, text);
    if (reason != NULL)
        strbuf_addf(why, "; %s", reason);
    return false;
}

static bool refuse_unit(struct strbuf *why, const struct quantity *quantity, const char *text,
                        const char *unit, size_t unit_length)
{
    refuse(why, quantity, text, NULL);
    strbuf_addf(why, "; unknown unit '%.*s'", (int)unit_length, unit);
    const char *separator = ", known are ";
    for (size_t i = 0; i < quantity->scale_count; i++) {
        if (quantity->scales[i].name[0] != '\0') {
            strbuf_addf(why, "%s%s", separator, quantity->scales[i].name);
            separator = ", ";
        }
    }
    return false;
}

/* ---- a number and its unit ---- */

static const struct scale *find_scale(const struct quantity *quantity, const char *name,
                                      size_t length)
{
    for (size_t i = 0; i < quantity->scale_count; i++) {
        const struct scale *scale = &quantity->scales[i];
        if (strlen(scale->name) == length && memcmp(scale->name, name, length) == 0)
            return scale;
    }
    return NULL;
}

/* The scale of a unit, or NULL after a refusal. */
static const struct scale *require_scale(const struct quantity *quantity, const char *text,
                                         const char *unit, size_t length, struct strbuf *why)
{
    const struct scale *scale = find_scale(quantity, unit, length);
    if (scale == NULL && length == 0)
        refuse(why, quantity, text, NULL);
    else if (scale == NULL)
        refuse_unit(why, quantity, text, unit, length);
    return scale;
}

static size_t trimmed_length(const char *text)
{
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == ' ')
        length--;
    return length;
}

/* A text that is one number and, maybe, one unit. */
static const struct scale *parse_single(const char *text, const struct quantity *quantity,
                                        struct decimal *decimal, struct strbuf *why)
{
    *decimal = (struct decimal){0};
    const char *at = scan_sign(skip_spaces(text), &decimal->is_negative);
    at = scan_decimal(at, decimal);
    if (at == NULL) {
        refuse(why, quantity, text, NULL);
        return NULL;
    }
    at = skip_spaces(at);
    size_t length = trimmed_length(at);
    if (length == 0 && decimal->digits == 0 && quantity->has_bare_zero)
        return &quantity->scales[0];
    return require_scale(quantity, text, at, length, why);
}

static bool to_double(const struct decimal *decimal, const struct scale *scale, double *value)
{
    char text[64];
    snprintf(text, sizeof(text), "%s%" PRIu64 "e%d", decimal->is_negative ? "-" : "",
             decimal->digits, decimal->exponent + scale->power);
    double scaled = strtod(text, NULL) * (double)scale->factor / (double)scale->divisor;
    if (!isfinite(scaled))
        return false;
    *value = scaled;
    return true;
}

static bool parse_double(const char *text, const struct quantity *quantity, double *value,
                         struct strbuf *why)
{
    struct decimal decimal;
    const struct scale *scale = parse_single(text, quantity, &decimal, why);
    if (scale == NULL)
        return false;
    return to_double(&decimal, scale, value) || refuse(why, quantity, text, too_large);
}

/* product * 10^exponent for exponent >= 0; false past the limit. */
static bool scale_up(uint128 *product, int exponent, uint128 limit)
{
    for (; exponent > 0 && *product != 0 && *product <= limit; exponent--)
        *product *= 10;
    return *product <= limit;
}

/* product / 10^places, rounded half up; says whether that was exact. */
static bool scale_down(uint128 *product, int places)
{
    enum { PLACES_MAX = 37 }; /* twice 10^37 fits 128 bits */
    if (places > PLACES_MAX) {
        bool is_zero = *product == 0;
        *product = 0; /* 64 bits of digits by 40 of factor are 10^31.3: nothing is left */
        return is_zero;
    }
    uint128 divisor = 1;
    for (int i = 0; i < places; i++)
        divisor *= 10;
    uint128 rest = *product % divisor;
    *product = *product / divisor + (rest * 2 >= divisor && places > 0);
    return rest == 0;
}

/* Returns the error, or NULL; *value is rounded to the nearest, halves away from zero. */
static const char *to_integer(const struct decimal *decimal, const struct scale *scale,
                              int64_t *value, bool *is_exact)
{
    uint128 limit = (uint128)INT64_MAX + decimal->is_negative;
    uint128 product = (uint128)decimal->digits * scale->factor;
    int exponent = decimal->exponent + scale->power;
    *is_exact = true;
    if (exponent < 0)
        *is_exact = scale_down(&product, -exponent);
    if (!scale_up(&product, exponent, limit))
        return too_large;
    if (product == 0 && decimal->digits != 0)
        return too_small;
    uint64_t magnitude = (uint64_t)product;
    *value = (int64_t)(decimal->is_negative ? UINT64_C(0) - magnitude : magnitude);
    return NULL;
}

static bool parse_integer(const char *text, const struct quantity *quantity, bool must_be_whole,
                          int64_t *value, struct strbuf *why)
{
    struct decimal decimal;
    const struct scale *scale = parse_single(text, quantity, &decimal, why);
    if (scale == NULL)
        return false;
    int64_t result;
    bool is_exact;
    const char *wrong = to_integer(&decimal, scale, &result, &is_exact);
    if (!is_exact && must_be_whole)
        wrong = not_whole;
    if (wrong != NULL)
        return refuse(why, quantity, text, wrong);
    *value = result;
    return true;
}

/* ---- durations ---- */

/* Adds one term; returns the error, or NULL. */
static const char *add_term(int64_t *sum, const struct decimal *decimal, const struct scale *scale)
{
    int64_t term;
    bool is_exact;
    const char *wrong = to_integer(decimal, scale, &term, &is_exact);
    if (wrong == NULL && __builtin_add_overflow(*sum, term, sum))
        wrong = too_large;
    return wrong;
}

/* "1h30min", from large units to small, each at most once. `at` is after the sign. */
static bool parse_sum(const char *text, const char *at, bool is_negative, int64_t *sum,
                      struct strbuf *why)
{
    const struct scale *before = duration_scales + a_duration.scale_count;
    do {
        struct decimal decimal = {.is_negative = is_negative};
        at = scan_decimal(skip_spaces(at), &decimal);
        if (at == NULL)
            return refuse(why, &a_duration, text, NULL);
        const char *unit = skip_spaces(at);
        size_t length = strcspn(unit, " .0123456789");
        const struct scale *scale = require_scale(&a_duration, text, unit, length, why);
        if (scale == NULL)
            return false;
        if (scale >= before)
            return refuse(why, &a_duration, text, "units of a sum go from large to small");
        const char *wrong = add_term(sum, &decimal, scale);
        if (wrong != NULL)
            return refuse(why, &a_duration, text, wrong);
        before = scale;
        at = skip_spaces(unit + length);
    } while (*at != '\0');
    return true;
}

/* ISO 8601-1:2019, 5.5.2, without years and months, which have no fixed length. */
static const struct iso_part {
    char designator;
    bool is_time; /* stands after the T */
    struct scale scale;
} iso_parts[] = {
    {'W', false, {"", 9, 604800, 1}}, {'D', false, {"", 9, 86400, 1}},
    {'H', true, {"", 9, 3600, 1}},    {'M', true, {"", 9, 60, 1}},
    {'S', true, {"", 9, 1, 1}},
};
enum { ISO_PART_COUNT = sizeof(iso_parts) / sizeof(iso_parts[0]) };

/* The part that a designator names, at `first` or after it, or NULL. */
static const struct iso_part *find_iso_part(char designator, bool is_time, size_t first)
{
    for (size_t i = first; i < ISO_PART_COUNT; i++)
        if (iso_parts[i].designator == designator && iso_parts[i].is_time == is_time)
            return &iso_parts[i];
    return NULL;
}

/* "T5M" of "PT5M". `at` is after the P. */
static bool parse_iso(const char *text, const char *at, bool is_negative, int64_t *sum,
                      struct strbuf *why)
{
    bool is_time = false;
    size_t next = 0;
    do {
        bool opens_time = *at == 'T' && !is_time;
        is_time = is_time || opens_time;
        struct decimal decimal = {.is_negative = is_negative};
        at = scan_decimal(at + opens_time, &decimal);
        const struct iso_part *part = at != NULL ? find_iso_part(*at, is_time, next) : NULL;
        if (part == NULL)
            return refuse(why, &a_duration, text, NULL);
        const char *wrong = add_term(sum, &decimal, &part->scale);
        if (wrong != NULL)
            return refuse(why, &a_duration, text, wrong);
        next = (size_t)(part - iso_parts) + 1;
        at++;
    } while (trimmed_length(at) > 0);
    return true;
}

static bool is_bare_zero(const char *at)
{
    struct decimal decimal = {0};
    const char *end = scan_decimal(at, &decimal);
    return end != NULL && decimal.digits == 0 && trimmed_length(end) == 0;
}

bool units_parse_duration(const char *text, int64_t *value_ns, struct strbuf *why)
{
    bool is_negative;
    const char *at = scan_sign(skip_spaces(text), &is_negative);
    int64_t sum = 0;
    bool is_good = is_bare_zero(at) || (*at == 'P' ? parse_iso(text, at + 1, is_negative, &sum, why)
                                                   : parse_sum(text, at, is_negative, &sum, why));
    if (is_good)
        *value_ns = sum;
    return is_good;
}

/* ---- the other quantities ---- */

bool units_parse_share(const char *text, double *value, struct strbuf *why)
{
    return parse_double(text, &a_share, value, why);
}

bool units_parse_rate(const char *text, double *value_per_s, struct strbuf *why)
{
    return parse_double(text, &a_rate, value_per_s, why);
}

bool units_parse_size(const char *text, int64_t *value_bytes, struct strbuf *why)
{
    return parse_integer(text, &a_size, false, value_bytes, why);
}

bool units_parse_bandwidth(const char *text, double *value_bit_per_s, struct strbuf *why)
{
    return parse_double(text, &a_bandwidth, value_bit_per_s, why);
}

bool units_parse_count(const char *text, int64_t *value, struct strbuf *why)
{
    return parse_integer(text, &a_count, true, value, why);
}

/* No unit of the table: a factor is the one number that is written with an x, and no message need
 * propose it. */
bool units_parse_number(const char *text, double *value, struct strbuf *why)
{
    size_t length = strlen(text);
    char *factor;
    bool good;

    if (length < 2 || text[length - 1] != 'x' || !strchr("0123456789", text[length - 2]))
        return parse_double(text, &a_number, value, why);
    factor = mem_strndup(text, length - 1);
    good = parse_double(factor, &a_number, value, why);
    free(factor);
    return good;
}

/* ---- units of statistics ---- */

const char *unit_name(enum unit unit)
{
    invariant(unit < UNIT_KINDS);
    return unit_rows[unit].name;
}

bool unit_from_name(const char *name, enum unit *unit)
{
    for (int i = 0; i < UNIT_KINDS; i++) {
        if (strcmp(unit_rows[i].name, name) == 0) {
            *unit = (enum unit)i;
            return true;
        }
    }
    return false;
}

bool units_parse(const char *text, enum unit unit, double *value, struct strbuf *why)
{
    invariant(unit < UNIT_KINDS);
    if (unit != UNIT_NS)
        return parse_double(text, unit_rows[unit].quantity, value, why);
    int64_t value_ns;
    if (!units_parse_duration(text, &value_ns, why))
        return false;
    *value = (double)value_ns;
    return true;
}

/* ---- printing ---- */

/* Where a value stops being printed in a unit and the next smaller one takes over. */
struct print_scale {
    double size;
    const char *suffix;
};

// clang-format off
static const struct print_scale long_scales[] = {
    {3600e9, " h"}, {1e9, " s"}, {1e6, " ms"}, {1e3, " us"}, {1, " ns"}};
static const struct print_scale byte_scales[] = {
    {0x1p40, " TiB"}, {0x1p30, " GiB"}, {0x1p20, " MiB"}, {0x1p10, " KiB"}, {1, " B"}};
static const struct print_scale rate_print_scales[] = {{1e6, "M/s"}, {1e3, "k/s"}, {1, "/s"}};
static const struct print_scale bit_scales[] = {
    {1e12, " Tbit/s"}, {1e9, " Gbit/s"}, {1e6, " Mbit/s"}, {1e3, " kbit/s"}, {1, " bit/s"}};
// clang-format on

/* The power of ten of the first of `digits` digits that `value` is rounded to; 0 for 0. */
static int leading_power(double value, int digits)
{
    char text[64];
    snprintf(text, sizeof(text), "%.*e", digits - 1, value);
    const char *mark = strchr(text, 'e');
    return mark != NULL ? (int)strtol(mark + 1, NULL, 10) : 0;
}

static int decimals_for(double value, int digits)
{
    int decimals = digits - 1 - leading_power(value, digits);
    return decimals > 0 ? decimals : 0;
}

static void strip_zeros(struct strbuf *out, size_t start)
{
    if (strchr(out->text + start, '.') == NULL)
        return;
    size_t length = out->length;
    while (out->text[length - 1] == '0')
        length--;
    strbuf_truncate(out, out->text[length - 1] == '.' ? length - 1 : length);
}

/* No digit before the point is ever rounded away: "12345" with three digits is "12345". */
static void add_number(struct strbuf *out, double value, int digits, int decimals)
{
    double magnitude = fabs(value);
    if (magnitude == 0.0) {
        strbuf_add_char(out, '0'); /* also for -0.0 */
    } else if (magnitude < 1e-6 || magnitude >= 1e15) {
        strbuf_addf(out, "%.*g", digits, value);
    } else {
        size_t start = out->length;
        strbuf_addf(out, "%.*f", decimals, value);
        strip_zeros(out, start);
    }
}

/* The scale is chosen by the rounded value, or 999.9999 ms would print as "1000 ms". */
static void add_scaled(struct strbuf *out, double value, int digits,
                       const struct print_scale *scale)
{
    char rounded[64];
    snprintf(rounded, sizeof(rounded), "%.*e", digits - 1, fabs(value));
    while (scale->size > 1.0 && strtod(rounded, NULL) < scale->size)
        scale++;
    double scaled = value / scale->size;
    add_number(out, scaled, digits, decimals_for(scaled, digits));
    strbuf_add(out, scale->suffix);
}

/*
 * Near one, the distance from one matters: an availability of 99.987 % with three digits must not
 * become "100%", so the digits are counted in that distance.
 */
static void add_share(struct strbuf *out, double value, int digits)
{
    enum { DECIMALS_MAX = 9 }; /* more digits are rounding errors */
    double percent = value * 100.0;
    double missing = 100.0 - percent;
    bool is_near_one = percent > 50.0 && missing > 0.0;
    int decimals = decimals_for(is_near_one ? missing : percent, digits);
    add_number(out, percent, digits,
               is_near_one && decimals > DECIMALS_MAX ? DECIMALS_MAX : decimals);
    strbuf_add_char(out, '%');
}

static uint64_t scale_ns(const struct scale *scale)
{
    uint64_t size_ns = scale->factor;
    for (int i = 0; i < scale->power; i++)
        size_ns *= 10;
    return size_ns;
}

/*
 * The largest unit that a whole duration is a multiple of, or NULL. Below seconds there must be
 * less than 1000 of it, or every latency in whole nanoseconds would be printed to its last digit.
 */
static const struct scale *whole_scale(double magnitude_ns)
{
    if (magnitude_ns != floor(magnitude_ns) || magnitude_ns >= 0x1p63)
        return NULL;
    uint64_t whole_ns = (uint64_t)magnitude_ns;
    for (size_t i = a_duration.scale_count; i-- > 0;) {
        uint64_t size_ns = scale_ns(&duration_scales[i]);
        if (whole_ns % size_ns == 0 && (size_ns >= (uint64_t)NS_PER_S || whole_ns / size_ns < 1000))
            return &duration_scales[i];
    }
    return NULL;
}

static void add_rough_duration(struct strbuf *out, double value_ns, int digits)
{
    const struct scale *whole = whole_scale(fabs(value_ns));
    if (value_ns == 0.0)
        strbuf_add(out, "0 s");
    else if (whole != NULL)
        strbuf_addf(out, "%.0f %s", value_ns / (double)scale_ns(whole), whole->name);
    else
        add_scaled(out, value_ns, digits, long_scales);
}

void units_add(struct strbuf *out, double value, enum unit unit, int digits)
{
    invariant(digits >= 1 && digits <= 17);
    if (!isfinite(value)) {
        strbuf_add(out, isnan(value) ? "n/a" : value < 0.0 ? "-inf" : "inf");
        return;
    }
    switch (unit) {
    case UNIT_SHARE:
        add_share(out, value, digits);
        return;
    case UNIT_NS:
        add_rough_duration(out, value, digits);
        return;
    case UNIT_BYTES:
        add_scaled(out, value, digits, byte_scales);
        return;
    case UNIT_PER_S:
        add_scaled(out, value, digits, rate_print_scales);
        return;
    case UNIT_BIT_PER_S:
        add_scaled(out, value, digits, bit_scales);
        return;
    case UNIT_NONE:
    case UNIT_COUNT:
    case UNIT_USD:
    case UNIT_KINDS:
        break;
    }
    add_number(out, value, digits, decimals_for(value, digits));
    strbuf_add(out, unit == UNIT_USD ? " USD" : "");
}

/* Writes the exact quotient, if it is not below 1 and has an end; returns its length, or 0. */
static size_t exact_quotient(uint64_t magnitude_ns, uint64_t size_ns, char *text, size_t text_size)
{
    enum { FRACTION_DIGITS_MAX = 15 };
    uint64_t rest = magnitude_ns % size_ns;
    if (magnitude_ns < size_ns)
        return 0;
    int written =
        snprintf(text, text_size, "%" PRIu64 "%s", magnitude_ns / size_ns, rest > 0 ? "." : "");
    size_t length = (size_t)written;
    for (int i = 0; rest > 0 && i < FRACTION_DIGITS_MAX; i++) {
        rest *= 10; /* below 10 days in ns, far from 64 bits */
        text[length++] = (char)('0' + (char)(rest / size_ns));
        rest %= size_ns;
    }
    text[length] = '\0';
    return rest == 0 ? length : 0;
}

void units_add_duration(struct strbuf *out, int64_t value_ns)
{
    if (value_ns == 0) {
        strbuf_add(out, "0s");
        return;
    }
    uint64_t magnitude_ns = value_ns < 0 ? UINT64_C(0) - (uint64_t)value_ns : (uint64_t)value_ns;
    char text[64], best[64] = "";
    size_t best_length = SIZE_MAX;
    const char *unit = "";
    for (size_t i = a_duration.scale_count; i-- > 0;) {
        const struct scale *scale = &duration_scales[i];
        size_t length = exact_quotient(magnitude_ns, scale_ns(scale), text, sizeof(text));
        if (length > 0 && length < best_length) {
            best_length = length;
            unit = scale->name;
            memcpy(best, text, length + 1);
        }
    }
    strbuf_addf(out, "%s%s%s", value_ns < 0 ? "-" : "", best, unit);
}

void units_add_instant(struct strbuf *out, int64_t value_ns)
{
    if (value_ns < NS_PER_S || value_ns % NS_PER_S == 0)
        units_add_duration(out, value_ns);
    else
        strbuf_addf(out, "%.3fs", (double)value_ns / (double)NS_PER_S);
}
