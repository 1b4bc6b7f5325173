# SPDX-License-Identifier: GPL-3.0-or-later
# Sessions of a run as Chrome trace JSON: the format's rules hold, a write is followed to the read that found it, and the
# run is the recorded one.
cat >small.yaml <<YAML
name: small
extends: $source/scenarios/reference/global-datastore.yaml
duration: 4min
warmup: 20s
replications: 2
population: {sessions: 4/s}
faults: [{at: 1min, for: 1min, link: us-west-2 -> us-west-1, loss: 30%}]
YAML
"$isthmus" run small.yaml --quiet --output small.db; echo $?
"$isthmus" trace small.db; echo $?
python3 "$source/sim/tests/trace_format.py" small.trace.json
# Only the sessions that are asked for, and only in the window.
key=$(grep -o 'session us-west-2/[0-9]*/[0-9]*' small.trace.json | head -n 1 | cut -d ' ' -f 2)
"$isthmus" trace small.db --session "$key" --output one.json; echo $?
python3 "$source/sim/tests/trace_format.py" one.json | sed -n 1,4p
grep -o 'session [a-z0-9-]*/[0-9]*/[0-9]*' one.json | sort -u | wc -l
"$isthmus" trace small.db --run 0/1 --window 1min10s..1min12s --sessions 3 --output window.json; echo $?
python3 - <<'PY'
import json
events = json.load(open("window.json"))["traceEvents"]
operations = [e for e in events if e.get("cat") == "operation"]
print("in the window:", all(e["ts"] <= 72e6 and e["ts"] + e["dur"] >= 70e6 for e in operations), len(operations) > 0)
PY
# What the trace shows of a session is what its history says.
"$isthmus" run small.yaml --quiet --no-output --history h.jsonl
python3 - "$key" <<'PY'
import json, sys
history = [json.loads(line) for line in open("h.jsonl")]
wanted = sorted((o["invoked_ns"], o["operation"] + ": " + o["outcome"]) for o in history
                if o["type"] == "operation" and o["session"] == sys.argv[1])
shown = sorted((round(e["ts"] * 1000), e["name"]) for e in json.load(open("one.json"))["traceEvents"] if e.get("cat") == "operation")
print("as the history:", shown == wanted, len(shown) > 1)
PY
echo "mine" >mine.json
"$isthmus" trace small.db --output mine.json; echo $?
"$isthmus" trace small.db --window 3; echo $?
"$isthmus" trace small.db --run 0/2; echo $?
"$isthmus" trace small.db --session us-west-9/1/1; echo $?
"$isthmus" trace missing.db; echo $?
