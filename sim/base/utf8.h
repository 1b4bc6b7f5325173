// SPDX-License-Identifier: GPL-3.0-or-later
/* Well-formed UTF-8 (The Unicode Standard, table 3-7: no overlong forms, no surrogates). */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed character that starts at `text`: 1 to 4; 0 at the end or if none. */
size_t utf8_size(const char *text);
/* The code point of a well-formed character of `size` bytes, 1 to 4. */
uint32_t utf8_code(const char *text, size_t size);

#endif
