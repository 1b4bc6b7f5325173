// SPDX-License-Identifier: GPL-3.0-or-later
/* 128-bit integers, an extension of gcc and clang to C17; `__extension__` silences -Wpedantic. */
#ifndef UINT128_H
#define UINT128_H

__extension__ typedef unsigned __int128 uint128;
__extension__ typedef __int128 int128;

#endif
