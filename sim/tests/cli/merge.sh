# SPDX-License-Identifier: GPL-3.0-or-later
# Three shards of five runs, one of them interrupted and resumed, give the file that one process writes, with its
# verdicts and its exit code; shards that do not belong together are refused.
cat >study.yaml <<END
name: study
extends: $source/scenarios/10-peering-brownout.yaml
duration: 12min
warmup: 1min
replications: 3
sweep: {client.timeout: [200ms, 300ms]}
expect: [reauth_rate < 0%, requests > 0]
END
sweep() { "$isthmus" sweep study.yaml --quiet "$@"; echo "sweep $*: $?"; }
merge() { "$isthmus" merge "$@"; echo "merge $*: $?"; }
sweep --output whole.db
for i in 1 2 3; do sweep --shard "$i/3"; done
ls results
cd results
merge --quiet all.db study.shard-3-of-3.db study.shard-1-of-3.db study.shard-2-of-3.db
for file in ../whole all; do "$dump" "$file.db" >"$file.txt"; done
cmp ../whole.txt all.txt && echo 'the same numbers'
merge all.db study.shard-1-of-3.db study.shard-2-of-3.db
merge all.db study.shard-1-of-3.db study.shard-2-of-3.db study.shard-2-of-3.db
merge all.db ../whole.db study.shard-2-of-3.db
merge study.shard-1-of-3.db study.shard-{1,2,3}-of-3.db
merge all.db study.shard-{1,2,4}-of-3.db
merge all.db
cd ..
sweep --shard 2/3 --seed 5 --output results/other.db
sweep --shard 2/2 --output results/halves.db
cd results
merge all.db study.shard-1-of-3.db other.db study.shard-3-of-3.db
merge all.db study.shard-1-of-3.db halves.db study.shard-3-of-3.db
"$dump" all.db | cmp - all.txt && echo 'all.db is as it was'
cd ..
sweep --shard 0/3
sweep --shard 4/3
sweep --shard 2
sweep --shard 1/7
sweep --shard 1/2 --plot
sweep --shard 1/3 --resume --output results/study.shard-2-of-3.db
