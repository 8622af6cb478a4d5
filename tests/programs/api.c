/* The C face of the library as a caller uses it, one scenario a run: api SCENARIO. Prints what a caller sees. */
#include <inttypes.h>
#include <pthread.h>
#include "check.h"

/* Prints and frees a detail. */
static void show(autopilot_result result, autopilot_detail *detail)
{
    check_detail(result, detail);
    int32_t attempts = autopilot_detail_attempts(detail);
    if (autopilot_detail_why_unknown(detail))
        printf("why=%s\n", autopilot_detail_why_unknown(detail));
    printf("%s http=%d trigger=%d attempts=%d\n", autopilot_result_name(result),
           (int)autopilot_detail_http_status(detail), (int)autopilot_detail_trigger(detail), (int)(attempts > 9 ? 9 : attempts));
    autopilot_detail_free(detail);
}

static void sync_once(void)
{
    autopilot_client *client = new_client();
    autopilot_detail *detail = GARBAGE;
    autopilot_result result = autopilot_client_sync(client, "token", NULL, &detail);
    const char *description = autopilot_client_describe(client), *of_shared = autopilot_client_describe(NULL);
    CHECK(strstr(description, "; retries: 3") != NULL && autopilot_client_describe(client) == description);
    CHECK(strstr(of_shared, "; timeout: 30s") != NULL && strstr(of_shared, ", from HTTPS_PROXY; ") != NULL);
    const char *words = autopilot_detail_service_message(detail), *claims = autopilot_detail_claims(detail);
    const char *code = autopilot_detail_code(detail);
    printf("code=%s retry_after=%" PRId64 " claims=%s words=%s\n", code ? code : "", autopilot_detail_retry_after_ms(detail),
           claims ? claims : "", words ? words : "");
    CHECK(autopilot_detail_settings(detail) == NULL);
    CHECK(result >= 0 || autopilot_detail_attempt_reason(detail, autopilot_detail_attempts(detail) - 1) != NULL);
    show(result, detail);
    autopilot_client_free(client);
}

static void show_settings(const autopilot_settings *settings)
{
    CHECK(settings != NULL && autopilot_settings_id(settings) != NULL);
    CHECK((autopilot_settings_last_sync_ms(settings) == 0) ==
          (strncmp(autopilot_settings_last_sync_text(settings), "0001", 4) == 0));
    CHECK((autopilot_settings_last_manual_sync_ms(settings) == 0) ==
          (strncmp(autopilot_settings_last_manual_sync_text(settings), "0001", 4) == 0));
    int64_t sync = autopilot_settings_last_sync_ms(settings), manual = autopilot_settings_last_manual_sync_ms(settings);
    int64_t later = sync > manual ? sync : manual;
    CHECK(autopilot_settings_next_sync_ms(settings) == (later ? later + 610000 : 0));
    printf("status=%d %s\n", (int)autopilot_settings_status(settings), autopilot_settings_status_text(settings));
}

static void settings(void)
{
    autopilot_client *client = new_client();
    autopilot_settings *settings = GARBAGE;
    autopilot_detail *detail = GARBAGE;
    autopilot_result result = autopilot_client_settings(client, "token", NULL, &settings, &detail);
    CHECK((settings != NULL) == (result == AUTOPILOT_OK));
    if (settings) {
        show_settings(settings);
        show_settings(autopilot_detail_settings(detail));
    }
    autopilot_settings_free(settings);
    show(result, detail);
    autopilot_client_free(client);
}

struct watch {
    char *token;              /* spoiled and freed by the first call */
    const char *renewal;      /* the token to hand in when one is refused */
    int32_t stop_at;          /* the phase to stop in, or -1 */
    int32_t cancel_at;        /* the phase to cancel in, or -1 */
    autopilot_cancel *cancel;
    int calls;
    unsigned phases;          /* a bit for each that was seen */
    pthread_t thread;
};

static int32_t on_progress(autopilot_progress *progress, void *user_data)
{
    struct watch *watch = user_data;
    autopilot_phase phase = autopilot_progress_phase(progress);
    CHECK(pthread_equal(watch->thread, pthread_self()));
    CHECK(autopilot_progress_elapsed_ms(progress) >= 0 && autopilot_progress_next_step_ms(progress) >= 0);
    CHECK((watch->calls++ == 0) == (phase == AUTOPILOT_PHASE_STARTING));
    watch->phases |= 1u << phase;
    CHECK(phase != AUTOPILOT_PHASE_STARTING || autopilot_progress_trigger(progress) == AUTOPILOT_TRIGGER_NOT_SENT);
    CHECK(phase != AUTOPILOT_PHASE_WATCHING || autopilot_progress_trigger(progress) == AUTOPILOT_TRIGGER_ACCEPTED);
    if (phase == AUTOPILOT_PHASE_STARTING) {
        watch->token[0] = 'x';
        free(watch->token);
    }
    if (phase == AUTOPILOT_PHASE_WATCHING || phase == AUTOPILOT_PHASE_WINDOW)
        CHECK(autopilot_settings_status_text(autopilot_progress_settings(progress)) != NULL);
    if (phase == AUTOPILOT_PHASE_TOKEN_REJECTED && watch->renewal) {
        CHECK(autopilot_progress_set_token(progress, NULL) == WRONG);
        CHECK(autopilot_progress_set_token(progress, "a b") == WRONG);
        CHECK(autopilot_progress_set_token(progress, watch->renewal) == AUTOPILOT_OK);
    }
    if (phase == watch->cancel_at)
        autopilot_cancel_trigger(watch->cancel);
    return phase == watch->stop_at ? 7 : 0;
}

/* wait TIMEOUT_MS STOP_AT CANCEL_AT [RENEWAL], or the same with since and a change that was made AGO_MS before. */
static void wait_for_it(char **arguments, const char *ago_ms)
{
    autopilot_client *client = new_client();
    char *token = strcpy(malloc(6), "token");
    struct watch watch = {token, arguments[3], atoi(arguments[1]), atoi(arguments[2]), autopilot_cancel_new(), 0, 0, pthread_self()};
    autopilot_detail *detail = GARBAGE;
    int64_t timeout_ms = atoll(arguments[0]);
    autopilot_result result =
        ago_ms ? autopilot_client_sync_since(client, token, now_ms() - atoll(ago_ms), timeout_ms, watch.cancel, on_progress,
                                             &watch, &detail)
               : autopilot_client_sync_and_wait(client, token, timeout_ms, watch.cancel, on_progress, &watch, &detail);
    printf("phases=%u ", watch.phases);
    if (autopilot_detail_settings(detail))
        show_settings(autopilot_detail_settings(detail));
    show(result, detail);
    autopilot_cancel_free(watch.cancel);
    autopilot_client_free(client);
}

static void *call_on_a_small_stack(void *client)
{
    CHECK(autopilot_client_sync(client, "token", NULL, NULL) == AUTOPILOT_OK);
    CHECK(autopilot_client_sync_and_wait(client, "token", 1000, NULL, NULL, NULL, NULL) == AUTOPILOT_ERROR_TIMEOUT);
    CHECK(autopilot_client_sync(client, "a b", NULL, NULL) == WRONG);
    return NULL;
}

/* The stack that the header asks for. */
static void stack(void)
{
    autopilot_client *client = new_client();
    pthread_attr_t attributes;
    pthread_t thread;
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, 64 * 1024) == 0);
    CHECK(pthread_create(&thread, &attributes, call_on_a_small_stack, client) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    autopilot_client_free(client);
    puts("kept");
}

static void call_late(void *unused)
{
    (void)unused;
    printf("%s\n", autopilot_result_name(autopilot_sync("token")));
}

static void call_at_exit(void)
{
    call_late(NULL);
}

static void *end_with_a_call(void *key)
{
    CHECK(pthread_setspecific(*(pthread_key_t *)key, key) == 0);
    call_late(NULL);
    return NULL;
}

/* Calls from where a thread's, and the process's, last values are dropped. */
static void at_exit(void)
{
    pthread_key_t key;
    pthread_t thread;
    CHECK(pthread_key_create(&key, call_late) == 0);
    CHECK(pthread_create(&thread, NULL, end_with_a_call, &key) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(atexit(call_at_exit) == 0);
    call_late(NULL);
}

int main(int argc, char **argv)
{
    const char *scenario = argc > 1 ? argv[1] : "";
    if (strcmp(scenario, "sync") == 0)
        sync_once();
    else if (strcmp(scenario, "settings") == 0)
        settings();
    else if (strcmp(scenario, "wait") == 0 && argc >= 5)
        wait_for_it(argv + 2, NULL);
    else if (strcmp(scenario, "since") == 0 && argc >= 6)
        wait_for_it(argv + 3, argv[2]);
    else if (strcmp(scenario, "stack") == 0)
        stack();
    else if (strcmp(scenario, "exit") == 0)
        at_exit();
    else
        return 2;
    return 0;
}
