// SPDX-License-Identifier: GPL-3.0-or-later
/* Names of rows: (region, index) in 32 bits. */
#ifndef REFS_H
#define REFS_H

#include <stdbool.h>
#include <stdint.h>

/* No row: an index that names none. */
#define NO_INDEX UINT32_MAX
#define REGIONS_MAX 16

/*
 * An entity of 32 bits that names a row in a table of one region: sessions by the region of their
 * population, commands by the region of their client.
 */
#define REF_INDEX_BITS 27
static inline uint32_t ref_make(uint32_t region, uint32_t index)
{
    return region << REF_INDEX_BITS | index;
}
static inline uint32_t ref_region(uint32_t ref)
{
    return ref >> REF_INDEX_BITS;
}
static inline uint32_t ref_index(uint32_t ref)
{
    return ref & ((UINT32_C(1) << REF_INDEX_BITS) - 1);
}

/* A key that is no session, in a store that holds other keys too: class and rank in that class.
 * Their regions follow those of sessions; the last value is left for NO_INDEX. */
#define KEY_CLASS_REGION 16u
#define KEY_CLASSES_MAX 15u
static inline bool ref_is_class(uint32_t ref)
{
    return ref_region(ref) >= KEY_CLASS_REGION;
}

/* Where no more requests were ever on their way or in service, most of what belongs to them stands
 * in a near cache: to fetch their rows early would only cost. */
#define NEAR_REQUESTS 4096

/* A session is named by its row and by a check that counts the sessions of that row from 1; a row
 * is not used again once its check is the largest. */
#define SESSION_CHECK_MAX UINT16_MAX

#endif
