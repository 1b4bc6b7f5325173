// SPDX-License-Identifier: GPL-3.0-or-later
/* A list of "PATH=VALUE" texts, each its own, in the order in which they are applied. */
#ifndef SET_LIST_H
#define SET_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct set_list {
    char **items;
    size_t count, capacity;
};

void set_list_addf(struct set_list *sets, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "a=1, b={c: 2, d: 3}" as two sets; false where a piece is no PATH=VALUE. */
bool set_list_split(struct set_list *sets, const char *text);
void set_list_release(struct set_list *sets);

#endif
