/* What the C programs of the tests have in common. A program ends with 0 if the library kept its word, else with 1 and
 * the line that failed. */
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
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
#define YEAR_2000_MS INT64_C(946684800000)
#define GARBAGE ((void *)(uintptr_t)1)
#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* A moment as the header counts it, up to a second early. */
static inline int64_t now_ms(void)
{
    return (int64_t)time(NULL) * 1000;
}

/* A client that never gives a slow machine up: it may run under valgrind, beside many others. */
static inline autopilot_client *new_client(void)
{
    autopilot_options *options = autopilot_options_new();
    autopilot_client *client = GARBAGE;
    CHECK(autopilot_options_set_timeout_ms(options, HOUR_MS) == AUTOPILOT_OK);
    CHECK(autopilot_options_set_connect_timeout_ms(options, HOUR_MS) == AUTOPILOT_OK);
    CHECK(autopilot_client_new(options, &client, NULL) == AUTOPILOT_OK);
    CHECK(client != NULL);
    autopilot_options_free(options);
    return client;
}

/* Without retries: what a call meets is its result. proxy: NULL for the environment's. */
static inline autopilot_client *client_by(const char *proxy, int64_t timeout_ms)
{
    autopilot_options *options = autopilot_options_new();
    autopilot_client *client = NULL;
    CHECK(proxy == NULL || autopilot_options_set_proxy(options, proxy) == AUTOPILOT_OK);
    CHECK(autopilot_options_set_timeout_ms(options, timeout_ms) == AUTOPILOT_OK);
    CHECK(autopilot_options_set_connect_timeout_ms(options, timeout_ms) == AUTOPILOT_OK);
    CHECK(autopilot_options_set_max_retries(options, 0) == AUTOPILOT_OK);
    CHECK(autopilot_client_new(options, &client, NULL) == AUTOPILOT_OK);
    autopilot_options_free(options);
    return client;
}

/* Holds a detail to what the header says of every detail. */
static inline void check_detail(autopilot_result result, const autopilot_detail *detail)
{
    CHECK(detail != NULL && detail != GARBAGE);
    CHECK(autopilot_detail_result(detail) == result);
    const char *message = autopilot_detail_message(detail);
    CHECK(message != NULL && message[0] != '\0' && strchr(message, '\n') == NULL);
    int32_t attempts = autopilot_detail_attempts(detail);
    CHECK(attempts >= 0);
    for (int32_t i = 0; i < attempts; i++)
        CHECK(strlen(autopilot_detail_client_request_id(detail, i)) == 36);
    const char *trace = autopilot_detail_trace(detail);
    CHECK(trace != NULL && trace == autopilot_detail_trace(detail));
    for (const char *line = trace; *line != '\0'; line = strchr(line, '\n') + 1) {
        const char *end = strchr(line, '\n'), *topic = strstr(line, " ms ");
        CHECK(end != NULL && topic != NULL && topic < end && strstr(topic, ": ") < end);
        CHECK(line[0] >= '0' && line[0] <= '9');
    }
    CHECK((attempts > 0) <= (trace[0] != '\0'));
    const int32_t outside[] = {INT32_MIN, -1, attempts, attempts + 1, INT32_MAX};
    for (size_t i = 0; i < LENGTH(outside); i++) {
        CHECK(autopilot_detail_client_request_id(detail, outside[i]) == NULL);
        CHECK(autopilot_detail_request_id(detail, outside[i]) == NULL);
        CHECK(autopilot_detail_attempt_reason(detail, outside[i]) == NULL);
    }
}

#endif
