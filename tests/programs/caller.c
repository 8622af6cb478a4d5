/* Makes calls with tokens that it gets on its standard input, and wipes them: caller ACTION TIMEOUT_MS [cancel].
 * Says "made RESULT" when the call has returned, "wiped" when the caller's own token is gone, and "freed" when the client is;
 * between these it waits for a line. With "cancel" a line during the call cancels it. */
#include <poll.h>
#include <pthread.h>
#include <unistd.h>
#include "check.h"

enum { LONGEST_LINE = 128 * 1024 };

/* A line of standard input, in no buffer but this one. */
static void hear(char *line)
{
    size_t length = 0;
    while (read(STDIN_FILENO, &line[length], 1) == 1 && line[length] != '\n')
        CHECK(++length < LONGEST_LINE);
    line[length] = '\0';
}

static void hear_anything(void)
{
    char unused[2];
    while (read(STDIN_FILENO, unused, 1) == 1 && unused[0] != '\n')
        ;
}

static void wipe(char *line)
{
    volatile char *byte = line;
    while (*byte != '\0')
        *byte++ = '\0';
}

static void say(const char *what)
{
    puts(what);
    fflush(stdout);
}

static autopilot_client *client_for(long long timeout_ms)
{
    autopilot_options *options = autopilot_options_new();
    autopilot_client *client = NULL;
    CHECK(autopilot_options_set_timeout_ms(options, timeout_ms) == AUTOPILOT_OK);
    CHECK(autopilot_options_set_connect_timeout_ms(options, timeout_ms) == AUTOPILOT_OK);
    CHECK(autopilot_options_set_max_retries(options, 1) == AUTOPILOT_OK);
    CHECK(autopilot_client_new(options, &client, NULL) == AUTOPILOT_OK);
    autopilot_options_free(options);
    return client;
}

/* Hands in the next line as a new token where one is refused. */
static int32_t renew(autopilot_progress *progress, void *unused)
{
    static char token[LONGEST_LINE];
    (void)unused;
    if (autopilot_progress_phase(progress) == AUTOPILOT_PHASE_TOKEN_REJECTED) {
        hear(token);
        CHECK(autopilot_progress_set_token(progress, token) == AUTOPILOT_OK);
        wipe(token);
    }
    return 0;
}

static void *cancel_when_told(void *cancel)
{
    hear_anything();
    autopilot_cancel_trigger(cancel);
    return NULL;
}

/* The same in steps. The wait is not freed: it is looked through too. */
static autopilot_result take_steps(autopilot_client *client, const char *token, autopilot_cancel *cancel, autopilot_detail **detail)
{
    static char renewal[LONGEST_LINE];
    autopilot_wait *wait = NULL;
    autopilot_result result;
    autopilot_event event;
    int64_t pause_ms;
    CHECK(autopilot_wait_new(client, token, AUTOPILOT_GOAL_SYNC_AND_WAIT, 0, HOUR_MS, cancel, &wait, NULL) == AUTOPILOT_OK);
    while ((event = autopilot_wait_step(wait, &pause_ms, &result, detail)) != AUTOPILOT_EVENT_ENDED) {
        if (event == AUTOPILOT_EVENT_WANTS_TOKEN) {
            hear(renewal);
            CHECK(autopilot_wait_set_token(wait, renewal) == AUTOPILOT_OK);
            wipe(renewal);
        }
        poll(NULL, 0, (int)pause_ms);
    }
    return result;
}

/* The same in a fleet, which is not freed either. */
static autopilot_result join_fleet(autopilot_client *client, const char *token, autopilot_detail **detail)
{
    static char renewal[LONGEST_LINE];
    autopilot_fleet *fleet = NULL;
    autopilot_result result;
    autopilot_event event;
    CHECK(autopilot_fleet_new(client, 0, &fleet, NULL) == AUTOPILOT_OK);
    CHECK(autopilot_fleet_add(fleet, 0, token, AUTOPILOT_GOAL_SYNC_AND_WAIT, 0, HOUR_MS, NULL) == AUTOPILOT_OK);
    while ((event = autopilot_fleet_next(fleet, -1, NULL, &result, detail)) != AUTOPILOT_EVENT_ENDED) {
        if (event != AUTOPILOT_EVENT_WANTS_TOKEN)
            continue;
        hear(renewal);
        CHECK(autopilot_fleet_set_token(fleet, 0, renewal) == AUTOPILOT_OK);
        wipe(renewal);
    }
    return result;
}

static autopilot_result make(const char *action, autopilot_client *client, const char *token, autopilot_cancel *cancel)
{
    autopilot_result result = AUTOPILOT_ERROR_INTERNAL;
    autopilot_detail *detail = NULL;
    autopilot_settings *settings = NULL;
    if (strcmp(action, "one-call") == 0)
        return autopilot_sync(token);
    if (strcmp(action, "sync") == 0)
        result = autopilot_client_sync(client, token, cancel, &detail);
    else if (strcmp(action, "settings") == 0)
        result = autopilot_client_settings(client, token, cancel, &settings, &detail);
    else if (strcmp(action, "wait") == 0)
        result = autopilot_client_sync_and_wait(client, token, HOUR_MS, cancel, renew, NULL, &detail);
    else if (strcmp(action, "since") == 0)
        result = autopilot_client_sync_since(client, token, YEAR_2000_MS, HOUR_MS, cancel, renew, NULL, &detail);
    else if (strcmp(action, "steps") == 0)
        result = take_steps(client, token, cancel, &detail);
    else if (strcmp(action, "fleet") == 0)
        result = join_fleet(client, token, &detail);
    /* Neither freed: they are looked through too, with the trace. */
    CHECK(detail != NULL && autopilot_detail_trace(detail) != NULL);
    return result;
}

int main(int argc, char **argv)
{
    static char token[LONGEST_LINE];
    pthread_t thread;
    CHECK(argc == 3 || argc == 4);
    autopilot_client *client = client_for(atoll(argv[2]));
    autopilot_cancel *cancel = argc == 4 ? autopilot_cancel_new() : NULL;
    hear(token);
    CHECK(cancel == NULL || pthread_create(&thread, NULL, cancel_when_told, cancel) == 0);
    printf("made %d\n", (int)make(argv[1], client, token, cancel));
    fflush(stdout);
    CHECK(cancel == NULL || pthread_join(thread, NULL) == 0);
    hear_anything();
    wipe(token);
    say("wiped");
    hear_anything();
    autopilot_client_free(client);
    say("freed");
    hear_anything();
    return 0;
}
