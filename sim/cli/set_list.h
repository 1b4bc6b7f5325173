// SPDX-License-Identifier: GPL-3.0-or-later
/* A list of owned "PATH=VALUE" texts, in the order in which they are applied. */
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
/* Add the sets of "a=1, b={c: 2, d: 3}"; false if a part is not PATH=VALUE. */
bool set_list_split(struct set_list *sets, const char *text);
void set_list_release(struct set_list *sets);

#endif
