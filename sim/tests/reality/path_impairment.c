// SPDX-License-Identifier: GPL-3.0-or-later
#include "path_impairment.h"

#include "settings.h"

#include <stdio.h>
#include <string.h>

static const char *const direction_names[DIRECTIONS] = {"there", "back"};

void impairments_init(struct impairment directions[DIRECTIONS])
{
    for (int i = 0; i < DIRECTIONS; i++)
        directions[i] = (struct impairment){.buffer_bytes = 4 << 20};
    impairments_seed(directions, 1);
}

void impairments_seed(struct impairment directions[DIRECTIONS], uint64_t seed)
{
    for (int i = 0; i < DIRECTIONS; i++) {
        directions[i].jitter_stream = rng_stream_named(seed, 0, direction_names[i], "jitter");
        directions[i].loss_stream = rng_stream_named(seed, 0, direction_names[i], "loss");
    }
}

static bool impairment_apply(struct impairment *impairment, const char *word, char *why,
                             size_t size)
{
    const char *jitter = NULL;
    const struct setting table[] = {
        {"delay", SETTING_DURATION, &impairment->law.delay_ns, NULL},
        {"jitter", SETTING_TEXT, &jitter, NULL},
        {"slot", SETTING_DURATION, &impairment->law.slot_ns, NULL},
        {"loss", SETTING_SHARE, &impairment->loss, NULL},
        {"rate", SETTING_BANDWIDTH, &impairment->rate_bit_per_s, NULL},
        {"buffer", SETTING_SIZE, &impairment->buffer_bytes, NULL},
    };

    if (!setting_apply(table, sizeof(table) / sizeof(table[0]), word, why, size))
        return false;
    return jitter == NULL || jitter_parse(jitter, &impairment->law, why, size);
}

bool impairments_apply(struct impairment directions[DIRECTIONS], char *word, char *why, size_t size)
{
    bool prefixed = false;

    for (int i = 0; i < DIRECTIONS; i++) {
        size_t length = strlen(direction_names[i]);

        if (strncmp(word, direction_names[i], length) != 0 || word[length] != '.')
            continue;
        prefixed = true;
        if (!impairment_apply(&directions[i], word + length + 1, why, size))
            return false;
    }
    return prefixed || (impairment_apply(&directions[THERE], word, why, size) &&
                        impairment_apply(&directions[BACK], word, why, size));
}

unsigned direction_bits(const char *word)
{
    for (int i = 0; i < DIRECTIONS; i++)
        if (strcmp(word, direction_names[i]) == 0)
            return 1U << i;
    return strcmp(word, "both") == 0 ? (1U << DIRECTIONS) - 1 : 0;
}

int64_t impairment_serve(struct impairment *impairment, int64_t now_ns, size_t size)
{
    if (impairment->rate_bit_per_s <= 0)
        return now_ns;
    if (impairment->free_ns < now_ns)
        impairment->free_ns = now_ns;
    impairment->free_ns += (int64_t)((double)size * 8e9 / impairment->rate_bit_per_s);
    return impairment->free_ns;
}
