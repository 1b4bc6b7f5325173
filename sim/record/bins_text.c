// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Numbers are formatted without printf(), which takes ten times as long for a double; a run has
 * fifty thousand numbers. A double x becomes m / 10^k with an integer m below 2^53 and k up to 22,
 * both exact, so the quotient is the double nearest to the decimal fraction in the text (Clinger,
 * PLDI 1990): writing, rounding and reading agree bit for bit. Other numbers use printf() and
 * strtod().
 */
#include "bins_text.h"

#include "mem.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- decimal fractions ---------------------------------------------------------------------- */

#define POWERS 23
#define EXACT_LIMIT (UINT64_C(1) << 53)
#define LEVEL_DIGITS 15

static const double powers[POWERS] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* m / 10^places */
struct decimal {
    uint64_t m;
    int places;
};

/* floor(log10(x)) for x from 1e-15 to 1e15, except for rounding at the powers of ten, which is
 * harmless. */
static int magnitude(double x)
{
    int exponent = 0;

    if (x >= 1)
        while (exponent < 15 && x >= powers[exponent + 1])
            exponent++;
    else
        while (exponent > -15 && x * powers[-exponent] < 1)
            exponent--;
    return exponent;
}

/* Round x >= 0 to `digits` significant digits, or to an integer if that has more. False if x is too
 * large or too small for exact powers of ten. */
static bool decimal_of(double x, int digits, struct decimal *decimal)
{
    if (x == 0) {
        *decimal = (struct decimal){0, 0};
        return true;
    }
    if (!(x < 1e15))
        return false;
    if (x >= 1 && x == floor(x)) {
        *decimal = (struct decimal){(uint64_t)x, 0};
        return true;
    }
    int places = digits - 1 - magnitude(x);

    if (places >= POWERS)
        return false;
    places = places < 0 ? 0 : places;
    *decimal = (struct decimal){(uint64_t)(x * powers[places] + 0.5), places};
    return decimal->m > 0 && decimal->m < EXACT_LIMIT;
}

/* The double nearest to x with `digits` significant digits. */
static double round_to(double x, int digits)
{
    struct decimal decimal;
    char text[40];

    if (decimal_of(fabs(x), digits, &decimal)) {
        double rounded = (double)decimal.m / powers[decimal.places];
        return x < 0 ? -rounded : rounded;
    }
    snprintf(text, sizeof text, "%.*g", digits, x);
    return strtod(text, NULL);
}

void moment_add(struct moment *moment, double value)
{
    /* Equal values must have no deviation, even after rounding. */
    value = round_to(value, MOMENT_MEAN_DIGITS);
    double n = (double)moment->n;
    double delta = value - moment->mean;
    double mean = moment->mean + delta / (n + 1);
    double m2 = moment->n > 1 ? moment->sd * moment->sd * (n - 1) : 0;

    m2 += delta * (value - mean);
    moment->n++;
    moment->mean = round_to(mean, MOMENT_MEAN_DIGITS);
    moment->sd = moment->n > 1 && m2 > 0 ? round_to(sqrt(m2 / n), MOMENT_SD_DIGITS) : 0;
}

void pooled_ratio_add(struct pooled_ratio *pooled, uint64_t over, uint64_t under)
{
    double a = (double)over, b = (double)under;

    if (under == 0)
        return;
    pooled->n++;
    pooled->over += over;
    pooled->under += under;
    pooled->squares += a * a;
    pooled->products += a * b;
    pooled->under_squares += b * b;
}

/* --- writing -------------------------------------------------------------------------------- */

/* The longest element is a pooled ratio: nine numbers of up to 24 characters. */
#define ELEMENT_MAX 256

/* Buffers text for a strbuf in blocks. */
struct writer {
    struct strbuf *out;
    char *at; /* in block */
    char block[4096];
};

static void writer_open(struct writer *writer, struct strbuf *out, char bracket)
{
    writer->out = out;
    writer->at = writer->block;
    *writer->at++ = bracket;
}

/* Make room for an element and the comma before it. */
static char *writer_element(struct writer *writer, bool first)
{
    if (writer->at + ELEMENT_MAX > writer->block + sizeof writer->block) {
        strbuf_add_bytes(writer->out, writer->block, (size_t)(writer->at - writer->block));
        writer->at = writer->block;
    }
    if (!first)
        *writer->at++ = ',';
    return writer->at;
}

static void writer_close(struct writer *writer, char bracket)
{
    *writer->at++ = bracket;
    strbuf_add_bytes(writer->out, writer->block, (size_t)(writer->at - writer->block));
}

static char *put_unsigned(char *at, uint64_t value)
{
    char digits[20];
    int count = 0;

    do
        digits[count++] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

/* 0.00012 is m = 12, places = 5; trailing zeros are dropped. */
static char *put_decimal(char *at, struct decimal decimal)
{
    char digits[20];
    int count = 0, places = decimal.places;
    uint64_t m = decimal.m;

    while (places > 0 && m % 10 == 0) {
        m /= 10;
        places--;
    }
    if (places == 0)
        return put_unsigned(at, m);
    do
        digits[count++] = (char)('0' + m % 10);
    while ((m /= 10) > 0);
    if (count <= places) {
        *at++ = '0';
        *at++ = '.';
        for (int i = places; i > count; i--)
            *at++ = '0';
        places = 0; /* the point is written */
    }
    while (count > 0) {
        *at++ = digits[--count];
        if (count == places && places > 0)
            *at++ = '.';
    }
    return at;
}

static char *put_printed(char *at, double value, int digits)
{
    return at + snprintf(at, 32, "%.*g", digits, value);
}

/* Write a number returned by round_to(). */
static char *put_rounded(char *at, double value, int digits)
{
    struct decimal decimal;

    if (!decimal_of(fabs(value), digits, &decimal))
        return put_printed(at, value, digits);
    if (value < 0)
        *at++ = '-';
    return put_decimal(at, decimal);
}

static char *put_exact(char *at, double value)
{
    struct decimal decimal;

    if (!(value >= 0) || !decimal_of(value, LEVEL_DIGITS, &decimal) ||
        (double)decimal.m / powers[decimal.places] != value)
        return put_printed(at, value, 17);
    return put_decimal(at, decimal);
}

static char *put_text(char *at, const char *text)
{
    size_t length = strlen(text);

    memcpy(at, text, length);
    return at + length;
}

void bins_add_counts(struct strbuf *out, const uint64_t *counts, size_t count)
{
    struct writer writer;

    writer_open(&writer, out, '[');
    for (size_t i = 0; i < count; i++)
        writer.at = put_unsigned(writer_element(&writer, i == 0), counts[i]);
    writer_close(&writer, ']');
}

void bins_add_ratios(struct strbuf *out, const uint64_t *over, const uint64_t *under, size_t count)
{
    struct writer writer;

    writer_open(&writer, out, '[');
    for (size_t i = 0; i < count; i++) {
        char *at = writer_element(&writer, i == 0);
        if (over[i] == 0 && under[i] == 0) {
            *at++ = '0';
        } else {
            *at++ = '[';
            at = put_unsigned(at, over[i]);
            *at++ = ',';
            at = put_unsigned(at, under[i]);
            *at++ = ']';
        }
        writer.at = at;
    }
    writer_close(&writer, ']');
}

void bins_add_levels(struct strbuf *out, const double *levels, size_t count)
{
    struct writer writer;

    writer_open(&writer, out, '[');
    for (size_t i = 0; i < count; i++) {
        char *at = writer_element(&writer, i == 0);
        writer.at = isfinite(levels[i]) ? put_exact(at, levels[i]) : put_text(at, "null");
    }
    writer_close(&writer, ']');
}

static char *put_moment(char *at, const struct moment *moment, uint64_t n)
{
    if (moment->n == 0)
        return put_text(at, "null");
    if (moment->sd == 0 && moment->n == n)
        return put_rounded(at, moment->mean, MOMENT_MEAN_DIGITS);
    *at++ = '[';
    at = put_rounded(at, moment->mean, MOMENT_MEAN_DIGITS);
    *at++ = ',';
    at = put_rounded(at, moment->sd, MOMENT_SD_DIGITS);
    if (moment->n != n) {
        *at++ = ',';
        at = put_unsigned(at, moment->n);
    }
    *at++ = ']';
    return at;
}

void bins_add_moments(struct strbuf *out, const struct moment *moments, size_t count, uint64_t n)
{
    struct writer writer;

    writer_open(&writer, out, '[');
    for (size_t i = 0; i < count; i++)
        writer.at = put_moment(writer_element(&writer, i == 0), &moments[i], n);
    writer_close(&writer, ']');
}

static char *put_bound(char *at, double bound)
{
    return isfinite(bound)
               ? put_rounded(at, round_to(bound, MOMENT_MEAN_DIGITS), MOMENT_MEAN_DIGITS)
               : put_text(at, "null");
}

static char *put_pooled(char *at, const struct pooled_bin *bin)
{
    const struct pooled_ratio *ratio = &bin->ratio;
    const uint64_t counts[] = {ratio->n, ratio->over, ratio->under};
    const double sums[] = {ratio->squares, ratio->products, ratio->under_squares};

    if (ratio->n == 0)
        return put_text(at, "null");
    *at++ = '[';
    at = put_bound(at, (double)ratio->over / (double)ratio->under);
    *at++ = ',';
    at = put_bound(at, bin->low);
    *at++ = ',';
    at = put_bound(at, bin->high);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        *at++ = ',';
        at = put_unsigned(at, counts[i]);
    }
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        *at++ = ',';
        at = put_exact(at, sums[i]);
    }
    *at++ = ']';
    return at;
}

void bins_add_pooled(struct strbuf *out, const struct pooled_bin *bins, size_t count)
{
    struct writer writer;

    writer_open(&writer, out, '[');
    for (size_t i = 0; i < count; i++)
        writer.at = put_pooled(writer_element(&writer, i == 0), &bins[i]);
    writer_close(&writer, ']');
}

void bins_add_histogram(struct strbuf *out, const struct histogram *histogram)
{
    struct writer writer;
    bool first = true;

    writer_open(&writer, out, '{');
    for (uint32_t bin = 0; bin < histogram->bin_count; bin++) {
        if (histogram->bins[bin] == 0)
            continue;
        char *at = writer_element(&writer, first);
        first = false;
        *at++ = '"';
        at = put_unsigned(at, bin);
        *at++ = '"';
        *at++ = ':';
        writer.at = put_unsigned(at, histogram->bins[bin]);
    }
    writer_close(&writer, '}');
}

/* --- reading -------------------------------------------------------------------------------- */

/* A position in a text, or NULL after invalid text. */
struct reader {
    const char *at;
};

/* Consume this character if it is next. */
static bool reader_skip(struct reader *reader, char c)
{
    if (!reader->at || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

static void reader_need(struct reader *reader, char c)
{
    if (!reader_skip(reader, c))
        reader->at = NULL;
}

/* Is there another element? Consumes the comma or the bracket. */
static bool reader_next(struct reader *reader, bool *first, char bracket)
{
    if (reader_skip(reader, bracket))
        return false;
    if (!*first)
        reader_need(reader, ',');
    *first = false;
    return reader->at != NULL;
}

static bool reader_ends(const struct reader *reader)
{
    return reader->at && *reader->at == '\0';
}

static bool reader_word(struct reader *reader, const char *word)
{
    size_t length = strlen(word);

    if (!reader->at || strncmp(reader->at, word, length) != 0)
        return false;
    reader->at += length;
    return true;
}

/* Below 2^63. */
static uint64_t reader_unsigned(struct reader *reader)
{
    uint64_t value = 0;

    if (!reader->at || !isdigit((unsigned char)*reader->at)) {
        reader->at = NULL;
        return 0;
    }
    for (; isdigit((unsigned char)*reader->at); reader->at++) {
        if (value > (INT64_MAX - 9) / 10) {
            reader->at = NULL;
            return 0;
        }
        value = value * 10 + (uint64_t)(*reader->at - '0');
    }
    return value;
}

/* A finite JSON number; leading zeros are accepted. */
static double reader_number(struct reader *reader)
{
    const char *start = reader->at;
    uint64_t m = 0;
    int places = 0;
    bool point = false;

    if (!start)
        return 0;
    const char *at = start + (*start == '-');
    bool good = isdigit((unsigned char)*at);
    for (; isdigit((unsigned char)*at) || (*at == '.' && !point); at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        m = m < EXACT_LIMIT / 10 ? m * 10 + (uint64_t)(*at - '0') : EXACT_LIMIT;
        places += point;
    }
    good = good && isdigit((unsigned char)at[-1]);
    if (good && m < EXACT_LIMIT && places < POWERS && *at != 'e') {
        reader->at = at;
        return *start == '-' ? -((double)m / powers[places]) : (double)m / powers[places];
    }
    char *end = NULL;
    double value = good ? strtod(start, &end) : 0;
    reader->at = good && isfinite(value) ? end : NULL;
    return value;
}

static void values_add(struct bin_values *values, double value)
{
    if (values->count == values->capacity)
        MEM_GROW(values->items, values->capacity, values->count + 1);
    values->items[values->count++] = value;
}

static double read_count(struct reader *reader)
{
    uint64_t count = reader_unsigned(reader);

    if (count > EXACT_LIMIT)
        reader->at = NULL;
    return (double)count;
}

static double read_level(struct reader *reader)
{
    return reader_word(reader, "null") ? (double)NAN : reader_number(reader);
}

static bool read_values(const char *text, struct bin_values *values,
                        double (*read)(struct reader *reader))
{
    struct reader reader = {text};
    bool first = true;

    values->count = 0;
    reader_need(&reader, '[');
    while (reader_next(&reader, &first, ']'))
        values_add(values, read(&reader));
    return reader_ends(&reader);
}

bool bins_read_counts(const char *text, struct bin_values *counts)
{
    return read_values(text, counts, read_count);
}

static struct bin_ratio read_ratio(struct reader *reader)
{
    struct bin_ratio ratio = {0, 0};

    if (reader_skip(reader, '0'))
        return ratio;
    reader_need(reader, '[');
    ratio.over = reader_unsigned(reader);
    reader_need(reader, ',');
    ratio.under = reader_unsigned(reader);
    reader_need(reader, ']');
    return ratio;
}

bool bins_read_ratios(const char *text, struct bin_ratios *ratios)
{
    struct reader reader = {text};
    bool first = true;

    ratios->count = 0;
    reader_need(&reader, '[');
    while (reader_next(&reader, &first, ']')) {
        if (ratios->count == ratios->capacity)
            MEM_GROW(ratios->items, ratios->capacity, ratios->count + 1);
        ratios->items[ratios->count++] = read_ratio(&reader);
    }
    return reader_ends(&reader);
}

bool bins_read_levels(const char *text, struct bin_values *levels)
{
    return read_values(text, levels, read_level);
}

static struct moment read_moment(struct reader *reader, uint64_t n)
{
    struct moment moment = {.n = n};

    if (reader_word(reader, "null"))
        return (struct moment){0};
    if (!reader_skip(reader, '[')) {
        moment.mean = reader_number(reader);
        return moment;
    }
    moment.mean = reader_number(reader);
    reader_need(reader, ',');
    moment.sd = reader_number(reader);
    if (reader_skip(reader, ','))
        moment.n = reader_unsigned(reader);
    reader_need(reader, ']');
    if (moment.n == 0 || moment.sd < 0)
        reader->at = NULL;
    return moment;
}

bool bins_read_moments(const char *text, uint64_t n, struct bin_moments *moments)
{
    struct reader reader = {text};
    bool first = true;

    moments->count = 0;
    reader_need(&reader, '[');
    while (reader_next(&reader, &first, ']')) {
        if (moments->count == moments->capacity)
            MEM_GROW(moments->items, moments->capacity, moments->count + 1);
        moments->items[moments->count++] = read_moment(&reader, n);
    }
    return reader_ends(&reader);
}

static struct pooled_bin read_pooled(struct reader *reader)
{
    struct pooled_bin bin = {.ratio = {0}};
    struct pooled_ratio *ratio = &bin.ratio;

    if (reader_word(reader, "null"))
        return bin;
    reader_need(reader, '[');
    (void)reader_number(reader); /* follows from the sums */
    reader_need(reader, ',');
    bin.low = read_level(reader);
    reader_need(reader, ',');
    bin.high = read_level(reader);
    reader_need(reader, ',');
    ratio->n = reader_unsigned(reader);
    reader_need(reader, ',');
    ratio->over = reader_unsigned(reader);
    reader_need(reader, ',');
    ratio->under = reader_unsigned(reader);
    reader_need(reader, ',');
    ratio->squares = reader_number(reader);
    reader_need(reader, ',');
    ratio->products = reader_number(reader);
    reader_need(reader, ',');
    ratio->under_squares = reader_number(reader);
    reader_need(reader, ']');
    if (ratio->n == 0 || ratio->under < ratio->n)
        reader->at = NULL;
    return bin;
}

bool bins_read_pooled(const char *text, struct pooled_bins *bins)
{
    struct reader reader = {text};
    bool first = true;

    bins->count = 0;
    reader_need(&reader, '[');
    while (reader_next(&reader, &first, ']')) {
        if (bins->count == bins->capacity)
            MEM_GROW(bins->items, bins->capacity, bins->count + 1);
        bins->items[bins->count++] = read_pooled(&reader);
    }
    return reader_ends(&reader);
}

bool bins_read_histogram(const char *text, uint64_t *bins, uint64_t *total)
{
    struct reader reader = {text};
    bool first = true;

    reader_need(&reader, '{');
    while (reader_next(&reader, &first, '}')) {
        reader_need(&reader, '"');
        uint64_t bin = reader_unsigned(&reader);
        reader_need(&reader, '"');
        reader_need(&reader, ':');
        uint64_t count = reader_unsigned(&reader);
        if (!reader.at || bin >= HISTOGRAM_BIN_LIMIT || count == 0 ||
            count > (uint64_t)INT64_MAX - *total)
            return false;
        bins[bin] += count;
        *total += count;
    }
    return reader_ends(&reader);
}

void bin_values_release(struct bin_values *values)
{
    free(values->items);
    *values = (struct bin_values){NULL, 0, 0};
}

void bin_ratios_release(struct bin_ratios *ratios)
{
    free(ratios->items);
    *ratios = (struct bin_ratios){NULL, 0, 0};
}

void pooled_bins_release(struct pooled_bins *bins)
{
    free(bins->items);
    *bins = (struct pooled_bins){NULL, 0, 0};
}

void bin_moments_release(struct bin_moments *moments)
{
    free(moments->items);
    *moments = (struct bin_moments){NULL, 0, 0};
}
