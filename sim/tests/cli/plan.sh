# SPDX-License-Identifier: GPL-3.0-or-later
# Planned runs, time and size; nothing is written, and the estimated size is close to the real one.
cat >study.yaml <<END
name: study
extends: $source/scenarios/10-peering-brownout.yaml
duration: 12min
warmup: auto
bin: 10s
replications: 4
sweep: {client.timeout: [200ms, 300ms]}
expect: []
END
"$isthmus" plan sweep study.yaml --threads 1 >plan; echo $?
sed -E 's/[0-9.]+ (ns|us|ms|s|min)\>/TIME/g; s/[0-9.]+ (million|MB)/N \1/g' plan
"$isthmus" plan run study.yaml --set client.timeout=1s --shard 2/3 --no-output | sed -n '1p;$p'
ls
"$isthmus" plan sweep study.yaml --threads 2 --json >planned
"$isthmus" sweep study.yaml --quiet --output r.db
python3 -c '
import json, os
plan = json.load(open("planned"))
print({key: plan[key] for key in ("runs", "points", "replications", "pilots", "side_by_side", "output")})
ratio = plan["bytes"] / os.stat("r.db").st_size
print("about the size" if 0.8 < ratio < 1.25 else f"{ratio} of the size")'
"$isthmus" plan; echo $?
"$isthmus" plan merge a.db b.db; echo $?
"$isthmus" plan sweeep study.yaml; echo $?
"$isthmus" plan run missing.yaml; echo $?
