// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Parse and print quantities; all conversions between text and numbers are here.
 *
 *   duration   ns      "250us" "22 ms" "1.5s" "30min" "2h" "1d", sums "1h30min", ISO 8601 "PT5M"
 *   share      0..1    "0.5%" or "0.005" ("30%" -> 0.3)
 *   rate       1/s     "10/s" "600/min" "36000/h" "5000/d", and with k or M: "2.5k/s"
 *   size       bytes   "512 B" "1kB" "1 MB" "1 GB" "1 TB" "1 KiB" "10 MiB" "2 GiB" "1 TiB"
 *   bandwidth  bit/s   "10Gbit/s" "100 Mbit/s" "64kbit/s" "1Tbit/s" "1 MiB/s" "1MB/s"
 *   count      1       "12" "1_000" "10k" "1M" "1G"
 *   number     1       "1.5" "1e-5", as a factor also "3x"
 *
 * Spaces are allowed between number and unit and around the quantity. A sum lists its units from
 * large to small. A number without its unit is refused, except 0 for durations and sizes. Numbers
 * may have an exponent ("1e3ms") and
 * '_' between digits; inf and nan are refused everywhere. Negative values are parsed (ranges are
 * the caller's). Overflow of 64 bits is refused. Durations and sizes are rounded to whole ns and
 * bytes, halves away from zero; a value other than zero that would round to it is refused. A count
 * must be whole ("2.5k" is).
 *
 * Each parser returns true and stores the value, or returns false and appends the reason to `why`,
 * in the form "needs a duration such as '300ms', got '2'" (the caller adds the subject before it),
 * optionally followed by details: "; unknown unit 'm', known are ns, us, ms, s, min, h, d".
 */
#ifndef UNITS_H
#define UNITS_H

#include "strbuf.h"

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

bool units_parse_duration(const char *text, int64_t *value_ns, struct strbuf *why);
bool units_parse_share(const char *text, double *value, struct strbuf *why);
bool units_parse_rate(const char *text, double *value_per_s, struct strbuf *why);
bool units_parse_size(const char *text, int64_t *value_bytes, struct strbuf *why);
bool units_parse_bandwidth(const char *text, double *value_bit_per_s, struct strbuf *why);
bool units_parse_count(const char *text, int64_t *value, struct strbuf *why);
bool units_parse_number(const char *text, double *value, struct strbuf *why);

/* Unit of a statistic; decides how it is printed and what a number without a unit means. */
enum unit {
    UNIT_NONE,  /* a plain number */
    UNIT_COUNT, /* how many */
    UNIT_SHARE, /* 0..1, printed as a percentage */
    UNIT_NS,    /* a duration in nanoseconds */
    UNIT_BYTES,
    UNIT_PER_S,
    UNIT_BIT_PER_S,
    UNIT_USD,
    UNIT_KINDS
};
/* "", "count", "share", "ns", "bytes", "per_s", "bit_per_s", "usd". */
const char *unit_name(enum unit unit);
bool unit_from_name(const char *name, enum unit *unit);

/*
 * Print for people, with about `digits` significant digits (usually 3; 1 to 17), in the most
 * readable unit: "22 ms", "5 min" (exact multiples), "0.5%", "1.5 MiB", "12.3/s". Digits before the
 * point are never rounded away ("12345"). A ratio just below one shows `digits` digits of its
 * distance from one
 * ("99.987%"). A whole number of seconds, minutes, hours or days, or of less than 1000 ms, us or
 * ns, is exact, so that parsing gives it back. Zero prints as "0 s", "0%", ...; NAN as "n/a".
 */
void units_add(struct strbuf *out, double value, enum unit unit, int digits);
/* Print an exact duration, which parses back to the same value: the shortest number not below 1, in
 * the largest unit that has one, without a space: "300ms", "1.5s", "90min"; "0s". */
void units_add_duration(struct strbuf *out, int64_t value_ns);
/* An instant of a run: "10min", "214.945s", exact below 1 s. */
void units_add_instant(struct strbuf *out, int64_t value_ns);
/* Parse a value of the given unit (an expectation's right-hand side); bare numbers are allowed for
 * UNIT_NONE, UNIT_COUNT, UNIT_SHARE (as a share) and UNIT_USD. */
bool units_parse(const char *text, enum unit unit, double *value, struct strbuf *why);

#endif
