/* Linked with a library that panics when told to: every call returns, and a later one is as good as ever. */
#include "check.h"

#define TOKEN "a-token-that-nobody-prints"
#define INTERNAL AUTOPILOT_ERROR_INTERNAL

/* NULL: nowhere. */
static void panic_in(const char *place)
{
    CHECK(place ? setenv("PANIC_IN", place, 1) == 0 : unsetenv("PANIC_IN") == 0);
}

static void check_and_free(autopilot_result result, autopilot_detail *detail)
{
    check_detail(result, detail);
    CHECK(strstr(autopilot_detail_message(detail), TOKEN) == NULL);
    autopilot_detail_free(detail);
}

static void all_fail(const autopilot_client *client)
{
    autopilot_detail *detail = GARBAGE;
    autopilot_settings *settings = GARBAGE;
    CHECK(autopilot_client_sync(client, TOKEN, NULL, NULL) == INTERNAL);
    CHECK(autopilot_client_sync(client, TOKEN, NULL, &detail) == INTERNAL);
    check_and_free(INTERNAL, detail);
    CHECK(autopilot_client_settings(client, TOKEN, NULL, &settings, &detail) == INTERNAL && settings == NULL);
    check_and_free(INTERNAL, detail);
    CHECK(autopilot_client_sync_and_wait(client, TOKEN, HOUR_MS, NULL, NULL, NULL, &detail) == INTERNAL);
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
    panic_in("dial");
    all_fail(client);
    panic_in("call");
    all_fail(client);
    panic_in(NULL);
    all_succeed(client);
    panic_in("call");
    all_fail(client);
    panic_in(NULL);
    all_succeed(client);
    autopilot_client_free(client);
}

/* A call inside of the callback panics and returns; then the wait does, at its next request. */
static int32_t on_progress(autopilot_progress *progress, void *calls)
{
    (void)progress;
    ++*(int *)calls;
    panic_in("call");
    CHECK(autopilot_sync(TOKEN) == INTERNAL);
    return 0;
}

int main(void)
{
    panic_in("dial");
    CHECK(autopilot_sync(TOKEN) == INTERNAL);
    panic_in("call");
    CHECK(autopilot_sync(TOKEN) == INTERNAL);
    a_client(NULL);
    a_client(new_client());

    int calls = 0;
    autopilot_detail *detail = GARBAGE;
    CHECK(autopilot_client_sync_and_wait(NULL, TOKEN, HOUR_MS, NULL, on_progress, &calls, &detail) == INTERNAL);
    check_and_free(INTERNAL, detail);
    CHECK(calls == 1);
    panic_in(NULL);
    CHECK(autopilot_sync(TOKEN) >= 0);
    puts("kept");
    return 0;
}
