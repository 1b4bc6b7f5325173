// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * No repointing: clients use the endpoint's own name, which is that of the first primary's cluster
 * for ever. A promotion of another cluster does not reach them; a failback does.
 */
#include "repoint_fixed.h"

#include "promotion.h"

struct repoint_fixed {
    struct repoint_host host;
    int named; /* region of the endpoint */
};

static void repoint_fixed_init(void *self, const struct model_env *env, const void *config,
                               const struct repoint_host *host)
{
    struct repoint_fixed *repoint = self;

    (void)env, (void)config;
    repoint->host = *host;
}

static void repoint_fixed_connect(void *self, const struct port_directory *ports)
{
    struct repoint_fixed *repoint = self;
    const struct promotion_port *promotion = port_find_promotion(ports, -1, -1);

    repoint->named = promotion ? promotion->primary(promotion->self) : -1;
}

static void repoint_fixed_begin(void *self, int from, int target, uint32_t number)
{
    struct repoint_fixed *repoint = self;
    const struct repoint_host *host = &repoint->host;

    (void)from, (void)number;
    if (target == repoint->named) {
        host->stage_ended(host->self, INCIDENT_NOTIFY);
        host->stage_ended(host->self, INCIDENT_PUBLISH);
        host->done(host->self);
        return;
    }
    host->log(host->self, target, "repoint: none", "clients keep the old primary's endpoint");
    host->failed(host->self);
}

const struct repoint_ops repoint_fixed_ops = {
    .name = "none",
    .failure = "no-repointing",
    .state_size = sizeof(struct repoint_fixed),
    .init = repoint_fixed_init,
    .connect = repoint_fixed_connect,
    .begin = repoint_fixed_begin,
};
