// SPDX-License-Identifier: GPL-3.0-or-later
/* Operations of the application on its sessions. */
#ifndef SESSION_H
#define SESSION_H

#include "store_command.h"

#include <stdbool.h>
#include <stdint.h>

/* What the user carries, as far as the application can see. */
enum session_mode { SESSION_NONE, SESSION_GLOBAL, SESSION_LOCAL, SESSION_TOKEN };

/* Marks `request` of an operation on a key of a class: its end is reported to the port `class_ops`.
 */
#define CLASS_REQUEST (UINT32_C(1) << 31)

/* Of a key of a class, `session` is its ref; `session_check` is the version that a write stores. */
struct op_request {
    uint32_t request;  /* the application's request, passed back when it is done */
    uint32_t instance; /* of the application tier, whose pools are used */
    uint32_t session, session_check;
    union {
        uint32_t pending;     /* the user's pending request: a key for prefetch.h */
        uint32_t value_bytes; /* of a key of a class: size of its value */
    };
    uint8_t kind;        /* enum command_kind */
    bool probe;          /* a health check's read, or of a key of a class: in no statistics */
    bool latest;         /* a read that must see the session's last write */
    uint64_t identity;   /* of the user's request; the client adds the operation and the attempt */
    sim_time last_write; /* of this session, acknowledged, by the user's cookie; -1: none */
};
enum op_outcome {
    OP_HIT,
    OP_MISS,
    OP_DONE,   /* read found, read missed, write done */
    OP_FAILED, /* after all attempts */
};
struct op_result {
    enum op_outcome outcome;
    uint8_t miss; /* of a miss: enum miss_reason or above */
    uint32_t attempts;
    /* Of an operation on a key of a class that did not fail: */
    uint32_t version; /* found or written */
    sim_time expires; /* of a read that hit; SIM_NEVER: not at all */
};
struct session_port {
    void *self;
    void (*submit)(void *self, const struct op_request *op);
    /* Once, while connecting: how many instances the tier has, each with pools of its own. */
    void (*set_instances)(void *self, uint32_t instances);
    int on_write_failure; /* enum write_fallback */
    bool up;              /* the servers run */
    uint32_t instances;   /* of the tier; set while connecting */
    /* The servers went down, or came back with no connection open. What the operations of dead
     * servers still do is not counted. */
    void (*set_up)(void *self, bool up);
    /* One server was restarted: its connections are gone, its pools are cold. */
    void (*restart_instance)(void *self, uint32_t instance);
};
enum write_fallback { FALLBACK_FAIL, FALLBACK_LOCAL, FALLBACK_TOKEN };
struct op_port {
    void *self;
    void (*done)(void *self, uint32_t request, const struct op_result *result);
};

PORT_ACCESSORS(sessions, struct session_port)
PORT_ACCESSORS(ops, struct op_port)
PORT_ACCESSORS(class_ops, struct op_port)

#endif
