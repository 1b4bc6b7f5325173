// SPDX-License-Identifier: GPL-3.0-or-later
/* Faults of servers and their hosts. */
#ifndef STORE_FAULT_H
#define STORE_FAULT_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

enum crash_kind { CRASH_NONE, CRASH_PROCESS, CRASH_HOST };

/* What goes down with a region, in this order. */
enum power_kind {
    POWER_STORE,       /* its cluster */
    POWER_APP,         /* its application tier */
    POWER_DNS,         /* the control plane of names that has its home there */
    POWER_ACCELERATOR, /* the control plane of the accelerator that has its home there */
    POWER_KINDS
};
struct power_port {
    void *self;
    void (*set)(void *self, bool up);
};
struct store_fault_port {
    void *self;
    void (*stall)(void *self,
                  bool begin);   /* the process hangs; kernels still complete handshakes */
    void (*restart)(void *self); /* comes back empty at once */
    /* The process or its host dies; it comes back empty at the end, CRASH_NONE. */
    void (*crash)(void *self, enum crash_kind kind);
};

PORT_ACCESSORS(power, struct power_port)
PORT_ACCESSORS(store_fault, struct store_fault_port)

#endif
