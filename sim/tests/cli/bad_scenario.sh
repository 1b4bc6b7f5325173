# SPDX-License-Identifier: GPL-3.0-or-later
# An invalid scenario: an error with its place, exit code 3, and nothing is written.
cat >wrong.yaml <<END
name: wrong
regions: {us-west-1: {}, us-west-2: {}}
duration: 5
durration: 5min
END
"$isthmus" validate wrong.yaml; echo $?
"$isthmus" run wrong.yaml 2>run.txt; echo $?
"$isthmus" validate wrong.yaml 2>&1 | cmp - run.txt
rm run.txt
ls
