// SPDX-License-Identifier: GPL-3.0-or-later
/* Which way a statistic gets better, so that a difference can be called better or worse. */
#ifndef DIRECTION_H
#define DIRECTION_H

enum direction { NO_DIRECTION, LOWER_IS_BETTER, HIGHER_IS_BETTER };

#endif
