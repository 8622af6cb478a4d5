/* One call, with options: call NAME=VALUE..., where a name is base_url, ca_file, ignore_environment, timeout_ms or
 * max_retries, or cancel, to end the call when the standard input ends. Prints its result and its message. */
#include <stdio.h>
#include <string.h>
#include <windows.h>
#include <shellapi.h>
#include "../programs/check.h"

static DWORD WINAPI cancel_after_input(void *cancel)
{
    while (getchar() != EOF)
        continue;
    autopilot_cancel_trigger(cancel);
    return 0;
}

static void set(autopilot_options *options, const char *name, const char *value)
{
    autopilot_result result = WRONG;
    if (strcmp(name, "base_url") == 0)
        result = autopilot_options_set_base_url(options, value);
    else if (strcmp(name, "ca_file") == 0)
        result = autopilot_options_set_ca_file(options, value);
    else if (strcmp(name, "ignore_environment") == 0)
        result = autopilot_options_set_ignore_environment(options);
    else if (strcmp(name, "timeout_ms") == 0)
        result = autopilot_options_set_timeout_ms(options, atoi(value));
    else if (strcmp(name, "max_retries") == 0)
        result = autopilot_options_set_max_retries(options, atoi(value));
    CHECK(result == AUTOPILOT_OK);
}

int main(void)
{
    /* main's own arguments are in the machine's code page; the library takes UTF-8. */
    int count = 0;
    LPWSTR *arguments = CommandLineToArgvW(GetCommandLineW(), &count);
    autopilot_options *options = autopilot_options_new();
    autopilot_cancel *cancel = autopilot_cancel_new(); /* never freed: a thread may use it */
    for (int i = 1; i < count; i++) {
        static char argument[4096];
        CHECK(WideCharToMultiByte(CP_UTF8, 0, arguments[i], -1, argument, sizeof argument, NULL, NULL) > 0);
        char *value = strchr(argument, '=');
        CHECK(value != NULL);
        *value = '\0';
        if (strcmp(argument, "cancel") == 0)
            CHECK(CreateThread(NULL, 0, cancel_after_input, cancel, 0, NULL) != NULL);
        else
            set(options, argument, value + 1);
    }
    autopilot_client *client = GARBAGE;
    autopilot_detail *detail = GARBAGE;
    autopilot_result result = autopilot_client_new(options, &client, &detail);
    if (result == AUTOPILOT_OK) {
        autopilot_detail_free(detail);
        result = autopilot_client_sync(client, "token", cancel, &detail);
    }
    printf("%d %s\n", (int)result, autopilot_detail_message(detail));
    autopilot_detail_free(detail);
    autopilot_client_free(client);
    autopilot_options_free(options);
    return 0;
}
