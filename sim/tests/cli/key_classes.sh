# SPDX-License-Identifier: GPL-3.0-or-later
# Classes of keys: what is refused, what a run without them does not show, and names as labels.
two='regions: {us-west-1: {}, us-west-2: {}}
duration: 20s
warmup: 0s
population: {sessions: 0/s}'
check() { # NAME TEXT
    printf '%s\n%s\n' "$two" "$2" >"$1.yaml"
    printf -- '-- %s\n' "$1"
    "$isthmus" validate "$1.yaml" 2>&1
}
check unnamed 'key_classes: [{rate: 10/s}, {name: Catalogue}, {name: sessions}]'
check twice 'key_classes: [{name: c}, {name: d}, {name: c}]'
check no-servers 'store: {kind: stateless-token}
key_classes: [{name: c}]'
check slots-move 'store: {reshard: {once: {at: 10s, shards: 2}}}
key_classes: [{name: c}]'
check no-ttl 'key_classes: [{name: c, early_refresh: 1, ttl_jitter: 10%}]'
check misspelt 'key_classes: [{name: catalogue}]
expect: ["class_hit_ratio{class=catalog} > 50%"]'
check good 'key_classes: [{name: catalogue, rate: 100/s, keys: 10}]
expect: ["class_hit_ratio{class=catalogue} > 50%"]'
"$isthmus" run good.yaml --replications 3 --no-output --all 2>&1 | grep -E "class_(operations|errors)\{|hold$"
check none ''
"$isthmus" run none.yaml --replications 1 --no-output --all 2>&1 | grep -cE 'class_|database_'
"$isthmus" describe key_classes.ttl
check unwise 'key_classes:
  - {name: a, prewarm: 50%, ttl: 10s}
  - {name: b, invalidate: false}
  - {name: c, pattern: write-behind, ttl: 1s}'
