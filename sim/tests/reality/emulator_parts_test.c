// SPDX-License-Identifier: GPL-3.0-or-later
/* The parts of the reality bench that need neither servers nor root. */
#include "path_impairment.h"
#include "reactor.h"
#include "settings.h"
#include "verdict.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// clang-format off
#include <cmocka.h>
#include "assert_close.h"
// clang-format on

/* 100 000 draws of 10 ms plus an exponential of mean 2 ms: mean 12 ms, standard error 2 ms /
 * sqrt(n) = 6.3 us, so that 20 us is three of them; P(above 12 ms) = 1/e. */
static void jitter_has_its_mean_and_its_tail(void **state)
{
    struct delay_law law = {.delay_ns = 10000000};
    struct rng_stream stream = rng_stream_named(7, 0, "there", "jitter");
    char why[128];
    double sum = 0, above = 0;

    (void)state;
    assert_true(jitter_parse("exponential:2ms", &law, why, sizeof(why)));
    for (uint64_t i = 0; i < 100000; i++) {
        int64_t delay_ns = delay_law_draw(&law, &stream, 1, i, 0);

        sum += (double)delay_ns;
        above += delay_ns > 12000000;
    }
    assert_true(fabs(sum / 1e5 - 12e6) < 20e3);
    assert_true(fabs(above / 1e5 - exp(-1)) < 0.005);
}

static void one_slot_has_one_jitter(void **state)
{
    struct delay_law law = {.jitter = JITTER_UNIFORM, .jitter_ns = 1000000, .slot_ns = 5000000};
    struct rng_stream stream = rng_stream_named(7, 0, "there", "jitter");

    (void)state;
    assert_int_equal(delay_law_draw(&law, &stream, 1, 0, 5000000),
                     delay_law_draw(&law, &stream, 1, 9, 9999999));
    assert_int_not_equal(delay_law_draw(&law, &stream, 1, 0, 9999999),
                         delay_law_draw(&law, &stream, 1, 0, 10000000));
    assert_int_not_equal(delay_law_draw(&law, &stream, 1, 0, 0),
                         delay_law_draw(&law, &stream, 2, 0, 0));
}

/* 1000 bytes at 8 Mbit/s take 1 ms; a second piece that enters at once is served after the first.
 */
static void a_rate_serves_one_after_another(void **state)
{
    struct impairment directions[DIRECTIONS];
    char word[] = "there.rate=8Mbit/s", why[128];

    (void)state;
    impairments_init(directions);
    assert_true(impairments_apply(directions, word, why, sizeof(why)));
    assert_int_equal(impairment_serve(&directions[THERE], 0, 1000), 1000000);
    assert_int_equal(impairment_serve(&directions[THERE], 0, 1000), 2000000);
    assert_int_equal(impairment_serve(&directions[THERE], 5000000, 1000), 6000000);
    assert_int_equal(impairment_serve(&directions[BACK], 0, 1000), 0);
}

static void what_is_not_a_setting_is_refused_with_a_reason(void **state)
{
    struct impairment directions[DIRECTIONS];
    char unknown[] = "dealy=1ms", bare[] = "delay=1", law[] = "jitter=normal:1ms", why[128];

    (void)state;
    impairments_init(directions);
    assert_false(impairments_apply(directions, unknown, why, sizeof(why)));
    assert_string_equal(why, "unknown setting 'dealy'");
    assert_false(impairments_apply(directions, bare, why, sizeof(why)));
    assert_non_null(strstr(why, "'delay' needs a duration"));
    assert_false(impairments_apply(directions, law, why, sizeof(why)));
    assert_int_equal(direction_bits("both"), 3);
    assert_int_equal(direction_bits("back"), 2);
    assert_int_equal(direction_bits("forth"), 0);
}

#define TIMERS 200

struct firing {
    struct reactor *reactor;
    int64_t last_due_ns;
    int fired;
};

struct test_timer {
    struct firing *firing;
    struct reactor_timer timer;
};

static void on_test_timer(void *owner)
{
    struct test_timer *timer = owner;
    struct firing *firing = timer->firing;

    assert_true(timer->timer.due_ns >= firing->last_due_ns);
    assert_true(timer->timer.due_ns <= reactor_now_ns());
    firing->last_due_ns = timer->timer.due_ns;
    if (++firing->fired == TIMERS / 2)
        firing->reactor->stopped = true;
}

/* Timers in a shuffled order within 20 ms, every other one cancelled, some moved. */
static void timers_fire_in_order_and_cancelled_ones_do_not(void **state)
{
    static struct test_timer timers[TIMERS];
    struct reactor reactor;
    struct firing firing = {.reactor = &reactor};
    int64_t now_ns;

    (void)state;
    reactor_init(&reactor);
    now_ns = reactor_now_ns();
    for (int i = 0; i < TIMERS; i++) {
        timers[i] = (struct test_timer){.firing = &firing,
                                        .timer = {.fire = on_test_timer, .owner = &timers[i]}};
        reactor_set(&reactor, &timers[i].timer, now_ns + (i * 7919 % TIMERS) * 100000);
    }
    for (int i = 0; i < TIMERS; i += 2)
        reactor_cancel(&reactor, &timers[i].timer);
    for (int i = 1; i < TIMERS; i += 10)
        reactor_set(&reactor, &timers[i].timer, now_ns + (i * 6151 % TIMERS) * 100000);
    reactor_run(&reactor);
    assert_int_equal(firing.fired, TIMERS / 2);
    assert_int_equal(reactor.count, 0);
    reactor_release(&reactor);
}

/* n = 9 runs with a standard deviation of 3: the interval of the mean is t(8) 3 / 3 wide to each
 * side, t(8) = 3.3554 at 99 %; h = t(8) 3 sqrt(1 + 1/9) = 10.611. */
static const struct estimate nine_runs = {
    .known = true, .value = 100, .low = 100 - 3.3554, .high = 100 + 3.3554, .n = 9};

static void joint_interval_counts_the_noise_of_one_run(void **state)
{
    (void)state;
    assert_close(joint_half_width(&nine_runs), 10.611, 1e-4);
}

static void verdicts_follow_their_tolerances(void **state)
{
    static const struct {
        double measured;
        const char *tolerance, *verdict;
    } cases[] = {
        {110, "joint", "agrees"},     {111, "joint", "differs"},   {100, "exact", "agrees"},
        {101, "exact", "differs"},    {101, "within 1", "agrees"}, {105, "within 1", "unsure"},
        {112, "within 1", "differs"}, {104, "5%", "agrees"},       {108, "5%", "unsure"},
        {140, "25%", "differs"},
    };
    const struct estimate slow = {.known = true, .value = 50e6, .low = 50e6, .high = 50e6, .n = 9};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct estimate measured = {.known = true, .value = cases[i].measured};

        assert_string_equal(verdict_of(&measured, &nine_runs, cases[i].tolerance),
                            cases[i].verdict);
    }
    /* 2 % of 51 ms is 1.02 ms, and 1 ms is allowed in any case; 5 % of 52.6 ms is 2.63 ms. */
    assert_string_equal(
        verdict_of(&(struct estimate){.known = true, .value = 51e6}, &slow, "latency"), "agrees");
    assert_string_equal(
        verdict_of(&(struct estimate){.known = true, .value = 51.1e6}, &slow, "latency"),
        "differs");
    assert_string_equal(
        verdict_of(&(struct estimate){.known = true, .value = 52.6e6}, &slow, "p99"), "agrees");
    assert_null(verdict_of(&slow, &slow, "roughly"));
    assert_string_equal(verdict_of(&slow, &(struct estimate){.known = false}, "p99"),
                        "differs: not simulated");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jitter_has_its_mean_and_its_tail),
        cmocka_unit_test(one_slot_has_one_jitter),
        cmocka_unit_test(a_rate_serves_one_after_another),
        cmocka_unit_test(what_is_not_a_setting_is_refused_with_a_reason),
        cmocka_unit_test(timers_fire_in_order_and_cancelled_ones_do_not),
        cmocka_unit_test(joint_interval_counts_the_noise_of_one_run),
        cmocka_unit_test(verdicts_follow_their_tolerances),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
