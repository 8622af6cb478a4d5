/* The C face of the library, one scenario a run: api SCENARIO. Prints what a caller sees; ends with 0 if it kept its
 * word, else with 1 and the line that failed. */
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "autopilot_sync.h"

#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);               \
            exit(1);                                                                      \
        }                                                                                 \
    } while (0)

#define WRONG AUTOPILOT_ERROR_INVALID_ARGUMENT
#define HOUR_MS INT64_C(3600000)
#define GARBAGE ((void *)(uintptr_t)1)

static autopilot_client *new_client(void)
{
    autopilot_client *client = GARBAGE;
    CHECK(autopilot_client_new(NULL, &client, NULL) == AUTOPILOT_OK);
    CHECK(client != NULL);
    return client;
}

/* Prints and frees a detail. */
static void show(autopilot_result result, autopilot_detail *detail)
{
    CHECK(detail != NULL);
    CHECK(autopilot_detail_result(detail) == result);
    const char *message = autopilot_detail_message(detail);
    CHECK(message != NULL && message[0] != '\0' && strchr(message, '\n') == NULL);
    int32_t attempts = autopilot_detail_attempts(detail);
    for (int32_t i = 0; i < attempts; i++)
        CHECK(strlen(autopilot_detail_client_request_id(detail, i)) == 36);
    CHECK(autopilot_detail_client_request_id(detail, attempts) == NULL);
    CHECK(autopilot_detail_client_request_id(detail, -1) == NULL);
    CHECK(autopilot_detail_request_id(detail, attempts) == NULL);
    CHECK(autopilot_detail_request_id(detail, INT32_MIN) == NULL);
    printf("%s http=%d trigger=%d attempts=%d\n", autopilot_result_name(result),
           (int)autopilot_detail_http_status(detail), (int)autopilot_detail_trigger(detail), (int)(attempts > 9 ? 9 : attempts));
    autopilot_detail_free(detail);
}

static void options(void)
{
    autopilot_options *options = autopilot_options_new();
    CHECK(options != NULL);
    for (int32_t cloud = -2; cloud < 7; cloud++)
        CHECK(autopilot_options_set_cloud(options, cloud) == (cloud >= 0 && cloud <= AUTOPILOT_CLOUD_CHINA ? AUTOPILOT_OK : WRONG));
    CHECK(autopilot_options_set_cloud(options, INT32_MIN) == WRONG);
    CHECK(autopilot_options_set_cloud(options, INT32_MAX) == WRONG);
    static const char *const wrong_urls[] = {"", "http://graph.example", "https://graph.example/beta", "https://u@graph.example",
                                             "graph.example", "https://", "https://a b", "https://\xff"};
    for (size_t i = 0; i < sizeof wrong_urls / sizeof *wrong_urls; i++)
        CHECK(autopilot_options_set_base_url(options, wrong_urls[i]) == WRONG);
    CHECK(autopilot_options_set_base_url(options, NULL) == WRONG);
    CHECK(autopilot_options_set_base_url(options, "https://graph.example:8443/") == AUTOPILOT_OK);
    static const char *const wrong_proxies[] = {"ftp://proxy", "http://", "http://proxy:0", "http://a b", "\xff"};
    for (size_t i = 0; i < sizeof wrong_proxies / sizeof *wrong_proxies; i++)
        CHECK(autopilot_options_set_proxy(options, wrong_proxies[i]) == WRONG);
    CHECK(autopilot_options_set_proxy(options, NULL) == WRONG);
    CHECK(autopilot_options_set_proxy(options, "") == AUTOPILOT_OK);
    CHECK(autopilot_options_set_proxy(options, "socks5h://user:pass@proxy") == AUTOPILOT_OK);
    CHECK(autopilot_options_set_ca_file(options, NULL) == WRONG);
    CHECK(autopilot_options_set_ca_file(options, "") == WRONG);
    static const int64_t wrong_times[] = {0, -1, 86400001, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof wrong_times / sizeof *wrong_times; i++) {
        CHECK(autopilot_options_set_timeout_ms(options, wrong_times[i]) == WRONG);
        CHECK(autopilot_options_set_connect_timeout_ms(options, wrong_times[i]) == WRONG);
    }
    CHECK(autopilot_options_set_timeout_ms(options, 1) == AUTOPILOT_OK);
    CHECK(autopilot_options_set_timeout_ms(options, 86400000) == AUTOPILOT_OK);
    CHECK(autopilot_options_set_connect_timeout_ms(options, 86400000) == AUTOPILOT_OK);
    static const int32_t wrong_retries[] = {-1, 11, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof wrong_retries / sizeof *wrong_retries; i++)
        CHECK(autopilot_options_set_max_retries(options, wrong_retries[i]) == WRONG);
    CHECK(autopilot_options_set_max_retries(options, 0) == AUTOPILOT_OK);
    CHECK(autopilot_options_set_max_retries(options, 10) == AUTOPILOT_OK);
    CHECK(autopilot_options_set_user_agent_suffix(options, NULL) == WRONG);
    CHECK(autopilot_options_set_user_agent_suffix(options, "") == WRONG);
    CHECK(autopilot_options_set_user_agent_suffix(options, "a\r\nX: y") == WRONG);
    CHECK(autopilot_options_set_user_agent_suffix(options, "agent/1") == AUTOPILOT_OK);
    CHECK(autopilot_options_set_ignore_environment(options) == AUTOPILOT_OK);

    autopilot_client *client = GARBAGE;
    CHECK(autopilot_options_set_ca_file(options, "/nowhere.pem") == AUTOPILOT_OK);
    autopilot_detail *detail = GARBAGE;
    CHECK(autopilot_client_new(options, &client, &detail) == AUTOPILOT_ERROR_CONFIGURATION);
    CHECK(client == NULL && strstr(autopilot_detail_message(detail), "/nowhere.pem") != NULL);
    show(AUTOPILOT_ERROR_CONFIGURATION, detail);
    autopilot_options_free(options);
}

static void null(void)
{
    CHECK(autopilot_sync(NULL) == WRONG);
    CHECK(autopilot_options_set_cloud(NULL, 0) == WRONG);
    CHECK(autopilot_options_set_base_url(NULL, "https://a") == WRONG);
    CHECK(autopilot_options_set_proxy(NULL, "a") == WRONG);
    CHECK(autopilot_options_set_ca_file(NULL, "a") == WRONG);
    CHECK(autopilot_options_set_timeout_ms(NULL, 1) == WRONG);
    CHECK(autopilot_options_set_connect_timeout_ms(NULL, 1) == WRONG);
    CHECK(autopilot_options_set_max_retries(NULL, 1) == WRONG);
    CHECK(autopilot_options_set_user_agent_suffix(NULL, "a") == WRONG);
    CHECK(autopilot_options_set_ignore_environment(NULL) == WRONG);
    autopilot_detail *detail = GARBAGE;
    CHECK(autopilot_client_new(NULL, NULL, &detail) == WRONG);
    show(WRONG, detail);
    CHECK(autopilot_client_new(NULL, NULL, NULL) == WRONG);
    CHECK(autopilot_client_sync(NULL, NULL, NULL, NULL) == WRONG);
    CHECK(autopilot_client_sync(NULL, NULL, NULL, &detail) == WRONG);
    show(WRONG, detail);
    autopilot_settings *settings = GARBAGE;
    CHECK(autopilot_client_settings(NULL, NULL, NULL, &settings, NULL) == WRONG && settings == NULL);
    CHECK(autopilot_client_settings(NULL, "token", NULL, NULL, &detail) == WRONG);
    show(WRONG, detail);
    CHECK(autopilot_client_sync_and_wait(NULL, NULL, 1000, NULL, NULL, NULL, &detail) == WRONG);
    show(WRONG, detail);
    static const int64_t wrong_times[] = {0, -1, 86400001, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof wrong_times / sizeof *wrong_times; i++)
        CHECK(autopilot_client_sync_and_wait(NULL, "token", wrong_times[i], NULL, NULL, NULL, NULL) == WRONG);
    static const char *const wrong_tokens[] = {"", "\n", "a b", "a\tb", "a\x7f", "\xc3\xa9", "\xff", "Bearer x", "a\r\nHost: b"};
    for (size_t i = 0; i < sizeof wrong_tokens / sizeof *wrong_tokens; i++) {
        CHECK(autopilot_sync(wrong_tokens[i]) == WRONG);
        CHECK(autopilot_client_sync(NULL, wrong_tokens[i], NULL, NULL) == WRONG);
    }
    autopilot_options_free(NULL);
    autopilot_client_free(NULL);
    autopilot_settings_free(NULL);
    autopilot_detail_free(NULL);
    autopilot_cancel_free(NULL);
    autopilot_cancel_trigger(NULL);
    CHECK(autopilot_detail_result(NULL) == WRONG);
    CHECK(autopilot_detail_message(NULL) == NULL && autopilot_detail_code(NULL) == NULL);
    CHECK(autopilot_detail_service_message(NULL) == NULL && autopilot_detail_claims(NULL) == NULL);
    CHECK(autopilot_detail_http_status(NULL) == 0 && autopilot_detail_retry_after_ms(NULL) == -1);
    CHECK(autopilot_detail_trigger(NULL) == AUTOPILOT_TRIGGER_NOT_SENT && autopilot_detail_attempts(NULL) == 0);
    CHECK(autopilot_detail_client_request_id(NULL, 0) == NULL && autopilot_detail_request_id(NULL, 0) == NULL);
    CHECK(autopilot_detail_settings(NULL) == NULL);
    CHECK(autopilot_settings_status(NULL) == AUTOPILOT_SYNC_STATUS_NONE && autopilot_settings_status_text(NULL) == NULL);
    CHECK(autopilot_settings_id(NULL) == NULL && autopilot_settings_next_sync_ms(NULL) == 0);
    CHECK(autopilot_settings_last_sync_ms(NULL) == 0 && autopilot_settings_last_sync_text(NULL) == NULL);
    CHECK(autopilot_settings_last_manual_sync_ms(NULL) == 0 && autopilot_settings_last_manual_sync_text(NULL) == NULL);
    CHECK(autopilot_progress_phase(NULL) == AUTOPILOT_PHASE_STARTING && autopilot_progress_elapsed_ms(NULL) == -1);
    CHECK(autopilot_progress_next_step_ms(NULL) == -1 && autopilot_progress_settings(NULL) == NULL);
    CHECK(autopilot_progress_claims(NULL) == NULL && autopilot_progress_set_token(NULL, "a") == WRONG);
    CHECK(strcmp(autopilot_version(), AUTOPILOT_VERSION) == 0);
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", AUTOPILOT_VERSION_MAJOR, AUTOPILOT_VERSION_MINOR, AUTOPILOT_VERSION_PATCH);
    CHECK(strcmp(version, AUTOPILOT_VERSION) == 0);
    puts("kept");
}

static void sync_once(void)
{
    autopilot_client *client = new_client();
    autopilot_detail *detail = GARBAGE;
    autopilot_result result = autopilot_client_sync(client, "token", NULL, &detail);
    const char *words = autopilot_detail_service_message(detail), *claims = autopilot_detail_claims(detail);
    const char *code = autopilot_detail_code(detail);
    printf("code=%s retry_after=%" PRId64 " claims=%s words=%s\n", code ? code : "", autopilot_detail_retry_after_ms(detail),
           claims ? claims : "", words ? words : "");
    CHECK(autopilot_detail_settings(detail) == NULL);
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

/* wait TIMEOUT_MS STOP_AT CANCEL_AT [RENEWAL] */
static void wait_for_it(char **arguments)
{
    autopilot_client *client = new_client();
    struct watch watch = {arguments[3], atoi(arguments[1]), atoi(arguments[2]), autopilot_cancel_new(), 0, 0, pthread_self()};
    autopilot_detail *detail = GARBAGE;
    autopilot_result result = autopilot_client_sync_and_wait(client, "token", atoll(arguments[0]), watch.cancel, on_progress,
                                                             &watch, &detail);
    printf("phases=%u ", watch.phases);
    if (autopilot_detail_settings(detail))
        show_settings(autopilot_detail_settings(detail));
    show(result, detail);
    autopilot_cancel_free(watch.cancel);
    autopilot_client_free(client);
}

static void *cancel_soon(void *cancel)
{
    autopilot_cancel_trigger(cancel);
    return NULL;
}

/* A cancel from another thread races a call; whichever wins, the call returns, and the cancel stays. */
static void race(void)
{
    autopilot_client *client = new_client();
    for (int i = 0; i < 20; i++) {
        autopilot_cancel *cancel = autopilot_cancel_new();
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, cancel_soon, cancel) == 0);
        autopilot_result result = autopilot_client_sync(client, "token", cancel, NULL);
        CHECK(result >= 0 || result == AUTOPILOT_ERROR_CANCELLED);
        CHECK(pthread_join(thread, NULL) == 0);
        CHECK(autopilot_client_sync_and_wait(client, "token", HOUR_MS, cancel, NULL, NULL, NULL) == AUTOPILOT_ERROR_CANCELLED);
        autopilot_settings *settings = GARBAGE;
        CHECK(autopilot_client_settings(client, "token", cancel, &settings, NULL) == AUTOPILOT_ERROR_CANCELLED && settings == NULL);
        autopilot_cancel_free(cancel);
    }
    CHECK(autopilot_client_sync(client, "token", NULL, NULL) >= 0);
    autopilot_client_free(client);
    puts("kept");
}

static void *call_often(void *client)
{
    for (int i = 0; i < 5; i++) {
        autopilot_detail *detail = GARBAGE;
        CHECK(autopilot_client_sync(client, "token", NULL, &detail) >= 0);
        CHECK(autopilot_detail_attempts(detail) == 1);
        autopilot_detail_free(detail);
    }
    return NULL;
}

/* Eight threads on one client, or on the process-wide one. */
static void threads(autopilot_client *client)
{
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        CHECK(pthread_create(&threads[i], NULL, call_often, client) == 0);
    for (int i = 0; i < 8; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    autopilot_client_free(client);
    puts("kept");
}

static void *call_on_a_small_stack(void *client)
{
    CHECK(autopilot_client_sync(client, "token", NULL, NULL) == AUTOPILOT_OK);
    CHECK(autopilot_client_sync_and_wait(client, "token", 1000, NULL, NULL, NULL, NULL) == AUTOPILOT_ERROR_TIMEOUT);
    CHECK(autopilot_client_sync(client, "a b", NULL, NULL) == WRONG);
    return NULL;
}

/* The stack that the header asks for, twice: this may be a debug build. */
static void stack(void)
{
    autopilot_client *client = new_client();
    pthread_attr_t attributes;
    pthread_t thread;
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, 2 * 64 * 1024) == 0);
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
    if (strcmp(scenario, "options") == 0)
        options();
    else if (strcmp(scenario, "null") == 0)
        null();
    else if (strcmp(scenario, "sync") == 0)
        sync_once();
    else if (strcmp(scenario, "settings") == 0)
        settings();
    else if (strcmp(scenario, "wait") == 0 && argc >= 5)
        wait_for_it(argv + 2);
    else if (strcmp(scenario, "race") == 0)
        race();
    else if (strcmp(scenario, "threads") == 0)
        threads(new_client());
    else if (strcmp(scenario, "stack") == 0)
        stack();
    else if (strcmp(scenario, "exit") == 0)
        at_exit();
    else if (strcmp(scenario, "shared") == 0)
        threads(NULL);
    else
        return 2;
    return 0;
}
