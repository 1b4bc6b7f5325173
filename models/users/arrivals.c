// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * When sessions begin. Each shape of the rate is one of four sources:
 *
 *   thinned  Poisson, for smooth shapes: candidates at the highest rate, kept with the present
 *            rate's share of it (Lewis and Shedler 1979)
 *   curve    piecewise linear shapes: the integral of the rate is inverted (arrival_curve.h), so
 *            that a short surge costs no candidates outside it
 *   even     evenly spaced, for smooth shapes: the integral is inverted by bisection
 *   listed   times from a file
 *
 * An arrival draws from its number, that of a candidate where there are candidates.
 */
#include "population_internal.h"
#include "run_log.h"

#include <math.h>

#define DAY_NS (INT64_C(86400) * SIM_S)

/* --- smooth shapes: factors of the base rate ------------------------------------------------- */

static double constant_factor(const struct population_config *c, sim_time now)
{
    (void)c, (void)now;
    return 1;
}

static double constant_max(const struct population_config *c)
{
    (void)c;
    return 1;
}

static double step_factor(const struct population_config *c, sim_time now)
{
    return now >= c->step_at_ns ? c->step_factor : 1;
}

static double step_max(const struct population_config *c)
{
    return c->step_factor > 1 ? c->step_factor : 1;
}

static double flash_factor(const struct population_config *c, sim_time now)
{
    double past = (double)(now - c->flash_at_ns);
    double ramp = (double)c->flash_ramp_ns, hold = (double)c->flash_hold_ns;

    if (past < 0)
        return 1;
    if (past < ramp)
        return 1 + (c->flash_factor - 1) * past / ramp;
    if (past < ramp + hold)
        return c->flash_factor;
    return 1 + (c->flash_factor - 1) * exp(-(past - ramp - hold) / (double)c->flash_decay_ns);
}

static double flash_max(const struct population_config *c)
{
    return c->flash_factor;
}

/* A triangle, a rectangle, an exponential. */
static double flash_integral(const struct population_config *c, sim_time now)
{
    double past = fmax(0, (double)(now - c->flash_at_ns));
    double ramp = (double)c->flash_ramp_ns, hold = (double)c->flash_hold_ns;
    double rising = fmin(past, ramp), high = fmin(fmax(past - ramp, 0), hold);
    double after = fmax(past - ramp - hold, 0), decay = (double)c->flash_decay_ns;

    return (double)now + (c->flash_factor - 1) *
                             (rising * rising / (2 * ramp) + high - decay * expm1(-after / decay));
}

static double daily_amplitude(const struct population_config *c)
{
    return (c->daily_ratio - 1) / (c->daily_ratio + 1);
}

/* The weight of a day, from the run's first, relative to the mean of the seven. */
static double day_weight(const struct population_config *c, int64_t day)
{
    double sum = 0;

    if (c->weekdays.count == 0)
        return 1;
    for (int i = 0; i < DAYS_A_WEEK; i++)
        sum += c->weekdays.items[i];
    return c->weekdays.items[day % DAYS_A_WEEK] * DAYS_A_WEEK / sum;
}

/* A sine about the mean, so that the base rate stays the average. */
double daily_factor(const struct population_config *c, sim_time now)
{
    double factor = 1 + daily_amplitude(c) * cos(TWO_PI * (double)(now - c->daily_peak_ns) /
                                                 (86400.0 * (double)SIM_S));

    if (c->daily_second > 0)
        factor += c->daily_second *
                  cos(2 * TWO_PI * (double)(now - c->daily_second_peak_ns) / (double)DAY_NS);
    return c->weekdays.count > 0 ? factor * day_weight(c, now / DAY_NS) : factor;
}

static double daily_max(const struct population_config *c)
{
    double weight = 1;

    for (int i = 0; i < (int)c->weekdays.count; i++)
        weight = fmax(i > 0 ? weight : 0, day_weight(c, i));
    return (2 * c->daily_ratio / (c->daily_ratio + 1) + c->daily_second) * weight;
}

/* Over the part of a day that ends at `now`, of weight 1. */
static double harmonics_integral(const struct population_config *c, sim_time now)
{
    sim_time midnight = now - now % DAY_NS;
    double turn = TWO_PI / (double)DAY_NS, first = daily_amplitude(c) / turn;
    double second = c->daily_second / (2 * turn);

    return (double)(now - midnight) +
           first * (sin(turn * (double)(now - c->daily_peak_ns)) -
                    sin(turn * (double)(midnight - c->daily_peak_ns))) +
           second * (sin(2 * turn * (double)(now - c->daily_second_peak_ns)) -
                     sin(2 * turn * (double)(midnight - c->daily_second_peak_ns)));
}

/* Over a whole day both harmonics are 0, over a whole week the weights' mean is 1. */
static double daily_integral(const struct population_config *c, sim_time now)
{
    int64_t day = now / DAY_NS;
    double days = (double)(day - day % DAYS_A_WEEK);

    for (int64_t i = day - day % DAYS_A_WEEK; i < day; i++)
        days += day_weight(c, i);
    return days * (double)DAY_NS + day_weight(c, day) * harmonics_integral(c, now);
}

/* The factor at an instant, its maximum over all of them, and its integral in ns (NULL: the shape
 * is a curve where it is inverted). */
static const struct smooth_shape {
    double (*factor)(const struct population_config *config, sim_time now);
    double (*max)(const struct population_config *config);
    double (*integral)(const struct population_config *config, sim_time now);
} shapes[] = {
    [ARRIVALS_CONSTANT] = {constant_factor, constant_max, NULL},
    [ARRIVALS_STEP] = {step_factor, step_max, NULL},
    [ARRIVALS_FLASH_CROWD] = {flash_factor, flash_max, flash_integral},
    [ARRIVALS_DAILY] = {daily_factor, daily_max, daily_integral},
};

/* --- rates ----------------------------------------------------------------------------------- */

double session_length_ns(const struct population_config *config)
{
    return dist_mean(config->after_login) +
           (dist_mean(config->requests) - 1 + config->logout_share) * dist_mean(config->think);
}

double arrivals_base_rate(const struct population_config *config)
{
    if (config->concurrent == 0)
        return config->sessions_per_s;
    return config->concurrent / session_length_ns(config) * (double)SIM_S;
}

/* The rate now, as a share of its highest. */
static double arrivals_intensity(const struct population *population, sim_time now)
{
    const struct population_config *config = population->config;

    return shapes[config->arrivals].factor(config, now) * population->rate_per_s /
           population->rate_max_per_s;
}

double arrivals_rate(const struct population *population, sim_time when)
{
    if (population->config->arrivals == ARRIVALS_TIMES)
        return 0;
    if (population->curve.count > 0)
        return curve_rate(&population->curve, when);
    if (!(population->rate_max_per_s > 0))
        return 0;
    return arrivals_intensity(population, when) * population->rate_max_per_s;
}

/* --- sources: the time of the next arrival or candidate -------------------------------------- */

static uint64_t arrival_word(const struct population *population)
{
    return rng_block_at(&population->arrival, population->candidates, 0).word[0];
}

static sim_time thinned_next(struct population *population)
{
    double wait = -log(rng_unit(arrival_word(population))) / population->rate_max_per_s;

    if (!(wait < 1e9))
        return SIM_NEVER;
    return sim_now(population->sim) + (sim_dur)(wait * (double)SIM_S);
}

/* `expected` grows by a unit exponential draw, or by one. */
static sim_time curve_next(struct population *population)
{
    if (population->config->spacing == SPACING_EVEN)
        return curve_instant(&population->curve,
                             (double)(population->candidates - 1) + population->phase);
    population->expected -= log(rng_unit(arrival_word(population)));
    return curve_instant(&population->curve, population->expected);
}

static double smooth_expected(const struct population *population, sim_time when)
{
    return shapes[population->config->arrivals].integral(population->config, when) / (double)SIM_S *
           population->rate_per_s;
}

/* The first nanosecond at which one more is expected. */
static sim_time even_next(struct population *population)
{
    double wanted = (double)(population->candidates - 1) + population->phase;
    sim_time low = sim_now(population->sim), high = low, step = SIM_MS;
    sim_time end = sim_end(population->sim);

    while (smooth_expected(population, high) < wanted) {
        if (high > end)
            return SIM_NEVER;
        low = high;
        high += step;
        step *= 2;
    }
    while (low < high) {
        sim_time middle = low + (high - low) / 2;

        if (smooth_expected(population, middle) < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return high;
}

static sim_time listed_next(struct population *population)
{
    const struct population_config *config = population->config;

    if (population->candidates > config->times.count)
        return SIM_NEVER;
    return config->times.items[population->candidates - 1] - config->origin_ns;
}

struct arrival_source {
    sim_time (*next)(struct population *population);
    bool is_thinned;
};
static const struct arrival_source thinned = {thinned_next, true}, by_curve = {curve_next, false},
                                   even = {even_next, false}, listed = {listed_next, false};

/* --- the process ----------------------------------------------------------------------------- */

static void arrivals_next(struct population *population)
{
    sim_time when;

    population->candidates++;
    when = population->source->next(population);
    if (when <= sim_end(population->sim))
        sim_at(population->sim, when, population->arrive_kind, 0, 0);
}

static bool arrival_is_kept(const struct population *population, sim_time now)
{
    struct rng_block block;

    if (!population->source->is_thinned)
        return true;
    block = rng_block_at(&population->arrival, population->candidates, 1);
    return rng_unit(block.word[0]) < arrivals_intensity(population, now);
}

static void population_on_arrive(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct population *population = self;

    (void)entity, (void)generation;
    if (arrival_is_kept(population, sim_now(sim))) {
        probe_count(population->probes, population->started);
        session_send(population, session_begin(population, population->candidates, false));
    }
    arrivals_next(population);
}

/* The load is at its peak: from now on it may harm writes. */
void surge_begin(struct population *population, const char *what, double value)
{
    struct cause cause = {0};

    cause.number = run_log_event(population->log, sim_now(population->sim), "load",
                                 population->region_name, cause, "scenario", what, value);
    sim_set_cause(population->sim, cause);
    population->objective->fault_begin(population->objective->self, "surge");
}

static void population_on_surge(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct population *population = self;

    (void)sim, (void)entity, (void)generation;
    if (population->config->arrivals == ARRIVALS_FLASH_CROWD)
        surge_begin(population, "the flash crowd is at its height: %g times the arrivals",
                    population->config->flash_factor);
    else
        surge_begin(population, "the arrivals are at their peak: %g/s", population->rate_max_per_s);
}
const struct event_kind population_arrive = {
    .name = "arrive", .phase = PHASE_WORK, .fire = population_on_arrive};
const struct event_kind population_surge = {
    .name = "surge", .phase = PHASE_FAULT, .fire = population_on_surge};

/* --- set up ---------------------------------------------------------------------------------- */

static void make_curve(struct population *population)
{
    const struct population_config *c = population->config;
    struct arrival_curve *curve = &population->curve;
    double rate = population->rate_per_s;

    if (c->arrivals == ARRIVALS_CONSTANT)
        curve_constant(curve, rate);
    else if (c->arrivals == ARRIVALS_STEP)
        curve_step(curve, rate, c->step_at_ns, c->step_factor);
    else if (c->arrivals == ARRIVALS_STAGES)
        curve_stages(curve, rate, &c->stages, c->repeats);
    else
        curve_bins(curve, &c->rates, c->bin_ns, c->repeats);
}

void arrivals_init(struct population *population)
{
    const struct population_config *c = population->config;
    bool is_even = c->spacing == SPACING_EVEN;

    population->rate_per_s = arrivals_base_rate(c);
    if (is_even)
        population->phase = c->phase == PHASE_FIXED
                                ? c->phase_share
                                : rng_unit(rng_block_at(&population->arrival, 0, 3).word[0]);
    if (c->arrivals == ARRIVALS_TIMES) {
        population->source = &listed;
    } else if (c->arrivals == ARRIVALS_STAGES || c->arrivals == ARRIVALS_RATES ||
               (is_even && !shapes[c->arrivals].integral)) {
        make_curve(population);
        population->rate_max_per_s = curve_rate_max(&population->curve);
        population->source = &by_curve;
    } else {
        population->rate_max_per_s = shapes[c->arrivals].max(c) * population->rate_per_s;
        population->source = is_even ? &even : &thinned;
    }
}

/* When a surge is at its height; SIM_NEVER: there is none. */
static sim_time surge_height(const struct population *population)
{
    const struct population_config *c = population->config;

    if (c->arrivals == ARRIVALS_FLASH_CROWD && c->flash_factor > 1 && population->rate_per_s > 0)
        return c->flash_at_ns + c->flash_ramp_ns;
    if ((c->arrivals == ARRIVALS_STAGES || c->arrivals == ARRIVALS_RATES) &&
        population->rate_max_per_s > curve_rate(&population->curve, 0))
        return curve_peak(&population->curve);
    return SIM_NEVER;
}

void arrivals_start(struct population *population)
{
    sim_time height = surge_height(population);

    if (height < SIM_NEVER)
        sim_at(population->sim, height, population->surge_kind, 0, 0);
    if (population->rate_max_per_s > 0 || population->source == &listed)
        arrivals_next(population);
}

void arrivals_fini(struct population *population)
{
    curve_release(&population->curve);
}
