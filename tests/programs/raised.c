/* Whether this process has raised rights, and what a call comes to: raised BASE_URL. */
#include <stdio.h>
#include <sys/auxv.h>
#include "autopilot_sync.h"

int main(int argc, char **argv)
{
    autopilot_client *client = NULL;
    autopilot_detail *detail = NULL;
    autopilot_options *options = autopilot_options_new();
    if (argc != 2 || autopilot_options_set_base_url(options, argv[1]) != AUTOPILOT_OK ||
        autopilot_options_set_max_retries(options, 0) != AUTOPILOT_OK)
        return 1;
    autopilot_result result = autopilot_client_new(options, &client, &detail);
    if (result == AUTOPILOT_OK) {
        autopilot_detail_free(detail);
        result = autopilot_client_sync(client, "token", NULL, &detail);
    }
    printf("raised %d: %d %s\n", getauxval(AT_SECURE) != 0, (int)result, autopilot_detail_message(detail));
    autopilot_detail_free(detail);
    autopilot_client_free(client);
    autopilot_options_free(options);
    return 0;
}
