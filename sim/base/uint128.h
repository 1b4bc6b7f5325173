// SPDX-License-Identifier: GPL-3.0-or-later
/* 128 bits, which gcc and clang have and C17 has not: `__extension__` says we know. */
#ifndef UINT128_H
#define UINT128_H

__extension__ typedef unsigned __int128 uint128;
__extension__ typedef __int128 int128;

#endif
