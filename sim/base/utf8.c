// SPDX-License-Identifier: GPL-3.0-or-later
/* Only the second byte's range depends on the first. No range has '\0': no check reads past it. */
#include "utf8.h"

#include <stdbool.h>

static bool is_within(unsigned char byte, unsigned char low, unsigned char high)
{
    return low <= byte && byte <= high;
}

static bool is_second_byte(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xe0:
        return is_within(second, 0xa0, 0xbf); /* below is overlong */
    case 0xed:
        return is_within(second, 0x80, 0x9f); /* above are the surrogates */
    case 0xf0:
        return is_within(second, 0x90, 0xbf); /* below is overlong */
    case 0xf4:
        return is_within(second, 0x80, 0x8f); /* above is past U+10FFFF */
    default:
        return is_within(second, 0x80, 0xbf);
    }
}

size_t utf8_size(const char *text)
{
    const unsigned char *bytes = (const unsigned char *)text;
    if (bytes[0] < 0x80)
        return bytes[0] != '\0' ? 1 : 0;
    if (!is_within(bytes[0], 0xc2, 0xf4) || !is_second_byte(bytes[0], bytes[1]))
        return 0;
    size_t size = bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
    for (size_t i = 2; i < size; i++)
        if (!is_within(bytes[i], 0x80, 0xbf))
            return 0;
    return size;
}

uint32_t utf8_code(const char *text, size_t size)
{
    static const unsigned char payload_of_first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = (unsigned char)text[0] & payload_of_first[size];
    for (size_t i = 1; i < size; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    return code;
}
