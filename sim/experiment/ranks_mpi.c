// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Ranks by MPI.
 *
 *   rank 0: a thread for each slot of another rank        another rank: a thread for each slot
 *     make(): send the job under the slot's tag  ------->   wait for a job, execute it,
 *             wait for the reply                 <-------   send the reply
 *     leave(): send STOP or QUIT                 ------->   the main thread waits for these
 *
 * Any thread may call MPI, one at a time (MPI_THREAD_SERIALIZED, one mutex), so no call may block.
 * Waiting threads poll with a delay that grows to some milliseconds, which is short compared with a
 * run and uses no processor.
 */
#include "ranks.h"

#include "bug.h"
#include "mem.h"
#include "trial.h"

#include <inttypes.h>
#include <mpi.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TAG_STOP = 1, TAG_QUIT = 2, TAG_SLOT = 16 };
/* First byte of a reply. */
enum { REPLY_RUN = 'R', REPLY_INTERRUPTED = 'I', REPLY_ERROR = 'E' };
#define NAP_MIN_NS 50000
#define NAP_MAX_NS 4000000

struct slot {
    int rank;
    int tag;
};

struct ranks {
    int rank, count;
    uint32_t default_threads;
    pthread_mutex_t mutex; /* held around every MPI call once threads exist */
    struct slot *slots;    /* rank 0: those of the other ranks */
    struct other_workers workers;
    bool stopped; /* the interrupt was sent to the others */
};

/* A job message: this, then the scenario's name with its '\0', then its resolved text. */
struct job_head {
    uint64_t seed, hash, name_size, text_size;
    int64_t warmup;
    uint32_t replication, queue;
};

/* --- waiting -------------------------------------------------------------------------------- */

static void nap(long *nap_ns)
{
    struct timespec pause = {0, *nap_ns};

    nanosleep(&pause, NULL);
    if (*nap_ns < NAP_MAX_NS)
        *nap_ns *= 2;
}

static void ranks_send(struct ranks *ranks, const void *bytes, size_t size, int rank, int tag)
{
    MPI_Request request;
    long nap_ns = NAP_MIN_NS;
    int done = 0;

    invariant(size <= INT32_MAX);
    pthread_mutex_lock(&ranks->mutex);
    MPI_Isend(bytes, (int)size, MPI_BYTE, rank, tag, MPI_COMM_WORLD, &request);
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    pthread_mutex_unlock(&ranks->mutex);
    while (!done) {
        nap(&nap_ns);
        pthread_mutex_lock(&ranks->mutex);
        MPI_Test(&request, &done, MPI_STATUS_IGNORE);
        pthread_mutex_unlock(&ranks->mutex);
    }
}

/* NULL if nothing has arrived; otherwise the caller frees it. */
static char *ranks_poll(struct ranks *ranks, int rank, int tag, size_t *size)
{
    MPI_Status status;
    char *bytes = NULL;
    int there = 0, count = 0;

    pthread_mutex_lock(&ranks->mutex);
    MPI_Iprobe(rank, tag, MPI_COMM_WORLD, &there, &status);
    if (there) {
        MPI_Get_count(&status, MPI_BYTE, &count);
        bytes = mem_alloc((size_t)count + 1, 1);
        MPI_Recv(bytes, count, MPI_BYTE, rank, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        bytes[count] = '\0';
        *size = (size_t)count;
    }
    pthread_mutex_unlock(&ranks->mutex);
    return bytes;
}

/* --- rank 0 --------------------------------------------------------------------------------- */

/* The signal may have reached only this process. */
static void ranks_stop(struct ranks *ranks)
{
    pthread_mutex_lock(&ranks->mutex);
    bool first = !ranks->stopped;
    ranks->stopped = true;
    pthread_mutex_unlock(&ranks->mutex);
    for (int rank = 1; first && rank < ranks->count; rank++)
        ranks_send(ranks, "", 0, rank, TAG_STOP);
}

static struct trial *read_reply(const char *bytes, size_t size, const struct slot *slot,
                                const struct scenario *scenario)
{
    struct strbuf error = STRBUF_INIT;
    const char *why = "it is empty";
    struct run_copy *copy = NULL;

    if (size > 0 && bytes[0] == REPLY_INTERRUPTED)
        return NULL;
    if (size > 0 && bytes[0] == REPLY_ERROR) {
        strbuf_addf(&error, "rank %d could not execute a run: %s", slot->rank, bytes + 1);
        return trial_of_error(strbuf_detach(&error));
    }
    if (size > 0)
        copy = run_bytes_read(bytes + 1, size - 1, scenario, &why);
    if (copy)
        return trial_of_copy(copy);
    strbuf_addf(&error, "cannot read the result of rank %d: %s", slot->rank, why);
    return trial_of_error(strbuf_detach(&error));
}

static struct trial *ranks_make(void *self, uint32_t number, const struct trial_job *job)
{
    struct ranks *ranks = self;
    const struct slot *slot = &ranks->slots[number];
    const struct scenario *scenario = job->scenario;
    struct strbuf message = STRBUF_INIT;
    struct job_head head = {
        .seed = job->options.seed,
        .hash = scenario->hash,
        .name_size = strlen(scenario->path) + 1,
        .text_size = strlen(scenario->resolved),
        .warmup = job->options.warmup,
        .replication = job->options.replication,
        .queue = (uint32_t)job->options.queue,
    };
    long nap_ns = NAP_MIN_NS;
    size_t size = 0;
    char *reply;

    strbuf_add_bytes(&message, &head, sizeof head);
    strbuf_add_bytes(&message, scenario->path, head.name_size);
    strbuf_add_bytes(&message, scenario->resolved, head.text_size);
    ranks_send(ranks, message.text, message.length, slot->rank, slot->tag);
    strbuf_release(&message);
    while (!(reply = ranks_poll(ranks, slot->rank, slot->tag, &size))) {
        if (job->options.interrupt && *job->options.interrupt)
            ranks_stop(ranks);
        nap(&nap_ns);
    }
    struct trial *trial = read_reply(reply, size, slot, scenario);
    free(reply);
    return trial;
}

bool ranks_is_first(const struct ranks *ranks)
{
    return !ranks || ranks->rank == 0;
}

const struct other_workers *ranks_workers(struct ranks *ranks, uint32_t threads)
{
    if (!ranks)
        return NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < ranks->workers.count; i++)
        if (threads == 0 || ranks->slots[i].tag - TAG_SLOT < (int)threads)
            ranks->slots[count++] = ranks->slots[i];
    ranks->workers.count = count;
    return &ranks->workers;
}

uint32_t ranks_default_threads(const struct ranks *ranks)
{
    return ranks ? ranks->default_threads : study_default_threads();
}

/* --- the others ----------------------------------------------------------------------------- */

struct server {
    struct ranks *ranks;
    const struct registry *registry;
    atomic_int *interrupt;
    int quit; /* under the mutex */
};
struct server_slot {
    struct server *server;
    int tag;
    pthread_t thread;
    struct scenario *scenario; /* of the last job; the next one usually has the same */
};

static bool server_quits(struct server *server)
{
    pthread_mutex_lock(&server->ranks->mutex);
    bool quit = server->quit != 0;
    pthread_mutex_unlock(&server->ranks->mutex);
    return quit;
}

/* Load the job's scenario into slot->scenario, or return false with the reason. */
static bool slot_load(struct server_slot *slot, const struct job_head *head, const char *name,
                      struct strbuf *reply)
{
    struct diag diag = {0};

    if (slot->scenario && slot->scenario->hash == head->hash)
        return true;
    scenario_free(slot->scenario);
    slot->scenario = scenario_load_stored(name + head->name_size, head->text_size, name,
                                          slot->server->registry, &diag);
    if (slot->scenario && slot->scenario->hash != head->hash) {
        scenario_free(slot->scenario);
        slot->scenario = NULL;
        diag_error(&diag, "'%s' is a different scenario on this rank", name);
    }
    if (!slot->scenario) {
        char *why = diag_text(&diag);
        strbuf_add_char(reply, REPLY_ERROR);
        strbuf_add(reply, why);
        free(why);
    }
    diag_release(&diag);
    return slot->scenario != NULL;
}

static void slot_make(struct server_slot *slot, const char *bytes, size_t size,
                      struct strbuf *reply)
{
    struct job_head head;

    invariant(size >= sizeof head);
    memcpy(&head, bytes, sizeof head);
    invariant(size == sizeof head + head.name_size + head.text_size);
    if (!slot_load(slot, &head, bytes + sizeof head, reply))
        return;
    struct trial_job job = {
        .scenario = slot->scenario,
        .options = {.seed = head.seed,
                    .replication = head.replication,
                    .warmup = head.warmup,
                    .queue = (enum eventq_kind)head.queue,
                    .interrupt = slot->server->interrupt},
    };
    struct trial *trial = trial_run(&job);
    strbuf_add_char(reply, trial ? REPLY_RUN : REPLY_INTERRUPTED);
    if (trial)
        run_bytes_add(reply, &trial->result);
    trial_free(trial);
}

static void *slot_serve(void *argument)
{
    struct server_slot *slot = argument;
    struct strbuf reply = STRBUF_INIT;
    long nap_ns = NAP_MIN_NS;

    while (!server_quits(slot->server)) {
        size_t size;
        char *bytes = ranks_poll(slot->server->ranks, 0, slot->tag, &size);
        if (!bytes) {
            nap(&nap_ns);
            continue;
        }
        strbuf_clear(&reply);
        slot_make(slot, bytes, size, &reply);
        ranks_send(slot->server->ranks, reply.text, reply.length, 0, slot->tag);
        free(bytes);
        nap_ns = NAP_MIN_NS;
    }
    scenario_free(slot->scenario);
    strbuf_release(&reply);
    return NULL;
}

static void server_listen(struct server *server)
{
    size_t size;

    while (!server_quits(server)) {
        long nap_ns = NAP_MAX_NS;
        char *stop = ranks_poll(server->ranks, 0, TAG_STOP, &size);
        char *quit = ranks_poll(server->ranks, 0, TAG_QUIT, &size);
        if (stop)
            *server->interrupt = 1;
        if (quit) {
            pthread_mutex_lock(&server->ranks->mutex);
            server->quit = 1;
            pthread_mutex_unlock(&server->ranks->mutex);
        }
        free(stop);
        free(quit);
        nap(&nap_ns);
    }
}

void ranks_serve(struct ranks *ranks, const struct registry *registry, atomic_int *interrupt)
{
    struct server server = {.ranks = ranks, .registry = registry, .interrupt = interrupt};
    uint32_t count = ranks->default_threads;
    struct server_slot *slots = mem_zalloc(count, sizeof *slots);

    for (uint32_t i = 0; i < count; i++) {
        slots[i] = (struct server_slot){.server = &server, .tag = TAG_SLOT + (int)i};
        if (pthread_create(&slots[i].thread, NULL, slot_serve, &slots[i]) != 0) {
            fprintf(stderr, "isthmus: error: rank %d cannot start a thread\n", ranks->rank);
            MPI_Abort(MPI_COMM_WORLD, 4);
        }
    }
    server_listen(&server);
    for (uint32_t i = 0; i < count; i++)
        pthread_join(slots[i].thread, NULL);
    free(slots);
}

/* --- joining and leaving -------------------------------------------------------------------- */

static bool is_launched(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", NULL};

    for (size_t i = 0; names[i]; i++)
        if (getenv(names[i]))
            return true;
    return false;
}

/* The processors of this rank, divided among the ranks of its machine that share them. */
static uint32_t share_processors(void)
{
    MPI_Comm machine;
    int count = 1;
    uint32_t mine = study_default_threads(), most = 0;

    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
    MPI_Comm_size(machine, &count);
    MPI_Comm_free(&machine);
    /* If the launcher binds each rank to its own processors, they are already divided. */
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    most = online > 0 ? (uint32_t)online : 1;
    if (mine * (uint32_t)count > most)
        mine = most / (uint32_t)count;
    return mine > 0 ? mine : 1;
}

/* True if all ranks run the same version. */
static bool same_version(const char *version)
{
    char first[128] = "";
    int same, all;

    snprintf(first, sizeof first, "%s", version);
    MPI_Bcast(first, sizeof first, MPI_BYTE, 0, MPI_COMM_WORLD);
    same = strcmp(first, version) == 0;
    MPI_Allreduce(&same, &all, 1, MPI_INT, MPI_LAND, MPI_COMM_WORLD);
    return all != 0;
}

static void find_slots(struct ranks *ranks)
{
    uint32_t *threads = mem_zalloc((size_t)ranks->count, sizeof *threads);
    uint32_t count = 0;

    MPI_Allgather(&ranks->default_threads, 1, MPI_UINT32_T, threads, 1, MPI_UINT32_T,
                  MPI_COMM_WORLD);
    for (int rank = 1; rank < ranks->count; rank++)
        count += threads[rank];
    ranks->slots = mem_alloc(count, sizeof *ranks->slots);
    for (int rank = 1; rank < ranks->count; rank++)
        for (uint32_t i = 0; i < threads[rank]; i++)
            ranks->slots[ranks->workers.count++] = (struct slot){rank, TAG_SLOT + (int)i};
    free(threads);
}

int ranks_join(struct ranks **ranks, int *argc, char ***argv, const char *version)
{
    int provided, count, rank;

    *ranks = NULL;
    if (!is_launched())
        return 0;
    MPI_Init_thread(argc, argv, MPI_THREAD_SERIALIZED, &provided);
    MPI_Comm_size(MPI_COMM_WORLD, &count);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (count == 1) {
        MPI_Finalize();
        return 0;
    }
    const char *why = provided < MPI_THREAD_SERIALIZED ? "this MPI library does not support threads"
                      : !same_version(version) ? "not all ranks run the same version of isthmus"
                                               : NULL;
    if (why) {
        if (rank == 0)
            fprintf(stderr, "isthmus: error: %s\n", why);
        MPI_Finalize();
        return -1;
    }
    struct ranks *it = mem_zalloc(1, sizeof *it);
    it->rank = rank;
    it->count = count;
    it->default_threads = share_processors();
    pthread_mutex_init(&it->mutex, NULL);
    it->workers.self = it;
    it->workers.make = ranks_make;
    find_slots(it);
    *ranks = it;
    return 0;
}

void ranks_leave(struct ranks *ranks)
{
    if (!ranks)
        return;
    for (int rank = 1; ranks->rank == 0 && rank < ranks->count; rank++)
        ranks_send(ranks, "", 0, rank, TAG_QUIT);
    MPI_Finalize();
    pthread_mutex_destroy(&ranks->mutex);
    free(ranks->slots);
    free(ranks);
}

bool ranks_built(void)
{
    return true;
}
