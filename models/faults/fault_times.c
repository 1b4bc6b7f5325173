// SPDX-License-Identifier: GPL-3.0-or-later
#include "fault_times.h"

#include "fault_effects.h"

#include <string.h>

size_t fault_find(const struct fault_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].name && strcmp(list->items[i].name, name) == 0)
            return i;
    return FAULT_NONE;
}

bool fault_repeats(const struct fault_config *config, uint32_t times)
{
    return (config->every_ns > 0 || config->mtbf_ns > 0) &&
           (config->times == 0 || times < config->times);
}

enum fault_chain fault_chain(const struct fault_list *list, size_t index)
{
    for (int steps = 0; steps <= FAULT_CHAIN_MAX; steps++) {
        if (!list->items[index].after)
            return CHAIN_GOOD;
        index = fault_find(list, list->items[index].after);
        if (index == FAULT_NONE)
            return CHAIN_BROKEN;
    }
    return CHAIN_ENDLESS;
}

sim_time fault_begin(const struct fault_list *list, size_t index)
{
    const struct fault_config *config = &list->items[index];
    sim_time before = config->after ? fault_end(list, fault_find(list, config->after)) : 0;

    return before == SIM_NEVER ? SIM_NEVER : before + config->at_ns;
}

bool fault_is_at_once(const struct fault_config *config)
{
    unsigned actions = fault_actions(config);

    for (int target = 0; target < FAULT_TARGETS; target++)
        if (fault_place_names(&config->place, (enum fault_target)target))
            return actions != 0 && !fault_lasts((enum fault_target)target, actions);
    return false;
}

sim_time fault_end(const struct fault_list *list, size_t index)
{
    const struct fault_config *config = &list->items[index];
    sim_time begin = fault_begin(list, index);
    bool has_end = config->for_ns > 0 || fault_is_at_once(config);

    if (begin == SIM_NEVER || !has_end || config->mtbf_ns > 0 ||
        (fault_repeats(config, 1) && config->times == 0))
        return SIM_NEVER;
    if (config->times > 1)
        begin += (sim_dur)(config->times - 1) * config->every_ns;
    return begin + config->for_ns;
}
