// SPDX-License-Identifier: GPL-3.0-or-later
/* Errors of scenarios: place and message. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_load.h"

#include "mem.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define HEAD "regions: {us-west-1: {}, us-west-2: {}}\nstore: {kind: regional}\n"

static const struct error_case {
    const char *text, *want;
} error_cases[] = {
    {"", "t.yaml: error: the file is empty: a scenario needs at least 'regions'"},
    {"[1]", "t.yaml:1:1: error: a scenario is a map of keys and values, got a list"},
    {"store: {kind: regional}\n",
     "t.yaml: error: a scenario needs at least one region, such as 'regions: {us-west-1: {}}'"},
    {"regions: {}\nstore: {kind: regional}\n",
     "t.yaml:1:10: error: 'regions' needs at least one region, such as {us-west-1: {}}, got "
     "none"},
    {HEAD "client: {tiemout: 2s}\n",
     "t.yaml:3:10: error: unknown key 'tiemout' in client; did you mean 'timeout'?"},
    {HEAD "client: {xyzzy: 2s}\n",
     "t.yaml:3:10: error: unknown key 'xyzzy' in client; allowed are timeout, retry, budget, "
     "weight, hedged"},
    {HEAD "clinet: {}\n", "t.yaml:3:1: error: unknown key 'clinet'; did you mean 'client'?"},
    {HEAD "client: {timeout: 2}\n",
     "t.yaml:3:19: error: 'client.timeout' needs a duration such as '300ms', got '2'"},
    {HEAD "client: {timeout: 2h}\n",
     "t.yaml:3:19: error: 'client.timeout' must be between 1ms and 1h, got 2h"},
    {HEAD "client: {timeout: -5ms}\n",
     "t.yaml:3:19: error: 'client.timeout' must be between 1ms and 1h, got -5ms"},
    {HEAD "bin: -1s\n", "t.yaml:3:6: error: 'bin' must be at least 0s, got -1s"},
    {HEAD "client: {timeout: }\n",
     "t.yaml:3:10: error: 'client.timeout' needs a duration, got nothing"},
    {HEAD "client: {timeout: {a: 1}}\n",
     "t.yaml:3:19: error: 'client.timeout' needs a duration, got a map"},
    {HEAD "client: 3\n", "t.yaml:3:9: error: 'client' needs a map of keys and values, got a value"},
    {HEAD "client: {retry: [1]}\n",
     "t.yaml:3:17: error: 'client.retry' needs a map of keys and values, got a list"},
    {HEAD "client: {hedged: yes}\n",
     "t.yaml:3:18: error: 'client.hedged' needs true or false, got 'yes'"},
    {HEAD "client: {retry: {jitter: ful}}\n",
     "t.yaml:3:26: error: 'client.retry.jitter' has no choice 'ful'; did you mean 'full'?"},
    {HEAD "client: {retry: {backoff: linear}}\n",
     "t.yaml:3:27: error: 'client.retry.backoff' has no choice 'linear'; it is one of none, "
     "fixed, exponential, list"},
    {HEAD "client: {retry: {backoff: {fixed: 1s, exponential: {base: 1s}}}}\n",
     "t.yaml:3:39: error: 'client.retry.backoff' takes one choice, got 'fixed', 'exponential'"},
    {HEAD "client: {retry: {backoff: {fixed: {base: 1s}}}}\n",
     "t.yaml:3:35: error: 'client.retry.backoff.fixed' needs a duration, got a map"},
    {HEAD "client: {retry: {backoff: {none: 3}}}\n",
     "t.yaml:3:34: error: 'client.retry.backoff.none' has no parameters"},
    {HEAD "client: {retry: {backoff: {exponential: {base: 1s, max: 10ms}}}}\n",
     "t.yaml:3:57: error: 'client.retry.backoff.exponential.max' must not be below base"},
    {HEAD "client: {retry: {backoff: {exponential: {base: 1min}}}}\n",
     "t.yaml:3:9: error: 'client.retry.backoff.exponential.max' must not be below base"},
    {HEAD "client: {retry.attempts: 3}\n",
     "t.yaml:3:10: error: unknown key 'retry.attempts' in client; allowed are timeout, retry, "
     "budget, weight, hedged"},
    {HEAD "client: {timeout: 1s, timeout: 2s}\n",
     "t.yaml:3:23: error: duplicate key 'timeout', already in line 3"},
    {"regions: {us-west-1: {}, us-west-2: {}}\nstore: {kind: regional, primary: us-west-3}\n",
     "t.yaml:2:34: error: unknown region 'us-west-3' in 'store.primary'; did you mean "
     "'us-west-1'?"},
    {"regions: {us-west-1: {}}\nclient: {}\n",
     "t.yaml: error: 'store.kind' is required: what kind of store (a choice)"},
    {HEAD "network: {us-west-1 -> eu-central-1: {loss: 1%}}\n",
     "t.yaml:3:11: error: unknown region 'eu-central-1' in 'network'; the regions are "
     "us-west-1, us-west-2"},
    {HEAD "network: {rtt: 30ms}\n",
     "t.yaml:3:11: error: 'network.rtt' is a parameter of each link: write 'network.default.rtt', "
     "or name the link before it, such as 'us-west-1 -> us-west-2'"},
    {HEAD "network: {us-west-1 - us-west-2: {loss: 1%}}\n",
     "t.yaml:3:11: error: 'network' needs a link such as 'us-west-1 -> us-west-2' or "
     "'us-west-1 <-> us-west-2', got 'us-west-1 - us-west-2'"},
    {HEAD "network: {us-west-1 <-> us-west-2: {}, us-west-2<->us-west-1: {}}\n",
     "t.yaml:3:40: error: duplicate link 'us-west-2<->us-west-1': already in line 3 as "
     "'us-west-1 <-> us-west-2'"},
    {HEAD "network: {default: {rtt: {mean: 10ms, sd: 2ms}}}\n",
     "t.yaml:3:26: error: 'network.rtt' is ambiguous (lognormal, gamma, normal): name the "
     "distribution, such as {normal: {...}}"},
    {HEAD "network: {default: {rtt: 11s}}\n",
     "t.yaml:3:26: error: 'network.rtt' must be between 0s and 10s, got 11 s"},
    {HEAD "network: {default: {rtt: exponential(11s)}}\n",
     "t.yaml:3:26: error: 'network.rtt' must be between 0s and 10s, got a mean of 11 s"},
    {HEAD "network: {default: {rtt: expnential(1s)}}\n",
     "t.yaml:3:26: error: 'network.rtt' names an unknown distribution 'expnential'; did you "
     "mean 'exponential'?"},
    {HEAD "network: {default: {rtt: {median: 1ms, p98: 2ms}}}\n",
     "t.yaml:3:40: error: 'network.rtt' has an unknown argument 'p98' of lognormal; did you "
     "mean 'p99'?"},
    {HEAD "network: {default: {rtt: -5ms}}\n",
     "t.yaml:3:26: error: 'network.rtt' must not be negative, got -5ms"},
    {HEAD "network: {default: {rtt: {empirical: none.csv}}}\n",
     "t.yaml:3:38: error: cannot read 'none.csv': No such file or directory"},
    {HEAD "regions2: {}\n", "t.yaml:3:1: error: unknown key 'regions2'; did you mean "
                            "'regions'?"},
    {"regions: {us-west-1: {store: {}}}\nstore: {kind: regional}\n",
     "t.yaml:1:23: error: 'store' cannot be set per region: it belongs to the top level"},
    {"regions: {us-west-1: {ap: {}}}\nstore: {kind: regional}\n",
     "t.yaml:1:23: error: unknown key 'ap' in a region; did you mean 'app'?"},
    {"regions: {US West: {}}\nstore: {kind: regional}\n",
     "t.yaml:1:11: error: the name of a region must consist of a-z, 0-9 and '-', got 'US West'"},
    {"regions: {all: {}}\nstore: {kind: regional}\n",
     "t.yaml:1:11: error: a region cannot be named 'all': this is the name of the total over "
     "regions"},
    {HEAD "duration: 30s\nwarmup: 1min\n",
     "t.yaml:4:9: error: 'warmup' must be shorter than the duration, 30s, got 1min"},
    {HEAD "duration: 10min\nwarmup: 10min\n",
     "t.yaml:4:9: error: 'warmup' must be shorter than the duration, 10min, got 10min"},
    {HEAD "warmup: never\n", "t.yaml:3:9: error: 'warmup' has no choice 'never'; it is one of "
                             "given, auto"},
    {HEAD "seed: -1\n", "t.yaml:3:7: error: 'seed' needs a whole number from 0 to "
                        "18446744073709551615, got '-1'"},
    {HEAD "replications: 0\n",
     "t.yaml:3:15: error: 'replications' must be between 1 and 1M, got 0"},
    {HEAD "faults: {at: 1s}\n", "t.yaml:3:9: error: 'faults' needs a list of maps, got a map"},
    {HEAD "faults: [{for: 1s}]\n",
     "t.yaml:3:10: error: 'faults.0.at' is required: when it begins (a duration)"},
    {HEAD "faults: [{at: 31min}]\n",
     "t.yaml:3:15: error: 'faults.0.at' must be before the end of the run"},
    {HEAD "faults: [{at: 1s, link: us-west-1 -> us-west-9}]\n",
     "t.yaml:3:25: error: unknown region 'us-west-9' in 'faults.0.link'; did you mean "
     "'us-west-1'?"},
    {HEAD "expect: [reauth_rat < 1%]\n",
     "t.yaml:3:10: error: unknown metric 'reauth_rat'; did you mean 'reauth_rate'?"},
    {HEAD "expect:\n  - reauths{caus=local-only} < 1\n",
     "t.yaml:4:13: error: unknown label of reauths 'caus'; did you mean 'cause'?"},
    {HEAD "expect:\n  - reauths{cause=local} < 1\n",
     "t.yaml:4:19: error: unknown cause 'local'; known are replication-lag, local-only, "
     "other-region"},
    {HEAD "expect:\n  - write_latency.p98 < 1s\n",
     "t.yaml:4:19: error: unknown statistic 'p98'; did you mean 'p90'?"},
    {HEAD "expect:\n  - write_latency.p99{region=us-west-1} < 1s\n",
     "t.yaml:4:19: error: '.p99' must follow the braces: 'write_latency{...}.p99'"},
    {HEAD "expect:\n  - write_latency{window=fault} < 1s\n",
     "t.yaml:4:26: error: window 'fault' needs faults, but this scenario has none"},
    {HEAD "expect:\n  - write_latency < 3\n",
     "t.yaml:4:21: error: 'write_latency' needs a duration such as '300ms', got '3'"},
    {HEAD "expect:\n  - reauth_rate = 3\n", "t.yaml:4:17: error: needs one of <, <=, >, >= here"},
    {HEAD "expect:\n  - reauth_rate < write_latency\n",
     "t.yaml:4:5: error: compares 'reauth_rate' with 'write_latency', which has another unit"},
    {HEAD "sweep: {client.timout: [1s]}\n",
     "t.yaml:3:9: error: unknown key 'timout' in client; did you mean 'timeout'?"},
    {HEAD "sweep: {client.timeout: [1s, 2h]}\n",
     "t.yaml:3:30: error: 'client.timeout' must be between 1ms and 1h, got 2h"},
    {HEAD "sweep: {client.timeout: {}}\n",
     "t.yaml:3:25: error: 'sweep' needs a list of 1 to 1000 values for 'client.timeout', or a text "
     "such as '100ms..1s/100ms'"},
    {HEAD "sweep: {client.timeout: 1s..100ms/10ms}\n",
     "t.yaml:3:25: error: 'sweep' of 'client.timeout' needs a range in ascending order, got "
     "'1s..100ms'"},
    {HEAD "sweep: {client.timeout: 1s..2h/1h}\n",
     "t.yaml:3:25: error: 'client.timeout' must be between 1ms and 1h, got 3601s"},
    {HEAD "where: {a: b}\n",
     "t.yaml:3:8: error: 'where' needs a text or a list of texts, got a map"},
    {HEAD "a: b: c\n",
     "t.yaml:3:5: error: not valid YAML: invalid nested block mapping on the same line"},
    {HEAD "---\na: 1\n",
     "t.yaml:3:1: error: a file must contain one document; a second one starts here"},
    {HEAD "client: *who\n", "t.yaml:3:9: error: unknown anchor 'who'"},
    {HEAD "client: !foo {timeout: 1s}\n",
     "t.yaml:3:9: error: YAML tags are not supported, got '!foo'"},
    {HEAD "client: {timeout: !!str 1s}\n",
     "t.yaml:3:19: error: YAML tags are not supported, got 'tag:yaml.org,2002:str'"},
    {HEAD "faults: ! []\n", "t.yaml:3:9: error: YAML tags are not supported, got '!'"},
    {HEAD "!foo client: {}\n", "t.yaml:3:1: error: YAML tags are not supported, got '!foo'"},
    {HEAD "? [a]\n: 1\n", "t.yaml:3:3: error: a key must be plain text"},
    {HEAD "extends: nowhere.yaml\n",
     "t.yaml:3:10: error: cannot read 'nowhere.yaml', which this file extends: No such file or "
     "directory"},
    {"regions: \xff\n", "t.yaml:1:10: error: not a text file: byte 0xff is not UTF-8 text"},
};

static void each_error_has_its_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(error_cases); i++) {
        char *messages = fake_report_line(error_cases[i].text, NULL, 0);

        if (strcmp(messages, error_cases[i].want) != 0)
            print_error("of:\n%s", error_cases[i].text);
        assert_string_equal(messages, error_cases[i].want);
        free(messages);
    }
}

static void a_wrong_set_is_placed_in_its_text(void **state)
{
    static const struct {
        const char *set, *want;
    } cases[] = {
        {"client.timeout=2", "--set:1:16: error: 'client.timeout' needs a duration such as "
                             "'300ms', got '2'"},
        {"client.tiemout=2s",
         "--set:1:8: error: unknown key 'tiemout' in client; did you mean 'timeout'?"},
        {"client.timeout", "--set:1:15: error: needs path=value, such as client.timeout=300ms, got "
                           "'client.timeout'"},
        {"=2", "--set:1:1: error: a path needs keys separated by dots, such as client.timeout, got "
               "'=2'"},
        {"faults.3.loss=2%",
         "--set:1:8: error: there is no item '3' in a list of 1 (items count from 0)"},
        {"network.\"us-west-1 -> us-west-3\".loss=1%",
         "--set:1:10: error: unknown region 'us-west-3' in 'network'; did you mean 'us-west-1'?"},
        {"--with client.tiemout=2s",
         "--with:1:8: error: unknown key 'tiemout' in client; did you mean 'timeout'?"},
        {"client.timeout=[1", "--set:1:18: error: not valid YAML: flow sequence without a closing "
                              "bracket"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *messages = fake_report_line(fake_scenario, &cases[i].set, 1);

        assert_string_equal(messages, cases[i].want);
        free(messages);
    }
}

static void all_errors_are_reported_at_once_and_each_once(void **state)
{
    static const char text[] = "regions: {us-west-1: {}, us-west-2: {}}\n"
                               "store: {kind: regonal}\n"
                               "app: {workers: 0}\n"
                               "network: {default: {loss: 2}}\n"
                               "durtion: 3\n";
    struct diag diag = {0};

    (void)state;
    assert_null(scenario_load_text(text, strlen(text), "t.yaml", &fake_registry, NULL, 0, &diag));
    assert_int_equal(diag.error_count, 4);
    diag_release(&diag);
}

static void the_caret_stands_under_the_value(void **state)
{
    static const char text[] = HEAD "client:\n  timeout: 2\n";
    struct diag diag = {0};
    char *messages;

    (void)state;
    assert_null(scenario_load_text(text, strlen(text), "t.yaml", &fake_registry, NULL, 0, &diag));
    messages = diag_text(&diag);
    assert_string_equal(
        messages, "t.yaml:4:12: error: 'client.timeout' needs a duration such as '300ms', got '2'\n"
                  "  timeout: 2\n"
                  "           ^\n");
    free(messages);
    diag_release(&diag);
}

static void a_nest_or_a_bomb_is_refused(void **state)
{
    char *nest = mem_alloc(1, 900001), *messages;

    (void)state;
    memset(nest, '[', 900000);
    nest[900000] = '\0';
    messages = fake_report_line(nest, NULL, 0);
    assert_string_equal(messages, "t.yaml:1:65: error: nested more than 64 deep");
    free(messages);
    free(nest);
    messages =
        fake_report_line("a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                         "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
                         "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                         "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
                         "f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
                         "g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\n",
                         NULL, 0);
    assert_string_equal(messages,
                        "t.yaml:7:7: error: too large: more than 4000000 values once aliases "
                        "are written out");
    free(messages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_error_has_its_message),
        cmocka_unit_test(a_wrong_set_is_placed_in_its_text),
        cmocka_unit_test(all_errors_are_reported_at_once_and_each_once),
        cmocka_unit_test(the_caret_stands_under_the_value),
        cmocka_unit_test(a_nest_or_a_bomb_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
