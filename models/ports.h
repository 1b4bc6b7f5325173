// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Where models meet: what passes between them, and the faces that they offer one another.
 *
 * A port is offered under a name and up to two regions (model.h) and found while the world is
 * wired; a struct here holds `self` and functions. Calls happen within one event, at sim_now(),
 * unless they say otherwise.
 *
 *   name             a       b   struct            offered by    used by
 *   PORT_LINK        from    to  link_port         wan_link      store_client, store, replication,
 *                                                                accelerator
 *   PORT_LINK_FAULT  from    to  link_fault_port   wan_link      fault_schedule
 *   PORT_COMMANDS    region  -1  command_pool      store_client  store
 *   PORT_SHARD       region  -1  shard_port        store         store_client
 *   PORT_STORE       -1      -1  store_port        store         failover, replication, dns_zone,
 *                                                                objective, cost, population
 *   PORT_STREAM      -1      -1  stream_port       replication   store, fault_schedule
 *   PORT_POWER       region  0   power_port        app_tier      fault_schedule
 *   PORT_POWER       region  1   power_port        store         fault_schedule
 *   PORT_STORE_FAULT region  -1  store_fault_port  store         fault_schedule
 *   PORT_DNS         -1      -1  dns_port          dns_zone      store_client, failover,
 *                                                                fault_schedule
 *   PORT_SESSIONS    region  -1  session_port      store_client  app_tier
 *   PORT_OPS         region  -1  op_port           app_tier      store_client
 *   PORT_APP         region  -1  app_port          app_tier      population
 *   PORT_USERS       region  -1  users_port        population    app_tier
 *   PORT_EDGE        -1      -1  edge_port         accelerator   population, app_tier
 *   PORT_OBJECTIVE   -1      -1  objective_port    objective     store_client, population,
 *                                                                failover, fault_schedule
 *   PORT_WRITE_STATS region  -1  write_stats       store_client  failover
 *   PORT_CONTROL     -1      -1  control_port      failover      fault_schedule
 */
#ifndef PORTS_H
#define PORTS_H

#include "sim.h"

#include <stdbool.h>
#include <stdint.h>

#define PORT_LINK "link"
#define PORT_LINK_FAULT "link-fault"
#define PORT_GATEWAY                                                                               \
    "gateway" /* (region, -1), struct gateway_port, transit_gateway to wan_link                    \
               */
#define PORT_COMMANDS "commands"
#define PORT_SHARD "shard"
#define PORT_STORE "store"
#define PORT_STREAM "stream"
#define PORT_POWER "power"
#define PORT_STORE_FAULT "store-fault"
#define PORT_DNS "dns"
#define PORT_SESSIONS "sessions"
#define PORT_OPS "ops"
#define PORT_APP "app"
#define PORT_USERS "users"
#define PORT_EDGE "edge"
#define PORT_OBJECTIVE "objective"
#define PORT_WRITE_STATS "write-stats"
#define PORT_CONTROL "control"

#define NO_INDEX UINT32_MAX
#define REGIONS_MAX 16

/*
 * An entity of 32 bits that names a row in a table of one region: sessions by the region of their
 * population, commands by the region of their client.
 */
#define REF_INDEX_BITS 27
static inline uint32_t ref_make(uint32_t region, uint32_t index)
{
    return region << REF_INDEX_BITS | index;
}
static inline uint32_t ref_region(uint32_t ref)
{
    return ref >> REF_INDEX_BITS;
}
static inline uint32_t ref_index(uint32_t ref)
{
    return ref & ((UINT32_C(1) << REF_INDEX_BITS) - 1);
}

/* Where no more requests were ever on their way or in service, most of what belongs to them stands
 * in a near cache: to fetch their rows early would only cost. */
#define NEAR_REQUESTS 4096

/* A session is named by its row and by a check that counts the sessions of that row from 1; a row
 * is not used again once its check is the largest. */
#define SESSION_CHECK_MAX UINT16_MAX

/* --- links ----------------------------------------------------------------------------------- */

/* What a link carries: when it is delivered, `kind` fires on (entity, generation). */
struct message {
    kind_id kind;
    kind_id lost; /* fires instead on (entity, generation) where the connection breaks first; 0:
                     nobody asks */
    uint32_t entity;
    uint32_t generation;
    uint32_t bytes;
    uint64_t identity; /* keys the draws of delay and loss: (identity, index) names the message for
                          good */
    uint32_t index;
    bool handshake; /* a SYN, or its answer: its first retransmission waits 1 s, not the RTO */
};
/*
 * One direction of one TCP connection: messages sent on a leg are delivered in order. A leg is an
 * index into the link's pool. A closed leg goes on delivering what was sent on it (the kernel's
 * orphans), then is freed.
 *
 * A leg that is watched may break: the network resets its connection, or the kernel gives up
 * sending again. Then its messages that were not delivered are lost for good, what is sent on it
 * later is lost too, and its owner, who must close it, is told. A leg that nobody watches never
 * breaks: a reset is to it as a blackhole, and it is sent again without end.
 */
struct link_port {
    void *self;
    uint32_t (*open)(void *self);
    void (*close)(void *self, uint32_t leg);
    /* The sender's host is gone: what waits for a retransmission never comes; what is in flight
     * does. */
    void (*abort)(void *self, uint32_t leg);
    void (*send)(void *self, uint32_t leg, const struct message *message);
    /* Mean one-way delay now, faults included: for RTO estimates and for defaults. */
    sim_dur (*mean_delay)(const void *self);
    /* Watch an open leg: `kind` fires once on (entity, generation) when it breaks while open. */
    void (*watch)(void *self, uint32_t leg, kind_id kind, uint32_t entity, uint32_t generation);
    /* A message is about to be sent on the leg, which is fetched from memory meanwhile. Changes
     * nothing. NULL: nothing to fetch. */
    void (*expect)(const void *self, uint32_t leg);
};
/* What links through a region's transit gateway share. */
struct gateway_port {
    void *self;
    /* `bytes` enter it from the region's network now: adds to *wait; false: no room, lost. */
    bool (*pass)(void *self, uint32_t bytes, sim_dur *wait);
    sim_dur delay; /* one way, of this hop */
};
/* One fault's part in a link's state; parts of several faults add up: losses as independent causes,
 * delays as a sum, blackholes as a count. */
struct link_impairment {
    double loss;    /* share, independent per packet */
    sim_dur delay;  /* added one way */
    bool blackhole; /* nothing sent now arrives; what is in flight does */
    bool reset;     /* connections that are watched break: those there are, and those that send */
    const struct loss_config *bursts; /* losses in bursts besides; NULL: none. The caller's. */
};
struct link_fault_port {
    void *self;
    void (*begin)(void *self, const struct link_impairment *impairment);
    void (*end)(void *self,
                const struct link_impairment *impairment); /* the same values as in begin */
    /* Does the way pass the transit gateways of its ends, and then that of `via` between them (-1:
     * no other)? */
    bool through_gateways;
    int via;
};

/* --- the store ------------------------------------------------------------------------------- */

enum command_kind { COMMAND_GET, COMMAND_CREATE, COMMAND_TOUCH, COMMAND_DELETE };
static inline bool command_is_write(enum command_kind kind)
{
    return kind != COMMAND_GET;
}
enum reply_kind {
    REPLY_HIT,      /* GET found it */
    REPLY_MISS,     /* GET did not; see miss */
    REPLY_OK,       /* a write was executed */
    REPLY_READONLY, /* a write reached a replica, or a primary that was demoted */
    REPLY_LOADING,  /* the server is loading a full resync */
    REPLY_RESET     /* the connection was refused or reset */
};
/* Why a read missed a session that should be there. */
enum miss_reason { MISS_LAG, MISS_LOST, MISS_RESTARTED, MISS_EVICTED, MISS_NEVER_WRITTEN };

/* One attempt of an operation, from the client through the link to a shard and back. A row of the
 * client's pool; it lives until its reply is delivered or can no longer come. */
struct command {
    uint64_t identity;      /* keys its messages' draws */
    sim_time arrived;       /* at the shard */
    uint32_t session;       /* ref of the session's row */
    uint32_t session_check; /* counts the sessions of that row, from 1: a reused row is another
                               session */
    uint32_t op;            /* the client's operation, */
    uint32_t op_generation; /* and which attempt of it, by a counter of the row */
    uint32_t attempt;       /* the attempt's own number: keys draws, whatever happened before */
    uint32_t connection, connection_generation;
    uint32_t next;       /* link of the shard's queue */
    uint32_t bytes;      /* of the request */
    uint8_t kind;        /* enum command_kind */
    uint8_t reply;       /* enum reply_kind, once there is one */
    uint8_t miss;        /* enum miss_reason, with REPLY_MISS */
    uint8_t target;      /* region of the shard */
    bool abandoned;      /* the client no longer waits */
    bool executed;       /* a write took effect at the shard */
    bool stale;          /* with REPLY_HIT: an older write of the session was found, not the last */
    bool counted;        /* as ambiguous, once */
    uint8_t region;      /* of the client */
    uint32_t generation; /* of this row, for events on it */
    uint32_t reply_leg;  /* where the answer goes: a leg of the link target -> region */
    uint32_t request;    /* the application's, and the user's flight: what the reply leads to, */
    uint32_t flight;     /* for fetching it early */
};
struct command_pool {
    struct command *rows; /* moves when it grows: never keep a pointer over an event */
    uint32_t count, capacity;
    uint32_t free_head;
    kind_id reply_kind;     /* fires at the client when a reply is delivered: entity ref, generation
                               row's */
    kind_id lost_kind;      /* the same where the command or its reply can no longer arrive */
    kind_id handshake_kind; /* the same for a round of a handshake: entity ref of the connection */
    void *self;
    /* The command's journey is over without a reply (its server died): give the row back. */
    void (*drop)(void *self, uint32_t index);
};

/* A shard's front door, for the clients of any region. The kinds are for messages. */
struct shard_port {
    void *self;
    kind_id command_kind;   /* entity: ref of the command, generation: its row's */
    kind_id handshake_kind; /* entity: ref of a connection (region, index), generation: of the
                               connection */
    bool (*is_up)(const void *self); /* does the host answer at all? */
    /* Connection `entity` (region, index) was open from the start; was closed by its client. For
     * the limit on connections; the shard sees all others open by their handshakes. */
    void (*opened)(void *self, uint32_t entity);
    void (*closed)(void *self, uint32_t entity);
    /* A command on the session is about to come: its row is fetched from memory meanwhile. Changes
     * nothing. NULL: nothing to fetch. */
    void (*expect)(const void *self, uint32_t session);
    /* Many commands are under way: what they lead to is to be fetched early, too. */
    void (*fetch_early)(void *self);
};
/* How a shard finds the way back for a handshake: filled by the client for each connection. */
struct handshake_return {
    void *self;
    /* NO_INDEX: gone. *syn: this round is TCP's own, the others are TLS's on an open connection. */
    uint32_t (*reply_leg)(void *self, uint32_t connection, uint32_t generation, bool *syn);
};
#define PORT_HANDSHAKE_RETURN "handshake-return" /* (region, -1), offered by store_client */

/*
 * Positions in the stream of writes of a shard. A lineage is the history of one primary; a
 * promotion forks a new one at the last write that the promoted cluster holds. A write is (lineage,
 * number); numbers go on counting over a fork. Shards count apart from each other.
 */
struct write_position {
    uint64_t number; /* 0: none */
    uint32_t lineage;
    uint32_t shard;
};

/* The store as a whole, for those who steer it. */
struct store_port {
    void *self;
    int (*primary)(const void *self); /* region that was promoted last, or the first primary */
    bool (*cluster_up)(const void *self, int region);
    bool (*promoting)(const void *self);
    uint32_t (*shards)(const void *self);
    /* Number of the last write held in a region, summed over its shards. */
    uint64_t (*applied)(const void *self, int region);
    /* Is there a process of the shard's primary now? */
    bool (*shard_up)(const void *self, uint32_t shard);
    /* The last write of a shard that is held in a region; number 0: nothing, it loads. */
    struct write_position (*held)(const void *self, int region, uint32_t shard);
    /* Bytes of a shard's live sessions, as a full resync has to copy them. */
    int64_t (*data_bytes)(const void *self, uint32_t shard);
    /* So many sessions of a region are about to be seeded. */
    void (*reserve)(void *self, int region, uint32_t count);
    /* A session that was there before the run began, in every cluster. Before the first event only.
     */
    void (*seed)(void *self, uint32_t session, uint32_t session_check);
    /* A promotion begins: writes are refused or hang everywhere meanwhile (state Modifying); reads
     * go on. */
    void (*promotion_begin)(void *self, int region);
    /* It ends: the region forks a lineage and takes writes. The old primary, if alive and
     * reachable, is demoted; if cut off, it goes on taking writes that will be lost. */
    void (*promotion_end)(void *self, int region);
    /* The stream says: `region` has applied the writes up to `position`. */
    void (*apply)(void *self, int region, struct write_position position);
    /* A full resync of `region` from the primary is done: it holds all that the primary holds, and
     * serves. */
    void (*synced)(void *self, int region);
    /* A shard of a region has dropped what it held and answers LOADING from now on, */
    void (*flushed)(void *self, int region, uint32_t shard);
    /* and holds the primary's data set as of `position`, and serves. */
    void (*loaded)(void *self, int region, struct write_position position);
    /* The primary's process of a shard does nothing else for so long (it forks). */
    void (*busy)(void *self, uint32_t shard, sim_dur length);
    /* Age of the oldest acknowledged write that `region` lacks, as a monitor would compute it; 0:
     * none. */
    sim_dur (*lag)(const void *self, int region);
    /* Acknowledged writes lost so far by failovers, counted one by one, and sessions whose creation
     * was among them. */
    uint64_t (*writes_lost)(const void *self);
    uint64_t (*sessions_lost)(const void *self);
    sim_dur (*rpo)(const void *self); /* of the last failover so far; -1: none */
};

enum crash_kind { CRASH_NONE, CRASH_PROCESS, CRASH_HOST };

/* The stream of writes from the primary to the secondaries. */
struct stream_port {
    void *self;
    /* The primary executed and acknowledged a write of `bytes` in the stream. */
    void (*write)(void *self, struct write_position position, uint32_t bytes);
    /* The roles changed: begin anew from the primary to every live secondary. */
    void (*restart)(void *self);
    /* One shard has another primary inside the same region. */
    void (*restart_shard)(void *self, uint32_t shard);
    /* A cluster came back, or was demoted: it connects to the primary, and resyncs as its history
     * allows. */
    void (*rejoin)(void *self, int region);
    /* A cluster went down: nobody is there to take the stream. */
    void (*leave)(void *self, int region);
    /* The primary is gone. With its process goes what it had not yet written to its sockets; its
     * kernel still delivers the rest. With its host goes that too, but for what is in flight. */
    void (*crash)(void *self, enum crash_kind kind);
    /* Faults of the connections to the secondaries in `region`, of all shards: nothing is handed to
     * the kernel any more; they break at once. */
    void (*pause)(void *self, int region, bool begin);
    void (*reset)(void *self, int region);
};

/* A deploy: every server of the region's tier is restarted in turn, over so long. */
struct deploy_port {
    void *self;
    void (*begin)(void *self, sim_dur over);
};
#define PORT_DEPLOY "deploy" /* (region, -1), offered by app_tier, used by fault_schedule */

struct power_port {
    void *self;
    void (*set)(void *self, bool up);
};
#define POWER_APP 0
#define POWER_STORE 1
struct store_fault_port {
    void *self;
    void (*stall)(void *self,
                  bool begin);   /* the process hangs; kernels still complete handshakes */
    void (*restart)(void *self); /* comes back empty at once */
    /* The process or its host dies; it comes back empty at the end, CRASH_NONE. */
    void (*crash)(void *self, enum crash_kind kind);
};

/* --- names ----------------------------------------------------------------------------------- */

struct dns_answer {
    int region;       /* the cluster that the record names, as this resolver knows it */
    sim_time expires; /* when the answer must be asked for again */
    bool stale;       /* the authority would say otherwise now */
};
struct dns_port {
    void *self;
    /* What the resolver of `region` answers now to a client that asks for the primary's name. */
    struct dns_answer (*resolve)(void *self, int region);
    /*
     * Ask the control plane to let the record name `target`. false: it cannot be reached now and
     * nothing will change; whether to try again is the asker's policy. true: accepted, and once the
     * authority serves it, the asker's kind `served` fires on (target, generation). A later change
     * replaces one that still propagates, whose `served` never fires.
     */
    bool (*publish)(void *self, int target, kind_id served, uint32_t generation);
    sim_time (*published)(
        const void *self); /* instant from which the authority names the present target */
    int (*authority)(const void *self);         /* the region that the authority names now */
    void (*control_plane)(void *self, bool up); /* faults */
};

/* --- operations of the application on its sessions ------------------------------------------- */

/* What the user carries, as far as the application can see. */
enum session_mode { SESSION_NONE, SESSION_GLOBAL, SESSION_LOCAL, SESSION_TOKEN };

struct op_request {
    uint32_t request;  /* the application's request, told back when it is done */
    uint32_t instance; /* of the application tier, whose pools are used */
    uint32_t session, session_check;
    uint32_t flight;     /* of the user: for fetching it early */
    uint8_t kind;        /* enum command_kind */
    bool probe;          /* a health check's read: in nobody's figures */
    bool at_primary;     /* a read that must reach the primary's cluster */
    uint64_t identity;   /* of the user's request; the client adds the operation and the attempt */
    sim_time last_write; /* of this session, acknowledged, as the user's cookie tells; -1: none */
};
enum op_outcome {
    OP_HIT,
    OP_MISS,
    OP_DONE,   /* read found, read missed, write done */
    OP_FAILED, /* after all attempts */
};
struct op_result {
    enum op_outcome outcome;
    enum miss_reason miss;
    uint32_t attempts;
};
struct session_port {
    void *self;
    void (*submit)(void *self, const struct op_request *op);
    /* Once, while connecting: how many instances the tier has, each with pools of its own. */
    void (*set_instances)(void *self, uint32_t instances);
    int on_write_failure; /* enum write_fallback */
    /* The servers went down, or came back with no connection open. What the operations of dead
     * servers still do is not counted. */
    void (*set_up)(void *self, bool up);
    /* One server was restarted: its connections are gone, its pools are cold. */
    void (*restart_instance)(void *self, uint32_t instance);
    /* An operation is about to be submitted on that instance: what it will take is fetched from
     * memory meanwhile. Changes nothing. NULL: nothing to fetch. */
    void (*expect)(const void *self, uint32_t instance);
};
enum write_fallback { FALLBACK_FAIL, FALLBACK_LOCAL, FALLBACK_TOKEN };
struct op_port {
    void *self;
    void (*done)(void *self, uint32_t request, const struct op_result *result);
    /* An operation of that request, of that session and flight, is about to be done: as in struct
     * session_port. */
    void (*expect)(const void *self, uint32_t request, uint32_t session, uint32_t flight);
};

/* --- requests of users ----------------------------------------------------------------------- */

enum request_kind { REQUEST_LOGIN, REQUEST_PAGE, REQUEST_LOGOUT };
/* Causes of a re-auth, in the order of the label's values. */
enum reauth_cause {
    REAUTH_REPLICATION_LAG,
    REAUTH_LOST_AT_FAILOVER,
    REAUTH_LOCAL_ONLY,
    REAUTH_STORE_UNAVAILABLE,
    REAUTH_EVICTED,
    REAUTH_RESTARTED,
    REAUTH_TOKEN_EXPIRED,
    REAUTH_CAUSES
};
enum response_kind {
    RESPONSE_OK,
    RESPONSE_OK_LOCAL, /* a login served by a session of this region alone */
    RESPONSE_OK_TOKEN, /* a login served by a stateless token */
    RESPONSE_REAUTH,   /* log in again; see cause */
    RESPONSE_LOGIN_FAILED,
    RESPONSE_REJECTED /* 503: no worker and no room in the queue */
};
struct user_request {
    uint64_t identity;     /* (session, number) of the request, mixed: keys all draws on its way */
    uint64_t service_word; /* the random word of its service time: the same whatever the policy */
    uint32_t session, session_check; /* ref of the session's row */
    uint32_t flight, generation;     /* to be handed back with the response */
    enum request_kind kind;
    enum session_mode mode;
    bool writes;         /* a page that also writes the session */
    int local_region;    /* SESSION_LOCAL: where it lives */
    sim_time last_write; /* acknowledged, or -1 */
    sim_dur way_back;    /* delay of the response to the user */
};
struct app_port {
    void *self;
    /* The request arrives at the region's load balancer after `way_there`. */
    void (*submit)(void *self, const struct user_request *request, sim_dur way_there);
    /* It arrives there now. */
    void (*arrive)(void *self, const struct user_request *request);
};
struct user_response {
    uint32_t session, flight, generation;
    enum response_kind kind;
    enum reauth_cause cause;
    int region;       /* that answered */
    bool wrote;       /* the session was written and acknowledged */
    bool carried;     /* the request carried a session that should be valid: a page, or a login that
                         reads its new session back */
    sim_time arrives; /* at the user */
};
struct users_port {
    void *self;
    void (*respond)(void *self, const struct user_response *response);
    /* A response to the session, on that flight, is about to come: what is known of them is fetched
     * from memory meanwhile. Changes nothing; any numbers will do. NULL: nothing to fetch. */
    void (*expect)(const void *self, uint32_t session, uint32_t flight);
};

/* --- routing --------------------------------------------------------------------------------- */

struct edge_route {
    int region; /* -1: nowhere (every region is known to be down, and nothing is left to fail open
                   to) */
};
struct edge_port {
    void *self;
    /* Where a new connection of a user near `place` lands; `word` is the user's own randomness. */
    struct edge_route (*route)(void *self, int place, uint64_t word);
    /* The tier of a region says that its load balancer has (no) healthy targets now. */
    void (*health)(void *self, int region, bool healthy);
    sim_dur (*idle_timeout)(const void *self); /* after which an idle connection is forgotten */
    /* One way between a user's edge and a region that is not its nearest, beyond what the nearest
     * costs. */
    sim_dur (*detour)(const void *self, int place, int region);
};

/* --- what is promised, and whether it is kept ------------------------------------------------ */

struct objective_port {
    void *self;
    /* A logical write of a region, begun at `started`, ended now. */
    void (*write_done)(void *self, int region, sim_time started, bool good);
    sim_dur (*latency)(const void *self); /* a request answered later than this is not good */
    /* The stages of an outage as those who act on it see them. */
    void (*fault_begin)(void *self, const char *kind);
    void (*detected)(void *self);
    void (*decided)(void *self);
    void (*promoted)(void *self);
    void (*published)(void *self);
};
/* Running totals, for alarms: attempts of writes that ended, those that failed, and operations on a
 * dead primary. */
struct write_stats {
    uint64_t attempts, failures;
    uint64_t latency_ns_sum; /* of all ended attempts */
};
/* The parts of the failover's machinery that a fault may break. */
enum control_part { CONTROL_MONITORING, CONTROL_FUNCTION, CONTROL_STORE_API };
struct control_port {
    void *self;
    void (*set)(void *self, enum control_part part, bool up);
    void (*promote)(void *self, int region); /* a person or a plan does it now */
};

#endif
