// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * `lesson:` of a scenario file: what a learner is asked before the run, and what is said after it.
 *
 *   lesson:
 *     choices: [hardly any, about 9 %, about 14 %, about 30 %]
 *     answer: 3
 *     because: TCP retransmits a lost packet after 220 ms ...
 *     plot: timeline
 */
#ifndef LESSON_SECTION_H
#define LESSON_SECTION_H

#include <stddef.h>
#include <stdint.h>

enum { LESSON_CHOICES_MAX = 9 };

struct lesson_section {
    char *choices[LESSON_CHOICES_MAX];
    size_t choice_count; /* 2 or more */
    size_t answer;       /* 1 .. choice_count */
    char *because;
    char *plot; /* name of the plot that shows it; NULL: none */
};

#endif
