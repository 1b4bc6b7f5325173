# SPDX-License-Identifier: GPL-3.0-or-later
# The same run, whatever the threads, the queue, a trace, and whether results are kept.
cat >small.yaml <<END
name: small
extends: $source/scenarios/00-baseline.yaml
duration: 2min
warmup: 20s
replications: 2
expect: []
END
digest() { "$isthmus" run small.yaml --replications 3 --digest --quiet "$@" || echo "exit $?"; }
digest --no-output --threads 1 >one
wc -l <one
cut -d ' ' -f 1 one
digest --no-output --threads 3 | cmp - one
digest --no-output --queue heap | cmp - one
digest --output kept.db | cmp - one
digest --no-output --trace trace --trace-window 30s..31s --trace-replication 1 | cmp - one
awk '$1 < 30 || $1 > 31' trace
[[ -s trace ]] && echo "a trace"
digest --no-output --seed 99 | cmp -s - one || echo "another seed, other digests"
ls "$TMPDIR"
