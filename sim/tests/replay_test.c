// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A run is a function of its scenario, seed and replication, shown by its digest. And every
 * scenario of the catalogue loads and runs, with the conservation checks of all models at the end.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "registry.h"
#include "strbuf.h"

#include <dirent.h>
#include <stdlib.h>

static struct registry all_models(void)
{
    return (struct registry){model_registry, model_registry_count};
}

/* Two regions, losses, a failover: some of everything, in five minutes. */
#define BUSY_WORLD                                                                                 \
    "regions: {us-west-1: {}, us-west-2: {}}\nduration: 5min\nwarmup: 30s\n"                       \
    "accelerator: {spill: 5%}\npopulation: {sessions: 5/s}\n"                                      \
    "network: {us-west-1 <-> us-west-2: {loss: 1%}}\n"                                             \
    "failover: {mode: automatic, alarm: {period: 10s, datapoints: 1, periods: 1, delay: 5s}, "     \
    "promotion: 10s}\ndns: {propagation: 5s}\n"
#define REGION_LOSS "faults:\n  - {at: 2min, region: us-west-1, down: true}\n"

struct variant {
    uint64_t seed;
    uint32_t replication;
    enum eventq_kind queue;
    bool trace;
};

static struct sim_outcome run_variant(const char *text, struct variant variant)
{
    const struct registry registry = all_models();
    struct scenario *scenario = scenario_of(&registry, text);
    FILE *nowhere = variant.trace ? fopen("/dev/null", "w") : NULL;
    struct trace trace = {.out = nowhere, .from = 0, .to = SIM_NEVER};
    const struct world_options options = {.seed = variant.seed,
                                          .replication = variant.replication,
                                          .warmup = scenario->warmup_given,
                                          .queue = variant.queue,
                                          .trace = nowhere ? &trace : NULL};
    struct world *world = world_create(scenario, &options);
    struct sim_outcome outcome = world_run(world);

    world_free(world);
    scenario_free(scenario);
    if (nowhere) {
        assert_true(trace.line_count > 100000);
        fclose(nowhere);
    }
    return outcome;
}

static const struct variant plain = {.seed = TEST_SEED, .queue = EVENTQ_LADDER};

static void same_run_twice_has_one_digest(void **state)
{
    struct sim_outcome a = run_variant(BUSY_WORLD REGION_LOSS, plain);
    struct sim_outcome b = run_variant(BUSY_WORLD REGION_LOSS, plain);

    (void)state;
    assert_true(a.event_count > 100000);
    assert_int_equal(a.event_count, b.event_count);
    assert_true(a.digest == b.digest);
}

static void queue_does_not_show_in_the_digest(void **state)
{
    struct variant heap = plain;

    (void)state;
    heap.queue = EVENTQ_HEAP;
    assert_true(run_variant(BUSY_WORLD REGION_LOSS, plain).digest ==
                run_variant(BUSY_WORLD REGION_LOSS, heap).digest);
}

static void tracing_does_not_show_in_the_digest(void **state)
{
    struct variant traced = plain;

    (void)state;
    traced.trace = true;
    assert_true(run_variant(BUSY_WORLD REGION_LOSS, plain).digest ==
                run_variant(BUSY_WORLD REGION_LOSS, traced).digest);
}

/*
 * Every kind of fault at strength zero leaves the digest as it was. Amounts (losses, delays) have a
 * zero; a fault that is on or off can be off, together with a loss of zero, since a target needs a
 * fault.
 */
static void fault_of_strength_zero_changes_nothing(void **state)
{
    static const char *const link_effects[] = {
        "loss: 0%",
        "delay: 0ms",
        "loss: {gilbert-elliott: {loss_in_good: 0%, loss_in_bad: 0%}}",
        "loss: 0%, blackhole: false",
        "loss: 0%, reset: false",
        "every: 2min, times: 2, loss: 0%, delay: 0ms",
    };
    static const char *const targets[] = {"link: us-west-2 -> us-west-1",
                                          "link: us-west-2 <-> us-west-1", "link: us-west-1",
                                          "gateway: us-west-2"};
#define GATEWAYS "network: {us-west-1 <-> us-west-2: {kind: transit-gateway, loss: 1%}}\n"
    char world[1000];
    uint64_t none;

    (void)state;
    /* over gateways, so that a gateway's fault has links to act on */
    snprintf(world, sizeof world, "%.*s%s%s", (int)(strstr(BUSY_WORLD, "network:") - BUSY_WORLD),
             BUSY_WORLD, GATEWAYS, strstr(BUSY_WORLD, "failover:"));
    none = run_variant(world, plain).digest;
    assert_true(run_variant(BUSY_WORLD, plain).digest != none);
    for (size_t t = 0; t < sizeof targets / sizeof targets[0]; t++)
        for (size_t i = 0; i < sizeof link_effects / sizeof link_effects[0]; i++) {
            char text[2000];

            if (strncmp(targets[t], "gateway", 7) == 0 && strstr(link_effects[i], "reset"))
                continue; /* is no effect of a gateway's */
            snprintf(text, sizeof text, "%sfaults:\n  - {at: 1min, for: 1min, %s, %s}\n", world,
                     targets[t], link_effects[i]);
            assert_true(run_variant(text, plain).digest == none);
        }
}

/* So does a fault that is off, and one of neutral factors and shares; one without an effect is
 * refused. */
static void fault_that_is_off_changes_nothing(void **state)
{
    static const char *const faults[] = {
        "region: us-west-1, down: false",
        "region: us-west-1, deploy: false",
        "store: us-west-1, stall: false",
        "store: us-west-1, restart: false",
        "store: us-west-1, crash: none",
        "store: us-west-1, errors: 0%, slow: 1x",
        "node: us-west-1/0, slow: 1",
        "replication: us-west-2, pause: false",
        "replication: us-west-2, reset: false",
        "control: dns, down: false",
        "control: monitoring, down: false",
        "control: function, down: false",
        "control: store-api, down: false",
        "instance: us-west-1/0, errors: 0%",
        "instance: us-west-1/*, slow: 1x, crash: none",
        "mtbf: 1min, instance: us-west-1/0, slow: 1x",
    };
    const struct registry registry = all_models();
    uint64_t none = run_variant(BUSY_WORLD, plain).digest;

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct strbuf text = STRBUF_INIT;
        struct diag diag = {0};
        const char *target = strstr(faults[i], ": us-west-");
        char *words;

        strbuf_addf(&text, "%sfaults:\n  - {at: 1min, for: 1min, %s}\n", BUSY_WORLD, faults[i]);
        assert_true(run_variant(text.text, plain).digest == none);
        strbuf_release(&text);
        if (!target)
            continue;
        strbuf_addf(&text, "%sfaults:\n  - {at: 1min, for: 1min, %.*s}\n", BUSY_WORLD,
                    (int)strcspn(target + 2, ",") + (int)(target + 2 - faults[i]), faults[i]);
        assert_null(
            scenario_load_text(text.text, text.length, "t.yaml", &registry, NULL, 0, &diag));
        words = diag_text(&diag);
        assert_non_null(strstr(words, "does nothing to its"));
        free(words);
        diag_release(&diag);
        strbuf_release(&text);
    }
}

static void seed_replication_and_parameters_show_in_the_digest(void **state)
{
    struct variant seed = plain, replication = plain;
    uint64_t digests[5];

    (void)state;
    seed.seed++;
    replication.replication = 1;
    digests[0] = run_variant(BUSY_WORLD, plain).digest;
    digests[1] = run_variant(BUSY_WORLD, seed).digest;
    digests[2] = run_variant(BUSY_WORLD, replication).digest;
    digests[3] = run_variant(BUSY_WORLD REGION_LOSS, plain).digest;
    digests[4] = run_variant(BUSY_WORLD "client: {timeout: 301ms}\n", plain).digest;
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < i; j++)
            assert_true(digests[i] != digests[j]);
}

/* --- the catalogue, and worse -------------------------------------------------------------------
 */

static bool is_scenario(const char *name)
{
    size_t length = strlen(name);

    return length > 5 && strcmp(name + length - 5, ".yaml") == 0;
}

/* For the full duration, with few users: so that every fault starts and ends. */
static void run_file(const char *path)
{
    const struct registry registry = all_models();
    const char *const sets[] = {"population.sessions=1/s"};
    struct diag diag = {0};
    bool cannot_read = false;
    struct scenario *scenario = scenario_load(path, &registry, sets, 1, &diag, &cannot_read);
    struct sim_outcome outcome;
    struct world *world;

    if (!scenario)
        diag_print(&diag, stderr);
    diag_release(&diag);
    assert_non_null(scenario);
    world = world_of(scenario, 0, &outcome);
    print_message("%s: %llu events\n", path, (unsigned long long)outcome.event_count);
    assert_true(outcome.event_count > 1000);
    world_free(world);
    scenario_free(scenario);
}

static void every_scenario_of_the_catalogue_runs(void **state)
{
    DIR *folder = opendir(ISTHMUS_SOURCE_DIR "/scenarios");
    const struct dirent *entry;
    int count = 0;

    (void)state;
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        char path[1000];

        if (!is_scenario(entry->d_name))
            continue;
        snprintf(path, sizeof path, "%s/scenarios/%s", ISTHMUS_SOURCE_DIR, entry->d_name);
        run_file(path);
        count++;
    }
    closedir(folder);
    assert_true(count >= 5);
}

/*
 * Attempts started = ended + in progress, the same for requests, workers and queues add up, and a
 * secondary never holds more than its primary: the models check this when a run ends and abort
 * otherwise. These runs are demanding.
 */
static void checks_of_conservation_hold_after_hard_runs(void **state)
{
    static const char *const hard[] = {
        "client: {pool: {size: 1, warm: 0}, timeout: 50ms}\napp: {instances: 1}\n",
        "client: {pool: {size: 2, warm: 2, close_on_timeout: false, reuse: fifo}}\nfaults:\n"
        "  - {at: 1min, for: 1min, link: us-west-1 <-> us-west-2, blackhole: true}\n",
        "client: {timeout: 5ms, tls: 1.2, retry: {attempts: 6, backoff: none}}\n",
        "faults:\n  - {at: 1min, for: 1min, store: us-west-1, stall: true}\n"
        "  - {at: 90s, for: 1min, store: us-west-2, stall: true}\n",
        "faults:\n  - {at: 1min, for: 1min, region: us-west-1, down: true}\n"
        "  - {at: 90s, for: 1min, region: us-west-2, down: true}\n",
        "faults:\n  - {at: 1min, store: us-west-1, restart: true}\n"
        "  - {at: 65s, store: us-west-2, restart: true}\n"
        "  - {at: 70s, promote: us-west-2}\n  - {at: 100s, promote: us-west-1}\n",
        "faults:\n  - {at: 1min, for: 30s, link: us-west-1 <-> us-west-2, blackhole: true}\n"
        "  - {at: 65s, promote: us-west-2}\n  - {at: 80s, for: 20s, region: us-west-2, down: "
        "true}\n",
        "app: {instances: 1, workers: 2, queue: 3}\npopulation: {patience: 500ms}\nfaults:\n"
        "  - {at: 1min, for: 30s, link: us-west-2 -> us-west-1, loss: 90%}\n"
        "  - {at: 75s, for: 30s, link: us-west-1 -> us-west-2, loss: 50%, delay: 200ms}\n",
        "client: {on_write_failure: stateless-token, read_after_write: {retry-on-miss: {}}}\n"
        "store: {primary: us-west-2}\nreplication: {output_delay: exponential(2s)}\n",
        "client: {on_write_failure: local-session, read_after_write: {read-from-primary: "
        "{}}}\nfaults:\n"
        "  - {at: 1min, for: 2min, link: us-west-2 -> us-west-1, blackhole: true}\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof hard / sizeof hard[0]; i++) {
        char text[3000];
        bool has_population = strstr(hard[i], "population:") != NULL;

        snprintf(text, sizeof text,
                 "regions: {us-west-1: {}, us-west-2: {}}\nduration: 4min\nwarmup: 10s\n"
                 "accelerator: {spill: 10%%}\n%s%s",
                 has_population ? "" : "population: {sessions: 10/s}\n", hard[i]);
        print_message("hard run %zu\n", i);
        assert_true(run_variant(text, plain).event_count > 10000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_run_twice_has_one_digest),
        cmocka_unit_test(queue_does_not_show_in_the_digest),
        cmocka_unit_test(tracing_does_not_show_in_the_digest),
        cmocka_unit_test(fault_of_strength_zero_changes_nothing),
        cmocka_unit_test(fault_that_is_off_changes_nothing),
        cmocka_unit_test(seed_replication_and_parameters_show_in_the_digest),
        cmocka_unit_test(every_scenario_of_the_catalogue_runs),
        cmocka_unit_test(checks_of_conservation_hold_after_hard_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
