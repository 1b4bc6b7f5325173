# SPDX-License-Identifier: GPL-3.0-or-later
# Every number of an explanation of the region loss is the results file's.
cat >loss.yaml <<END
extends: $source/scenarios/20-region-loss.yaml
duration: 20min
warmup: 1min
replications: 3
population: {sessions: 10/s}
END
"$isthmus" run loss.yaml --quiet --output r.db >/dev/null
"$isthmus" explain r.db | python3 "$source/sim/tests/explain_numbers.py" r.db
"$isthmus" explain r.db --run 0/1 | sed 's/detect \([0-9]\)/detect 9\1/' | python3 "$source/sim/tests/explain_numbers.py" r.db 2>/dev/null
echo "a changed number: $?"
