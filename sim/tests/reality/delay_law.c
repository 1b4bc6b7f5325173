// SPDX-License-Identifier: GPL-3.0-or-later
#include "delay_law.h"

#include "strbuf.h"
#include "units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool jitter_parse(const char *text, struct delay_law *law, char *why, size_t size)
{
    static const char *const names[] = {"none", "exponential:", "uniform:"};
    struct strbuf reason = STRBUF_INIT;
    bool good;

    if (strcmp(text, names[JITTER_NONE]) == 0) {
        law->jitter = JITTER_NONE;
        return true;
    }
    for (int kind = JITTER_EXPONENTIAL; kind <= JITTER_UNIFORM; kind++) {
        size_t length = strlen(names[kind]);

        if (strncmp(text, names[kind], length) != 0)
            continue;
        good = units_parse_duration(text + length, &law->jitter_ns, &reason);
        law->jitter = (enum jitter_kind)kind;
        snprintf(why, size, "'jitter' %s", reason.text);
        strbuf_release(&reason);
        return good;
    }
    snprintf(why, size, "'jitter' must be none, exponential:MEAN or uniform:MAXIMUM, got '%s'",
             text);
    return false;
}

int64_t delay_law_draw(const struct delay_law *law, const struct rng_stream *stream, uint64_t flow,
                       uint64_t number, int64_t now_ns)
{
    uint64_t index = law->slot_ns > 0 ? (uint64_t)(now_ns / law->slot_ns) : number;
    double unit = rng_unit(rng_block_at(stream, flow, index).word[0]);

    switch (law->jitter) {
    case JITTER_EXPONENTIAL:
        return law->delay_ns + (int64_t)(-log(unit) * (double)law->jitter_ns);
    case JITTER_UNIFORM:
        return law->delay_ns + (int64_t)(unit * (double)law->jitter_ns);
    case JITTER_NONE:
        break;
    }
    return law->delay_ns;
}
