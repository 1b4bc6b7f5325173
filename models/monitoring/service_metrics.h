// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Metrics under the names by which services publish them, and what they are here: one table.
 *
 * MAPPED: namespace, name, unit, period in s, statistic, quantile, metric here, its label (NULL:
 * all values), scale (published value = value here x scale), flags, what it shows, source. A row
 * whose metric no model of a scenario has is not recorded by that scenario.
 * UNKNOWN: namespace, name, unit, period in s, statistic, why there is no counterpart, source.
 *
 * A service publishes one value a minute for each node, so Maximum over a minute is that value:
 * where the model has one mean for a cluster, the statistic is Average.
 */
#ifndef SERVICE_METRICS_H
#define SERVICE_METRICS_H

#define SERVICE_PLAIN .absent_at_zero = false
#define SERVICE_ABSENT .absent_at_zero = true
#define SERVICE_AT_SOURCE .at_source = true

#define CACHE "AWS/ElastiCache"
#define TABLE "AWS/DynamoDB"
#define BALANCER "AWS/ApplicationELB"
#define EDGE "AWS/GlobalAccelerator"
#define NAMES "AWS/Route53"
#define FUNCTION "AWS/Lambda"

// clang-format off
#define SERVICE_METRICS(MAPPED, UNKNOWN) \
    MAPPED(CACHE, "EngineCPUUtilization", "Percent", 60, TAP_AVERAGE, 0, "store_utilization", NULL, 100, SERVICE_PLAIN, "utilization of the thread that executes commands, and nothing else; mean over shards: hides a hot shard (hot_shard_utilization)", "facts C.2") \
    UNKNOWN(CACHE, "CPUUtilization", "Percent", 60, TAP_AVERAGE, "the model has the thread of the engine, not the host: background agents, I/O threads and snapshots count there; EngineCPUUtilization / vCPUs is a lower bound", "service metrics") \
    MAPPED(CACHE, "DatabaseMemoryUsagePercentage", "Percent", 60, TAP_MAXIMUM, 0, "memory_used_share", NULL, 100, SERVICE_PLAIN, "memory used / maxmemory: warn at 80, critical at 90", "service metrics") \
    MAPPED(CACHE, "BytesUsedForCache", "Bytes", 60, TAP_MAXIMUM, 0, "memory_used_bytes", NULL, 1, SERVICE_PLAIN, "memory used, output buffers included: rises with a slow replica", "service metrics") \
    MAPPED(CACHE, "SwapUsage", "Bytes", 60, TAP_MAXIMUM, 0, "swap_used_bytes", NULL, 1, SERVICE_PLAIN, "memory of the nodes that is paged to disk: a fork or a buffer has taken more than was reserved", "service metrics") \
    MAPPED(CACHE, "Evictions", "Count", 300, TAP_SUM, 0, "evictions", NULL, 1, SERVICE_PLAIN, "keys evicted; sessions that are lost under volatile-lru", "service metrics") \
    MAPPED(CACHE, "Reclaimed", "Count", 60, TAP_SUM, 0, "expired_keys", NULL, 1, SERVICE_PLAIN, "keys that expired", "service metrics") \
    MAPPED(CACHE, "CurrItems", "Count", 60, TAP_MAXIMUM, 0, "keys", NULL, 1, SERVICE_PLAIN, "keys", "service metrics") \
    MAPPED(CACHE, "CurrConnections", "Count", 60, TAP_MAXIMUM, 0, "store_connections", NULL, 1, SERVICE_PLAIN, "connections of clients, sum over the cluster's nodes; the service counts 2 to 4 of its own more; limit 65 000 a node", "service metrics") \
    MAPPED(CACHE, "NewConnections", "Count", 60, TAP_SUM, 0, "store_connections_accepted", NULL, 1, SERVICE_PLAIN, "connections accepted: a storm of reconnections shows here first", "service metrics") \
    MAPPED(CACHE, "CacheHits", "Count", 60, TAP_SUM, 0, "cache_hits", NULL, 1, SERVICE_PLAIN, "lookups that found the key", "service metrics") \
    MAPPED(CACHE, "CacheMisses", "Count", 60, TAP_SUM, 0, "cache_misses", NULL, 1, SERVICE_PLAIN, "lookups that did not; rises after a promotion to a copy that has less", "service metrics") \
    MAPPED(CACHE, "CacheHitRate", "Percent", 300, TAP_AVERAGE, 0, "hit_ratio", NULL, 100, SERVICE_PLAIN, "hits / (hits + misses)", "service metrics") \
    MAPPED(CACHE, "GetTypeCmds", "Count", 60, TAP_SUM, 0, "commands_measured", "read", 1, SERVICE_PLAIN, "reads executed, those of clients that no longer wait too", "service metrics") \
    MAPPED(CACHE, "SetTypeCmds", "Count", 60, TAP_SUM, 0, "commands_measured", "write", 1, SERVICE_PLAIN, "writes executed, deletions too, those of clients that no longer wait too", "service metrics") \
    MAPPED(CACHE, "GetTypeCmdsLatency", "Microseconds", 60, TAP_AVERAGE, 0, "command_time_mean", "read", 1e-3, SERVICE_PLAIN, "processor time of a read: no queue and no network, so it stays flat in an overload", "service metrics") \
    MAPPED(CACHE, "SetTypeCmdsLatency", "Microseconds", 60, TAP_AVERAGE, 0, "command_time_mean", "write", 1e-3, SERVICE_PLAIN, "processor time of a write: no queue and no network, so it stays flat in an overload", "service metrics") \
    MAPPED(CACHE, "SuccessfulReadRequestLatency", "Microseconds", 60, TAP_AVERAGE, 0, "command_sojourn_mean", "read", 1e-3, SERVICE_PLAIN, "time of a read at the server, its queue included (Valkey 7.2 and later); mean only, no p99; reads that were refused count too", "service metrics") \
    MAPPED(CACHE, "SuccessfulWriteRequestLatency", "Microseconds", 60, TAP_AVERAGE, 0, "command_sojourn_mean", "write", 1e-3, SERVICE_PLAIN, "time of a write at the server, its queue included (Valkey 7.2 and later); mean only, no p99; writes that were refused count too", "service metrics") \
    MAPPED(CACHE, "ReplicationBytes", "Bytes", 60, TAP_SUM, 0, "replication_bytes", NULL, 1, SERVICE_PLAIN, "bytes sent in the stream to the secondary of the region: the write rate that a backlog must cover; the service shows the sum of all replicas at the primary", "facts C.1") \
    UNKNOWN(CACHE, "ReplicationLag", "Seconds", 60, TAP_MAXIMUM, "of replicas inside a region, whose lag is one way through the region here and has no metric; between regions: GlobalDatastoreReplicationLag", "service metrics") \
    MAPPED(CACHE, "GlobalDatastoreReplicationLag", "Seconds", 60, TAP_MAXIMUM, 0, "replication_lag_metric", NULL, 1e-9, SERVICE_PLAIN, "lag of the secondary of the region, maximum over shards; in seconds, not milliseconds", "facts C.1") \
    UNKNOWN(CACHE, "MasterLinkHealthStatus", "Boolean", 60, TAP_MINIMUM, "documented for migrations only, no ground for a failover; here: replication_streams_down", "service metrics") \
    MAPPED(CACHE, "SaveInProgress", "Count", 60, TAP_MAXIMUM, 0, "save_in_progress", NULL, 1, SERVICE_PLAIN, "1 while a snapshot or a full resync runs", "service metrics") \
    UNKNOWN(CACHE, "NetworkBytesIn", "Bytes", 60, TAP_SUM, "bytes are counted on links (link_bytes), not at nodes", "service metrics") \
    UNKNOWN(CACHE, "NetworkBytesOut", "Bytes", 60, TAP_SUM, "bytes are counted on links (link_bytes), not at nodes", "service metrics") \
    UNKNOWN(CACHE, "NetworkBandwidthInAllowanceExceeded", "Count", 60, TAP_SUM, "the bandwidth of a node limits only full resyncs here", "service metrics") \
    UNKNOWN(CACHE, "NetworkBandwidthOutAllowanceExceeded", "Count", 60, TAP_SUM, "the bandwidth of a node limits only full resyncs here", "service metrics") \
    UNKNOWN(CACHE, "NetworkConntrackAllowanceExceeded", "Count", 60, TAP_SUM, "connection tracking is modelled as an idle timeout of a link, without a limit on their number", "service metrics") \
    UNKNOWN(CACHE, "TrafficManagementActive", "Count", 60, TAP_MAXIMUM, "the service's own shedding is not published in detail; here: commands_refused, by admission control", "service metrics") \
    UNKNOWN(CACHE, "ThrottledCmds", "Count", 60, TAP_SUM, "of ElastiCache Serverless, which is no kind of store here", "service metrics") \
    UNKNOWN(CACHE, "ElastiCacheProcessingUnits", "Count", 60, TAP_SUM, "of ElastiCache Serverless, which is no kind of store here", "service metrics") \
    MAPPED(TABLE, "ConsumedReadCapacityUnits", "Count", 60, TAP_SUM, 0, "consumed_read_half_units", NULL, 0.5, SERVICE_PLAIN, "read units; divide by 60 for a rate", "service metrics") \
    MAPPED(TABLE, "ConsumedWriteCapacityUnits", "Count", 60, TAP_SUM, 0, "consumed_write_units", NULL, 1, SERVICE_PLAIN, "write units, those of replicated writes in each region too; divide by 60 for a rate", "service metrics") \
    UNKNOWN(TABLE, "ProvisionedWriteCapacityUnits", "Count", 300, TAP_AVERAGE, "the provisioned capacity is no metric; its hours are those of cost_item_per_hour{item=write-capacity}", "service metrics") \
    UNKNOWN(TABLE, "ReadThrottleEvents", "Count", 60, TAP_SUM, "throttled_requests counts reads and writes together: ThrottledRequests", "service metrics") \
    UNKNOWN(TABLE, "WriteThrottleEvents", "Count", 60, TAP_SUM, "throttled_requests counts reads and writes together: ThrottledRequests", "service metrics") \
    UNKNOWN(TABLE, "ReadKeyRangeThroughputThrottleEvents", "Count", 60, TAP_SUM, "a table is not divided into partitions here: no hot partition", "service metrics") \
    UNKNOWN(TABLE, "WriteKeyRangeThroughputThrottleEvents", "Count", 60, TAP_SUM, "a table is not divided into partitions here: no hot partition", "service metrics") \
    UNKNOWN(TABLE, "ReadProvisionedThroughputThrottleEvents", "Count", 60, TAP_SUM, "throttled_requests is not split by cause: ThrottledRequests", "service metrics") \
    UNKNOWN(TABLE, "WriteProvisionedThroughputThrottleEvents", "Count", 60, TAP_SUM, "throttled_requests is not split by cause: ThrottledRequests", "service metrics") \
    UNKNOWN(TABLE, "ReadMaxOnDemandThroughputThrottleEvents", "Count", 60, TAP_SUM, "throttled_requests is not split by cause: ThrottledRequests", "service metrics") \
    UNKNOWN(TABLE, "WriteMaxOnDemandThroughputThrottleEvents", "Count", 60, TAP_SUM, "throttled_requests is not split by cause: ThrottledRequests", "service metrics") \
    UNKNOWN(TABLE, "ReadAccountLimitThrottleEvents", "Count", 60, TAP_SUM, "limits of an account are not modelled", "service metrics") \
    UNKNOWN(TABLE, "WriteAccountLimitThrottleEvents", "Count", 60, TAP_SUM, "limits of an account are not modelled", "service metrics") \
    MAPPED(TABLE, "ThrottledRequests", "Count", 60, TAP_SUM, 0, "throttled_requests", NULL, 1, SERVICE_ABSENT, "requests refused since the capacity was used up", "service metrics") \
    MAPPED(TABLE, "SuccessfulRequestLatency", "Milliseconds", 60, TAP_AVERAGE, 0, "command_sojourn_mean", NULL, 1e-6, SERVICE_PLAIN, "time in the service, without the network; looks good in an outage: requests that never arrive have none; mean only, no p99", "service metrics") \
    UNKNOWN(TABLE, "SystemErrors", "Count", 60, TAP_SUM, "errors that a fault injects are counted by the client (write_errors)", "service metrics") \
    UNKNOWN(TABLE, "UserErrors", "Count", 60, TAP_SUM, "the client's requests are valid", "service metrics") \
    UNKNOWN(TABLE, "ConditionalCheckFailedRequests", "Count", 60, TAP_SUM, "sessions are written without conditions", "service metrics") \
    UNKNOWN(TABLE, "TransactionConflict", "Count", 60, TAP_SUM, "sessions are written without transactions; the losers of last-writer-wins are in no metric of the service, here: conflicts", "service metrics") \
    MAPPED(TABLE, "ReplicationLatency", "Milliseconds", 60, TAP_AVERAGE, 0, "replication_lag", NULL, 1e-6, SERVICE_AT_SOURCE, "lag of what the region receives; the service keeps it in the region that sends, so it cannot be read while that one is lost", "service metrics") \
    UNKNOWN(TABLE, "PendingReplicationCount", "Count", 300, TAP_AVERAGE, "of tables of 2017 only", "service metrics") \
    MAPPED(TABLE, "TimeToLiveDeletedItemCount", "Count", 60, TAP_SUM, 0, "ttl_deletions", NULL, 1, SERVICE_ABSENT, "expired items deleted", "service metrics") \
    MAPPED(BALANCER, "RequestCount", "Count", 60, TAP_SUM, 0, "requests_arrived", NULL, 1, SERVICE_ABSENT, "requests that reached the load balancer, health checks excluded; absent while none come", "service metrics") \
    UNKNOWN(BALANCER, "RequestCountPerTarget", "Count", 60, TAP_SUM, "RequestCount / HealthyHostCount: the load balancer spreads evenly here", "service metrics") \
    MAPPED(BALANCER, "TargetResponseTime", "Seconds", 60, TAP_AVERAGE, 0, "target_response_time", NULL, 1e-9, SERVICE_PLAIN, "from the load balancer's request to a target until its answer begins; a 504 has none, so percentiles look better in a blackout", "service metrics") \
    MAPPED(BALANCER, "HTTPCode_Target_5XX_Count", "Count", 60, TAP_SUM, 0, "instance_errors", NULL, 1, SERVICE_ABSENT, "errors that the targets answered; absent when zero: treat missing data as 0", "service metrics") \
    MAPPED(BALANCER, "HTTPCode_ELB_5XX_Count", "Count", 60, TAP_SUM, 0, "balancer_errors", NULL, 1, SERVICE_ABSENT, "errors that the load balancer answered itself; absent when zero: treat missing data as 0", "service metrics") \
    MAPPED(BALANCER, "HTTPCode_ELB_502_Count", "Count", 60, TAP_SUM, 0, "balancer_errors", "502", 1, SERVICE_ABSENT, "requests whose target refused, reset or was deregistered", "facts B") \
    MAPPED(BALANCER, "HTTPCode_ELB_503_Count", "Count", 60, TAP_SUM, 0, "balancer_errors", "503", 1, SERVICE_ABSENT, "requests without a target in service; a full queue is the application's own 503 (requests_rejected)", "facts B") \
    MAPPED(BALANCER, "HTTPCode_ELB_504_Count", "Count", 60, TAP_SUM, 0, "balancer_errors", "504", 1, SERVICE_ABSENT, "requests whose target could not be reached or did not answer in time", "facts B") \
    MAPPED(BALANCER, "HTTPCode_ELB_4XX_Count", "Count", 60, TAP_SUM, 0, "requests_abandoned", NULL, 1, SERVICE_ABSENT, "users who gave up (460), by the region that they are near; malformed requests do not exist here", "service metrics") \
    MAPPED(BALANCER, "HealthyHostCount", "Count", 60, TAP_MINIMUM, 0, "instances_usable", NULL, 1, SERVICE_PLAIN, "instances that the load balancer routes to; 0 while all are unhealthy", "facts B") \
    UNKNOWN(BALANCER, "UnHealthyHostCount", "Count", 60, TAP_MAXIMUM, "instances - HealthyHostCount: set the alarm on that one", "service metrics") \
    UNKNOWN(BALANCER, "UnhealthyRoutingRequestCount", "Count", 60, TAP_SUM, "requests routed while no target is healthy are not counted apart; HealthyHostCount is 0 then", "service metrics") \
    UNKNOWN(BALANCER, "HealthyStateRouting", "Count", 60, TAP_MINIMUM, "a region's load balancer reports its health to the edges as a whole, not by zone", "service metrics") \
    UNKNOWN(BALANCER, "UnhealthyStateRouting", "Count", 60, TAP_MINIMUM, "a region's load balancer reports its health to the edges as a whole, not by zone", "service metrics") \
    UNKNOWN(BALANCER, "HealthyStateDNS", "Count", 60, TAP_MINIMUM, "a region's load balancer reports its health to the edges as a whole, not by zone", "service metrics") \
    UNKNOWN(BALANCER, "UnhealthyStateDNS", "Count", 60, TAP_MINIMUM, "a region's load balancer reports its health to the edges as a whole, not by zone", "service metrics") \
    UNKNOWN(BALANCER, "MitigatedHostCount", "Count", 60, TAP_MAXIMUM, "automatic target weights are not modelled", "service metrics") \
    UNKNOWN(BALANCER, "AnomalousHostCount", "Count", 60, TAP_MAXIMUM, "automatic target weights are not modelled", "service metrics") \
    UNKNOWN(BALANCER, "ZonalShiftedHostCount", "Count", 60, TAP_MAXIMUM, "zonal shifts are not modelled", "service metrics") \
    UNKNOWN(BALANCER, "ActiveConnectionCount", "Count", 60, TAP_SUM, "connections of users are those of sessions (sessions_active); those to targets are not modelled", "service metrics") \
    MAPPED(BALANCER, "NewConnectionCount", "Count", 60, TAP_SUM, 0, "edge_connections", NULL, 1, SERVICE_PLAIN, "new connections of users; those from the load balancer to targets are not modelled", "service metrics") \
    UNKNOWN(BALANCER, "RejectedConnectionCount", "Count", 60, TAP_SUM, "the load balancer has no limit on connections here", "service metrics") \
    UNKNOWN(BALANCER, "TargetConnectionErrorCount", "Count", 60, TAP_SUM, "counted with other 502 and 504: HTTPCode_ELB_502_Count, HTTPCode_ELB_504_Count", "service metrics") \
    UNKNOWN(BALANCER, "ClientTLSNegotiationErrorCount", "Count", 60, TAP_SUM, "handshakes of users do not fail here", "service metrics") \
    MAPPED(EDGE, "NewFlowCount", "Count", 60, TAP_SUM, 0, "edge_connections", NULL, 1, SERVICE_PLAIN, "new connections that the edges sent to the region; the service keeps it in us-west-2", "service metrics") \
    UNKNOWN(EDGE, "ProcessedBytesIn", "Bytes", 60, TAP_SUM, "requests of users have no size; the cost takes cost.request_bytes", "service metrics") \
    UNKNOWN(EDGE, "ProcessedBytesOut", "Bytes", 60, TAP_SUM, "responses to users have no size; the cost takes cost.response_bytes", "service metrics") \
    UNKNOWN(EDGE, "HealthyEndpointCount", "Count", 60, TAP_MINIMUM, "edges learn of an endpoint's health at different times here: edges_healthy is their number", "service metrics") \
    UNKNOWN(EDGE, "UnhealthyEndpointCount", "Count", 60, TAP_MAXIMUM, "edges learn of an endpoint's health at different times here: edges_healthy is their number", "service metrics") \
    UNKNOWN(EDGE, "Flows_Dropped_No_Endpoint_Found", "Count", 60, TAP_SUM, "of IPv6 flows without an IPv6 endpoint; addresses have no family here", "service metrics") \
    MAPPED(NAMES, "HealthCheckStatus", "None", 60, TAP_MINIMUM, 0, "records_healthy", NULL, 1, SERVICE_PLAIN, "name servers that hold the record healthy: 0 where the service shows 0; the service keeps it in us-east-1 only", "service metrics") \
    UNKNOWN(NAMES, "HealthCheckPercentageHealthy", "Percent", 60, TAP_AVERAGE, "votes of single checkers are no metric; HealthCheckStatus is their quorum", "service metrics") \
    MAPPED(FUNCTION, "Invocations", "Count", 60, TAP_SUM, 0, "function_invocations", NULL, 1, SERVICE_ABSENT, "runs of the function that repoints clients; appears when a run has ended, in the minute of its end (the service: of its start); throttled calls are none", "service metrics") \
    MAPPED(FUNCTION, "Errors", "Count", 60, TAP_SUM, 0, "function_errors", NULL, 1, SERVICE_ABSENT, "runs that failed; appears when a run has ended; throttled calls are none", "service metrics") \
    MAPPED(FUNCTION, "Throttles", "Count", 60, TAP_SUM, 0, "function_throttles", NULL, 1, SERVICE_ABSENT, "calls rejected for concurrency", "service metrics") \
    MAPPED(FUNCTION, "Duration", "Milliseconds", 60, TAP_AVERAGE, 0, "function_duration", NULL, 1e-6, SERVICE_PLAIN, "length of a run, without its cold start and without waiting", "service metrics") \
    UNKNOWN(FUNCTION, "ConcurrentExecutions", "Count", 60, TAP_MAXIMUM, "other functions of the account are not modelled", "service metrics") \
    MAPPED(FUNCTION, "AsyncEventAge", "Milliseconds", 60, TAP_MAXIMUM, 0, "function_event_age", NULL, 1e-6, SERVICE_PLAIN, "age of an event when a run for it begins: 1 and 3 min at the second and third try", "service metrics") \
    MAPPED(FUNCTION, "AsyncEventsDropped", "Count", 60, TAP_SUM, 0, "function_events_dropped", NULL, 1, SERVICE_ABSENT, "events dropped after the last try: the record is not changed, and nothing else reports it", "service metrics") \
    /* end of the table */
// clang-format on

#endif
