// SPDX-License-Identifier: GPL-3.0-or-later
#include "fault_config.h"

#include "dist.h"
#include "units.h"

const char *const fault_crash_names[] = {"none", "process", "host", "true", NULL};
/* In the order of enum access_fault. */
const char *const fault_access_names[] = {"open", "network", "auth", NULL};

static bool has_loss(const struct fault_config *config)
{
    return loss_mean(&config->loss) > 0;
}

static void add_loss(struct strbuf *out, const struct fault_config *config)
{
    strbuf_add(out, " ");
    units_add(out, loss_mean(&config->loss), UNIT_SHARE, 3);
    strbuf_add(out, loss_is_bursty(&config->loss) ? " in bursts" : "");
}

static bool has_delay(const struct fault_config *config)
{
    return config->delay && dist_mean(config->delay) > 0;
}

static void add_delay(struct strbuf *out, const struct fault_config *config)
{
    strbuf_add(out, " ");
    dist_describe(config->delay, true, out);
}

static bool has_bandwidth(const struct fault_config *config)
{
    return config->bandwidth_bit_per_s > 0;
}

static void add_bandwidth(struct strbuf *out, const struct fault_config *config)
{
    strbuf_add(out, " ");
    units_add(out, config->bandwidth_bit_per_s, UNIT_BIT_PER_S, 3);
}

static bool has_cross_traffic(const struct fault_config *config)
{
    return config->cross_bit_per_s > 0;
}

static void add_cross_traffic(struct strbuf *out, const struct fault_config *config)
{
    strbuf_add(out, " ");
    units_add(out, config->cross_bit_per_s, UNIT_BIT_PER_S, 3);
}

enum crash_kind fault_crash(const struct fault_config *config)
{
    static const enum crash_kind kinds[] = {CRASH_NONE, CRASH_PROCESS, CRASH_HOST, CRASH_PROCESS};

    return kinds[config->crash];
}

static bool has_crash(const struct fault_config *config)
{
    return fault_crash(config) != CRASH_NONE;
}

static void add_share(struct strbuf *out, double share)
{
    strbuf_add(out, " ");
    units_add(out, share, UNIT_SHARE, 3);
}

static bool has_errors(const struct fault_config *config)
{
    return config->errors > 0;
}

static void add_errors(struct strbuf *out, const struct fault_config *config)
{
    add_share(out, config->errors);
}

static bool has_slow(const struct fault_config *config)
{
    return config->slow > 1;
}

static void add_slow(struct strbuf *out, const struct fault_config *config)
{
    strbuf_addf(out, " %gx", config->slow);
}

static bool has_throttled(const struct fault_config *config)
{
    return config->throttled > 0;
}

static void add_throttled(struct strbuf *out, const struct fault_config *config)
{
    add_share(out, config->throttled);
}

static bool has_conflicts(const struct fault_config *config)
{
    return config->conflicts > 0;
}

static void add_conflicts(struct strbuf *out, const struct fault_config *config)
{
    add_share(out, config->conflicts);
}

static bool has_corrupt(const struct fault_config *config)
{
    return config->corrupt > 0;
}

static void add_corrupt(struct strbuf *out, const struct fault_config *config)
{
    add_share(out, config->corrupt);
}

static bool has_access(const struct fault_config *config)
{
    return config->access != ACCESS_WELL;
}

static void add_access(struct strbuf *out, const struct fault_config *config)
{
    strbuf_addf(out, " %s", fault_access_names[config->access]);
}

static void add_crash(struct strbuf *out, const struct fault_config *config)
{
    strbuf_addf(out, " of its %s", fault_crash_names[fault_crash(config)]);
}

static bool is_promotion(const struct fault_config *config)
{
    return config->place.promote >= 0;
}

// clang-format off
#define FLAG_OFFSET(member) offsetof(struct fault_config, member)
static const struct action_row {
    const char *name, *example;
    bool is_amount;
    size_t flag;                                          /* offset of its bool, where `is_set` is NULL */
    bool (*is_set)(const struct fault_config *config);
    void (*add_text)(struct strbuf *out, const struct fault_config *config); /* after the name; NULL */
} rows[FAULT_ACTIONS] = {
    [ACTION_LOSS]      = {"loss",      "'loss'",                       true,  0, has_loss,  add_loss},
    [ACTION_DELAY]     = {"delay",     "'delay'",                      true,  0, has_delay, add_delay},
    [ACTION_BANDWIDTH] = {"bandwidth", "'bandwidth'",                  true,  0, has_bandwidth, add_bandwidth},
    [ACTION_CROSS_TRAFFIC] = {"cross_traffic", "'cross_traffic'",      true,  0, has_cross_traffic, add_cross_traffic},
    [ACTION_BLACKHOLE] = {"blackhole", "'blackhole: true'",            false, FLAG_OFFSET(blackhole), NULL, NULL},
    [ACTION_HOLD]      = {"hold",      "'hold: true'",                 false, FLAG_OFFSET(hold),      NULL, NULL},
    [ACTION_DOWN]      = {"down",      "'down: true'",                 false, FLAG_OFFSET(down),      NULL, NULL},
    [ACTION_ISOLATE]   = {"isolate",   "'isolate: true'",              false, FLAG_OFFSET(isolate),   NULL, NULL},
    [ACTION_STALL]     = {"stall",     "'stall: true'",                false, FLAG_OFFSET(stall),     NULL, NULL},
    [ACTION_RESTART]   = {"restart",   "'restart: true'",              false, FLAG_OFFSET(restart),   NULL, NULL},
    [ACTION_ROLE_CHANGE] = {"role_change", "'role_change: true'",      false, FLAG_OFFSET(role_change), NULL, NULL},
    [ACTION_FLUSH]     = {"flush",     "'flush: true'",                false, FLAG_OFFSET(flush),     NULL, NULL},
    [ACTION_RESTORE]   = {"restore",   "'restore: true'",              false, FLAG_OFFSET(restore),   NULL, NULL},
    [ACTION_CRASH]     = {"crash",     "'crash: true'",   false, 0, has_crash, add_crash},
    [ACTION_ERRORS]    = {"errors",    "'errors'",                     false, 0, has_errors, add_errors},
    [ACTION_SLOW]      = {"slow",      "'slow'",                       false, 0, has_slow,   add_slow},
    [ACTION_THROTTLED] = {"throttled", "'throttled'",                  false, 0, has_throttled, add_throttled},
    [ACTION_CONFLICTS] = {"conflicts", "'conflicts'",                  false, 0, has_conflicts, add_conflicts},
    [ACTION_CORRUPT]   = {"corrupt",   "'corrupt'",                    false, 0, has_corrupt,   add_corrupt},
    [ACTION_ACCESS]    = {"access",    "'access'",                     false, 0, has_access,    add_access},
    [ACTION_PAUSE]     = {"pause",     "'pause: true'",                false, FLAG_OFFSET(pause),     NULL, NULL},
    [ACTION_RESET]     = {"reset",     "'reset: true'",                false, FLAG_OFFSET(reset),     NULL, NULL},
    [ACTION_DEPLOY]    = {"deploy",    "'deploy: true'",               false, FLAG_OFFSET(deploy),    NULL, NULL},
    [ACTION_THROTTLE]  = {"throttle",  "'throttle: true'",             false, FLAG_OFFSET(throttle),  NULL, NULL},
    [ACTION_PROMOTE]   = {"promote",   "no effect: it is an action",   false, 0, is_promotion, NULL},
};
// clang-format on

unsigned fault_actions(const struct fault_config *config)
{
    unsigned actions = 0;

    if (!(config->connection_share > 0))
        return 0;
    for (unsigned i = 0; i < FAULT_ACTIONS; i++) {
        const bool *flag = (const void *)((const char *)config + rows[i].flag);

        if (rows[i].is_set ? rows[i].is_set(config) : *flag)
            actions |= ACTION_BIT(i);
    }
    return actions;
}

const char *fault_action_name(enum fault_action action)
{
    return rows[action].name;
}

bool fault_action_is_amount(enum fault_action action)
{
    return rows[action].is_amount;
}

const char *fault_action_example(enum fault_action action)
{
    return rows[action].example;
}

void fault_actions_add_text(struct strbuf *out, const struct fault_config *config, unsigned actions)
{
    const char *comma = "";

    for (unsigned i = 0; i < FAULT_ACTIONS; i++) {
        if (!(actions & ACTION_BIT(i)))
            continue;
        strbuf_addf(out, "%s%s", comma, rows[i].name);
        if (rows[i].add_text)
            rows[i].add_text(out, config);
        comma = ", ";
    }
    if (config->connection_share < 1) {
        strbuf_add(out, " for ");
        units_add(out, config->connection_share, UNIT_SHARE, 3);
        strbuf_add(out, " of the connections");
    }
}
