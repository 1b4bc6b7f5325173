# SPDX-License-Identifier: GPL-3.0-or-later
# As foreign_database, with our application id and, at 60, the version of a later program.
{
    printf 'SQLite format 3\0\002\0\001\001\0\100\040\040\0\0\0\001\0\0\0\001'
    head -c 24 /dev/zero
    printf '\0\0\0\001\0\0\003\347\0\0\0\0ISTH'
    head -c 20 /dev/zero
    printf '\0\0\0\001\0\055\0\0\015\0\0\0\0\002\0\0'
    head -c 404 /dev/zero
} >newer.db
cp newer.db copy
"$isthmus" plot newer.db; echo $?
"$isthmus" run "$source/scenarios/00-baseline.yaml" --output newer.db; echo $?
cmp newer.db copy
ls
