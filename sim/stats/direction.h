// SPDX-License-Identifier: GPL-3.0-or-later
/* Whether higher or lower values of a statistic are better. */
#ifndef DIRECTION_H
#define DIRECTION_H

enum direction { NO_DIRECTION, LOWER_IS_BETTER, HIGHER_IS_BETTER };

#endif
