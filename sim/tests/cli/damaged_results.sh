# SPDX-License-Identifier: GPL-3.0-or-later
# A results file with an invalid value: one error and exit code 4, or the correct result.
cat >study.yaml <<END
name: study
extends: $source/scenarios/00-baseline.yaml
duration: 3min
warmup: 1min
population: {sessions: 0.5/s}
replications: 2
sweep: {client.timeout: [200ms, 300ms]}
expect: [reauth_rate < 50%]
END
sweep() { "$isthmus" sweep study.yaml --quiet "$@"; }
sweep --output whole.db
sweep --shard 1/1 --output shard.db

# damage FILE SQL VERB: run the verb on a copy of the file, changed by the SQL.
damage() {
    cp "$1" d.db
    "$dump" d.db "$2"
    printf '%s\n  %s: ' "$2" "$3"
    "${@:3}" >out 2>err
    echo $?
    sed 's/^/  /; s/"[0-9a-f]\{16\}"/HASH/' err
}
repro() { "$isthmus" repro d.db --run 0/1; }
verify() { "$isthmus" repro d.db --run 0/1 --verify; }
merge() { "$isthmus" merge --quiet m.db d.db; }
resume() { sweep --resume --output d.db; }
plot() { "$isthmus" plot timeline d.db --format text --output plots; }
check() { "$isthmus" check study.yaml --against d.db --quiet --no-output; }

damage whole.db "UPDATE point SET number = 7 WHERE number = 0" repro
damage whole.db "UPDATE point SET number = -1 WHERE number = 0" repro
damage whole.db "UPDATE run SET replication = 4294967295 WHERE replication = 1" repro
damage whole.db "UPDATE run SET digest = 'no digest'" verify
damage whole.db "UPDATE run SET seed = -1" verify
damage whole.db "UPDATE study SET level = 2" verify
damage whole.db "UPDATE study SET argv = NULL" repro
damage whole.db "UPDATE study SET argv = 'isthmus sweep '' --set'" repro
damage whole.db "UPDATE study SET replication_count = 9e18" repro
damage whole.db "UPDATE scenario_text SET text = replace(text, '1min', '2min')" repro
damage whole.db "UPDATE scenario_text SET text = x'00'" repro
damage whole.db "DELETE FROM scenario_text" repro
damage whole.db "DELETE FROM point" repro

damage shard.db "UPDATE study SET shard = '0/0'" merge
damage shard.db "UPDATE study SET shard = '1/4000000000'" merge
damage shard.db "UPDATE study SET replication_count = 4294967295" merge
damage shard.db "UPDATE study SET point_count = -2" merge
damage shard.db "UPDATE metric SET cell = 9000000000000000000 WHERE cell = 5" merge
damage shard.db "UPDATE cell SET id = -9 WHERE id = 5" merge
damage shard.db "UPDATE cell SET name = NULL WHERE id = 5" merge
damage shard.db "UPDATE run SET replication = -3 WHERE replication = 1" merge
damage shard.db "UPDATE run SET bin_ns = 0" merge
damage shard.db "UPDATE run_series SET bins = '[1,2' WHERE cell = (SELECT min(cell) FROM run_series)" merge
damage shard.db "UPDATE histogram SET bins = '{\"99999\":1}'" merge
damage shard.db "UPDATE scenario_text SET hash = 'x' WHERE hash = (SELECT min(hash) FROM scenario_text)" merge
damage shard.db "DELETE FROM run WHERE replication = 1" merge

damage whole.db "UPDATE run SET warmup_ns = -1" resume
damage whole.db "UPDATE metric SET value = 'much'" resume
damage whole.db "UPDATE point SET runs = 0; UPDATE run_series SET bins = ''" resume
damage whole.db "UPDATE point_series SET bins = '[[1]]'" plot
damage whole.db "UPDATE point_series SET bin_ns = 9223372036854775807" plot
damage whole.db "UPDATE run SET replication = 4294967294 WHERE replication = 1" check
ls

head -c 40000 whole.db >d.db
for verb in repro merge plot; do "$verb"; echo "$verb: $?"; done 2>&1
