# SPDX-License-Identifier: GPL-3.0-or-later
# The scenarios of scripts/compare_stores, each kind of store with each fault, are valid and say which kind they have.
for kind in global-datastore regional single-region durable-cache memcached dynamodb-global-tables dynamodb-strong aurora-dsql \
    memorydb-multi-region stateless-token; do
    for fault in nothing 'link loss' 'region loss' 'witness loss' 'control plane and region loss' 'node loss' surge; do
        python3 "$source/scripts/compare_stores" --print "$kind" --fault "$fault" >store.yaml
        grep -q "^#" store.yaml && { echo "$kind: clients do not see: $fault"; continue; }
        "$isthmus" validate store.yaml --quiet >out 2>&1 || { echo "$kind, $fault"; cat out; }
    done
done
python3 "$source/scripts/compare_stores" --only none; echo $?
