// SPDX-License-Identifier: GPL-3.0-or-later
/* `--shard I/N`: one part of a study's runs. */
#ifndef SHARD_H
#define SHARD_H

#include "study_options.h"

/* One of `count` parts, from 0; count 0: all. */
struct shard {
    uint32_t index, count;
};

/* False, with what is wrong told, where the option is no part of `run_count` runs. */
bool shard_parse(const struct study_values *values, size_t run_count, struct shard *shard);

#endif
