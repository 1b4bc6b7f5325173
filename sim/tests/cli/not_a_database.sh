# SPDX-License-Identifier: GPL-3.0-or-later
# A file that is no database is neither read nor overwritten.
yes 'a letter to my grandmother' | head -n 100 >letter.db
cp letter.db copy
"$isthmus" plot letter.db; echo $?
"$isthmus" run "$source/scenarios/00-baseline.yaml" --output letter.db; echo $?
cmp letter.db copy
ls
