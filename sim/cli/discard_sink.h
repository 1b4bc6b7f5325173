// SPDX-License-Identifier: GPL-3.0-or-later
/* A sink for studies whose results nobody reads, such as those of --no-output --quiet: a study then
 * needs no database. */
#ifndef DISCARD_SINK_H
#define DISCARD_SINK_H

#include "result.h"

/* Accepts everything and keeps nothing; never fails. */
struct result_sink discard_sink(void);

#endif
