# SPDX-License-Identifier: GPL-3.0-or-later
# Ctrl-C: exit 130, and the completed runs can be read.
cat >small.yaml <<END
name: small
extends: $source/scenarios/00-baseline.yaml
duration: 2min
warmup: 20s
replications: 2
expect: []
END
"$isthmus" run small.yaml --replications 1000000 --threads 1 --quiet --output r.db 2>said &
isthmus_pid=$!
for ((i = 0; i < 600; i++)); do
    sleep 0.1
    # The first runs are in the file once its log grows.
    [[ -s r.db-wal && $(stat -c %s r.db-wal) -gt 300000 ]] && break
done
kill -INT "$isthmus_pid"
since_ns=$(date +%s%N)
wait "$isthmus_pid"; echo $?
((($(date +%s%N) - since_ns) < 2000000000)) && echo 'within 2 s'
sed 's/[0-9][0-9]* runs* /N runs /' said
"$isthmus" plot timeline r.db --format svg
ls
# Ctrl-C while tens of millions of initial sessions are created.
"$isthmus" run small.yaml --set population.sessions=1M/s --set app.instances=100000 --replications 1 --no-output --quiet 2>said &
isthmus_pid=$!
sleep 2
kill -INT "$isthmus_pid"
since_ns=$(date +%s%N)
wait "$isthmus_pid"; echo $?
((($(date +%s%N) - since_ns) < 5000000000)) && echo 'within 5 s'
cat said
