// SPDX-License-Identifier: GPL-3.0-or-later
/* What is well-formed UTF-8 (The Unicode Standard, table 3-7: no overlong forms, no surrogates). */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>

/* Bytes of the well-formed character that starts at `text`: 1 to 4; 0 at the end or if none. */
size_t utf8_size(const char *text);

#endif
