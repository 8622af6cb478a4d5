/* Makes the library panic: every call returns, and a later one is as good as ever. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

#define TOKEN "a-token-that-nobody-prints"
#define INTERNAL AUTOPILOT_ERROR_INTERNAL

enum place { CALL, DIAL };

/* For each place, which reading of the clock fails: 1 is the next one. None does at 0 and below. */
static int readings[2];

/* The library calls this in place of the system's function. Rust's standard library panics if it fails. */
int clock_gettime(clockid_t clock, struct timespec *time)
{
    char thread[16] = "";
    prctl(PR_GET_NAME, thread);
    enum place here = strcmp(thread, "autopilot-dial") == 0 ? DIAL : CALL;
    if (__atomic_sub_fetch(&readings[here], 1, __ATOMIC_SEQ_CST) != 0)
        return (int)syscall(SYS_clock_gettime, clock, time);
    errno = ENOTRECOVERABLE;
    return -1;
}

static void panic_at(enum place place, int reading)
{
    __atomic_store_n(&readings[place], reading, __ATOMIC_SEQ_CST);
}

/* Whether the reading came. If not, it no longer will. */
static int has_panicked(enum place place)
{
    return __atomic_exchange_n(&readings[place], 0, __ATOMIC_SEQ_CST) <= 0;
}

static void check_and_free(autopilot_result result, autopilot_detail *detail)
{
    check_detail(result, detail);
    CHECK(strstr(autopilot_detail_message(detail), TOKEN) == NULL);
    autopilot_detail_free(detail);
}

/* Every kind of call, each with a panic at its first reading there. */
static void all_fail(const autopilot_client *client, enum place place)
{
    autopilot_detail *detail = GARBAGE;
    autopilot_settings *settings = GARBAGE;
    panic_at(place, 1);
    CHECK(autopilot_client_sync(client, TOKEN, NULL, NULL) == INTERNAL);
    panic_at(place, 1);
    CHECK(autopilot_client_sync(client, TOKEN, NULL, &detail) == INTERNAL);
    check_and_free(INTERNAL, detail);
    panic_at(place, 1);
    CHECK(autopilot_client_settings(client, TOKEN, NULL, &settings, &detail) == INTERNAL && settings == NULL);
    check_and_free(INTERNAL, detail);
    panic_at(place, 1);
    CHECK(autopilot_client_sync_and_wait(client, TOKEN, HOUR_MS, NULL, NULL, NULL, &detail) == INTERNAL);
    check_and_free(INTERNAL, detail);
    panic_at(place, 1);
    CHECK(autopilot_client_sync_since(client, TOKEN, YEAR_2000_MS, HOUR_MS, NULL, NULL, NULL, &detail) == INTERNAL);
    check_and_free(INTERNAL, detail);
}

static void all_succeed(const autopilot_client *client)
{
    autopilot_detail *detail = GARBAGE;
    autopilot_settings *settings = GARBAGE;
    autopilot_result result = autopilot_client_sync(client, TOKEN, NULL, &detail);
    CHECK(result >= 0);
    check_and_free(result, detail);
    CHECK(autopilot_client_settings(client, TOKEN, NULL, &settings, NULL) == AUTOPILOT_OK);
    autopilot_settings_free(settings);
    CHECK(autopilot_client_sync_and_wait(client, TOKEN, 1000, NULL, NULL, NULL, NULL) == AUTOPILOT_ERROR_TIMEOUT);
}

/* A client that has no connection yet, then one that has. */
static void a_client(autopilot_client *client)
{
    all_fail(client, DIAL);
    all_fail(client, CALL);
    all_succeed(client);
    all_fail(client, CALL);
    all_succeed(client);
    autopilot_client_free(client);
}

/* New clients' first calls, each with a panic at a later reading than the one before, until a call needs no more. */
static void at_every_reading(enum place place)
{
    for (int reading = 1, panicked = 1; panicked; reading++) {
        autopilot_client *client = new_client();
        autopilot_detail *detail = GARBAGE;
        panic_at(place, reading);
        autopilot_result result = autopilot_client_sync(client, TOKEN, NULL, &detail);
        panicked = has_panicked(place);
        CHECK(panicked ? result == INTERNAL : result >= 0);
        CHECK(panicked || reading > 3);
        check_and_free(result, detail);
        CHECK(autopilot_client_sync(client, TOKEN, NULL, NULL) >= 0);
        autopilot_client_free(client);
    }
}

/* A call inside of the callback panics and returns; then the wait does, at its next reading. */
static int32_t on_progress(autopilot_progress *progress, void *calls)
{
    (void)progress;
    ++*(int *)calls;
    panic_at(CALL, 1);
    CHECK(autopilot_sync(TOKEN) == INTERNAL);
    panic_at(CALL, 1);
    return 0;
}

int main(void)
{
    panic_at(DIAL, 1);
    CHECK(autopilot_sync(TOKEN) == INTERNAL);
    panic_at(CALL, 1);
    CHECK(autopilot_sync(TOKEN) == INTERNAL);
    a_client(NULL);
    a_client(new_client());
    at_every_reading(DIAL);
    at_every_reading(CALL);

    int calls = 0;
    autopilot_detail *detail = GARBAGE;
    CHECK(autopilot_client_sync_and_wait(NULL, TOKEN, HOUR_MS, NULL, on_progress, &calls, &detail) == INTERNAL);
    check_and_free(INTERNAL, detail);
    CHECK(calls == 1);
    CHECK(autopilot_sync(TOKEN) >= 0);
    puts("kept");
    return 0;
}
