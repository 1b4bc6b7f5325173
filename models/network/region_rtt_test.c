// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The table of round-trip times, recomputed from the measurements, and held against another
 * method's pings, against light in fibre, and against the detour over any third region.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "region_rtt.h"

#include <math.h>

#define REGIONS 16

// clang-format off
/* Names, and where the data centres are, to a degree: light is not more exact than that here. */
static const struct place {
    const char *name;
    double latitude, longitude;
} places[REGIONS] = {
    {"us-east-1", 39, -77}, {"us-east-2", 40, -83}, {"us-west-1", 37, -122}, {"us-west-2", 46, -120},
    {"ca-central-1", 46, -74}, {"sa-east-1", -24, -47}, {"eu-west-1", 53, -6}, {"eu-west-2", 52, 0},
    {"eu-west-3", 49, 2}, {"eu-central-1", 50, 9}, {"eu-north-1", 59, 18}, {"ap-south-1", 19, 73},
    {"ap-southeast-1", 1, 104}, {"ap-southeast-2", -34, 151}, {"ap-northeast-1", 36, 140}, {"ap-northeast-2", 38, 127},
};

/* facts D.1 before any correction: from the row's region to the column's, ms. */
static const double measured_2025[REGIONS][REGIONS] = {
    {0, 14.7, 63.9, 64.3, 16.4, 115.2, 69.6, 77.7, 83.8, 93.1, 112.5, 192.3, 219.1, 199.7, 149.4, 178.6}, /* us-east-1 */
    {16.1, 0, 52.9, 51.1, 28.0, 125.5, 80.5, 88.6, 94.9, 103.9, 123.5, 204.1, 203.6, 188.5, 135.5, 165.4}, /* us-east-2 */
    {63.8, 52.5, 0, 21.9, 79.7, 174.7, 129.8, 147.8, 144.1, 153.2, 172.7, 231.3, 169.7, 139.1, 108.2, 133.1}, /* us-west-1 */
    {64.0, 50.6, 21.9, 0, 60.5, 174.4, 118.2, 128.8, 135.2, 142.6, 156.0, 221.7, 160.2, 140.9, 98.0, 123.1}, /* us-west-2 */
    {16.2, 26.4, 79.9, 60.7, 0, 125.2, 69.1, 79.4, 85.6, 93.1, 106.8, 192.8, 214.4, 198.2, 145.7, 175.5}, /* ca-central-1 */
    {115.4, 125.4, 175.2, 175.1, 125.8, 0, 178.4, 187.2, 195.9, 204.9, 222.3, 301.7, 327.4, 312.2, 258.1, 288.2}, /* sa-east-1 */
    {69.6, 80.1, 130.0, 118.4, 69.1, 178.1, 0, 13.9, 19.9, 27.3, 41.2, 125.9, 182.0, 255.7, 201.0, 231.3}, /* eu-west-1 */
    {77.4, 88.0, 147.7, 128.8, 78.8, 186.6, 13.4, 0, 11.0, 17.9, 32.1, 117.6, 172.2, 266.0, 211.4, 241.6}, /* eu-west-2 */
    {84.0, 94.5, 144.4, 135.5, 85.7, 195.5, 20.0, 11.6, 0, 12.7, 32.1, 109.5, 167.3, 280.3, 218.3, 248.1}, /* eu-west-3 */
    {92.6, 103.3, 153.0, 142.3, 92.7, 203.9, 26.9, 17.8, 12.2, 0, 22.8, 129.1, 160.6, 251.5, 227.1, 231.1}, /* eu-central-1 */
    {112.1, 122.6, 172.4, 154.8, 104.9, 222.8, 39.8, 31.2, 31.5, 22.9, 0, 148.7, 180.5, 271.4, 246.8, 250.2}, /* eu-north-1 */
    {189.7, 199.8, 231.1, 221.5, 191.4, 301.2, 125.5, 117.2, 108.8, 128.8, 148.1, 0, 63.4, 154.3, 133.3, 133.8}, /* ap-south-1 */
    {218.6, 203.2, 170.6, 160.9, 214.8, 327.4, 182.5, 172.7, 167.0, 161.3, 180.7, 63.8, 0, 94.7, 70.7, 74.0}, /* ap-southeast-1 */
    {199.7, 188.0, 139.2, 141.0, 198.2, 311.9, 255.6, 266.3, 280.2, 251.8, 271.8, 154.5, 94.7, 0, 106.3, 145.8}, /* ap-southeast-2 */
    {149.2, 134.5, 108.6, 98.5, 144.7, 257.4, 201.1, 211.9, 218.0, 227.6, 247.3, 134.2, 70.5, 107.4, 0, 36.2}, /* ap-northeast-1 */
    {178.7, 164.7, 133.6, 123.5, 175.1, 288.4, 232.4, 243.0, 248.9, 231.9, 250.5, 134.6, 73.8, 144.9, 36.2, 0}, /* ap-northeast-2 */
};

/* Pings over VPC peering of 2019 (facts D.1), ms: the lower triangle, from us-east-2 on. */
static const double pings_2019[] = {
    12.3, /* us-east-2 */
    62.1, 52.0, /* us-west-1 */
    72.1, 68.1, 19.8, /* us-west-2 */
    16.9, 26.2, 78.6, 68.0, /* ca-central-1 */
    140.9, 150.6, 196.0, 184.5, 122.7, /* sa-east-1 */
    76.0, 77.9, 141.6, 131.7, 74.9, 179.9, /* eu-west-1 */
    76.7, 86.6, 136.8, 137.4, 89.2, 217.1, 11.3, /* eu-west-2 */
    79.7, 89.6, 138.5, 147.9, 93.4, 218.0, 18.5, 9.4, /* eu-west-3 */
    88.0, 97.0, 146.3, 158.0, 100.6, 228.2, 24.9, 15.3, 11.6, /* eu-central-1 */
    107.4, 116.8, 166.9, 165.8, 114.0, 245.2, 41.5, 33.3, 29.1, 22.5, /* eu-north-1 */
    181.9, 195.1, 227.7, 211.3, 194.3, 321.1, 122.2, 113.0, 107.0, 112.1, 131.5, /* ap-south-1 */
    226.6, 222.8, 175.5, 163.2, 220.0, 340.9, 175.2, 166.9, 166.0, 170.7, 184.9, 54.0, /* ap-southeast-1 */
    198.8, 194.3, 150.8, 138.0, 209.6, 315.1, 259.1, 270.1, 275.8, 283.6, 301.9, 223.8, 187.7, /* ap-southeast-2 */
    152.7, 158.3, 111.7, 99.5, 156.3, 273.2, 217.9, 215.7, 225.9, 231.1, 245.1, 124.0, 72.1, 106.5, /* ap-northeast-1 */
    176.6, 185.4, 139.9, 127.3, 185.5, 297.7, 243.4, 240.6, 253.1, 264.3, 270.7, 153.5, 99.2, 134.0, 34.7, /* ap-northeast-2 */
};
// clang-format on

static double ping_2019(size_t row, size_t column)
{
    return pings_2019[row * (row - 1) / 2 + column];
}

static double between(size_t row, size_t column)
{
    return region_rtt_ms(places[row].name, places[column].name);
}

/* Each of the 120 pairs: the mean of both directions less 2.0 ms, to the digit that is printed. */
static void each_pair_is_the_mean_of_both_ways_less_2_ms(void **state)
{
    (void)state;
    for (size_t a = 0; a < REGIONS; a++)
        for (size_t b = 0; b < a; b++) {
            double expected = (measured_2025[a][b] + measured_2025[b][a]) / 2 - 2.0;

            if (fabs(between(a, b) - expected) > 0.0501)
                fail_msg("%s to %s: %.2f ms, expected %.2f", places[a].name, places[b].name,
                         between(a, b), expected);
        }
}

/* In any order; the same region is 0.5 ms; a name that is not in the table, or an alias of one, is
 * no number. */
static void order_of_names_does_not_matter(void **state)
{
    (void)state;
    for (size_t a = 0; a < REGIONS; a++)
        for (size_t b = 0; b < REGIONS; b++) {
            assert_true(between(a, b) > 0);
            assert_true(!(between(a, b) < between(b, a)) && !(between(a, b) > between(b, a)));
            assert_true(a != b || fabs(between(a, b) - 0.5) < 1e-12);
        }
    assert_true(region_rtt_ms("us-west-1", "mars-1") < 0);
    assert_true(region_rtt_ms("mars-1", "us-west-1") < 0);
    assert_true(region_rtt_ms("US-WEST-1", "us-west-2") < 0);
}

/*
 * Another method, six years before: 16 pairs had moved by more than 20 ms (facts D.1), counted
 * before the 2.0 ms were taken off, and the median pair by less than 10 ms. A row that stands in
 * another one's place would move dozens.
 */
static void pings_of_2019_are_near_but_for_sixteen_pairs(void **state)
{
    unsigned moved = 0, near = 0;

    (void)state;
    for (size_t a = 0; a < REGIONS; a++)
        for (size_t b = 0; b < a; b++) {
            double change = fabs(between(a, b) + 2.0 - ping_2019(a, b));

            moved += change > 20;
            near += change < 10;
        }
    print_message("%u of 120 pairs moved by more than 20 ms, %u by less than 10 ms\n", moved, near);
    assert_int_equal(moved, 16);
    assert_true(near > 60);
}

/* Great circle, in thousands of km. */
static double distance_1000_km(const struct place *a, const struct place *b)
{
    const double degree = 3.14159265358979 / 180;
    double c = sin(a->latitude * degree) * sin(b->latitude * degree) +
               cos(a->latitude * degree) * cos(b->latitude * degree) *
                   cos((a->longitude - b->longitude) * degree);

    return 6.371 * acos(c < 1 ? c : 1);
}

/*
 * Light in fibre (refractive index 1.468) makes 204 km a ms, so 1000 km and back take at least
 * 9.8 ms; places to a degree are 100 km off at most at either end. No cable is straight, but none
 * of these is more than four times as long.
 */
static void no_pair_is_faster_than_light_in_fibre(void **state)
{
    (void)state;
    for (size_t a = 0; a < REGIONS; a++)
        for (size_t b = 0; b < a; b++) {
            double light_ms = 2 * distance_1000_km(&places[a], &places[b]) / 0.204;

            if (between(a, b) < light_ms - 2 || between(a, b) > 4 * light_ms + 2)
                fail_msg("%s to %s: %.1f ms, light takes %.1f", places[a].name, places[b].name,
                         between(a, b), light_ms);
        }
}

/* Routes are not the shortest there are, but a detour over a third region never saves more than a
 * tenth. */
static void no_detour_saves_more_than_a_tenth(void **state)
{
    (void)state;
    for (size_t a = 0; a < REGIONS; a++)
        for (size_t b = 0; b < a; b++)
            for (size_t over = 0; over < REGIONS; over++)
                if (over != a && over != b &&
                    between(a, over) + between(over, b) < 0.9 * between(a, b))
                    fail_msg("%s to %s: %.1f ms, but over %s %.1f", places[a].name, places[b].name,
                             between(a, b), places[over].name, between(a, over) + between(over, b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_pair_is_the_mean_of_both_ways_less_2_ms),
        cmocka_unit_test(order_of_names_does_not_matter),
        cmocka_unit_test(pings_of_2019_are_near_but_for_sixteen_pairs),
        cmocka_unit_test(no_pair_is_faster_than_light_in_fibre),
        cmocka_unit_test(no_detour_saves_more_than_a_tenth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
