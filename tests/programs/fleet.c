/* Calls for many tenants: fleet SCENARIO [TENANTS THREADS]. Prints "kept" if the library kept its word. The tenant with the
 * key N has the token "tenant-N". */
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

enum { MOST_TENANTS = 1000, MOST_THREADS = 16, TOKEN = 32 };

static const char *token_of(uint64_t key, char token[TOKEN])
{
    snprintf(token, TOKEN, "tenant-%llu", (unsigned long long)key);
    return token;
}

static autopilot_fleet *new_fleet(const autopilot_client *client, int32_t limit)
{
    autopilot_fleet *fleets[3] = {GARBAGE, GARBAGE, GARBAGE};
    autopilot_detail *detail = GARBAGE;
    CHECK(autopilot_fleet_new(client, limit, &fleets[1], &detail) == AUTOPILOT_OK);
    check_detail(AUTOPILOT_OK, detail);
    autopilot_detail_free(detail);
    CHECK(fleets[0] == GARBAGE && fleets[1] != NULL && fleets[2] == GARBAGE);
    return fleets[1];
}

/* Adds a tenant with this token, NULL for none. */
static autopilot_result add(const autopilot_fleet *fleet, uint64_t key, const char *token, int32_t goal)
{
    autopilot_detail *detail = GARBAGE;
    autopilot_result result = autopilot_fleet_add(fleet, key, token, goal, now_ms() - HOUR_MS, HOUR_MS, &detail);
    check_detail(result, detail);
    autopilot_detail_free(detail);
    return result;
}

static void add_good(const autopilot_fleet *fleet, uint64_t key, int32_t goal)
{
    char token[TOKEN];
    CHECK(add(fleet, key, token_of(key, token), goal) == AUTOPILOT_OK);
}

struct event {
    autopilot_event event;
    uint64_t key;
    autopilot_result result;
    autopilot_detail *detail;
};

/* The next event, held to what the header says of its outputs. */
static struct event next(const autopilot_fleet *fleet, int64_t timeout_ms)
{
    struct event told = {(autopilot_event)77, UINT64_MAX / 7, (autopilot_result)77, GARBAGE};
    told.event = autopilot_fleet_next(fleet, timeout_ms, &told.key, &told.result, &told.detail);
    CHECK(told.event >= AUTOPILOT_EVENT_PAUSE && told.event <= AUTOPILOT_EVENT_FINISHED);
    CHECK(told.detail != GARBAGE && told.result != (autopilot_result)77 && told.key != UINT64_MAX / 7);
    CHECK(told.event != AUTOPILOT_EVENT_ENDED || told.detail != NULL);
    if (told.event != AUTOPILOT_EVENT_ENDED && told.event != AUTOPILOT_EVENT_WANTS_TOKEN)
        CHECK(told.key == 0 && told.detail == NULL);
    CHECK(told.event != AUTOPILOT_EVENT_WANTS_TOKEN || (told.detail != NULL) == (told.result == AUTOPILOT_ERROR_UNAUTHORIZED));
    if (told.detail != NULL)
        check_detail(told.result, told.detail);
    else
        CHECK(told.result == AUTOPILOT_OK);
    return told;
}

/* The next event that is about a tenant, or the last. */
static struct event next_of_tenant(const autopilot_fleet *fleet)
{
    for (;;) {
        struct event told = next(fleet, -1);
        if (told.event != AUTOPILOT_EVENT_BEHIND)
            return told;
    }
}

/* The end of this tenant's call is the next event. */
static void ends(const autopilot_fleet *fleet, uint64_t key, autopilot_result result)
{
    struct event told = next_of_tenant(fleet);
    CHECK(told.event == AUTOPILOT_EVENT_ENDED && told.key == key && told.result == result);
    autopilot_detail_free(told.detail);
}

static void is_finished(const autopilot_fleet *fleet)
{
    for (int i = 0; i < 3; i++)
        CHECK(next(fleet, i - 1).event == AUTOPILOT_EVENT_FINISHED);
}

/* The scenario "many": what becomes of each tenant is known by its key. */
enum kind { READ, TRIGGERED_LATE, WATCHED, SINCE, RENEWED, CANCELLED, KINDS };

static enum kind kind_of(uint64_t key)
{
    return (enum kind)(key % KINDS);
}

static struct {
    autopilot_fleet *fleet;
    uint64_t tenants;
    int has_ended[MOST_TENANTS], wants_token[MOST_TENANTS];
    uint64_t ended;
} many;

static uint64_t ended(void)
{
    return __atomic_load_n(&many.ended, __ATOMIC_ACQUIRE);
}

static void add_many(uint64_t from, uint64_t to)
{
    static const int32_t goals[KINDS] = {AUTOPILOT_GOAL_SETTINGS, AUTOPILOT_GOAL_SYNC, AUTOPILOT_GOAL_SYNC_AND_WAIT,
                                         AUTOPILOT_GOAL_SYNC_SINCE, AUTOPILOT_GOAL_SYNC_AND_WAIT, AUTOPILOT_GOAL_SYNC_AND_WAIT};
    for (uint64_t key = from; key < to; key++) {
        char token[TOKEN];
        const char *text = kind_of(key) == TRIGGERED_LATE ? NULL : kind_of(key) == RENEWED ? "challenged" : token_of(key, token);
        CHECK(add(many.fleet, key, text, goals[kind_of(key)]) == AUTOPILOT_OK);
    }
}

static void check_end(uint64_t key, autopilot_result result, const autopilot_detail *detail)
{
    autopilot_trigger trigger = autopilot_detail_trigger(detail);
    CHECK(result == (kind_of(key) == CANCELLED ? AUTOPILOT_ERROR_CANCELLED : AUTOPILOT_OK));
    if (kind_of(key) == READ)
        CHECK(trigger == AUTOPILOT_TRIGGER_NOT_SENT && autopilot_detail_settings(detail) != NULL);
    else if (kind_of(key) != CANCELLED)
        CHECK(trigger == AUTOPILOT_TRIGGER_ACCEPTED);
    else if (autopilot_detail_attempts(detail) == 0)
        CHECK(trigger == AUTOPILOT_TRIGGER_NOT_SENT);
    CHECK(!__atomic_exchange_n(&many.has_ended[key], 1, __ATOMIC_RELAXED));
    __atomic_add_fetch(&many.ended, 1, __ATOMIC_RELEASE);
}

static void want(uint64_t key, const autopilot_detail *refusal)
{
    char token[TOKEN];
    if (kind_of(key) == TRIGGERED_LATE) {
        CHECK(refusal == NULL && autopilot_fleet_set_token(many.fleet, key, token_of(key, token)) == AUTOPILOT_OK);
    } else {
        CHECK(kind_of(key) == RENEWED && autopilot_detail_claims(refusal) != NULL);
        __atomic_store_n(&many.wants_token[key], 1, __ATOMIC_RELEASE); /* another thread has it */
    }
}

static void *work(void *unused)
{
    struct event told;
    while ((told = next(many.fleet, 1000)).event != AUTOPILOT_EVENT_FINISHED) {
        CHECK(told.key < many.tenants);
        if (told.event == AUTOPILOT_EVENT_ENDED)
            check_end(told.key, told.result, told.detail);
        else if (told.event == AUTOPILOT_EVENT_WANTS_TOKEN)
            want(told.key, told.detail);
        autopilot_detail_free(told.detail);
    }
    return unused;
}

/* Cancels and hands in tokens, again and again, also while steps run and when nobody has asked. */
static void *meddle(void *unused)
{
    for (uint64_t round = 0; ended() < many.tenants; round++) {
        for (uint64_t key = 0; key < many.tenants; key++) {
            char token[TOKEN];
            token_of(key, token);
            if (kind_of(key) == WATCHED)
                autopilot_fleet_set_token(many.fleet, key, token); /* the tenant may have ended */
            if (kind_of(key) == CANCELLED && round >= key % 16)
                autopilot_fleet_cancel_one(many.fleet, key);
            if (__atomic_exchange_n(&many.wants_token[key], 0, __ATOMIC_ACQUIRE))
                CHECK(autopilot_fleet_set_token(many.fleet, key, token) == AUTOPILOT_OK);
        }
        poll(NULL, 0, 1); /* leaves the others some time under valgrind, which runs one thread at once */
    }
    return unused;
}

static pthread_t begin(void *(*work)(void *), void *argument)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, work, argument) == 0);
    return thread;
}

static void join(pthread_t thread)
{
    CHECK(pthread_join(thread, NULL) == 0);
}

/* Tenants of all kinds, the half of them added while threads work already. */
static void run_many(uint64_t tenants, int threads)
{
    autopilot_client *client = new_client();
    pthread_t workers[MOST_THREADS];
    CHECK(tenants <= MOST_TENANTS && threads <= MOST_THREADS);
    many.fleet = new_fleet(client, 0);
    many.tenants = tenants;
    autopilot_client_free(client);
    add_many(0, tenants / 2);
    for (int i = 0; i < threads; i++)
        workers[i] = begin(work, NULL);
    pthread_t meddler = begin(meddle, NULL);
    add_many(tenants / 2, tenants);
    autopilot_fleet_close(many.fleet);
    for (int i = 0; i < threads; i++)
        join(workers[i]);
    join(meddler);
    CHECK(ended() == tenants);
    is_finished(many.fleet);
    autopilot_fleet_free(many.fleet);
}

/* A full fleet, and which keys there may be: all. */
static void full(void)
{
    static const uint64_t keys[] = {0, UINT64_MAX, 1};
    autopilot_fleet *fleet = new_fleet(NULL, 2);
    for (int round = 0; round < 2; round++) {
        CHECK(autopilot_fleet_has_room(fleet) == 1);
        CHECK(add(fleet, keys[0], "token", AUTOPILOT_GOAL_SETTINGS) == AUTOPILOT_OK);
        CHECK(add(fleet, keys[0], "token", AUTOPILOT_GOAL_SETTINGS) == WRONG);
        CHECK(add(fleet, keys[1], "token", AUTOPILOT_GOAL_SETTINGS) == AUTOPILOT_OK);
        CHECK(autopilot_fleet_has_room(fleet) == 0);
        CHECK(add(fleet, keys[2], "token", AUTOPILOT_GOAL_SETTINGS) == WRONG);
        ends(fleet, keys[0], AUTOPILOT_OK);
        CHECK(autopilot_fleet_has_room(fleet) == 1);
        CHECK(autopilot_fleet_set_token(fleet, keys[0], "token") == WRONG);
        ends(fleet, keys[1], AUTOPILOT_OK);
    }
    CHECK(next(fleet, 0).event == AUTOPILOT_EVENT_PAUSE);
    CHECK(next(fleet, 1).event == AUTOPILOT_EVENT_PAUSE);
    autopilot_fleet_free(fleet);
}

static void *until_finished(void *fleet)
{
    CHECK(next(fleet, -1).event == AUTOPILOT_EVENT_FINISHED);
    return NULL;
}

/* Closed while threads wait, when all have ended, and before anything was added. */
static void closed(void)
{
    for (int tenants = 0; tenants < 2; tenants++) {
        autopilot_fleet *fleet = new_fleet(NULL, 0);
        pthread_t threads[4];
        for (int i = 0; i < tenants; i++) {
            add_good(fleet, 0, AUTOPILOT_GOAL_SETTINGS);
            ends(fleet, 0, AUTOPILOT_OK);
        }
        for (size_t i = 0; i < LENGTH(threads); i++)
            threads[i] = begin(until_finished, fleet);
        autopilot_fleet_close(fleet);
        autopilot_fleet_close(fleet);
        for (size_t i = 0; i < LENGTH(threads); i++)
            join(threads[i]);
        CHECK(add(fleet, 1, "token", AUTOPILOT_GOAL_SETTINGS) == WRONG);
        autopilot_fleet_cancel(fleet);
        is_finished(fleet);
        autopilot_fleet_free(fleet);
    }
    autopilot_fleet *fleet = new_fleet(NULL, 0);
    autopilot_fleet_cancel(fleet);
    add_good(fleet, 0, AUTOPILOT_GOAL_SYNC);
    ends(fleet, 0, AUTOPILOT_ERROR_CANCELLED);
    CHECK(next(fleet, 0).event == AUTOPILOT_EVENT_PAUSE);
    autopilot_fleet_close(fleet);
    is_finished(fleet);
    autopilot_fleet_free(fleet);
}

/* Freed with tenants in it: one that has not begun, one that watches, one that wants a token, and one that has just got
 * one. */
static void freed(void)
{
    autopilot_client *client = new_client();
    autopilot_fleet *fleet = new_fleet(client, 0);
    autopilot_client_free(client);
    for (uint64_t key = 0; key < 2; key++)
        CHECK(add(fleet, key, NULL, AUTOPILOT_GOAL_SYNC_AND_WAIT) == AUTOPILOT_OK);
    add_good(fleet, 2, AUTOPILOT_GOAL_SYNC_AND_WAIT);
    for (int i = 0; i < 2; i++)
        CHECK(next_of_tenant(fleet).event == AUTOPILOT_EVENT_WANTS_TOKEN);
    while (next(fleet, 100).event != AUTOPILOT_EVENT_PAUSE)
        ;
    CHECK(autopilot_fleet_set_token(fleet, 1, "token") == AUTOPILOT_OK);
    add_good(fleet, 3, AUTOPILOT_GOAL_SYNC_AND_WAIT);
    autopilot_fleet_free(fleet);
}

/* The scenario "behind": the replies take their time. Threads come when the fleet asks for them, and no others. */
static struct {
    pthread_t threads[MOST_THREADS];
    int count;
} helpers;

static void *help(void *fleet)
{
    autopilot_event event;
    while ((event = autopilot_fleet_next(fleet, -1, NULL, NULL, NULL)) != AUTOPILOT_EVENT_FINISHED) {
        int count = 0;
        if (event == AUTOPILOT_EVENT_BEHIND && (count = __atomic_fetch_add(&helpers.count, 1, __ATOMIC_RELAXED)) < MOST_THREADS)
            helpers.threads[count] = begin(help, fleet);
    }
    return NULL;
}

static void behind(void)
{
    autopilot_fleet *fleet = new_fleet(NULL, 0);
    for (uint64_t key = 0; key < 200; key++)
        add_good(fleet, key, AUTOPILOT_GOAL_SETTINGS);
    autopilot_fleet_close(fleet);
    help(fleet);
    CHECK(helpers.count > 0);
    for (int i = 0; i < helpers.count && i < MOST_THREADS; i++)
        join(helpers.threads[i]);
    autopilot_fleet_free(fleet);
}

/* The scenario "forked": children are forked while threads take steps. */
static void *until_cancelled(void *fleet)
{
    struct event told;
    while ((told = next(fleet, -1)).event != AUTOPILOT_EVENT_FINISHED) {
        CHECK(told.event != AUTOPILOT_EVENT_ENDED || told.result == AUTOPILOT_ERROR_CANCELLED);
        autopilot_detail_free(told.detail);
    }
    return NULL;
}

/* A child's fleet is empty and open, whatever its parent's threads were doing. */
static void go_on_as_a_child(autopilot_fleet *fleet, autopilot_client *client)
{
    alarm(600); /* ends a child that waits for ever */
    CHECK(next(fleet, 0).event == AUTOPILOT_EVENT_PAUSE);
    CHECK(autopilot_fleet_set_token(fleet, 0, "token") == WRONG);
    autopilot_fleet_cancel_one(fleet, 1);
    add_good(fleet, 0, AUTOPILOT_GOAL_SETTINGS);
    ends(fleet, 0, AUTOPILOT_OK);
    autopilot_fleet_close(fleet);
    is_finished(fleet);
    autopilot_fleet_free(fleet);
    autopilot_client_free(client);
    _exit(0);
}

static void forked(void)
{
    enum { TENANTS = 40, CHILDREN = 20 };
    autopilot_client *client = new_client();
    autopilot_fleet *fleet = new_fleet(client, TENANTS);
    pthread_t threads[4];
    for (size_t i = 0; i < LENGTH(threads); i++)
        threads[i] = begin(until_cancelled, fleet);
    for (uint64_t key = 0; key < TENANTS; key++)
        add_good(fleet, key, AUTOPILOT_GOAL_SYNC_AND_WAIT);
    for (int i = 0; i < CHILDREN; i++) {
        int status = -1;
        pid_t child = fork();
        if (child == 0)
            go_on_as_a_child(fleet, client);
        CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    }
    CHECK(autopilot_fleet_has_room(fleet) == 0); /* what a child cancels and closes is its own */
    autopilot_fleet_cancel(fleet);
    autopilot_fleet_close(fleet);
    for (size_t i = 0; i < LENGTH(threads); i++)
        join(threads[i]);
    is_finished(fleet);
    autopilot_fleet_free(fleet);
    autopilot_client_free(client);
}

int main(int argc, char **argv)
{
    const char *scenario = argc > 1 ? argv[1] : "";
    if (strcmp(scenario, "many") == 0 && argc == 4)
        run_many(strtoul(argv[2], NULL, 10), atoi(argv[3]));
    else if (strcmp(scenario, "full") == 0)
        full();
    else if (strcmp(scenario, "closed") == 0)
        closed();
    else if (strcmp(scenario, "freed") == 0)
        freed();
    else if (strcmp(scenario, "behind") == 0)
        behind();
    else if (strcmp(scenario, "forked") == 0)
        forked();
    else
        return 2;
    puts("kept");
    return 0;
}
