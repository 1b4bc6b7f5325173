# SPDX-License-Identifier: GPL-3.0-or-later
# Values with per cent signs are labels of a plot like any other.
cat >shares.yaml <<YAML
name: shares
extends: $source/scenarios/10-peering-brownout.yaml
duration: 2min
warmup: 20s
replications: 2
faults: [{at: 30s, for: 1min, link: us-west-2 -> us-west-1, loss: 30%}]
expect: []
sweep: {faults.0.loss: [0%, 10%, 20%], client.timeout: [200ms, 1s]}
YAML
"$isthmus" sweep shares.yaml --output r.db --quiet --plot=svg; echo $?
for figure in curve heatmap; do
    echo "$figure: $(grep -oE '>(0|10|20)%+<' "shares-$figure.svg" | sort -u | tr '\n' ' ')"
done
