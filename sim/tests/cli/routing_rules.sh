# SPDX-License-Identifier: GPL-3.0-or-later
# Rules of load balancers, endpoint groups, names and changes of the routing: errors and warnings.
# try LINE...: validate a scenario of two regions with these lines
try() {
    printf '%s\n' 'regions: {us-west-1: {}, us-west-2: {}}' 'duration: 10min' "$@" >s.yaml
    "$isthmus" validate s.yaml 2>&1
}
try 'app: {instances: 3, balancer: {target_groups: 4}}'
try 'app: {instances: 3, balancer: {target_groups: 2}}' 'endpoint_group: {weights: [128, 128]}'
try 'app: {instances: 9}' 'endpoint_group: {endpoints: instances}'
try 'app: {balance: least-outstanding, balancer: {slow_start: 30s}}'
try 'endpoint_group: {weights: [256]}'
try 'endpoint_group: {weights: [1, 1, 1, 1, 1, 1, 1, 1, 1]}' 'app: {instances: 16}'
try 'endpoint_group: {health: {interval: 10s, timeout: 10s}}'
try 'endpoint_group: {health: {depth: local-store}}'
try 'dns_record: {checks: {interval: 5s, connect_timeout: 5s}}'
try 'dns_routing: {failover_order: [us-west-1, us-west-1]}'
try 'dns_routing: {ttl: 10s}'
try 'routing_changes: [{at: 1min, set: {dial: 0%}}]'
try 'routing_changes: [{at: 10min, region: us-west-1, set: {dial: 0%}}]'
try 'routing_changes: [{at: 1min, region: us-west-1, set: {weight: {endpoint: 1, to: 0}}}]'
try 'routing_changes: [{at: 1min, region: us-west-1, set: {weight: {endpoint: 4, to: 0}}}]' 'endpoint_group: {endpoints: instances}'
try 'routing_changes: [{at: 1min, region: us-west-1, set: {weight: {endpoint: 3, to: 0}}}]' 'endpoint_group: {endpoints: instances}'
try 'routing_changes: [{at: 1min, region: us-west-1, set: {record: 0}}]'
try 'routing_changes: [{at: 1min, region: us-west-1, set: {record: 0}}]' 'accelerator: {routing: dns}'
try 'routing_changes: [{at: 1min, region: us-west-1, set: {dial: 101%}}]'
true
