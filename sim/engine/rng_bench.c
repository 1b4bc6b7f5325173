// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Cost of random numbers: a block of a keyed stream, and a variate of each distribution by
 * inversion, compared with GSL on its default generator. Words are generated beforehand, so that
 * only the quantile function is timed.
 */
#include "bench.h"
#include "dist.h"
#include "mem.h"
#include "rng_stream.h"
#include "strbuf.h"

#include <gsl/gsl_randist.h>

#define DRAWS 2000000
#define WORDS 4096

static uint64_t words[WORDS];

static double block_ns(void)
{
    struct rng_stream stream = rng_stream_named(1, 0, "rng_bench", "block");
    uint64_t sum = 0;
    double start = bench_seconds();

    for (uint64_t i = 0; i < DRAWS; i++)
        sum += rng_block_at(&stream, i, 0).word[0];
    BENCH_KEEP(sum);
    return (bench_seconds() - start) * 1e9 / DRAWS;
}

static double variate_ns(const struct dist *dist)
{
    sim_dur sum = 0;
    double start = bench_seconds();

    for (size_t i = 0; i < DRAWS; i++)
        sum += dist_sample_ns(dist, words[i % WORDS]);
    BENCH_KEEP(sum);
    return (bench_seconds() - start) * 1e9 / DRAWS;
}

/* --- GSL, on mt19937 ------------------------------------------------------------------------- */

static double gsl_exponential(const gsl_rng *rng)
{
    return gsl_ran_exponential(rng, 1e6);
}

static double gsl_lognormal(const gsl_rng *rng)
{
    return gsl_ran_lognormal(rng, 13.8, 0.7);
}

static double gsl_gamma(const gsl_rng *rng)
{
    return gsl_ran_gamma(rng, 2.5, 1e6);
}

static double gsl_pareto(const gsl_rng *rng)
{
    return gsl_ran_pareto(rng, 1.5, 1e6);
}

static double gsl_ns(double (*draw)(const gsl_rng *rng), const gsl_rng *rng)
{
    double sum = 0.0;
    double start = bench_seconds();

    for (size_t i = 0; i < DRAWS; i++)
        sum += draw(rng);
    BENCH_KEEP(sum);
    return (bench_seconds() - start) * 1e9 / DRAWS;
}

/* --- the table ------------------------------------------------------------------------------- */

static const struct law {
    const char *family;
    struct dist_arg args[2];
    size_t arg_count;
    double (*by_gsl)(const gsl_rng *rng); /* NULL: not compared */
} laws[] = {
    {"exponential", {{"mean", 1e6}}, 1, gsl_exponential},
    {"lognormal", {{"median", 1e6}, {"sigma", 0.7}}, 2, gsl_lognormal},
    {"gamma", {{"mean", 2.5e6}, {"shape", 2.5}}, 2, gsl_gamma},
    {"pareto", {{"min", 1e6}, {"shape", 1.5}}, 2, gsl_pareto},
    {"weibull", {{"scale", 1e6}, {"shape", 0.7}}, 2, NULL},
    {"uniform", {{"low", 1e6}, {"high", 2e6}}, 2, NULL},
    {"geometric", {{"mean", 12}}, 1, NULL},
};
#define LAWS (sizeof laws / sizeof laws[0])

int main(int argc, char **argv)
{
    struct bench_options options = bench_options(argc, argv);
    struct rng_stream stream = rng_stream_named(1, 0, "rng_bench", "words");
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    struct strbuf why = STRBUF_INIT;
    struct dist *dists[LAWS];
    char name[64];

    for (uint64_t i = 0; i < WORDS; i++)
        words[i] = rng_block_at(&stream, i, 0).word[0];
    for (size_t i = 0; i < LAWS; i++) {
        dists[i] = dist_create(laws[i].family, laws[i].args, laws[i].arg_count, &why);
        if (!dists[i]) {
            fprintf(stderr, "rng_bench: %s\n", why.text);
            return 1;
        }
    }
    for (int round = 0; round < options.rounds; round++) {
        bench_sample("random.block_of_4_words", "ns", block_ns());
        for (size_t i = 0; i < LAWS; i++) {
            snprintf(name, sizeof name, "random.%s", laws[i].family);
            bench_sample(name, "ns", variate_ns(dists[i]));
            snprintf(name, sizeof name, "random.%s.gsl", laws[i].family);
            if (laws[i].by_gsl)
                bench_sample(name, "ns", gsl_ns(laws[i].by_gsl, rng));
        }
    }
    for (size_t i = 0; i < LAWS; i++)
        dist_free(dists[i]);
    gsl_rng_free(rng);
    strbuf_release(&why);
    return 0;
}
