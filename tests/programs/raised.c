/* Whether this process has raised rights, what a call comes to, and what the environment's credentials are: raised BASE_URL. */
#include <stdio.h>
#include <sys/auxv.h>
#include "autopilot_sync.h"

/* The result, and the credential in words. */
static void say(const char *name, autopilot_result result, autopilot_credential *credential)
{
    printf("%s %d %s\n", name, (int)result, credential ? autopilot_credential_describe(credential) : "none");
    autopilot_credential_free(credential);
}

int main(int argc, char **argv)
{
    autopilot_client *client = NULL;
    autopilot_detail *detail = NULL;
    autopilot_credential *credential = NULL;
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
    result = autopilot_credential_from_environment(&credential, NULL);
    say("environment", result, credential);
    result = autopilot_credential_new_managed_identity(NULL, &credential, NULL);
    say("identity", result, credential);
    return 0;
}
