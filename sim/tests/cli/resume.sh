# SPDX-License-Identifier: GPL-3.0-or-later
# A study that is killed again and again, at its start, while it runs and as it ends, goes on to the
# same results as one that was left alone: no run is lost, none is made twice.
cat >small.yaml <<END
name: small
extends: $source/scenarios/00-baseline.yaml
duration: 1min
warmup: 10s
replications: 6
expect: [reauth_rate < 1%]
sweep: {client.timeout: [200ms, 300ms]}
END
sweep() { "$isthmus" sweep small.yaml --threads 2 --quiet "$@"; }
sweep --output whole.db; echo "whole: $?"
kills=0
for wait_s in 0.01 0.03 0.06 0.1 0.15 0.2; do
    # Not by the function: that would be a shell, and the kill its own.
    "$isthmus" sweep small.yaml --threads 2 --quiet --resume --output killed.db &
    pid=$!
    sleep "$wait_s"
    kill -KILL "$pid" 2>/dev/null && ((kills++))
    wait "$pid" 2>/dev/null
done
sweep --resume --output killed.db; echo "resumed: $?"
sweep --resume --output killed.db --digest >resumed; echo "again: $?"
sweep --no-output --digest | cmp - resumed && echo 'the same digests'
"$dump" whole.db >whole.txt
"$dump" killed.db | cmp - whole.txt && echo 'the same numbers'
grep -c '^run ' whole.txt
# The last kill may have come too late on a fast machine; the first cannot.
((kills >= 1)) && echo 'killed on the way'
