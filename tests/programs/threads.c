/* Callers on many threads, and callbacks that call: threads SCENARIO. Prints "kept" if the library kept its word. */
#include <pthread.h>
#include <sched.h>
#include "check.h"

enum { THREADS = 8, ROUNDS = 40 };

typedef void *work(void *);

static pthread_t begin(work *work, void *argument)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, work, argument) == 0);
    return thread;
}

static void join(pthread_t thread)
{
    CHECK(pthread_join(thread, NULL) == 0);
}

/* The same work on eight threads, begun as nearly at once as can be. */
static void together(work *work, void *argument)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        threads[i] = begin(work, argument);
    for (int i = 0; i < THREADS; i++)
        join(threads[i]);
}

static pthread_barrier_t barrier;

static void *call_often(void *client)
{
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 5; i++) {
        autopilot_detail *detail = GARBAGE;
        CHECK(autopilot_client_sync(client, "token", NULL, &detail) >= 0);
        CHECK(autopilot_detail_attempts(detail) == 1);
        autopilot_detail_free(detail);
    }
    return NULL;
}

/* Eight threads on one client, or on the process-wide one, which the first of them makes. */
static void share(autopilot_client *client)
{
    CHECK(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
    together(call_often, client);
    CHECK(pthread_barrier_destroy(&barrier) == 0);
    autopilot_client_free(client);
}

static void *call_first(void *unused)
{
    (void)unused;
    pthread_barrier_wait(&barrier);
    CHECK(autopilot_sync("token") >= 0);
    return NULL;
}

/* The very first call of the process, on eight threads at once. */
static void first(void)
{
    CHECK(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
    together(call_first, NULL);
    CHECK(pthread_barrier_destroy(&barrier) == 0);
}

/* A cancel that another thread triggers after a while that differs each time. */
struct shot {
    autopilot_cancel *cancel;
    unsigned yields;
};

static void *shoot(void *argument)
{
    struct shot *shot = argument;
    for (unsigned i = 0; i < shot->yields; i++)
        sched_yield();
    autopilot_cancel_trigger(shot->cancel);
    return NULL;
}

/* The calls that can be cancelled. */
enum kind { SYNC, WAIT, SINCE, KINDS };

static autopilot_result call_of(enum kind kind, const autopilot_client *client, autopilot_cancel *cancel,
                                autopilot_progress_fn progress, autopilot_detail **detail)
{
    if (kind == WAIT)
        return autopilot_client_sync_and_wait(client, "token", HOUR_MS, cancel, progress, NULL, detail);
    if (kind == SINCE)
        return autopilot_client_sync_since(client, "token", now_ms(), HOUR_MS, cancel, progress, NULL, detail);
    return autopilot_client_sync(client, "token", cancel, detail);
}

/* Whoever wins, the call returns, and the cancel stays. The sync never ends, so a wait can only be cancelled. */
static void cancel(void)
{
    autopilot_client *client = new_client();
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct shot shot = {autopilot_cancel_new(), 1u << i % 13};
        autopilot_detail *detail = GARBAGE;
        pthread_t thread = begin(shoot, &shot);
        autopilot_result result = call_of(i % KINDS, client, shot.cancel, NULL, &detail);
        CHECK(result == AUTOPILOT_ERROR_CANCELLED || (i % KINDS == SYNC && result >= 0));
        check_detail(result, detail);
        autopilot_detail_free(detail);
        join(thread);
        for (int kind = SYNC; kind < KINDS; kind++)
            CHECK(call_of(kind, client, shot.cancel, NULL, NULL) == AUTOPILOT_ERROR_CANCELLED);
        autopilot_settings *settings = GARBAGE;
        CHECK(autopilot_client_settings(client, "token", shot.cancel, &settings, NULL) == AUTOPILOT_ERROR_CANCELLED && settings == NULL);
        autopilot_cancel_free(shot.cancel);
    }
    CHECK(autopilot_client_sync(client, "token", NULL, NULL) >= 0);
    autopilot_client_free(client);
}

struct call {
    enum kind kind;
    autopilot_client *client;
    autopilot_cancel *cancel;
};

static int32_t meet_at_start(autopilot_progress *progress, void *unused)
{
    (void)unused;
    if (autopilot_progress_phase(progress) == AUTOPILOT_PHASE_STARTING)
        pthread_barrier_wait(&barrier);
    return 0;
}

static void *wait_to_be_cancelled(void *argument)
{
    struct call *call = argument;
    autopilot_detail *detail = GARBAGE;
    CHECK(call_of(call->kind, call->client, call->cancel, meet_at_start, &detail) == AUTOPILOT_ERROR_CANCELLED);
    check_detail(AUTOPILOT_ERROR_CANCELLED, detail);
    autopilot_detail_free(detail);
    return NULL;
}

/* One cancel ends eight waits that have begun, triggered twice and from two threads. */
static void one_cancel(void)
{
    autopilot_client *client = new_client();
    autopilot_cancel *cancel = autopilot_cancel_new();
    struct call waits[] = {{WAIT, client, cancel}, {SINCE, client, cancel}};
    CHECK(pthread_barrier_init(&barrier, NULL, THREADS + 1) == 0);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        threads[i] = begin(wait_to_be_cancelled, &waits[i % 2]);
    pthread_barrier_wait(&barrier);
    struct shot shot = {cancel, 0};
    pthread_t other = begin(shoot, &shot);
    autopilot_cancel_trigger(cancel);
    join(other);
    for (int i = 0; i < THREADS; i++)
        join(threads[i]);
    CHECK(pthread_barrier_destroy(&barrier) == 0);
    autopilot_cancel_free(cancel);
    autopilot_client_free(client);
}

static void *sync_often(void *client)
{
    for (int i = 0; i < 10; i++)
        CHECK(autopilot_client_sync(client, "token", NULL, NULL) >= 0);
    return NULL;
}

static void *read_often(void *client)
{
    for (int i = 0; i < 10; i++) {
        autopilot_settings *settings = GARBAGE;
        CHECK(autopilot_client_settings(client, "token", NULL, &settings, NULL) == AUTOPILOT_OK);
        CHECK(autopilot_settings_status_text(settings) != NULL);
        autopilot_settings_free(settings);
    }
    return NULL;
}

static void *wait_in_vain(void *client)
{
    CHECK(autopilot_client_sync_and_wait(client, "token", 2000, NULL, NULL, NULL, NULL) == AUTOPILOT_ERROR_TIMEOUT);
    return NULL;
}

static void *wait_since_in_vain(void *client)
{
    autopilot_result result = autopilot_client_sync_since(client, "token", now_ms(), 2000, NULL, NULL, NULL, NULL);
    CHECK(result == AUTOPILOT_ERROR_TIMEOUT);
    return NULL;
}

/* Triggers, readings and waits on one client at once; the sync never ends. */
static void mixed(void)
{
    autopilot_client *client = new_client();
    pthread_t threads[] = {begin(sync_often, client), begin(read_often, client), begin(wait_in_vain, client),
                           begin(sync_often, client), begin(read_often, client), begin(wait_since_in_vain, client)};
    for (size_t i = 0; i < LENGTH(threads); i++)
        join(threads[i]);
    autopilot_client_free(client);
}

static void *read_detail(void *detail)
{
    check_detail(autopilot_detail_result(detail), detail);
    return NULL;
}

static void *free_detail(void *detail)
{
    read_detail(detail);
    autopilot_detail_free(detail);
    return NULL;
}

/* Many threads read one detail; then each detail is freed by a thread that did not get it. */
static void details(void)
{
    autopilot_client *client = new_client();
    autopilot_detail *all[THREADS];
    for (int i = 0; i < THREADS; i++) {
        all[i] = GARBAGE;
        autopilot_result result = autopilot_client_sync(client, i % 2 ? "token" : "a b", NULL, &all[i]);
        CHECK(i % 2 ? result >= 0 : result == WRONG);
    }
    autopilot_client_free(client);
    together(read_detail, all[1]);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        threads[i] = begin(free_detail, all[i]);
    for (int i = 0; i < THREADS; i++)
        join(threads[i]);
}

/* Cancelled or out of time while a connection is in the making, and the client freed at once: the thread that makes it may
 * live on, until after the process has ended. */
static void freed(void)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        autopilot_options *options = autopilot_options_new();
        CHECK(autopilot_options_set_timeout_ms(options, 1 + i % 8) == AUTOPILOT_OK);
        autopilot_client *client = GARBAGE;
        CHECK(autopilot_client_new(options, &client, NULL) == AUTOPILOT_OK);
        autopilot_options_free(options);
        struct shot shot = {autopilot_cancel_new(), 1u << i % 13};
        pthread_t thread = begin(shoot, &shot);
        autopilot_result result = autopilot_client_sync(client, "token", shot.cancel, NULL);
        autopilot_client_free(client);
        CHECK(result == AUTOPILOT_ERROR_CANCELLED || result == AUTOPILOT_ERROR_TIMEOUT);
        join(thread);
        autopilot_cancel_free(shot.cancel);
    }
}

/* A callback inside of a callback. */
static int32_t stop(autopilot_progress *progress, void *unused)
{
    (void)unused;
    return autopilot_progress_phase(progress) == AUTOPILOT_PHASE_STARTING;
}

/* Calls the library in every way that a callback may; ends its own wait when a sync was seen. */
static int32_t call_back(autopilot_progress *progress, void *user_data)
{
    struct call *call = user_data;
    static char long_token[64 * 1024 + 2];
    memset(long_token, 'x', sizeof long_token - 1);
    const char *const tokens[] = {NULL, "", "a\r\nb", "\xff", "a b", long_token};
    for (size_t i = 0; i < LENGTH(tokens); i++) {
        CHECK(autopilot_progress_set_token(progress, "another") == AUTOPILOT_OK);
        CHECK(autopilot_progress_set_token(progress, tokens[i]) == WRONG);
    }
    CHECK(autopilot_sync("token") >= 0);
    read_often(call->client);
    wait_in_vain(call->client);
    CHECK(call_of(SINCE, call->client, NULL, stop, NULL) == AUTOPILOT_ERROR_CANCELLED);
    autopilot_client *other = new_client();
    CHECK(autopilot_client_sync(other, "token", call->cancel, NULL) >= 0);
    autopilot_client_free(other);
    CHECK(autopilot_progress_elapsed_ms(progress) >= 0 && autopilot_progress_next_step_ms(progress) >= 0);
    CHECK(autopilot_progress_claims(progress) == NULL);
    const autopilot_settings *settings = autopilot_progress_settings(progress);
    CHECK((settings == NULL) == (autopilot_progress_phase(progress) == AUTOPILOT_PHASE_STARTING));
    if (settings != NULL) {
        CHECK(autopilot_settings_status(settings) == AUTOPILOT_SYNC_STATUS_IN_PROGRESS);
        autopilot_cancel_trigger(call->cancel);
    }
    return 0;
}

static void reentrant(void)
{
    struct call call = {WAIT, new_client(), autopilot_cancel_new()};
    autopilot_detail *detail = GARBAGE;
    CHECK(autopilot_client_sync_and_wait(call.client, "token", HOUR_MS, call.cancel, call_back, &call, &detail) ==
          AUTOPILOT_ERROR_CANCELLED);
    check_detail(AUTOPILOT_ERROR_CANCELLED, detail);
    autopilot_detail_free(detail);
    autopilot_cancel_free(call.cancel);
    autopilot_client_free(call.client);
}

int main(int argc, char **argv)
{
    const char *scenario = argc > 1 ? argv[1] : "";
    if (strcmp(scenario, "share") == 0)
        share(new_client());
    else if (strcmp(scenario, "shared") == 0)
        share(NULL);
    else if (strcmp(scenario, "first") == 0)
        first();
    else if (strcmp(scenario, "cancel") == 0)
        cancel();
    else if (strcmp(scenario, "one-cancel") == 0)
        one_cancel();
    else if (strcmp(scenario, "mixed") == 0)
        mixed();
    else if (strcmp(scenario, "details") == 0)
        details();
    else if (strcmp(scenario, "freed") == 0)
        freed();
    else if (strcmp(scenario, "reentrant") == 0)
        reentrant();
    else
        return 2;
    puts("kept");
    return 0;
}
