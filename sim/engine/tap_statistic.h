// SPDX-License-Identifier: GPL-3.0-or-later
/* Statistics of a metric over a period, as monitoring services publish them: metric_tap.h. */
#ifndef TAP_STATISTIC_H
#define TAP_STATISTIC_H

enum tap_statistic { TAP_AVERAGE, TAP_MINIMUM, TAP_MAXIMUM, TAP_SUM, TAP_QUANTILE };

#endif
