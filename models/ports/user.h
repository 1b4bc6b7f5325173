// SPDX-License-Identifier: GPL-3.0-or-later
/* Requests of users to the application, and the responses. */
#ifndef USER_H
#define USER_H

#include "session.h"

#include <stdbool.h>
#include <stdint.h>

enum request_kind { REQUEST_LOGIN, REQUEST_PAGE, REQUEST_LOGOUT };
/* Causes of a re-auth that any store may have, in the order of the label's values. Those that the
 * kind of store declares are REAUTH_OF_KIND + their index (struct session_store_port). */
enum reauth_cause {
    REAUTH_LOCAL_ONLY,
    REAUTH_STORE_UNAVAILABLE,
    REAUTH_EVICTED,
    REAUTH_RESTARTED,
    REAUTH_TOKEN_EXPIRED,
    REAUTH_FLUSHED,
    REAUTH_CORRUPT,
    REAUTH_EXPIRED,
    REAUTH_OF_KIND
};
#define REAUTH_CAUSES_MAX 32
#define REAUTH_NONE UINT8_MAX /* it is none */
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
    uint32_t pending, generation;    /* to be handed back with the response */
    enum request_kind kind;
    enum session_mode mode;
    bool writes;         /* a page that also writes the session */
    int local_region;    /* SESSION_LOCAL: where it lives */
    uint32_t endpoint;   /* of the region's endpoint group, to which the connection goes */
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
    uint32_t session, pending, generation;
    enum response_kind kind;
    uint8_t cause;    /* enum reauth_cause or above; REAUTH_NONE: no re-auth */
    int region;       /* that answered */
    bool wrote;       /* the session was written and acknowledged */
    bool carried;     /* the request carried a session that should be valid: a page, or a login that
                         reads its new session back */
    sim_time arrives; /* at the user */
};
struct users_port {
    void *self;
    void (*respond)(void *self, const struct user_response *response);
    /* Does the user of this pending request still wait? */
    bool (*waits)(const void *self, uint32_t pending, uint32_t generation);
    /* The region's side of open connections has gone: what users send over them is answered by a
     * reset. endpoint: of the region's endpoint group; ALL_ENDPOINTS: of all. */
    void (*lose_connections)(void *self, int region, uint32_t endpoint);
    sim_dur patience_ns; /* the longest time for which a user waits */
};
#define ALL_ENDPOINTS UINT32_MAX

PORT_ACCESSORS(app, struct app_port)
PORT_ACCESSORS(users, struct users_port)

#endif
