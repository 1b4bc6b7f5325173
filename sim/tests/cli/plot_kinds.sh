# SPDX-License-Identifier: GPL-3.0-or-later
# Kinds of plots that need a comparison, a capacity search, a front or several studies; twelve regions; every format; what has
# nothing to show says why.
cat >small.yaml <<END
name: small
extends: $source/scenarios/10-peering-brownout.yaml
duration: 1min
warmup: 20s
faults: [{at: 25s, for: 25s, link: us-west-2 -> us-west-1, loss: 30%}]
replications: 2
expect: []
END
"$isthmus" compare small.yaml --with client.retry.attempts=1 --metric 'write_failure_rate,availability' --quiet --output compare.db 2>/dev/null
"$isthmus" capacity small.yaml --parameter population.sessions --between 2/s..40/s --objective 'sessions_active < 2000' \
    --tolerance 20% --quiet --output capacity.db 2>/dev/null
"$isthmus" sweep small.yaml --sweep client.timeout=500ms,100ms,1s --minimise login_latency.p99 --minimise write_failure_rate \
    --max-replications 2 --quiet --output front.db 2>/dev/null
plot() { "$isthmus" plot "$@"; echo "exit code $?"; }
text() { "$isthmus" plot "$@" --format text; }

plot goodput compare.db --point 0 --point 1 --label base --label 'one attempt'
plot difference compare.db --format svg
plot capacity capacity.db --format pdf --script
head -c 5 small-capacity.pdf; echo
plot load capacity.db --format svg
plot front front.db --format svg --script
plot topology front.db --format svg
grep -o '>round trip [^<]*<\|>10[^<]*<\|>25 s to [^<]*<' small-topology.svg
gnuplot small-front.gp && echo the script draws

# As text, numbers have units and an interval.
text difference compare.db | grep -c '\[.*\]'
text capacity capacity.db | head -n 3 | tail -n 2 | tr -s ' '
text front front.db | grep -o 'timeout = [0-9a-z]*' | uniq
text topology front.db
text curve front.db | grep -A 3 client.timeout | head -n 4 | tr -s ' ' | cut -d ' ' -f 2

# Twelve regions are all drawn, and as text.
printf 'name: twelve\nextends: %s/scenarios/reference/twelve-networks.yaml\nduration: 1min\nwarmup: 20s\npopulation: {sessions: 2/s}\n' \
    "$source" >twelve.yaml
"$isthmus" run twelve.yaml --replications 1 --quiet --output twelve.db
for kind in timeline latency topology; do
    "$isthmus" plot $kind twelve.db --format svg && grep -o '>[a-z]*-[a-z]*-[0-9]<' twelve-$kind.svg | sort -u | wc -l
done
text workload twelve.db | grep -c '█'

plot capacity compare.db
plot front compare.db
plot difference front.db
plot heatmap front.db
plot heatmap front.db compare.db
plot timeline front.db --point 7
plot timeline front.db --point x
plot timeline front.db --region us-west-3
plot timeline front.db --script --format text
plot goodput front.db front.db front.db front.db --point 0 --point 1
plot timeline
