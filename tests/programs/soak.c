/* Many calls of every kind, in three equal thirds: soak CALLS UNTRUSTED_PROXY. Says after each third what the process
 * holds, and after the last that the clients are freed; prints "kept" if that does not grow. */
#define _GNU_SOURCE
#include <dirent.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>
#include "check.h"

enum { THREADS = 8, PATIENCE_S = 600 };

/* What may remain of a whole run once the clients are freed, and the difference that idle connections make to the
 * resident memory while they are not. */
enum { HEAP_KIB = 64, RESIDENT_KIB = 4096 };

/* Clients that live as long as the process does, used by all threads at once. */
static autopilot_client *patient, *hasty, *cut_off, *untrusting;
static autopilot_cancel *cancelled;
static const char *untrusted_proxy;
static char long_token[60 * 1024 + 1];

static autopilot_result trigger(autopilot_client *client, const char *token, autopilot_cancel *cancel)
{
    autopilot_detail *detail = GARBAGE;
    autopilot_result result = autopilot_client_sync(client, token, cancel, &detail);
    check_detail(result, detail);
    autopilot_detail_free(detail);
    return result;
}

static autopilot_result settings(autopilot_client *client, const char *token, autopilot_cancel *cancel)
{
    autopilot_detail *detail = GARBAGE;
    autopilot_settings *read = GARBAGE;
    autopilot_result result = autopilot_client_settings(client, token, cancel, &read, &detail);
    check_detail(result, detail);
    CHECK((read != NULL) == (result == AUTOPILOT_OK));
    autopilot_settings_free(read);
    autopilot_detail_free(detail);
    return result;
}

static int32_t renew(autopilot_progress *progress, void *unused)
{
    (void)unused;
    if (autopilot_progress_phase(progress) == AUTOPILOT_PHASE_TOKEN_REJECTED)
        CHECK(autopilot_progress_set_token(progress, "expired") == AUTOPILOT_OK);
    return autopilot_progress_phase(progress) == AUTOPILOT_PHASE_WATCHING;
}

static autopilot_result wait(autopilot_client *client, const char *token, autopilot_cancel *cancel)
{
    autopilot_detail *detail = GARBAGE;
    autopilot_result result = autopilot_client_sync_and_wait(client, token, HOUR_MS, cancel, renew, NULL, &detail);
    check_detail(result, detail);
    autopilot_detail_free(detail);
    return result;
}

/* Any completed sync is recent enough. */
static autopilot_result since(autopilot_client *client, const char *token, autopilot_cancel *cancel)
{
    autopilot_detail *detail = GARBAGE;
    autopilot_result result =
        autopilot_client_sync_since(client, token, YEAR_2000_MS, HOUR_MS, cancel, renew, NULL, &detail);
    check_detail(result, detail);
    autopilot_detail_free(detail);
    return result;
}

/* The settings, step by step. */
static autopilot_result steps(autopilot_client *client, const char *token, autopilot_cancel *cancel)
{
    autopilot_wait *wait = GARBAGE;
    autopilot_detail *detail = GARBAGE;
    autopilot_result result;
    CHECK(autopilot_wait_new(client, token, AUTOPILOT_GOAL_SETTINGS, 0, HOUR_MS, cancel, &wait, NULL) == AUTOPILOT_OK);
    while (autopilot_wait_step(wait, NULL, &result, &detail) != AUTOPILOT_EVENT_ENDED)
        autopilot_detail_free(detail);
    check_detail(result, detail);
    autopilot_detail_free(detail);
    autopilot_wait_free(wait);
    return result;
}

/* The settings, in a fleet with another tenant, whom it leaves behind. */
static autopilot_result fleet(autopilot_client *client, const char *token, autopilot_cancel *unused)
{
    enum { TENANT = 7, OTHER };
    autopilot_fleet *fleet = GARBAGE;
    autopilot_detail *detail = GARBAGE;
    autopilot_result result;
    uint64_t key;
    (void)unused;
    CHECK(autopilot_fleet_new(client, 0, &fleet, NULL) == AUTOPILOT_OK);
    CHECK(autopilot_fleet_add(fleet, OTHER, NULL, AUTOPILOT_GOAL_SYNC, 0, HOUR_MS, NULL) == AUTOPILOT_OK);
    CHECK(autopilot_fleet_add(fleet, TENANT, NULL, AUTOPILOT_GOAL_SETTINGS, 0, HOUR_MS, NULL) == AUTOPILOT_OK);
    while (autopilot_fleet_next(fleet, -1, &key, &result, &detail) != AUTOPILOT_EVENT_ENDED) {
        if (key == TENANT)
            CHECK(autopilot_fleet_set_token(fleet, key, detail == NULL ? token : NULL) == AUTOPILOT_OK);
        autopilot_detail_free(detail);
    }
    CHECK(key == TENANT);
    check_detail(result, detail);
    autopilot_detail_free(detail);
    autopilot_fleet_free(fleet);
    return result;
}

/* On a client of its own. */
static autopilot_result fresh(autopilot_client *client, const char *token, autopilot_cancel *unused)
{
    autopilot_cancel *cancel = autopilot_cancel_new();
    (void)unused;
    client = client_by(NULL, HOUR_MS);
    autopilot_result result = trigger(client, token, cancel);
    autopilot_client_free(client);
    autopilot_cancel_free(cancel);
    return result;
}

static const struct kind {
    autopilot_result (*make)(autopilot_client *, const char *token, autopilot_cancel *);
    autopilot_client **client;
    const char *token;
    autopilot_result result; /* ANSWER: one of the service's three */
} kinds[] = {
#define ANSWER 99
    {trigger, &patient, "token", ANSWER},
    {settings, &patient, "token", AUTOPILOT_OK},
    {trigger, &patient, "token", ANSWER},
    {trigger, &patient, long_token, ANSWER},
    {settings, &patient, "token", AUTOPILOT_OK},
    {trigger, &patient, "forbidden", AUTOPILOT_ERROR_FORBIDDEN},
    {trigger, &patient, "challenged", AUTOPILOT_ERROR_UNAUTHORIZED},
    {trigger, &patient, "failing", AUTOPILOT_ERROR_SERVICE},
    {settings, &patient, "a page", WRONG},
    {trigger, &patient, "page", AUTOPILOT_ERROR_PROTOCOL},
    {trigger, &patient, "endless", AUTOPILOT_SYNC_ALREADY_RUNNING},
    {trigger, &patient, "nonsense", AUTOPILOT_ERROR_PROTOCOL},
    {trigger, &patient, "closed", AUTOPILOT_ERROR_CONNECTION_LOST},
    {settings, &patient, "reset", AUTOPILOT_ERROR_CONNECTION_LOST},
    {trigger, &patient, "truncated", AUTOPILOT_ERROR_CONNECTION_LOST},
    {trigger, &hasty, "unanswered", AUTOPILOT_ERROR_TIMEOUT},
    {trigger, &cut_off, "token", AUTOPILOT_ERROR_CONNECT},
    {trigger, &untrusting, "token", AUTOPILOT_ERROR_TLS},
    {wait, &patient, "forbidden", AUTOPILOT_ERROR_FORBIDDEN},
    {wait, &patient, "expired", AUTOPILOT_ERROR_UNAUTHORIZED},
    {since, &patient, "idle", AUTOPILOT_SYNC_UP_TO_DATE},
    {since, &patient, "expired", AUTOPILOT_ERROR_UNAUTHORIZED},
    {steps, &patient, "token", AUTOPILOT_OK},
    {steps, &patient, "expired", AUTOPILOT_ERROR_UNAUTHORIZED},
    {fleet, &patient, "token", AUTOPILOT_OK},
    {fleet, &patient, "expired", AUTOPILOT_ERROR_UNAUTHORIZED},
    {fresh, &patient, "token", ANSWER},
};

/* Each call of a third is made once, by whichever thread comes first. */
static long next_call;

static void *call_until_done(void *last)
{
    long number;
    while ((number = __atomic_fetch_add(&next_call, 1, __ATOMIC_RELAXED)) < *(long *)last) {
        const struct kind *kind = &kinds[(size_t)number % LENGTH(kinds)];
        /* Now and then a call is over before it begins. */
        int is_over = number % 50 == 49 && kind->result != WRONG && kind->make != fresh && kind->make != fleet;
        autopilot_result result = kind->make(*kind->client, kind->token, is_over ? cancelled : NULL);
        if (is_over ? result != AUTOPILOT_ERROR_CANCELLED
                    : kind->result == ANSWER ? result < 0 || result > AUTOPILOT_SYNC_TOO_SOON : result != kind->result) {
            fprintf(stderr, "call %ld, %.20s: %s\n", number, kind->token, autopilot_result_name(result));
            exit(1);
        }
    }
    return NULL;
}

static void make_calls(long last)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, call_until_done, &last) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    next_call = last;
}

/* What the process holds. */
struct holdings {
    long resident_kib, heap_kib, descriptors, threads;
};

static long status(const char *field)
{
    char line[256];
    long value = -1;
    FILE *file = fopen("/proc/self/status", "r");
    CHECK(file != NULL);
    while (value < 0 && fgets(line, sizeof line, file))
        if (strncmp(line, field, strlen(field)) == 0)
            value = atol(line + strlen(field));
    CHECK(fclose(file) == 0 && value >= 0);
    return value;
}

static long descriptors(void)
{
    long count = -3; /* ".", ".." and the folder itself */
    DIR *folder = opendir("/proc/self/fd");
    CHECK(folder != NULL);
    while (readdir(folder))
        count++;
    CHECK(closedir(folder) == 0);
    return count;
}

/* Once the threads that make connections have ended, as they do by themselves. */
static struct holdings holdings(const char *when)
{
    time_t begin = time(NULL);
    while (status("Threads:") > 1 && time(NULL) < begin + PATIENCE_S)
        sched_yield();
    struct holdings held = {status("VmRSS:"), (long)(mallinfo2().uordblks / 1024), descriptors(), status("Threads:")};
    printf("%-20s resident %6ld KiB, heap %6ld KiB, descriptors %2ld, threads %ld\n", when, held.resident_kib, held.heap_kib,
           held.descriptors, held.threads);
    fflush(stdout);
    return held;
}

static void open_clients(void)
{
    patient = client_by(NULL, HOUR_MS);
    hasty = client_by(NULL, 50);
    cut_off = client_by("http://127.0.0.1:1", HOUR_MS);
    untrusting = client_by(untrusted_proxy, HOUR_MS);
}

static void free_clients(void)
{
    autopilot_client_free(patient);
    autopilot_client_free(hasty);
    autopilot_client_free(cut_off);
    autopilot_client_free(untrusting);
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    long third = atol(argv[1]) / 3;
    untrusted_proxy = argv[2];
    memset(long_token, 'x', sizeof long_token - 1);
    cancelled = autopilot_cancel_new();
    autopilot_cancel_trigger(cancelled);

    open_clients();
    make_calls(LENGTH(kinds)); /* what is made once and for all is made */
    free_clients();
    struct holdings before = holdings("before");
    open_clients();
    make_calls(third);
    struct holdings first = holdings("after a third");
    make_calls(2 * third);
    holdings("after two thirds");
    make_calls(3 * third);
    struct holdings last = holdings("after all");
    free_clients();
    struct holdings after = holdings("clients freed");

    CHECK(last.resident_kib <= first.resident_kib + RESIDENT_KIB);
    CHECK(last.descriptors <= before.descriptors + THREADS * 2); /* of two clients that may keep some */
    CHECK(after.heap_kib <= before.heap_kib + HEAP_KIB);
    CHECK(after.descriptors == before.descriptors && after.threads == 1);
    puts("kept");
    return 0;
}
