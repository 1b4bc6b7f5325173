# SPDX-License-Identifier: GPL-3.0-or-later
# A database of another program is neither read nor overwritten. The bytes are an empty SQLite file of one page, whose
# application id, at 68, is not ours.
{
    printf 'SQLite format 3\0\002\0\001\001\0\100\040\040\0\0\0\001\0\0\0\001'
    head -c 24 /dev/zero
    printf '\0\0\0\001\0\0\0\0\0\0\0\0MINE'
    head -c 20 /dev/zero
    printf '\0\0\0\001\0\055\0\0\015\0\0\0\0\002\0\0'
    head -c 404 /dev/zero
} >foreign.db
cp foreign.db copy
"$isthmus" plot foreign.db; echo $?
"$isthmus" run "$source/scenarios/00-baseline.yaml" --output foreign.db; echo $?
cmp foreign.db copy
ls
