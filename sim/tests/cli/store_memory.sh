# SPDX-License-Identifier: GPL-3.0-or-later
# Rules on the memory of servers: which kinds have it, what goes with data tiering and resharding.
check() {
    printf 'regions: {us-west-1: {}, us-west-2: {}}\n%s\n' "$1" >memory.yaml
    "$isthmus" validate memory.yaml 2>&1 | grep -v '^memory.yaml: valid' | head -n 4
    echo "exit code ${PIPESTATUS[0]}"
}
check 'store: {kind: dynamodb-global-tables, memory: {limited: {}}}'
check 'store: {kind: memorydb-multi-region, expiry: {ttl: {}}}'
check 'store: {kind: memcached, memory: {limited: {policy: allkeys-lfu}}}'
check 'store: {kind: memcached, memory: {limited: {maxmemory: 1 GiB}}, expiry: {ttl: {}}}'
check 'store: {kind: regional, tiering: ssd}'
check 'store: {kind: regional, node_type: r6gd.xlarge}'
check 'store: {kind: regional, node_type: r6gd.xlarge, memory: {limited: {policy: allkeys-lfu}}, tiering: ssd}'
check 'store: {kind: durable-cache, node_type: r6gd.xlarge, memory: {limited: {policy: allkeys-lru}}, tiering: {ssd: {}}}'
check 'store: {cluster_mode: enabled, memory: {limited: {}}, reshard: {once: {shards: 2}}}'
check 'store: {snapshots: {scheduled: {from: replica}}}'
check 'store: {memory: {limited: {maxmemory: 1 GiB, policy: lru}}}'
check 'store: {kind: regional, memory: {limited: {policy: allkeys-lfu, lfu_decay: 90s}}}'
