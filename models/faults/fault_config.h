// SPDX-License-Identifier: GPL-3.0-or-later
/* Parameters of one fault, and the actions that follow from them. */
#ifndef FAULT_CONFIG_H
#define FAULT_CONFIG_H

#include "fault_selector.h"
#include "loss_process.h"
#include "model.h"
#include "store_fault.h"

#include <stdbool.h>
#include <stdint.h>

struct fault_config {
    char *name, *after; /* NULL: not given */
    sim_time at_ns;
    sim_dur for_ns, every_ns;
    uint32_t times;
    sim_dur mtbf_ns, mttr_ns; /* mtbf 0: no random process */
    double mtbf_shape, mttr_shape;
    struct fault_place place;
    struct loss_config loss;
    struct dist *delay;         /* ns */
    double bandwidth_bit_per_s; /* 0: none */
    double cross_bit_per_s;     /* 0: none */
    double connection_share;    /* share that a link's fault hits */
    uint32_t route;             /* of a link with several; 0: all */
    int crash;                  /* index of fault_crash_names: fault_crash() */
    int access;                 /* enum access_fault */
    double errors, slow, throttled, conflicts, corrupt;
    bool blackhole, hold, reset, down, isolate, deploy, stall, restart, role_change, flush, restore,
        pause, throttle;
};

/* What a fault does to its target, in the order of messages. */
enum fault_action {
    ACTION_LOSS,
    ACTION_DELAY,
    ACTION_BANDWIDTH,
    ACTION_CROSS_TRAFFIC,
    ACTION_BLACKHOLE,
    ACTION_HOLD,
    ACTION_DOWN,
    ACTION_ISOLATE,
    ACTION_STALL,
    ACTION_RESTART,
    ACTION_ROLE_CHANGE,
    ACTION_FLUSH,
    ACTION_RESTORE,
    ACTION_CRASH,
    ACTION_ERRORS,
    ACTION_SLOW,
    ACTION_THROTTLED,
    ACTION_CONFLICTS,
    ACTION_CORRUPT,
    ACTION_ACCESS,
    ACTION_PAUSE,
    ACTION_RESET,
    ACTION_DEPLOY,
    ACTION_THROTTLE,
    ACTION_PROMOTE /* of every fault with target `promote`; has no parameter */
};
#define FAULT_ACTIONS (ACTION_PROMOTE + 1)
#define ACTION_BIT(action) (1u << (action))

extern const char *const fault_crash_names[], *const fault_access_names[];

enum crash_kind fault_crash(const struct fault_config *config);
/* The actions of a fault as bits; a loss of 0 % is none. */
unsigned fault_actions(const struct fault_config *config);
const char *fault_action_name(enum fault_action action); /* also of its parameter and in rows */
/* Is it an amount, for which zero is valid? Others are flags that must be true. */
bool fault_action_is_amount(enum fault_action action);
/* How it is written, for messages: "'crash: process' or 'host'". */
const char *fault_action_example(enum fault_action action);
/* Append "loss 30%, delay 20 ms": those in `actions`. */
void fault_actions_add_text(struct strbuf *out, const struct fault_config *config,
                            unsigned actions);

#endif
