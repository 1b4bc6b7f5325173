// SPDX-License-Identifier: GPL-3.0-or-later
#include "units.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "assert_close.h"

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))
#define MINUTE (60 * NS_PER_S)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

struct integer_case {
    const char *text;
    int64_t value;
};

struct double_case {
    const char *text;
    double value;
};

struct refusal {
    const char *text;
    const char *why;
};

typedef bool integer_parser(const char *text, int64_t *value, struct strbuf *why);
typedef bool double_parser(const char *text, double *value, struct strbuf *why);

static void assert_integers(integer_parser *parse, const struct integer_case *cases, size_t count)
{
    struct strbuf why = STRBUF_INIT;
    for (size_t i = 0; i < count; i++) {
        int64_t value = -77;
        if (!parse(cases[i].text, &value, &why) || value != cases[i].value) {
            print_error("'%s': %lld, not %lld; %s\n", cases[i].text, (long long)value,
                        (long long)cases[i].value, why.text);
            fail();
        }
    }
    assert_string_equal(why.text, "");
    strbuf_release(&why);
}

/* Exactly equal: each expected value is written as the decimal that it must be the double of. */
static void assert_doubles(double_parser *parse, const struct double_case *cases, size_t count)
{
    struct strbuf why = STRBUF_INIT;
    for (size_t i = 0; i < count; i++) {
        double value = -77.0;
        if (!parse(cases[i].text, &value, &why) || value != cases[i].value) {
            print_error("'%s': %.17g, not %.17g; %s\n", cases[i].text, value, cases[i].value,
                        why.text);
            fail();
        }
    }
    assert_string_equal(why.text, "");
    strbuf_release(&why);
}

static void assert_refused(bool accepted, const struct refusal *refusal, struct strbuf *why)
{
    if (accepted) {
        print_error("'%s' was accepted\n", refusal->text);
        fail();
    }
    assert_string_equal(why->text, refusal->why);
    strbuf_release(why);
}

/* A refusal says why, and leaves the value alone. */
static void assert_integers_refused(integer_parser *parse, const struct refusal *cases,
                                    size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct strbuf why = STRBUF_INIT;
        int64_t value = -77;
        assert_refused(parse(cases[i].text, &value, &why), &cases[i], &why);
        assert_true(value == -77);
    }
}

static void assert_doubles_refused(double_parser *parse, const struct refusal *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct strbuf why = STRBUF_INIT;
        double value = -77.0;
        assert_refused(parse(cases[i].text, &value, &why), &cases[i], &why);
        assert_true(value == -77.0);
    }
}

/* ---- durations ---- */

static void durations_in_every_unit(void **state)
{
    (void)state;
    static const struct integer_case cases[] = {
        {"7ns", 7},
        {"250us", 250 * NS_PER_US},
        {"22 ms", 22 * NS_PER_MS},
        {"1.5s", 1500 * NS_PER_MS},
        {"30min", 30 * MINUTE},
        {"2h", 2 * HOUR},
        {"1d", DAY},
        {"  10   min  ", 10 * MINUTE},
        {"-5ms", -5 * NS_PER_MS},
        {"+5ms", 5 * NS_PER_MS},
        {".5s", 500 * NS_PER_MS},
        {"5.s", 5 * NS_PER_S},
        {"1e3ms", NS_PER_S},
        {"1E-3s", NS_PER_MS},
        {"1_000ms", NS_PER_S},
        {"0", 0},
        {" 0 ", 0},
        {"0.0", 0},
        {"-0", 0},
        {"0s", 0},
    };
    assert_integers(units_parse_duration, cases, COUNT_OF(cases));
}

static void durations_may_be_sums_from_large_to_small(void **state)
{
    (void)state;
    static const struct integer_case cases[] = {
        {"1h30min", 90 * MINUTE},
        {"1 h 30 min", 90 * MINUTE},
        {"1d2h3min4s5ms6us7ns", DAY + 2 * HOUR + 3 * MINUTE + INT64_C(4005006007)},
        {"-1min30s", -90 * NS_PER_S},
        {"1min0.5s", 60500 * NS_PER_MS},
    };
    assert_integers(units_parse_duration, cases, COUNT_OF(cases));
}

static void durations_may_be_iso_8601(void **state)
{
    (void)state;
    static const struct integer_case cases[] = {
        {"PT5M", 5 * MINUTE},
        {"PT0.25S", 250 * NS_PER_MS},
        {"P1DT12H", 36 * HOUR},
        {"P2W", 14 * DAY},
        {"PT1H2M3S", HOUR + 2 * MINUTE + 3 * NS_PER_S},
        {"-PT1M", -MINUTE},
        {" PT0S ", 0},
    };
    assert_integers(units_parse_duration, cases, COUNT_OF(cases));
}

/* No double is on the way: these would all be off by some, as a double has 53 bits. */
static void durations_are_exact_to_the_last_nanosecond(void **state)
{
    (void)state;
    static const struct integer_case cases[] = {
        {"9223372036854775807ns", INT64_MAX},
        {"-9223372036854775808ns", INT64_MIN},
        {"9223372036.854775807s", INT64_MAX},
        {"106751d23h47min16.854775807s", INT64_MAX}, /* 106751 * 86400 + 85636 = 9223372036 */
        {"0.123456789s", 123456789},
        {"0.1s", 100 * NS_PER_MS},
        {"0.3s", 300 * NS_PER_MS},
    };
    assert_integers(units_parse_duration, cases, COUNT_OF(cases));
}

static void durations_are_rounded_to_nanoseconds_halves_away_from_zero(void **state)
{
    (void)state;
    static const struct integer_case cases[] = {
        {"1.4ns", 1},
        {"1.5ns", 2},
        {"-1.5ns", -2},
        {"0.5ns", 1},
        {"33.3333333333333333333333333ms", 33333333},
        {"0.00000000000000000000000000000000000000000001e44s", NS_PER_S},
    };
    assert_integers(units_parse_duration, cases, COUNT_OF(cases));
}

static void durations_refused(void **state)
{
    (void)state;
#define NEEDS "needs a duration such as '300ms', got "
    static const struct refusal cases[] = {
        {"2", NEEDS "'2'"},
        {"", NEEDS "''"},
        {" ", NEEDS "' '"},
        {"ms", NEEDS "'ms'"},
        {"fast", NEEDS "'fast'"},
        {"inf", NEEDS "'inf'"},
        {"nan", NEEDS "'nan'"},
        {".s", NEEDS "'.s'"},
        {"-", NEEDS "'-'"},
        {"5ms 3", NEEDS "'5ms 3'"},
        {"1,5s", NEEDS "'1,5s'; unknown unit ',', known are ns, us, ms, s, min, h, d"},
        {"5m", NEEDS "'5m'; unknown unit 'm', known are ns, us, ms, s, min, h, d"},
        {"5 Sec", NEEDS "'5 Sec'; unknown unit 'Sec', known are ns, us, ms, s, min, h, d"},
        {"0x10s", NEEDS "'0x10s'; unknown unit 'x', known are ns, us, ms, s, min, h, d"},
        {"1__0s", NEEDS "'1__0s'; unknown unit '__', known are ns, us, ms, s, min, h, d"},
        {"30min1h", NEEDS "'30min1h'; units of a sum go from large to small"},
        {"1s1s", NEEDS "'1s1s'; units of a sum go from large to small"},
        {"1h -30min", NEEDS "'1h -30min'"},
        {"9223372036854775808ns", NEEDS "'9223372036854775808ns'; it is too large"},
        {"-9223372036854775809ns", NEEDS "'-9223372036854775809ns'; it is too large"},
        {"18446744073709551617ns", NEEDS "'18446744073709551617ns'; it is too large"},
        {"99999999999999999999999999ns", NEEDS "'99999999999999999999999999ns'; it is too large"},
        {"1e99999999999s", NEEDS "'1e99999999999s'; it is too large"},
        {"300000d", NEEDS "'300000d'; it is too large"},
        {"106751d23h47min17s", NEEDS "'106751d23h47min17s'; it is too large"},
        {"0.4ns", NEEDS "'0.4ns'; it is too small and would round to 0"},
        {"1e-99s", NEEDS "'1e-99s'; it is too small and would round to 0"},
        {"P", NEEDS "'P'"},
        {"PT", NEEDS "'PT'"},
        {"P1DT", NEEDS "'P1DT'"},
        {"P1Y", NEEDS "'P1Y'"},
        {"P1M", NEEDS "'P1M'"},
        {"PT1D", NEEDS "'PT1D'"},
        {"PT1S1M", NEEDS "'PT1S1M'"},
        {"PT5", NEEDS "'PT5'"},
        {"P300000D", NEEDS "'P300000D'; it is too large"},
    };
#undef NEEDS
    assert_integers_refused(units_parse_duration, cases, COUNT_OF(cases));
}

/* ---- the other quantities ---- */

/* Equal to the literal: the power of ten of '%' goes into the decimal, not into a division. */
static void shares_as_percentage_or_plain(void **state)
{
    (void)state;
    static const struct double_case cases[] = {
        {"0.5%", 0.005}, {"0.005", 0.005}, {"30%", 0.3},    {"99.9%", 0.999}, {"100 %", 1.0},
        {"1", 1.0},      {"12.3%", 0.123}, {"0.07%", 7e-4}, {"0", 0.0},       {"0%", 0.0},
        {"-5%", -0.05},  {"1e-5", 1e-5},   {"150%", 1.5},
    };
    assert_doubles(units_parse_share, cases, COUNT_OF(cases));
    static const struct refusal refusals[] = {
        {"half", "needs a share such as '0.5%', got 'half'"},
        {"5 percent", "needs a share such as '0.5%', got '5 percent'; unknown unit 'percent', "
                      "known are %"},
        {"inf%", "needs a share such as '0.5%', got 'inf%'"},
        {"1e400", "needs a share such as '0.5%', got '1e400'; it is too large"},
    };
    assert_doubles_refused(units_parse_share, refusals, COUNT_OF(refusals));
}

static void rates_in_every_unit(void **state)
{
    (void)state;
    static const struct double_case cases[] = {
        {"10/s", 10.0},    {"2.5k/s", 2500.0}, {"1M/s", 1e6},       {"600/min", 10.0},
        {"6k/min", 100.0}, {"6M/min", 1e5},    {"36000/h", 10.0},   {"36k/h", 10.0},
        {"36M/h", 1e4},    {"864/d", 0.01},    {"864k/d", 10.0},    {"864M/d", 1e4},
        {"0.1 /s", 0.1},   {"0/s", 0.0},       {"1_000/s", 1000.0},
    };
    assert_doubles(units_parse_rate, cases, COUNT_OF(cases));
#define UNITS "/s, k/s, M/s, /min, k/min, M/min, /h, k/h, M/h, /d, k/d, M/d"
    static const struct refusal refusals[] = {
        {"10", "needs a rate such as '10/s', got '10'"},
        {"0", "needs a rate such as '10/s', got '0'"},
        {"10 rps",
         "needs a rate such as '10/s', got '10 rps'; unknown unit 'rps', known are " UNITS},
        {"nan/s", "needs a rate such as '10/s', got 'nan/s'"},
    };
#undef UNITS
    assert_doubles_refused(units_parse_rate, refusals, COUNT_OF(refusals));
}

static void sizes_in_every_unit(void **state)
{
    (void)state;
    static const struct integer_case cases[] = {
        {"512 B", 512},
        {"1kB", 1000},
        {"1 MB", 1000000},
        {"1 GB", 1000000000},
        {"1 TB", INT64_C(1000000000000)},
        {"1 KiB", 1024},
        {"10 MiB", 10 << 20},
        {"2 GiB", INT64_C(2) << 30},
        {"1TiB", INT64_C(1) << 40},
        {"1.5 KiB", 1536},
        {"0.3 KiB", 307}, /* 307.2 */
        {"0", 0},
    };
    assert_integers(units_parse_size, cases, COUNT_OF(cases));
#define NEEDS "needs a size such as '10 MiB', got "
    static const struct refusal refusals[] = {
        {"512", NEEDS "'512'"},
        {"1 Kb",
         NEEDS "'1 Kb'; unknown unit 'Kb', known are B, kB, MB, GB, TB, KiB, MiB, GiB, TiB"},
        {"0.1 B", NEEDS "'0.1 B'; it is too small and would round to 0"},
        {"8388608 TiB", NEEDS "'8388608 TiB'; it is too large"}, /* 2^23 * 2^40 = 2^63 */
    };
#undef NEEDS
    assert_integers_refused(units_parse_size, refusals, COUNT_OF(refusals));
}

/* Bytes are eight bits: 1 MiB/s is 8 * 2^20 = 8388608 bit/s. */
static void bandwidths_in_every_unit(void **state)
{
    (void)state;
    static const struct double_case cases[] = {
        {"5bit/s", 5.0},       {"64kbit/s", 64e3}, {"100 Mbit/s", 100e6},  {"10Gbit/s", 10e9},
        {"1.2Tbit/s", 1.2e12}, {"1B/s", 8.0},      {"1kB/s", 8e3},         {"1MB/s", 8e6},
        {"1GB/s", 8e9},        {"1KiB/s", 8192.0}, {"1 MiB/s", 8388608.0}, {"1GiB/s", 8589934592.0},
    };
    assert_doubles(units_parse_bandwidth, cases, COUNT_OF(cases));
#define NEEDS "needs a bandwidth such as '10Gbit/s', got "
    static const struct refusal refusals[] = {
        {"10", NEEDS "'10'"},
        {"0", NEEDS "'0'"},
        {"10Gbps", NEEDS "'10Gbps'; unknown unit 'Gbps', known are bit/s, kbit/s, Mbit/s, Gbit/s, "
                         "Tbit/s, B/s, kB/s, MB/s, GB/s, KiB/s, MiB/s, GiB/s"},
    };
#undef NEEDS
    assert_doubles_refused(units_parse_bandwidth, refusals, COUNT_OF(refusals));
}

static void counts_are_whole(void **state)
{
    (void)state;
    static const struct integer_case cases[] = {
        {"12", 12},
        {"1_000", 1000},
        {"10k", 10000},
        {"1M", 1000000},
        {"2 G", INT64_C(2000000000)},
        {"2.5k", 2500},
        {"1e6", 1000000},
        {"0", 0},
        {"-3", -3},
        {"3.0", 3},
        {"9223372036854775807", INT64_MAX},
        {"0012", 12},
    };
    assert_integers(units_parse_count, cases, COUNT_OF(cases));
#define NEEDS "needs a whole number such as '12', got "
    static const struct refusal refusals[] = {
        {"1.5", NEEDS "'1.5'; it is not whole"},
        {"0.1", NEEDS "'0.1'; it is not whole"},
        {"1.0005k", NEEDS "'1.0005k'; it is not whole"},
        {"many", NEEDS "'many'"},
        {"12ms", NEEDS "'12ms'; unknown unit 'ms', known are k, M, G"},
        {"_1", NEEDS "'_1'"},
        {"1_", NEEDS "'1_'; unknown unit '_', known are k, M, G"},
        {"9223372036854775808", NEEDS "'9223372036854775808'; it is too large"},
        {"10000000000G", NEEDS "'10000000000G'; it is too large"},
    };
#undef NEEDS
    assert_integers_refused(units_parse_count, refusals, COUNT_OF(refusals));
}

static void numbers_are_plain_decimals(void **state)
{
    (void)state;
    static const struct double_case cases[] = {
        {"1.5", 1.5},
        {"1e-5", 1e-5},
        {"-2", -2.0},
        {"0", 0.0},
        {"3.141592653589793", 3.141592653589793},
        {"1E3", 1000.0},
        {"1_000.5", 1000.5},
        {".25", 0.25},
        {"1e-400", 0.0},
        {"1.7976931348623157e308", DBL_MAX},
        {"123456789012345678901234567890", 123456789012345678901234567890.0},
    };
    assert_doubles(units_parse_number, cases, COUNT_OF(cases));
#define NEEDS "needs a number such as '1.5', got "
    static const struct refusal refusals[] = {
        {"infinity", NEEDS "'infinity'"},
        {"-nan", NEEDS "'-nan'"},
        {"1.5y", NEEDS "'1.5y'; unknown unit 'y'"},
        {"1e", NEEDS "'1e'; unknown unit 'e'"},
        {"0x1p3", NEEDS "'0x1p3'; unknown unit 'x1p3'"},
        {"1,5", NEEDS "'1,5'; unknown unit ',5'"},
        {"1e999", NEEDS "'1e999'; it is too large"},
    };
#undef NEEDS
    assert_doubles_refused(units_parse_number, refusals, COUNT_OF(refusals));
}

/* ---- units of statistics ---- */

static void unit_names_go_both_ways(void **state)
{
    (void)state;
    static const char *const names[] = {"",      "count", "share",     "ns",
                                        "bytes", "per_s", "bit_per_s", "usd"};
    assert_int_equal(COUNT_OF(names), UNIT_KINDS);
    for (int i = 0; i < UNIT_KINDS; i++) {
        enum unit unit = UNIT_KINDS;
        assert_string_equal(unit_name((enum unit)i), names[i]);
        assert_true(unit_from_name(names[i], &unit));
        assert_int_equal(unit, i);
    }
    enum unit unit = UNIT_NS;
    assert_false(unit_from_name("seconds", &unit));
    assert_int_equal(unit, UNIT_NS);
}

static void values_are_parsed_by_their_unit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum unit unit;
        double value;
    } cases[] = {
        {"1.5", UNIT_NONE, 1.5},
        {"12.5", UNIT_COUNT, 12.5},
        {"2k", UNIT_COUNT, 2000},
        {"0.1%", UNIT_SHARE, 0.001},
        {"0.001", UNIT_SHARE, 0.001},
        {"300ms", UNIT_NS, 3e8},
        {"0", UNIT_NS, 0},
        {"1KiB", UNIT_BYTES, 1024},
        {"0", UNIT_BYTES, 0},
        {"0.5 KiB", UNIT_BYTES, 512},
        {"5/s", UNIT_PER_S, 5},
        {"1kbit/s", UNIT_BIT_PER_S, 1000},
        {"0.25 USD", UNIT_USD, 0.25},
        {"3", UNIT_USD, 3},
    };
    struct strbuf why = STRBUF_INIT;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        double value = -77.0;
        assert_true(units_parse(cases[i].text, cases[i].unit, &value, &why));
        assert_close(value, cases[i].value, 0.0);
    }
    strbuf_release(&why);
}

static void values_without_their_unit_are_refused(void **state)
{
    (void)state;
    static const struct {
        enum unit unit;
        const char *why;
    } cases[] = {
        {UNIT_NS, "needs a duration such as '300ms', got '5'"},
        {UNIT_BYTES, "needs a size such as '10 MiB', got '5'"},
        {UNIT_PER_S, "needs a rate such as '10/s', got '5'"},
        {UNIT_BIT_PER_S, "needs a bandwidth such as '10Gbit/s', got '5'"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct strbuf why = STRBUF_INIT;
        double value = -77.0;
        assert_false(units_parse("5", cases[i].unit, &value, &why));
        assert_string_equal(why.text, cases[i].why);
        assert_true(value == -77.0);
        strbuf_release(&why);
    }
    struct strbuf why = STRBUF_INIT;
    double value;
    assert_false(units_parse("5 EUR", UNIT_USD, &value, &why));
    assert_string_equal(why.text, "needs an amount such as '1.5 USD', got '5 EUR'; "
                                  "unknown unit 'EUR', known are USD");
    strbuf_clear(&why);
    assert_false(units_parse("x", UNIT_COUNT, &value, &why));
    assert_string_equal(why.text, "needs a count such as '12', got 'x'");
    strbuf_release(&why);
}

/* ---- printing ---- */

static void assert_prints(double value, enum unit unit, int digits, const char *expected)
{
    struct strbuf out = STRBUF_INIT;
    units_add(&out, value, unit, digits);
    assert_string_equal(out.text, expected);
    strbuf_release(&out);
}

static void numbers_print_with_about_three_digits(void **state)
{
    (void)state;
    assert_prints(0.0, UNIT_NONE, 3, "0");
    assert_prints(-0.0, UNIT_NONE, 3, "0");
    assert_prints(1.5, UNIT_NONE, 3, "1.5");
    assert_prints(3.14159, UNIT_NONE, 3, "3.14");
    assert_prints(3.14159, UNIT_NONE, 5, "3.1416");
    assert_prints(-3.14159, UNIT_NONE, 1, "-3");
    assert_prints(12345.678, UNIT_NONE, 3, "12346"); /* no digit before the point is lost */
    assert_prints(100.0, UNIT_COUNT, 3, "100");
    assert_prints(9.996, UNIT_NONE, 3, "10"); /* rounds to 10.0, which has three digits */
    assert_prints(0.000123456, UNIT_NONE, 3, "0.000123");
    assert_prints(1.23456e-9, UNIT_NONE, 3, "1.23e-09");
    assert_prints(1.23456e18, UNIT_NONE, 3, "1.23e+18");
    assert_prints(12.345, UNIT_USD, 3, "12.3 USD");
    assert_prints((double)NAN, UNIT_NS, 3, "n/a");
    assert_prints((double)INFINITY, UNIT_NONE, 3, "inf");
    assert_prints(-(double)INFINITY, UNIT_SHARE, 3, "-inf");
}

static void shares_print_as_percentages(void **state)
{
    (void)state;
    assert_prints(0.0, UNIT_SHARE, 3, "0%");
    assert_prints(0.005, UNIT_SHARE, 3, "0.5%");
    assert_prints(0.3, UNIT_SHARE, 3, "30%");
    assert_prints(0.29, UNIT_SHARE, 3, "29%"); /* 0.29 * 100 is 28.999999999999996 */
    assert_prints(0.123456, UNIT_SHARE, 3, "12.3%");
    assert_prints(1.0, UNIT_SHARE, 3, "100%");
    assert_prints(1.5, UNIT_SHARE, 3, "150%");
    assert_prints(-0.0123, UNIT_SHARE, 3, "-1.23%");
}

/* 0.99987 misses 0.013 %, 0.951234 misses 4.8766 %: three digits of those are 0.0130 and 4.88. */
static void a_share_near_one_never_prints_as_all(void **state)
{
    (void)state;
    assert_prints(0.99987, UNIT_SHARE, 3, "99.987%");
    assert_prints(0.951234, UNIT_SHARE, 3, "95.12%");
    assert_prints(0.99999, UNIT_SHARE, 1, "99.999%");
    assert_prints(1.0 - 0x1p-53, UNIT_SHARE, 3, "100%"); /* the last double below 1 */
}

static void durations_print_in_the_unit_that_reads_best(void **state)
{
    (void)state;
    assert_prints(0, UNIT_NS, 3, "0 s");
    assert_prints(7, UNIT_NS, 3, "7 ns");
    assert_prints(22e6, UNIT_NS, 3, "22 ms");
    assert_prints(300e9, UNIT_NS, 3, "5 min");
    assert_prints(90e9, UNIT_NS, 3, "90 s");
    assert_prints(5400e9, UNIT_NS, 3, "90 min");
    assert_prints(7200e9, UNIT_NS, 3, "2 h");
    assert_prints(86400e9, UNIT_NS, 3, "1 d");
    assert_prints(7384e9, UNIT_NS, 3, "7384 s");
    assert_prints(7384.5e9, UNIT_NS, 3, "2.05 h"); /* 2.05125 */
    assert_prints(1500e6, UNIT_NS, 3, "1.5 s");
    assert_prints(22413312, UNIT_NS, 3, "22.4 ms");
    assert_prints(1234567, UNIT_NS, 3, "1.23 ms");
    assert_prints(184.3e9, UNIT_NS, 3, "184 s");
    assert_prints(0.25, UNIT_NS, 3, "0.25 ns");
    assert_prints(999999999.5, UNIT_NS, 3, "1 s"); /* and not "1000 ms" */
    assert_prints(-22e6, UNIT_NS, 3, "-22 ms");
    assert_prints(-1234567, UNIT_NS, 3, "-1.23 ms");
}

static void sizes_rates_and_bandwidths_print_with_prefixes(void **state)
{
    (void)state;
    assert_prints(0, UNIT_BYTES, 3, "0 B");
    assert_prints(512, UNIT_BYTES, 3, "512 B");
    assert_prints(1536, UNIT_BYTES, 3, "1.5 KiB");
    assert_prints(1.5 * 0x1p20, UNIT_BYTES, 3, "1.5 MiB");
    assert_prints(2 * 0x1p30, UNIT_BYTES, 3, "2 GiB");
    assert_prints(3 * 0x1p40, UNIT_BYTES, 3, "3 TiB");
    assert_prints(0, UNIT_PER_S, 3, "0/s");
    assert_prints(12.34, UNIT_PER_S, 3, "12.3/s");
    assert_prints(0.01234, UNIT_PER_S, 3, "0.0123/s");
    assert_prints(2500, UNIT_PER_S, 3, "2.5k/s");
    assert_prints(3e6, UNIT_PER_S, 3, "3M/s");
    assert_prints(0, UNIT_BIT_PER_S, 3, "0 bit/s");
    assert_prints(64e3, UNIT_BIT_PER_S, 3, "64 kbit/s");
    assert_prints(100e6, UNIT_BIT_PER_S, 3, "100 Mbit/s");
    assert_prints(10e9, UNIT_BIT_PER_S, 3, "10 Gbit/s");
    assert_prints(2e12, UNIT_BIT_PER_S, 3, "2 Tbit/s");
}

/* With 17 digits, what is printed is read again as what it was, but for two roundings. */
static void what_is_printed_is_parsed_back(void **state)
{
    (void)state;
    static const double values[] = {0.0, 1.0,   2.5,     -7.0, 0.125,  999.0,
                                    1e3, 12345, 1234567, 1e9,  3.6e12, 86400e9};
    struct strbuf text = STRBUF_INIT, why = STRBUF_INIT;
    for (int unit = 0; unit < UNIT_KINDS; unit++) {
        for (size_t i = 0; i < COUNT_OF(values); i++) {
            if (unit == UNIT_NS && values[i] == 0.125)
                continue; /* below what a duration can be */
            double value = -77.0;
            double expected = unit == UNIT_NS ? round(values[i]) : values[i];
            strbuf_clear(&text);
            units_add(&text, expected, (enum unit)unit, 17);
            assert_true(units_parse(text.text, (enum unit)unit, &value, &why));
            assert_close(value, expected, 1e-15);
        }
    }
    strbuf_release(&text);
    strbuf_release(&why);
}

/* ---- exact durations ---- */

static void exact_durations_take_the_shortest_number(void **state)
{
    (void)state;
    static const struct integer_case cases[] = {
        {"0s", 0},
        {"7ns", 7},
        {"100us", 100 * NS_PER_US}, /* not 0.1ms */
        {"300ms", 300 * NS_PER_MS},
        {"1.5s", 1500 * NS_PER_MS},
        {"1s", NS_PER_S},
        {"90s", 90 * NS_PER_S},
        {"1min", MINUTE},
        {"10min", 10 * MINUTE},
        {"90min", 90 * MINUTE},
        {"1d", DAY},
        {"36h", 36 * HOUR},
        {"-22ms", -22 * NS_PER_MS},
        {"1.00001s", NS_PER_S + 10 * NS_PER_US}, /* not 1000.01ms, which is longer */
        {"1000000001ns", NS_PER_S + 1},          /* 1.000000001s is longer by its point */
        {"9223372036854775807ns", INT64_MAX},
        {"-9223372036854775808ns", INT64_MIN},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct strbuf out = STRBUF_INIT;
        units_add_duration(&out, cases[i].value);
        assert_string_equal(out.text, cases[i].text);
        strbuf_release(&out);
    }
}

/* Of all magnitudes, rounded down to each unit, so that whole numbers and fractions come up. */
static void exact_durations_are_parsed_back_to_the_nanosecond(void **state)
{
    (void)state;
    struct strbuf out = STRBUF_INIT, why = STRBUF_INIT;
    uint64_t random = 1;
    for (int i = 0; i < 200000; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        static const int64_t units[] = {1, NS_PER_US, NS_PER_MS, NS_PER_S, MINUTE, HOUR, DAY};
        int64_t unit = units[(random >> 20) % 7];
        int64_t value = (int64_t)(random >> (1 + (random >> 40) % 60)) / unit * unit;
        value = (random >> 30) % 2 == 0 ? value : -value;
        int64_t back = -77;
        strbuf_clear(&out);
        units_add_duration(&out, value);
        assert_true(units_parse_duration(out.text, &back, &why));
        assert_true(back == value);
    }
    strbuf_release(&out);
    strbuf_release(&why);
}

static void instants_are_read_not_computed_with(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        const char *text;
    } cases[] = {{0, "0s"},
                 {600 * NS_PER_S, "10min"},
                 {INT64_C(214945034391), "214.945s"},
                 {1500 * NS_PER_MS, "1.500s"},
                 {250 * NS_PER_MS, "250ms"},
                 {90 * NS_PER_S, "90s"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct strbuf out = STRBUF_INIT;

        units_add_instant(&out, cases[i].value);
        assert_string_equal(out.text, cases[i].text);
        strbuf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_in_every_unit),
        cmocka_unit_test(durations_may_be_sums_from_large_to_small),
        cmocka_unit_test(durations_may_be_iso_8601),
        cmocka_unit_test(durations_are_exact_to_the_last_nanosecond),
        cmocka_unit_test(durations_are_rounded_to_nanoseconds_halves_away_from_zero),
        cmocka_unit_test(durations_refused),
        cmocka_unit_test(shares_as_percentage_or_plain),
        cmocka_unit_test(rates_in_every_unit),
        cmocka_unit_test(sizes_in_every_unit),
        cmocka_unit_test(bandwidths_in_every_unit),
        cmocka_unit_test(counts_are_whole),
        cmocka_unit_test(numbers_are_plain_decimals),
        cmocka_unit_test(unit_names_go_both_ways),
        cmocka_unit_test(values_are_parsed_by_their_unit),
        cmocka_unit_test(values_without_their_unit_are_refused),
        cmocka_unit_test(numbers_print_with_about_three_digits),
        cmocka_unit_test(shares_print_as_percentages),
        cmocka_unit_test(a_share_near_one_never_prints_as_all),
        cmocka_unit_test(durations_print_in_the_unit_that_reads_best),
        cmocka_unit_test(sizes_rates_and_bandwidths_print_with_prefixes),
        cmocka_unit_test(what_is_printed_is_parsed_back),
        cmocka_unit_test(exact_durations_take_the_shortest_number),
        cmocka_unit_test(exact_durations_are_parsed_back_to_the_nanosecond),
        cmocka_unit_test(instants_are_read_not_computed_with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
