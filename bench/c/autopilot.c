/* This library, from C. */
#include <autopilot_sync.h>

#include "bench.h"

static const char *token;

static void *new_client(const char *root)
{
    autopilot_client *client;
    autopilot_options *options = autopilot_options_new();
    token = setting("BENCH_TOKEN");
    autopilot_options_set_base_url(options, root);
    if (autopilot_client_new(options, &client, NULL) != AUTOPILOT_OK)
        fail("no client");
    autopilot_options_free(options);
    return client;
}

static void *new_caller(void *client)
{
    return client;
}

static void call(void *caller)
{
    autopilot_detail *detail;
    if (autopilot_client_sync(caller, token, NULL, &detail) != AUTOPILOT_OK)
        fail(autopilot_detail_message(detail));
    autopilot_detail_free(detail);
}
