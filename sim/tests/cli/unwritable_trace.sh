# SPDX-License-Identifier: GPL-3.0-or-later
echo here >file
"$isthmus" run "$source/scenarios/00-baseline.yaml" --trace file/trace; echo $?
"$isthmus" run "$source/scenarios/00-baseline.yaml" --trace-window 1min..2min; echo $?
"$isthmus" run "$source/scenarios/00-baseline.yaml" --trace t --trace-window 2min..1min; echo $?
"$isthmus" run "$source/scenarios/00-baseline.yaml" --trace t --trace-replication 1000; echo $?
"$isthmus" run "$source/scenarios/00-baseline.yaml" --no-output --output a.db; echo $?
ls
