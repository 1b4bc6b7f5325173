# SPDX-License-Identifier: GPL-3.0-or-later
# A study that is killed repeatedly, at its start, while it runs and at its end, resumes and gives the
# same results as an uninterrupted one: no run is lost or repeated.
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
    # Not by the function: that would start a shell, and kill only the shell.
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
# On a fast machine the last kill may come too late; the first cannot.
((kills >= 1)) && echo 'killed on the way'
