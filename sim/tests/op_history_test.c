// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The history of operations: exactly, for a few operations whose instants are derived by hand; that
 * recording it changes nothing; and, as its first user, a checker of the kind "single-region",
 * which reads nothing but the file.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "client_driver.h"
#include "op_history.h"
#include "strbuf.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

/* The run's history, to be freed. */
static char *history_of(const struct registry *registry, const char *text,
                        struct sim_outcome *outcome)
{
    struct scenario *scenario = scenario_of(registry, text);
    struct op_history history;
    char *written;
    size_t size;
    FILE *file = open_memstream(&written, &size);
    const struct world_options options = {
        .seed = TEST_SEED, .warmup = scenario->warmup_given, .history = &history};
    struct world *world;

    op_history_open(&history, file);
    world = world_create(scenario, &options);
    *outcome = world_run(world);
    world_free(world);
    op_history_close(&history);
    fclose(file);
    scenario_free(scenario);
    return written;
}

/* --- exactly --------------------------------------------------------------------------------- */

/*
 * Regions a and b, 10 ms apart one way, 0.5 ms inside; the primary is in a; servers take no time.
 * An operation on the own region's cluster takes 1 ms, one on the other's 20 ms; each executes half
 * way. The link from a to b is cut from 3.005 to 4 s. A write has one attempt of 300 ms, and b one
 * connection to the primary.
 */
#define EXACT_WORLD                                                                                \
    "regions: {a: {}, b: {}}\nduration: 7s\nwarmup: 0s\n"                                          \
    "store: {write_service: 0ms, write_per_kib: 0ms, read_service: 0ms}\n"                         \
    "client: {retry: {attempts: 1}, timeout: 300ms, pool: {size: 1, warm: 1}}\n"                   \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"                                \
    "driver: {rate: 0/s, cut: a -> b, cut_from: 3005ms, cut_for: 995ms}\n"

static const struct client_step exact_steps[] = {
    {1000 * SIM_MS, 0, COMMAND_CREATE, 5}, {2000 * SIM_MS, 0, COMMAND_TOUCH, 5},
    {2005 * SIM_MS, 1, COMMAND_GET, 5},    {2020 * SIM_MS, 1, COMMAND_GET, 5},
    {3000 * SIM_MS, 1, COMMAND_TOUCH, 5},  {3050 * SIM_MS, 1, COMMAND_TOUCH, 5},
    {5000 * SIM_MS, 0, COMMAND_GET, 5},    {6000 * SIM_MS, 0, COMMAND_DELETE, 5},
    {6500 * SIM_MS, 0, COMMAND_GET, 5},    {6995 * SIM_MS, 1, COMMAND_TOUCH, 5},
};

/* A line of the history. */
struct exact_line {
    bool is_write_record;
    const char *name, *region;
    int value;             /* 0: null */
    double from_ms, to_ms; /* invoked and ended (0: null); of a record of a write: executed, - */
    int number;            /* of a record of a write, in the stream of its shard */
    const char *outcome, *served_by;
    int unanswered;
};

/* Write 1 of the shard's stream is what was there before the run. */
static const struct exact_line exact_lines[] = {
    {true, "create", "a", 1, 1000.5, 0, 2, NULL, NULL, 0},
    {false, "create", "a", 1, 1000, 1001, 0, "ok", "a", 0},
    /* overwritten; b has it from 2010.5 ms on */
    {true, "touch", "a", 2, 2000.5, 0, 3, NULL, NULL, 0},
    {false, "touch", "a", 2, 2000, 2001, 0, "ok", "a", 0},
    /* b reads at 2005.5 ms: stale; and at 2020.5 ms: no more */
    {false, "get", "b", 1, 2005, 2006, 0, "ok", "b", 0},
    {false, "get", "b", 2, 2020, 2021, 0, "ok", "b", 0},
    /* executed; its reply is lost in the cut, and it times out */
    {true, "touch", "a", 5, 3010, 0, 4, NULL, NULL, 0},
    {false, "touch", "b", 5, 3000, 3300, 0, "unknown", NULL, 1},
    /* waits for that connection, then for the handshake of a new one: it was never sent */
    {false, "touch", "b", 6, 3050, 3350, 0, "failed", NULL, 0},
    /* reads what the timed-out write wrote */
    {false, "get", "a", 5, 5000, 5001, 0, "ok", "a", 0},
    {true, "delete", "a", 8, 6000.5, 0, 5, NULL, NULL, 0},
    {false, "delete", "a", 8, 6000, 6001, 0, "ok", "a", 0},
    {false, "get", "a", 0, 6500, 6501, 0, "miss", "a", 0},
    /* the handshake of its connection is under way when the run ends: it was not sent */
    {false, "touch", "b", 10, 6995, 0, 0, "failed", NULL, 0},
};

static void add_text(struct strbuf *out, const char *name, const char *text)
{
    strbuf_addf(out, text ? ", \"%s\": \"%s\"" : ", \"%s\": null", name, text);
}

static void add_instant(struct strbuf *out, const char *name, double ms)
{
    if (ms > 0)
        strbuf_addf(out, ", \"%s\": %.0f", name, ms * 1e6);
    else
        add_text(out, name, NULL);
}

static void add_line(struct strbuf *out, const struct exact_line *line)
{
    char value[20];

    snprintf(value, sizeof value, "%016x", (unsigned)line->value);
    strbuf_addf(out,
                "{\"type\": \"%s\", \"operation\": \"%s\", \"session\": \"a/5/1\", "
                "\"region\": \"%s\"",
                line->is_write_record ? "write" : "operation", line->name, line->region);
    if (line->is_write_record) {
        add_instant(out, "executed_ns", line->from_ms);
        add_text(out, "value", value);
        strbuf_addf(out, ", \"shard\": 0, \"branch\": 0, \"number\": %d}\n", line->number);
        return;
    }
    strbuf_add(out, ", \"instance\": 0");
    add_instant(out, "invoked_ns", line->from_ms);
    add_instant(out, "ended_ns", line->to_ms);
    add_text(out, "outcome", line->outcome);
    add_text(out, "value", line->value > 0 ? value : NULL);
    add_text(out, "served_by", line->served_by);
    strbuf_add(out, ", \"attempts\": 1");
    if (line->unanswered > 0)
        strbuf_addf(out, ", \"unanswered\": %d", line->unanswered);
    strbuf_add(out, "}\n");
}

static void history_is_that_derived_by_hand(void **state)
{
    struct strbuf expected = STRBUF_INIT;
    struct sim_outcome outcome;
    char *written;

    (void)state;
    strbuf_add(&expected, "{\"type\": \"history\", \"version\": 1}\n"
                          "{\"type\": \"run\", \"seed\": \"20240229\", \"replication\": 0, "
                          "\"regions\": [\"a\", \"b\"]}\n");
    for (size_t i = 0; i < sizeof exact_lines / sizeof exact_lines[0]; i++)
        add_line(&expected, &exact_lines[i]);
    client_plan.steps = exact_steps;
    client_plan.count = sizeof exact_steps / sizeof exact_steps[0];
    written = history_of(&client_registry, EXACT_WORLD, &outcome);
    client_plan.count = 0;
    assert_string_equal(written, expected.text);
    strbuf_release(&expected);
    free(written);
}

/* --- all models ------------------------------------------------------------------------------ */

#define WHOLE_WORLD                                                                                \
    "regions: {us-west-1: {}, us-west-2: {}}\nduration: 5min\nwarmup: 30s\n"                       \
    "accelerator: {spill: 5%}\npopulation: {sessions: 5/s}\napp: {read_back: true}\n"
#define SINGLE_REGION "store: {kind: single-region, primary: us-west-1}\n"

static const struct registry *all_models(void)
{
    static struct registry registry;

    registry = (struct registry){model_registry, model_registry_count};
    return &registry;
}

static void recording_changes_no_run(void **state)
{
    static const char *const worlds[] = {
        WHOLE_WORLD, WHOLE_WORLD SINGLE_REGION,
        WHOLE_WORLD
        "faults:\n  - {at: 1min, for: 30s, link: us-west-1 <-> us-west-2, blackhole: true}\n"
        "  - {at: 3min, region: us-west-1, down: true}\n"};

    (void)state;
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++) {
        struct scenario *scenario = scenario_of(all_models(), worlds[i]);
        struct sim_outcome with, without;
        char *written = history_of(all_models(), worlds[i], &with);

        world_free(world_of(scenario, 0, &without));
        assert_int_equal(with.digest, without.digest);
        assert_int_equal(with.event_count, without.event_count);
        free(written);
        scenario_free(scenario);
    }
}

/* --- outcomes -------------------------------------------------------------------------------- */

static int by_text(const void *left, const void *right)
{
    return strcmp(left, right);
}

/* Half a minute without the link, then a region is lost: writes of every outcome. Those that were
 * acknowledged were executed, those that failed were not, and of the unknown ones some were. */
static void outcomes_agree_with_what_servers_executed(void **state)
{
    static const char world[] =
        WHOLE_WORLD "faults:\n"
                    "  - {at: 1min, for: 30s, link: us-west-1 -> us-west-2, blackhole: true}\n"
                    "  - {at: 3min, region: us-west-1, down: true}\n";
    struct sim_outcome outcome;
    char *written = history_of(all_models(), world, &outcome), *rest, *line;
    char(*executed)[17] = calloc(100000, sizeof *executed);
    size_t count = 0, ok = 0, failed = 0, unknown[2] = {0};

    (void)state;
    assert_non_null(executed);
    for (line = strstr(written, "\"type\": \"write\""); line;
         line = strstr(line + 1, "\"type\": \"write\"")) {
        assert_true(count < 100000);
        snprintf(executed[count++], 17, "%.16s", strstr(line, "\"value\": \"") + 10);
    }
    qsort(executed, count, sizeof *executed, by_text);
    for (rest = written; (line = strtok_r(rest, "\n", &rest));) {
        const char *start = strstr(line, "\"value\": \"");
        char value[17];
        bool was;

        if (!strstr(line, "\"type\": \"operation\"") || strstr(line, "\"get\"") || !start)
            continue;
        snprintf(value, sizeof value, "%.16s", start + 10);
        was = bsearch(value, executed, count, sizeof *executed, by_text) != NULL;
        if (strstr(line, "\"outcome\": \"ok\""))
            ok++, assert_true(was);
        else if (strstr(line, "\"outcome\": \"failed\""))
            failed++, assert_false(was);
        else
            unknown[was]++;
    }
    assert_true(ok > 1000 && failed > 100 && unknown[0] > 0 && unknown[1] > 0);
    free(executed);
    free(written);
}

/* --- a checker ------------------------------------------------------------------------------- */

struct checked_op {
    char session[40], value[20];
    int64_t invoked, ended;
    bool is_write, is_delete, is_miss;
};

static int by_session_and_time(const void *left, const void *right)
{
    const struct checked_op *a = left, *b = right;
    int order = strcmp(a->session, b->session);

    return order != 0 ? order : (a->invoked > b->invoked) - (a->invoked < b->invoked);
}

static bool read_op(const char *line, struct checked_op *op)
{
    cJSON *json = cJSON_Parse(line);
    const char *type = cJSON_GetObjectItem(json, "type")->valuestring;
    bool is_op = strcmp(type, "operation") == 0;

    if (is_op && cJSON_IsNumber(cJSON_GetObjectItem(json, "ended_ns"))) {
        const char *name = cJSON_GetObjectItem(json, "operation")->valuestring;
        const char *outcome = cJSON_GetObjectItem(json, "outcome")->valuestring;
        const cJSON *value = cJSON_GetObjectItem(json, "value");

        assert_true(strcmp(outcome, "ok") == 0 || strcmp(outcome, "miss") == 0);
        *op = (struct checked_op){
            .invoked = (int64_t)cJSON_GetObjectItem(json, "invoked_ns")->valuedouble,
            .ended = (int64_t)cJSON_GetObjectItem(json, "ended_ns")->valuedouble,
            .is_write = strcmp(name, "get") != 0,
            .is_delete = strcmp(name, "delete") == 0,
            .is_miss = strcmp(outcome, "miss") == 0};
        snprintf(op->session, sizeof op->session, "%s",
                 cJSON_GetObjectItem(json, "session")->valuestring);
        snprintf(op->value, sizeof op->value, "%s", value->valuestring ? value->valuestring : "");
    } else {
        is_op = false;
    }
    cJSON_Delete(json);
    return is_op;
}

/* Of the operations of one session, in order: may the read have found that write (NULL: what was
 * there before the run)? Not where another one was begun after it had ended, and ended before the
 * read was begun. */
static bool may_find(const struct checked_op *ops, size_t count, const struct checked_op *read,
                     const struct checked_op *write)
{
    if (write && (write->invoked > read->ended ||
                  (read->is_miss ? !write->is_delete : strcmp(read->value, write->value) != 0)))
        return false;
    if (!write && !read->is_miss && strcmp(read->value, "0000000000000000") != 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (ops[i].is_write && ops[i].ended <= read->invoked &&
            (!write || ops[i].invoked >= write->ended))
            return false;
    return true;
}

/* Reads that found no write that they may find. */
static size_t count_wrong_reads(const struct checked_op *ops, size_t count)
{
    size_t wrong = 0, first = 0;

    for (size_t i = 0; i < count; i++) {
        size_t last = i;
        bool good;

        if (i > 0 && strcmp(ops[i].session, ops[i - 1].session) != 0)
            first = i;
        if (ops[i].is_write)
            continue;
        while (last + 1 < count && strcmp(ops[last + 1].session, ops[i].session) == 0)
            last++;
        good = may_find(&ops[first], last + 1 - first, &ops[i], NULL);
        for (size_t w = first; w <= last && !good; w++)
            good = ops[w].is_write && may_find(&ops[first], last + 1 - first, &ops[i], &ops[w]);
        wrong += !good;
    }
    return wrong;
}

static size_t wrong_reads_of(const char *text)
{
    struct sim_outcome outcome;
    char *written = history_of(all_models(), text, &outcome), *rest = written, *line;
    struct checked_op *ops = calloc(1000000, sizeof *ops);
    size_t count = 0, reads = 0, wrong;

    assert_non_null(ops);
    while ((line = strtok_r(rest, "\n", &rest)))
        if (read_op(line, &ops[count])) {
            reads += !ops[count].is_write;
            assert_true(++count < 1000000);
        }
    assert_true(reads > 1000 && count - reads > 1000);
    qsort(ops, count, sizeof *ops, by_session_and_time);
    wrong = count_wrong_reads(ops, count);
    free(ops);
    free(written);
    return wrong;
}

/* Nothing fails, so a store in one region gives every read the last write that was complete. The
 * same checker finds the secondary that has not heard of a login when it is read back. */
static void single_region_gives_the_last_write_and_a_secondary_does_not(void **state)
{
    (void)state;
    assert_int_equal(wrong_reads_of(WHOLE_WORLD SINGLE_REGION), 0);
    assert_true(wrong_reads_of(WHOLE_WORLD) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(history_is_that_derived_by_hand),
        cmocka_unit_test(recording_changes_no_run),
        cmocka_unit_test(outcomes_agree_with_what_servers_executed),
        cmocka_unit_test(single_region_gives_the_last_write_and_a_secondary_does_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
