/* Callers that hand in what they must not: hostile SCENARIO. Prints "kept" if the library kept its word. */
#include <limits.h>
#include "check.h"

/* The longest token, and more than anything of use. */
enum { LONGEST = 64 * 1024, MEGABYTES = 4 * 1024 * 1024 };

static autopilot_options *new_options(void)
{
    autopilot_options *options = autopilot_options_new();
    CHECK(options != NULL);
    return options;
}

static autopilot_cancel *new_cancel(void)
{
    autopilot_cancel *cancel = autopilot_cancel_new();
    CHECK(cancel != NULL);
    return cancel;
}

/* The prefix, and as many letters as it takes. Never freed by a failing check: the process ends. */
static char *text_of(const char *prefix, size_t length)
{
    char *text = malloc(length + 1);
    CHECK(text != NULL);
    memset(text, 'x', length);
    memcpy(text, prefix, strlen(prefix));
    text[length] = '\0';
    return text;
}

/* Each call here fails before anything is sent: it has its result and its detail, its other outputs are NULL, and what
 * lies beside the pointers is as it was. */
static void refused(const autopilot_client *client, const char *token)
{
    autopilot_detail *details[3] = {GARBAGE, GARBAGE, GARBAGE};
    CHECK(autopilot_client_sync(client, token, NULL, NULL) == WRONG);
    CHECK(autopilot_client_sync(client, token, NULL, &details[1]) == WRONG);
    check_detail(WRONG, details[1]);
    autopilot_detail_free(details[1]);

    autopilot_settings *settings[3] = {GARBAGE, GARBAGE, GARBAGE};
    CHECK(autopilot_client_settings(client, token, NULL, &settings[1], NULL) == WRONG);
    CHECK(settings[1] == NULL);
    settings[1] = GARBAGE;
    CHECK(autopilot_client_settings(client, token, NULL, &settings[1], &details[1]) == WRONG);
    CHECK(settings[0] == GARBAGE && settings[1] == NULL && settings[2] == GARBAGE);
    check_detail(WRONG, details[1]);
    autopilot_detail_free(details[1]);

    CHECK(autopilot_client_sync_and_wait(client, token, HOUR_MS, NULL, NULL, NULL, NULL) == WRONG);
    CHECK(autopilot_client_sync_and_wait(client, token, HOUR_MS, NULL, NULL, NULL, &details[1]) == WRONG);
    check_detail(WRONG, details[1]);
    autopilot_detail_free(details[1]);

    CHECK(autopilot_client_sync_since(client, token, YEAR_2000_MS, HOUR_MS, NULL, NULL, NULL, NULL) == WRONG);
    CHECK(autopilot_client_sync_since(client, token, YEAR_2000_MS, HOUR_MS, NULL, NULL, NULL, &details[1]) == WRONG);
    check_detail(WRONG, details[1]);
    autopilot_detail_free(details[1]);
    CHECK(details[0] == GARBAGE && details[2] == GARBAGE);
    CHECK(autopilot_sync(token) == WRONG);

    autopilot_wait *waits[3] = {GARBAGE, GARBAGE, GARBAGE};
    CHECK(autopilot_wait_new(client, token, AUTOPILOT_GOAL_SYNC, 0, HOUR_MS, NULL, &waits[1], NULL) == WRONG);
    CHECK(waits[0] == GARBAGE && waits[1] == NULL && waits[2] == GARBAGE);
}

static const int64_t wrong_times[] = {INT64_MIN, INT32_MIN, -1, 0, 86400001, INT64_MAX};

/* Numbers that neither a call in steps nor a fleet takes. */
static void refused_call(const autopilot_client *client, autopilot_fleet *fleet, int32_t goal, int64_t since_ms,
                         int64_t timeout_ms)
{
    autopilot_detail *detail = GARBAGE;
    autopilot_wait *wait = GARBAGE;
    CHECK(autopilot_wait_new(client, "token", goal, since_ms, timeout_ms, NULL, &wait, &detail) == WRONG && wait == NULL);
    check_detail(WRONG, detail);
    autopilot_detail_free(detail);
    detail = GARBAGE;
    CHECK(autopilot_fleet_add(fleet, 0, "token", goal, since_ms, timeout_ms, &detail) == WRONG);
    check_detail(WRONG, detail);
    autopilot_detail_free(detail);
}

static void refused_calls(const autopilot_client *client)
{
    static const int32_t wrong_goals[] = {INT32_MIN, -1, AUTOPILOT_GOAL_SYNC_SINCE + 1, INT32_MAX};
    autopilot_fleet *fleet = GARBAGE;
    CHECK(autopilot_fleet_new(client, 0, &fleet, NULL) == AUTOPILOT_OK);
    for (size_t i = 0; i < LENGTH(wrong_goals); i++)
        refused_call(client, fleet, wrong_goals[i], 0, HOUR_MS);
    for (size_t i = 0; i < LENGTH(wrong_times); i++)
        refused_call(client, fleet, AUTOPILOT_GOAL_SETTINGS, 0, wrong_times[i]);
    const int64_t wrong_moments[] = {INT64_MIN, 0, YEAR_2000_MS - 1, now_ms() + HOUR_MS, INT64_MAX};
    for (size_t i = 0; i < LENGTH(wrong_moments); i++)
        refused_call(client, fleet, AUTOPILOT_GOAL_SYNC_SINCE, wrong_moments[i], HOUR_MS);
    CHECK(autopilot_fleet_add(fleet, 0, "a b", AUTOPILOT_GOAL_SETTINGS, 0, HOUR_MS, NULL) == WRONG);
    CHECK(autopilot_fleet_add(fleet, 0, "", AUTOPILOT_GOAL_SETTINGS, 0, HOUR_MS, NULL) == WRONG);
    autopilot_fleet_close(fleet); /* nothing is in it */
    CHECK(autopilot_fleet_next(fleet, INT64_MAX, NULL, NULL, NULL) == AUTOPILOT_EVENT_FINISHED);
    autopilot_fleet_free(fleet);
    static const int32_t wrong_limits[] = {INT32_MIN, -1};
    for (size_t i = 0; i < LENGTH(wrong_limits); i++) {
        fleet = GARBAGE;
        CHECK(autopilot_fleet_new(client, wrong_limits[i], &fleet, NULL) == WRONG && fleet == NULL);
    }
}

static void refused_times(const autopilot_client *client)
{
    for (size_t i = 0; i < LENGTH(wrong_times); i++) {
        autopilot_detail *detail = GARBAGE;
        CHECK(autopilot_client_sync_and_wait(client, "token", wrong_times[i], NULL, NULL, NULL, &detail) == WRONG);
        check_detail(WRONG, detail);
        autopilot_detail_free(detail);
        int64_t since_ms = YEAR_2000_MS;
        CHECK(autopilot_client_sync_since(client, "token", since_ms, wrong_times[i], NULL, NULL, NULL, NULL) == WRONG);
    }
    /* An hour ahead, so that no step of the clock makes it right. */
    const int64_t wrong_moments[] = {INT64_MIN, -1, 0, YEAR_2000_MS - 1, now_ms() + HOUR_MS, INT64_MAX};
    for (size_t i = 0; i < LENGTH(wrong_moments); i++) {
        autopilot_detail *detail = GARBAGE;
        int64_t since_ms = wrong_moments[i];
        CHECK(autopilot_client_sync_since(client, "token", since_ms, HOUR_MS, NULL, NULL, NULL, &detail) == WRONG);
        check_detail(WRONG, detail);
        CHECK(strstr(autopilot_detail_message(detail), "the time of the change") != NULL);
        autopilot_detail_free(detail);
    }
}

/* NULL for each argument that must not be NULL, alone. */
static void null_setters(void)
{
    CHECK(autopilot_options_set_cloud(NULL, AUTOPILOT_CLOUD_GLOBAL) == WRONG);
    CHECK(autopilot_options_set_base_url(NULL, "https://graph.example") == WRONG);
    CHECK(autopilot_options_set_proxy(NULL, "http://proxy") == WRONG);
    CHECK(autopilot_options_set_ca_file(NULL, "/ca.pem") == WRONG);
    CHECK(autopilot_options_set_timeout_ms(NULL, 1000) == WRONG);
    CHECK(autopilot_options_set_connect_timeout_ms(NULL, 1000) == WRONG);
    CHECK(autopilot_options_set_max_retries(NULL, 1) == WRONG);
    CHECK(autopilot_options_set_user_agent_suffix(NULL, "agent/1") == WRONG);
    CHECK(autopilot_options_set_ignore_environment(NULL) == WRONG);
    CHECK(autopilot_options_set_trigger_only(NULL) == WRONG);
    autopilot_options *options = new_options();
    CHECK(autopilot_options_set_base_url(options, NULL) == WRONG);
    CHECK(autopilot_options_set_proxy(options, NULL) == WRONG);
    CHECK(autopilot_options_set_ca_file(options, NULL) == WRONG);
    CHECK(autopilot_options_set_user_agent_suffix(options, NULL) == WRONG);
    autopilot_options_free(options);
}

static void null_getters(void)
{
    CHECK(autopilot_detail_result(NULL) == WRONG);
    CHECK(strcmp(autopilot_detail_message(NULL), "") == 0);
    CHECK(autopilot_detail_code(NULL) == NULL);
    CHECK(autopilot_detail_service_message(NULL) == NULL);
    CHECK(autopilot_detail_why_unknown(NULL) == NULL);
    CHECK(autopilot_detail_claims(NULL) == NULL);
    CHECK(autopilot_detail_http_status(NULL) == 0);
    CHECK(autopilot_detail_retry_after_ms(NULL) == -1);
    CHECK(autopilot_detail_trigger(NULL) == AUTOPILOT_TRIGGER_NOT_SENT);
    CHECK(autopilot_detail_attempts(NULL) == 0);
    CHECK(autopilot_detail_client_request_id(NULL, 0) == NULL);
    CHECK(autopilot_detail_request_id(NULL, 0) == NULL);
    CHECK(autopilot_detail_attempt_reason(NULL, 0) == NULL);
    CHECK(strcmp(autopilot_detail_trace(NULL), "") == 0);
    CHECK(autopilot_detail_settings(NULL) == NULL);
    CHECK(autopilot_settings_status(NULL) == AUTOPILOT_SYNC_STATUS_NONE);
    CHECK(autopilot_settings_status_text(NULL) == NULL);
    CHECK(autopilot_settings_id(NULL) == NULL);
    CHECK(autopilot_settings_last_sync_ms(NULL) == 0);
    CHECK(autopilot_settings_last_sync_text(NULL) == NULL);
    CHECK(autopilot_settings_last_manual_sync_ms(NULL) == 0);
    CHECK(autopilot_settings_last_manual_sync_text(NULL) == NULL);
    CHECK(autopilot_settings_next_sync_ms(NULL) == 0);
    CHECK(autopilot_progress_phase(NULL) == AUTOPILOT_PHASE_STARTING);
    CHECK(autopilot_progress_trigger(NULL) == AUTOPILOT_TRIGGER_NOT_SENT);
    CHECK(autopilot_progress_elapsed_ms(NULL) == -1);
    CHECK(autopilot_progress_next_step_ms(NULL) == -1);
    CHECK(autopilot_progress_settings(NULL) == NULL);
    CHECK(autopilot_progress_claims(NULL) == NULL);
    CHECK(autopilot_progress_set_token(NULL, "token") == WRONG);
}

/* The functions of waits and fleets take NULL for these too, and tell so. */
static void null_calls(void)
{
    int64_t pause_ms = 7;
    uint64_t key = 7;
    autopilot_result result = AUTOPILOT_OK;
    autopilot_detail *detail = GARBAGE;
    CHECK(autopilot_wait_step(NULL, NULL, NULL, NULL) == AUTOPILOT_EVENT_ENDED);
    CHECK(autopilot_wait_step(NULL, &pause_ms, &result, &detail) == AUTOPILOT_EVENT_ENDED);
    CHECK(pause_ms == 0 && result == WRONG);
    check_detail(WRONG, detail);
    autopilot_detail_free(detail);
    CHECK(autopilot_wait_set_token(NULL, "token") == WRONG);
    CHECK(autopilot_wait_progress(NULL) == NULL);
    detail = GARBAGE;
    CHECK(autopilot_wait_stop(NULL, NULL) == WRONG);
    CHECK(autopilot_wait_stop(NULL, &detail) == WRONG);
    check_detail(WRONG, detail);
    autopilot_detail_free(detail);
    detail = GARBAGE;
    CHECK(autopilot_fleet_next(NULL, -1, NULL, NULL, NULL) == AUTOPILOT_EVENT_FINISHED);
    CHECK(autopilot_fleet_next(NULL, -1, &key, &result, &detail) == AUTOPILOT_EVENT_FINISHED);
    CHECK(key == 0 && result == AUTOPILOT_OK && detail == NULL);
    CHECK(autopilot_fleet_has_room(NULL) == 0);
    CHECK(autopilot_fleet_add(NULL, 0, "token", AUTOPILOT_GOAL_SYNC, 0, HOUR_MS, &detail) == WRONG);
    check_detail(WRONG, detail);
    autopilot_detail_free(detail);
    CHECK(autopilot_fleet_set_token(NULL, 0, "token") == WRONG);
    autopilot_fleet_close(NULL);
    autopilot_fleet_cancel_one(NULL, 0);
    autopilot_fleet_cancel(NULL);
}

static void null_frees(void)
{
    autopilot_wait_free(NULL);
    autopilot_fleet_free(NULL);
    autopilot_options_free(NULL);
    autopilot_client_free(NULL);
    autopilot_settings_free(NULL);
    autopilot_detail_free(NULL);
    autopilot_cancel_free(NULL);
    autopilot_cancel_trigger(NULL);
}

/* The clients' places: each NULL alone, then all. */
static void null_places(void)
{
    autopilot_options *options = new_options();
    autopilot_client *client = new_client();
    autopilot_cancel *cancel = new_cancel();
    autopilot_detail *detail = GARBAGE;
    CHECK(autopilot_client_new(options, NULL, &detail) == WRONG);
    check_detail(WRONG, detail);
    autopilot_detail_free(detail);
    CHECK(autopilot_client_new(NULL, NULL, NULL) == WRONG);

    detail = GARBAGE;
    CHECK(autopilot_client_settings(client, "token", cancel, NULL, &detail) == WRONG);
    check_detail(WRONG, detail);
    autopilot_detail_free(detail);
    CHECK(autopilot_client_settings(NULL, NULL, NULL, NULL, NULL) == WRONG);
    detail = GARBAGE;
    CHECK(autopilot_wait_new(client, "token", AUTOPILOT_GOAL_SYNC, 0, HOUR_MS, cancel, NULL, &detail) == WRONG);
    check_detail(WRONG, detail);
    autopilot_detail_free(detail);
    detail = GARBAGE;
    CHECK(autopilot_fleet_new(client, 0, NULL, &detail) == WRONG);
    check_detail(WRONG, detail);
    autopilot_detail_free(detail);
    refused(client, NULL);
    refused(NULL, NULL);
    autopilot_cancel_free(cancel);
    autopilot_client_free(client);
    autopilot_options_free(options);
}

static void null(void)
{
    null_setters();
    null_getters();
    null_calls();
    null_frees();
    null_places();
    CHECK(strcmp(autopilot_version(), AUTOPILOT_VERSION) == 0);
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", AUTOPILOT_VERSION_MAJOR, AUTOPILOT_VERSION_MINOR, AUTOPILOT_VERSION_PATCH);
    CHECK(strcmp(version, AUTOPILOT_VERSION) == 0);
}

/* NULL where it is allowed, alone and in all places at once: the call is made. */
static void defaults(void)
{
    autopilot_options *options = new_options();
    autopilot_client *clients[3] = {GARBAGE, GARBAGE, GARBAGE};
    autopilot_detail *details[3] = {GARBAGE, GARBAGE, GARBAGE};
    CHECK(autopilot_client_new(options, &clients[1], NULL) == AUTOPILOT_OK);
    autopilot_client_free(clients[1]);
    CHECK(autopilot_client_new(NULL, &clients[1], &details[1]) == AUTOPILOT_OK);
    CHECK(clients[0] == GARBAGE && clients[2] == GARBAGE);
    check_detail(AUTOPILOT_OK, details[1]);
    autopilot_detail_free(details[1]);
    autopilot_options_free(options);

    autopilot_cancel *cancel = new_cancel();
    autopilot_client *client = clients[1];
    autopilot_settings *settings = GARBAGE;
    CHECK(autopilot_client_sync(NULL, "token", cancel, &details[1]) == AUTOPILOT_OK);
    check_detail(AUTOPILOT_OK, details[1]);
    autopilot_detail_free(details[1]);
    CHECK(autopilot_client_sync(client, "token", NULL, &details[1]) == AUTOPILOT_SYNC_ALREADY_RUNNING);
    check_detail(AUTOPILOT_SYNC_ALREADY_RUNNING, details[1]);
    autopilot_detail_free(details[1]);
    CHECK(autopilot_client_sync(client, "token", cancel, NULL) == AUTOPILOT_SYNC_ALREADY_RUNNING);
    CHECK(autopilot_client_settings(NULL, "token", cancel, &settings, &details[1]) == AUTOPILOT_OK);
    check_detail(AUTOPILOT_OK, details[1]);
    autopilot_detail_free(details[1]);
    autopilot_settings_free(settings);
    CHECK(autopilot_client_settings(client, "token", NULL, &settings, NULL) == AUTOPILOT_OK);
    autopilot_settings_free(settings);
    CHECK(autopilot_client_sync_and_wait(client, "token", 1000, cancel, NULL, client, &details[1]) == AUTOPILOT_ERROR_TIMEOUT);
    check_detail(AUTOPILOT_ERROR_TIMEOUT, details[1]);
    autopilot_detail_free(details[1]);
    CHECK(autopilot_client_sync_and_wait(NULL, "token", 1000, NULL, NULL, NULL, NULL) == AUTOPILOT_ERROR_TIMEOUT);
    int64_t since_ms = now_ms();
    CHECK(autopilot_client_sync_since(client, "token", since_ms, 1000, cancel, NULL, client, &details[1]) ==
          AUTOPILOT_ERROR_TIMEOUT);
    check_detail(AUTOPILOT_ERROR_TIMEOUT, details[1]);
    autopilot_detail_free(details[1]);
    CHECK(autopilot_client_sync_since(NULL, "token", since_ms, 1000, NULL, NULL, NULL, NULL) == AUTOPILOT_ERROR_TIMEOUT);
    CHECK(details[0] == GARBAGE && details[2] == GARBAGE);
    autopilot_cancel_free(cancel);
    autopilot_client_free(client);
}

static void numbers(void)
{
    autopilot_options *options = new_options();
    static const int32_t wrong_clouds[] = {INT32_MIN, -1, AUTOPILOT_CLOUD_CHINA + 1, INT32_MAX};
    for (size_t i = 0; i < LENGTH(wrong_clouds); i++)
        CHECK(autopilot_options_set_cloud(options, wrong_clouds[i]) == WRONG);
    for (int32_t cloud = AUTOPILOT_CLOUD_GLOBAL; cloud <= AUTOPILOT_CLOUD_CHINA; cloud++)
        CHECK(autopilot_options_set_cloud(options, cloud) == AUTOPILOT_OK);

    static const int32_t wrong_retries[] = {INT32_MIN, -1, 11, INT32_MAX};
    for (size_t i = 0; i < LENGTH(wrong_retries); i++)
        CHECK(autopilot_options_set_max_retries(options, wrong_retries[i]) == WRONG);
    CHECK(autopilot_options_set_max_retries(options, 0) == AUTOPILOT_OK);
    CHECK(autopilot_options_set_max_retries(options, 10) == AUTOPILOT_OK);

    for (size_t i = 0; i < LENGTH(wrong_times); i++) {
        CHECK(autopilot_options_set_timeout_ms(options, wrong_times[i]) == WRONG);
        CHECK(autopilot_options_set_connect_timeout_ms(options, wrong_times[i]) == WRONG);
    }
    autopilot_client *client = new_client();
    refused_times(client);
    refused_calls(client);
    autopilot_client_free(client);
    static const int64_t right_times[] = {1, 86400000};
    for (size_t i = 0; i < LENGTH(right_times); i++) {
        CHECK(autopilot_options_set_timeout_ms(options, right_times[i]) == AUTOPILOT_OK);
        CHECK(autopilot_options_set_connect_timeout_ms(options, right_times[i]) == AUTOPILOT_OK);
    }
    CHECK(autopilot_options_set_ignore_environment(options) == AUTOPILOT_OK);
    CHECK(autopilot_options_set_trigger_only(options) == AUTOPILOT_OK);
    autopilot_options_free(options);

    static const int32_t unknown_results[] = {INT32_MIN, -14, 5, INT32_MAX};
    for (size_t i = 0; i < LENGTH(unknown_results); i++)
        CHECK(strcmp(autopilot_result_name(unknown_results[i]), "AUTOPILOT_UNKNOWN") == 0);
    static const int32_t unknown_values[] = {INT32_MIN, -3, 6, INT32_MAX};
    for (size_t i = 0; i < LENGTH(unknown_values); i++) {
        CHECK(strcmp(autopilot_phase_name(unknown_values[i]), "AUTOPILOT_UNKNOWN") == 0);
        CHECK(strcmp(autopilot_trigger_name(unknown_values[i]), "AUTOPILOT_UNKNOWN") == 0);
        CHECK(strcmp(autopilot_sync_status_name(unknown_values[i]), "AUTOPILOT_UNKNOWN") == 0);
        CHECK(strcmp(autopilot_cloud_name(unknown_values[i]), "AUTOPILOT_UNKNOWN") == 0);
        CHECK(strcmp(autopilot_goal_name(unknown_values[i]), "AUTOPILOT_UNKNOWN") == 0);
        CHECK(strcmp(autopilot_event_name(unknown_values[i]), "AUTOPILOT_UNKNOWN") == 0);
    }
}

typedef autopilot_result set_string(autopilot_options *, const char *);

/* Strings that no setter but the CA file's takes: a control byte at the end, inside and alone; no UTF-8. */
static void bad_bytes(set_string *set, autopilot_options *options, const char *good)
{
    CHECK(set(options, good) == AUTOPILOT_OK);
    size_t length = strlen(good);
    char *text = text_of(good, length + 2);
    for (int byte = 1; byte <= UCHAR_MAX; byte++) {
        if (byte >= ' ' && byte < 0x7f)
            continue;
        text[length - 1] = (char)byte;
        CHECK(set(options, text) == WRONG);
        const char alone[2] = {(char)byte, '\0'};
        CHECK(set(options, alone) == WRONG);
    }
    free(text);
    CHECK(set(options, "\r\nX: y") == WRONG);
}

static void setters(void)
{
    autopilot_options *options = new_options();
    bad_bytes(autopilot_options_set_base_url, options, "https://graph.example");
    bad_bytes(autopilot_options_set_proxy, options, "http://proxy.example");
    bad_bytes(autopilot_options_set_user_agent_suffix, options, "agent/1");

    static const char *const wrong_urls[] = {"", "http://graph.example", "https://graph.example/beta", "https://u@graph.example",
                                             "graph.example", "https://", "https://a b"};
    for (size_t i = 0; i < LENGTH(wrong_urls); i++)
        CHECK(autopilot_options_set_base_url(options, wrong_urls[i]) == WRONG);
    CHECK(autopilot_options_set_base_url(options, "https://graph.example:8443/") == AUTOPILOT_OK);
    static const char *const wrong_proxies[] = {"ftp://proxy", "http://", "http://proxy:0", "http://a b"};
    for (size_t i = 0; i < LENGTH(wrong_proxies); i++)
        CHECK(autopilot_options_set_proxy(options, wrong_proxies[i]) == WRONG);
    CHECK(autopilot_options_set_proxy(options, "") == AUTOPILOT_OK);
    CHECK(autopilot_options_set_proxy(options, "socks5h://user:pass@proxy") == AUTOPILOT_OK);
    CHECK(autopilot_options_set_user_agent_suffix(options, "") == WRONG);
    CHECK(autopilot_options_set_ca_file(options, "") == WRONG);
    CHECK(autopilot_options_set_ca_file(options, "/\xff") == WRONG);

    static const size_t lengths[] = {LONGEST + 1, MEGABYTES};
    for (size_t i = 0; i < LENGTH(lengths); i++) {
        char *url = text_of("https://", lengths[i]), *proxy = text_of("http://", lengths[i]);
        char *user = text_of("http://", lengths[i]);
        memcpy(user + lengths[i] - 6, "@proxy", 6);
        CHECK(autopilot_options_set_proxy(options, user) == WRONG);
        free(user);
        CHECK(autopilot_options_set_base_url(options, url) == WRONG);
        CHECK(autopilot_options_set_proxy(options, proxy) == WRONG);
        CHECK(autopilot_options_set_user_agent_suffix(options, proxy) == WRONG);
        free(url);
        free(proxy);
    }
    autopilot_options_free(options);
}

/* What only the making of a client can tell. */
static void unusable(const char *ca_file, const char *named)
{
    autopilot_options *options = new_options();
    CHECK(autopilot_options_set_ca_file(options, ca_file) == AUTOPILOT_OK);
    autopilot_client *clients[3] = {GARBAGE, GARBAGE, GARBAGE};
    autopilot_detail *detail = GARBAGE;
    CHECK(autopilot_client_new(options, &clients[1], NULL) == AUTOPILOT_ERROR_CONFIGURATION);
    CHECK(clients[1] == NULL);
    clients[1] = GARBAGE;
    CHECK(autopilot_client_new(options, &clients[1], &detail) == AUTOPILOT_ERROR_CONFIGURATION);
    CHECK(clients[0] == GARBAGE && clients[1] == NULL && clients[2] == GARBAGE);
    check_detail(AUTOPILOT_ERROR_CONFIGURATION, detail);
    CHECK(strstr(autopilot_detail_message(detail), named) != NULL);
    autopilot_detail_free(detail);
    autopilot_options_free(options);
}

static void strings(void)
{
    setters();
    char *path = text_of("/", MEGABYTES);
    unusable("/nowhere.pem", "/nowhere.pem");
    unusable("/tmp/\x01\x7f", "CA file");
    unusable(path, "CA file");
    free(path);

    autopilot_client *client = new_client();
    static const char *const wrong_tokens[] = {"", "\n", "\r\n", "a b", "a\tb", "Bearer x", "a\r\nHost: b", "a\n\n", "\xc3\xa9"};
    for (size_t i = 0; i < LENGTH(wrong_tokens); i++)
        refused(client, wrong_tokens[i]);
    for (int byte = 1; byte <= UCHAR_MAX; byte++) {
        const char token[4] = {'a', (char)byte, 'b', '\0'};
        if (byte <= ' ' || byte >= 0x7f)
            refused(client, token);
    }
    char *token = text_of("", LONGEST + 1);
    refused(client, token);
    free(token);
    token = text_of("", MEGABYTES);
    refused(client, token);
    token[MEGABYTES - 1] = '\n';
    refused(client, token);
    free(token);
    autopilot_client_free(client);
}

/* The shared client cannot be made, because the environment is wrong. An argument that is wrong too is the error. */
static void environment(void)
{
    autopilot_settings *settings = GARBAGE;
    CHECK(autopilot_sync("token") == AUTOPILOT_ERROR_CONFIGURATION);
    CHECK(autopilot_client_sync(NULL, "token", NULL, NULL) == AUTOPILOT_ERROR_CONFIGURATION);
    CHECK(autopilot_client_settings(NULL, "token", NULL, &settings, NULL) == AUTOPILOT_ERROR_CONFIGURATION);
    CHECK(settings == NULL);
    autopilot_result waited = autopilot_client_sync_and_wait(NULL, "token", HOUR_MS, NULL, NULL, NULL, NULL);
    CHECK(waited == AUTOPILOT_ERROR_CONFIGURATION);
    waited = autopilot_client_sync_since(NULL, "token", YEAR_2000_MS, HOUR_MS, NULL, NULL, NULL, NULL);
    CHECK(waited == AUTOPILOT_ERROR_CONFIGURATION);
    autopilot_wait *wait = GARBAGE;
    autopilot_fleet *fleet = GARBAGE;
    autopilot_result made = autopilot_wait_new(NULL, "token", AUTOPILOT_GOAL_SYNC, 0, HOUR_MS, NULL, &wait, NULL);
    CHECK(made == AUTOPILOT_ERROR_CONFIGURATION && wait == NULL);
    CHECK(autopilot_fleet_new(NULL, 0, &fleet, NULL) == AUTOPILOT_ERROR_CONFIGURATION && fleet == NULL);
    CHECK(autopilot_client_settings(NULL, "token", NULL, NULL, NULL) == WRONG);
    refused(NULL, NULL);
    refused(NULL, "a b");
    refused(NULL, "\xff");
    refused_times(NULL);
}

int main(int argc, char **argv)
{
    const char *scenario = argc > 1 ? argv[1] : "";
    if (strcmp(scenario, "null") == 0)
        null();
    else if (strcmp(scenario, "defaults") == 0)
        defaults();
    else if (strcmp(scenario, "numbers") == 0)
        numbers();
    else if (strcmp(scenario, "strings") == 0)
        strings();
    else if (strcmp(scenario, "environment") == 0)
        environment();
    else
        return 2;
    puts("kept");
    return 0;
}
