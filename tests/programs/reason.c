/* Prints why each of some wrong options is refused. */
#include <stdint.h>
#include <stdio.h>
#include "autopilot_sync.h"

static int failed;

static void refused(const autopilot_options *options, autopilot_result result)
{
    const char *error = autopilot_options_error(options);
    failed |= result != AUTOPILOT_ERROR_INVALID_ARGUMENT || error == NULL;
    puts(error ? error : "no reason");
}

int main(void)
{
    autopilot_options *options = autopilot_options_new();
    failed |= autopilot_options_error(NULL) != NULL || autopilot_options_error(options) != NULL;
    refused(options, autopilot_options_set_cloud(options, 99));
    refused(options, autopilot_options_set_base_url(options, "http://graph.example"));
    refused(options, autopilot_options_set_proxy(options, "ftp://user:secret@proxy"));
    refused(options, autopilot_options_set_ca_file(options, ""));
    refused(options, autopilot_options_set_timeout_ms(options, 0));
    refused(options, autopilot_options_set_connect_timeout_ms(options, INT64_MIN));
    refused(options, autopilot_options_set_max_retries(options, 11));
    refused(options, autopilot_options_set_user_agent_suffix(options, NULL));
    failed |= autopilot_options_set_max_retries(options, 1) != AUTOPILOT_OK || autopilot_options_error(options) != NULL;
    autopilot_options_free(options);
    return failed;
}
