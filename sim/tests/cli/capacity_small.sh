# SPDX-License-Identifier: GPL-3.0-or-later
# The limit is inside the range, and the named objective fails first; a limit outside the range is reported as such.
cat >small.yaml <<END
name: small
extends: $source/scenarios/10-peering-brownout.yaml
duration: 1min
warmup: 20s
faults: [{at: 25s, for: 25s, link: us-west-2 -> us-west-1, loss: 30%}]
replications: 4
expect: []
END
"$isthmus" capacity small.yaml --parameter app.workers --between 1..9 --objective 'requests_rejected < 100M' --no-output 2>/dev/null | head -n 1; echo "${PIPESTATUS[0]}"
"$isthmus" capacity small.yaml --parameter population.sessions --between 2/s..40/s --objective 'sessions_active < 2000' --objective 'availability > 1%' --tolerance 5% --output a.db --json 2>/dev/null | python3 -c '
import json, sys
found = json.load(sys.stdin)
print(found["place"], found["low"] <= found["limit"] <= found["high"], found["breaks_first"])'
"$isthmus" capacity small.yaml --parameter population.sessions --between 2/s..40/s --no-output; echo $?
"$isthmus" capacity small.yaml --parameter population.sessions --between 2/s --objective 'availability > 1%' --no-output; echo $?
"$isthmus" capacity small.yaml --objective 'availability > 1%'; echo $?
