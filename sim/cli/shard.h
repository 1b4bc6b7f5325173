// SPDX-License-Identifier: GPL-3.0-or-later
/* `--shard I/N`: one part of a study's runs. */
#ifndef SHARD_H
#define SHARD_H

#include "study_options.h"

/* Part `index` (from 0) of `count`; count 0: all runs. */
struct shard {
    uint32_t index, count;
};

/* False with the error printed if the option is not a valid part of `run_count` runs. */
bool shard_parse(const struct study_values *values, size_t run_count, struct shard *shard);

#endif
