// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Shared by the files of the model failover: failover.c (states and transitions), failover_rows.c
 * (parameters, metrics, rules between them), failover_ports.c (alarm, orders, control planes, what
 * is promoted), failback.c (the way back).
 */
#ifndef FAILOVER_INTERNAL_H
#define FAILOVER_INTERNAL_H

#include "alarm_watch.h"
#include "control.h"
#include "dns.h"
#include "failover.h"
#include "fleet.h"
#include "impairment.h"
#include "model.h"
#include "objective.h"
#include "person.h"
#include "promotion.h"
#include "refs.h"
#include "repoint.h"
#include "repoint_function.h"
#include "repoint_health.h"
#include "repoint_list.h"
#include "repoint_fixed.h"
#include "repoint_routing.h"
#include "run_log.h"

enum failover_mode { MODE_NONE, MODE_AUTOMATIC, MODE_MANUAL };
enum promote_when { PROMOTE_NOW, PROMOTE_IN_SYNC };
enum lost_primary { LOST_REJOINS, LOST_DISASSOCIATED };
enum repair { REPAIR_NONE, REPAIR_OPERATOR };
enum failback { FAILBACK_NONE, FAILBACK_PLANNED, FAILBACK_PREMATURE };

struct failover_config {
    int mode, promote_when, lost_primary, repair, failback; /* the enums of these names */
    int repoint;                                            /* row of repoint_methods */
    char *on; /* name of an alarm of the list; "": the model's own */
    struct alarm_config alarm;
    sim_time alarm_at_ns; /* 0: raised by its metric alone */
    struct dist *decide, *promotion, *reattach, *repair_time;
    struct person_config person;
    int32_t target; /* region; -1: not given */
    sim_dur promote_wait_ns, api_retry_ns, failback_planned_ns, failback_premature_ns;
    struct repoint_function_config function;
    struct repoint_routing_config routing;
    struct repoint_health_config health;
    struct repoint_list_config list;
};

/* The method that a config names, and its parameters. failover_rows.c */
const struct repoint_ops *failover_repoint(const struct failover_config *config,
                                           const void **method_config);

/* Who asked for the promotion. */
enum failover_order { ORDER_NONE, ORDER_OPERATOR, ORDER_FAILBACK, ORDER_RESTORE };

struct failover {
    const struct failover_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    const struct topology *topology;
    struct run_log *log;
    struct control_port port;
    const struct promotion_port *promotion; /* NULL: the store has nothing to promote */
    const struct objective_port *objective;
    const struct dns_port *dns;
    const struct fleet_port *fleets[REGIONS_MAX]; /* NULL: none that scales */
    struct impairments *impairments;              /* NULL: no model keeps them */
    struct alarm_watch *alarm;                    /* NULL: mode none, or an alarm of the list */
    enum alarm_state alarm_state;

    enum failover_state state;
    uint32_t step;   /* counts transitions: the generation of the step's event, */
    bool waiting;    /* which is pending */
    uint32_t number; /* of failovers begun: keys their draws */
    int target;      /* region of this failover, once chosen */
    int from;        /* region of the primary when the promotion began */
    enum failover_order order;
    int ordered;   /* region that was ordered; -1: none */
    bool in_sync;  /* this failover waits until the target lacks nothing */
    bool restores; /* its target gets the data of a snapshot */
    bool decided;  /* it has been asked for: the stage has ended */
    sim_time held_since, promotion_ends;
    int rivals[REGIONS_MAX]; /* promotions asked for while one is under way */
    uint32_t rival_count;
    struct person_look look;
    uint32_t looks;         /* of a person at this alarm */
    uint32_t blocked_event; /* event with which BLOCKED began */

    struct control_plane api[REGIONS_MAX]; /* of the store, in each region */
    struct control_state api_states[REGIONS_MAX];
    uint32_t api_changed_by[REGIONS_MAX]; /* event of the run log that made it so; 0: none */
    uint32_t calls;                       /* of the API: key its errors */

    struct failback_state {
        int home;             /* region of the first primary */
        sim_time well_since;  /* of the home's cluster; -1: it is not */
        sim_time reattach_at; /* -1: nothing to reattach */
        int detached;         /* region; -1: none */
        uint32_t caused_by;   /* event with which it became well */
    } back;

    const struct repoint_ops *repoint;
    void *repoint_state;

    struct rng_stream step_stream, person_stream, rival_stream, api_stream;
    kind_id step_kinds[FAILOVER_STATES]; /* of the states that wait */
    kind_id look_kind;                   /* of failback.c */
    kind_id cached_kind;
    probe_id failovers[REGIONS_MAX], failbacks, no_target, target_lost, unreached, dismissed,
        alarms, pages;
};

/* --- failover.c ------------------------------------------------------------------------------ */

/* The lifecycle of the model (struct model_ops). */
void failover_init(void *self, const struct model_env *env);
void failover_connect(void *self, const struct port_directory *ports);
void failover_start(void *self);
void failover_fini(void *self);

/* False: the event changes nothing in this state. */
bool failover_happen(struct failover *failover, enum failover_event event);
/* Log a step. It is the cause of what follows it: so the steps form a chain. */
void failover_log_step(const struct failover *failover, const char *what, int region,
                       const char *cause_text, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* --- failover_ports.c ------------------------------------------------------------------------ */

void failover_ports_init(struct failover *failover, const struct model_env *env);
void failover_ports_connect(struct failover *failover, const struct port_directory *ports);
/* Ask for the promotion, of what is best now. */
void failover_ask(struct failover *failover);
/* The plan of a restore in the target, with the draws of this failover; false: none can be. */
bool failover_plan_restore(const struct failover *failover, int region, struct restore_plan *plan);
/* Promote `region`, or restore a snapshot there: a person, a plan or the failback orders it. */
void failover_order(struct failover *failover, int region, enum failover_order order);

/* --- failback.c ------------------------------------------------------------------------------ */

void failback_init(struct failover *failover, const struct model_env *env);
void failback_start(struct failover *failover);
/* A promotion is over, by which `from` ceased to be the primary. */
void failback_promoted(struct failover *failover, int from);

#endif
