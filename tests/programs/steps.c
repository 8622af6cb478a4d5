/* A call in steps, as an event loop drives it: steps SCENARIO. Prints what the loop sees, or "kept" if the library kept its
 * word. */
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

static autopilot_wait *new_wait(const autopilot_client *client, const char *token, int32_t goal, const autopilot_cancel *cancel)
{
    autopilot_wait *waits[3] = {GARBAGE, GARBAGE, GARBAGE};
    autopilot_detail *detail = GARBAGE;
    int64_t an_hour_ago = now_ms() - HOUR_MS;
    CHECK(autopilot_wait_new(client, token, goal, an_hour_ago, HOUR_MS, cancel, &waits[1], &detail) == AUTOPILOT_OK);
    check_detail(AUTOPILOT_OK, detail);
    autopilot_detail_free(detail);
    CHECK(waits[0] == GARBAGE && waits[1] != NULL && waits[2] == GARBAGE);
    return waits[1];
}

/* One step, held to what the header says of its outputs. The detail is the caller's, who may be NULL. */
static autopilot_event step(autopilot_wait *wait, int64_t *pause_ms, autopilot_detail **told)
{
    autopilot_result result = (autopilot_result)77;
    autopilot_detail *detail = GARBAGE;
    *pause_ms = -77;
    autopilot_event event = autopilot_wait_step(wait, pause_ms, &result, &detail);
    CHECK(event == AUTOPILOT_EVENT_PAUSE || event == AUTOPILOT_EVENT_WANTS_TOKEN || event == AUTOPILOT_EVENT_ENDED);
    CHECK(event == AUTOPILOT_EVENT_PAUSE ? *pause_ms >= 0 : *pause_ms == 0);
    CHECK(detail != GARBAGE && (detail != NULL || result == AUTOPILOT_OK));
    CHECK(event != AUTOPILOT_EVENT_PAUSE || detail == NULL);
    CHECK(event != AUTOPILOT_EVENT_ENDED || detail != NULL);
    if (detail != NULL)
        check_detail(result, detail);
    if (told != NULL)
        *told = detail;
    else
        autopilot_detail_free(detail);
    return event;
}

/* The event loop, until the call needs something or has ended. */
static autopilot_event run(autopilot_wait *wait, autopilot_detail **detail)
{
    int64_t pause_ms;
    autopilot_event event;
    while ((event = step(wait, &pause_ms, detail)) == AUTOPILOT_EVENT_PAUSE)
        CHECK(poll(NULL, 0, (int)pause_ms) == 0);
    return event;
}

/* Prints the end of a call, and frees it. */
static void end(autopilot_wait *wait)
{
    autopilot_detail *detail;
    int64_t pause_ms;
    CHECK(run(wait, &detail) == AUTOPILOT_EVENT_ENDED);
    const autopilot_settings *settings = autopilot_detail_settings(detail);
    printf("%s trigger=%d attempts=%d status=%d\n", autopilot_result_name(autopilot_detail_result(detail)),
           (int)autopilot_detail_trigger(detail), (int)autopilot_detail_attempts(detail), (int)autopilot_settings_status(settings));
    autopilot_detail_free(detail);
    /* Nothing more comes, and nothing is sent. */
    for (int i = 0; i < 2; i++) {
        CHECK(step(wait, &pause_ms, &detail) == AUTOPILOT_EVENT_ENDED);
        CHECK(autopilot_detail_result(detail) == WRONG && autopilot_detail_attempts(detail) == 0);
        autopilot_detail_free(detail);
        CHECK(autopilot_wait_set_token(wait, "token") == WRONG);
    }
    autopilot_wait_free(wait);
}

static void goals(void)
{
    autopilot_client *client = new_client();
    for (int32_t goal = AUTOPILOT_GOAL_SETTINGS; goal <= AUTOPILOT_GOAL_SYNC_SINCE; goal++) {
        const char *const tokens[] = {"settings", "sync", "sync-and-wait", "sync-since"};
        end(new_wait(client, tokens[goal], goal, NULL));
    }
    autopilot_client_free(client);
}

/* The token "expired" is refused, and so is "challenged", with claims. Both waits ask; each gets a good token, none, and one
 * that is refused too. */
static void tokens(void)
{
    static const char *const renewals[] = {"token", NULL, "expired"};
    static const char *const old_tokens[] = {"expired", "challenged"};
    autopilot_client *client = new_client();
    for (size_t i = 0; i < LENGTH(old_tokens) * LENGTH(renewals); i++) {
        const char *old = old_tokens[i % LENGTH(old_tokens)], *renewal = renewals[i / LENGTH(old_tokens)];
        autopilot_wait *wait = new_wait(client, old, AUTOPILOT_GOAL_SETTINGS, NULL);
        autopilot_detail *detail = GARBAGE;
        CHECK(run(wait, &detail) == AUTOPILOT_EVENT_WANTS_TOKEN);
        CHECK(autopilot_detail_result(detail) == AUTOPILOT_ERROR_UNAUTHORIZED && autopilot_detail_http_status(detail) == 401);
        CHECK((autopilot_detail_claims(detail) != NULL) == (strcmp(old, "challenged") == 0));
        autopilot_detail_free(detail);
        static const char *const wrong[] = {NULL, "", "a b", "\xff", "a\r\nb"};
        for (size_t j = 0; j < LENGTH(wrong); j++)
            CHECK(autopilot_wait_set_token(wait, wrong[j]) == WRONG);
        CHECK(renewal == NULL || autopilot_wait_set_token(wait, renewal) == AUTOPILOT_OK);
        end(wait);
    }
    autopilot_client_free(client);
}

/* A cancel ends the call at its next step, whatever it waits for. The client and the cancel may go first. */
static void cancel(void)
{
    autopilot_client *client = new_client();
    autopilot_cancel *cancel = autopilot_cancel_new();
    autopilot_wait *waits[] = {new_wait(client, "token", AUTOPILOT_GOAL_SYNC_AND_WAIT, cancel),
                               new_wait(client, "token", AUTOPILOT_GOAL_SYNC_AND_WAIT, cancel),
                               new_wait(client, "expired", AUTOPILOT_GOAL_SYNC, cancel)};
    int64_t pause_ms;
    CHECK(step(waits[1], &pause_ms, NULL) == AUTOPILOT_EVENT_PAUSE && pause_ms > 0);
    CHECK(step(waits[1], &pause_ms, NULL) == AUTOPILOT_EVENT_PAUSE && pause_ms > 0); /* too early, so nothing happens */
    CHECK(step(waits[2], &pause_ms, NULL) == AUTOPILOT_EVENT_WANTS_TOKEN);
    autopilot_client_free(client);
    autopilot_cancel_trigger(cancel);
    autopilot_cancel_free(cancel);
    for (size_t i = 0; i < LENGTH(waits); i++)
        end(waits[i]);
}

/* What a caller sees of a call between its steps, and its own end of it: in the window, and while the sync runs. */
static void stop(void)
{
    static const struct { const char *token; autopilot_phase phase; autopilot_trigger trigger; autopilot_result result; } rows[] = {
        {"recent", AUTOPILOT_PHASE_WINDOW, AUTOPILOT_TRIGGER_REFUSED, AUTOPILOT_SYNC_TOO_SOON},
        {"token", AUTOPILOT_PHASE_WATCHING, AUTOPILOT_TRIGGER_ACCEPTED, AUTOPILOT_ERROR_CANCELLED},
        {"expired", AUTOPILOT_PHASE_TOKEN_REJECTED, AUTOPILOT_TRIGGER_NOT_SENT, AUTOPILOT_ERROR_CANCELLED},
    };
    autopilot_client *client = new_client();
    for (size_t i = 0; i < LENGTH(rows); i++) {
        autopilot_wait *wait = new_wait(client, rows[i].token, AUTOPILOT_GOAL_SYNC_AND_WAIT, NULL);
        autopilot_progress *progress = autopilot_wait_progress(wait);
        autopilot_detail *detail = GARBAGE;
        int64_t pause_ms;
        CHECK(autopilot_progress_phase(progress) == AUTOPILOT_PHASE_STARTING);
        CHECK(autopilot_progress_settings(progress) == NULL);
        for (int steps = 0; steps < 3 && autopilot_progress_phase(progress) != rows[i].phase; steps++) {
            CHECK(step(wait, &pause_ms, NULL) != AUTOPILOT_EVENT_ENDED);
            progress = autopilot_wait_progress(wait);
        }
        CHECK(autopilot_progress_phase(progress) == rows[i].phase && autopilot_progress_trigger(progress) == rows[i].trigger);
        CHECK(autopilot_progress_elapsed_ms(progress) >= 0 && autopilot_progress_next_step_ms(progress) >= 0);
        CHECK((autopilot_progress_settings(progress) == NULL) == (rows[i].phase == AUTOPILOT_PHASE_TOKEN_REJECTED));
        CHECK(autopilot_wait_stop(wait, &detail) == rows[i].result);
        check_detail(rows[i].result, detail);
        CHECK((autopilot_detail_retry_after_ms(detail) > 0) == (rows[i].result == AUTOPILOT_SYNC_TOO_SOON));
        printf("%s %s\n", autopilot_result_name(rows[i].result), autopilot_trigger_name(autopilot_detail_trigger(detail)));
        autopilot_detail_free(detail);
        CHECK(autopilot_wait_stop(wait, NULL) == WRONG);
        progress = autopilot_wait_progress(wait);
        CHECK(progress != NULL && autopilot_progress_set_token(progress, "token") == AUTOPILOT_OK);
        CHECK(step(wait, &pause_ms, &detail) == AUTOPILOT_EVENT_ENDED && autopilot_detail_result(detail) == WRONG);
        autopilot_detail_free(detail);
        autopilot_wait_free(wait);
    }
    autopilot_client_free(client);
}

/* A token that is given to the progress is given to the wait, whichever is last. */
static void progress_token(void)
{
    autopilot_client *client = new_client();
    for (int is_last = 0; is_last < 2; is_last++) {
        autopilot_wait *wait = new_wait(client, "expired", AUTOPILOT_GOAL_SETTINGS, NULL);
        CHECK(run(wait, NULL) == AUTOPILOT_EVENT_WANTS_TOKEN);
        if (is_last)
            CHECK(autopilot_wait_set_token(wait, "expired") == AUTOPILOT_OK);
        autopilot_progress *progress = autopilot_wait_progress(wait);
        CHECK(autopilot_progress_set_token(progress, "a b") == WRONG);
        CHECK(autopilot_progress_set_token(progress, is_last ? "settings" : "expired") == AUTOPILOT_OK);
        if (!is_last)
            CHECK(autopilot_wait_set_token(wait, "settings") == AUTOPILOT_OK);
        end(wait);
    }
    autopilot_client_free(client);
}

/* A wait may be freed wherever it stands. What may be NULL is NULL. */
static void freed(void)
{
    for (int steps = 0; steps < 3; steps++) {
        autopilot_client *client = new_client();
        autopilot_wait *waits[] = {new_wait(client, "token", AUTOPILOT_GOAL_SYNC_AND_WAIT, NULL),
                                   new_wait(client, "expired", AUTOPILOT_GOAL_SYNC_AND_WAIT, NULL),
                                   new_wait(NULL, "token", AUTOPILOT_GOAL_SETTINGS, NULL)};
        autopilot_client_free(client);
        for (size_t i = 0; i < LENGTH(waits); i++) {
            for (int j = 0; j < steps; j++)
                autopilot_wait_step(waits[i], NULL, NULL, NULL);
            CHECK(autopilot_wait_progress(waits[i]) != NULL);
            autopilot_wait_free(waits[i]);
        }
    }
    puts("kept");
}

/* Between two steps the process forks: the child goes on, on a connection of its own. */
static void forked(void)
{
    autopilot_client *client = new_client();
    autopilot_wait *wait = new_wait(client, "sync-and-wait", AUTOPILOT_GOAL_SYNC_AND_WAIT, NULL);
    int64_t pause_ms;
    CHECK(step(wait, &pause_ms, NULL) == AUTOPILOT_EVENT_PAUSE);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        autopilot_client_free(client);
        end(wait);
        fflush(stdout);
        _exit(0);
    }
    int status = -1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    autopilot_settings *settings = GARBAGE;
    CHECK(autopilot_client_settings(client, "sync-and-wait", NULL, &settings, NULL) == AUTOPILOT_OK);
    autopilot_settings_free(settings);
    autopilot_wait_free(wait);
    autopilot_client_free(client);
}

int main(int argc, char **argv)
{
    const char *scenario = argc > 1 ? argv[1] : "";
    if (strcmp(scenario, "goals") == 0)
        goals();
    else if (strcmp(scenario, "tokens") == 0)
        tokens();
    else if (strcmp(scenario, "cancel") == 0)
        cancel();
    else if (strcmp(scenario, "stop") == 0)
        stop();
    else if (strcmp(scenario, "progress-token") == 0)
        progress_token();
    else if (strcmp(scenario, "freed") == 0)
        freed();
    else if (strcmp(scenario, "forked") == 0)
        forked();
    else
        return 2;
    return 0;
}
