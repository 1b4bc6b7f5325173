# SPDX-License-Identifier: GPL-3.0-or-later
# A file that reaches the limit of its size is an error with a message: a results file, and a plot, of which no part is left
# (gnuplot's libraries report no error).
"$isthmus" run "$source/scenarios/00-baseline.yaml" --replications 1 --set duration=3min --set warmup=1min --output whole.db --quiet 2>/dev/null
echo "exit $?"
(
    ulimit -f 20
    "$isthmus" run "$source/scenarios/00-baseline.yaml" --replications 1 --set duration=3min --set warmup=1min --output part.db --quiet
    echo "exit $?"
    "$isthmus" plot timeline whole.db --format png
    echo "exit $?"
)
ls ./*.png 2>/dev/null
"$isthmus" summary whole.db | head -n 1
