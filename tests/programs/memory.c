/* One call, and the most memory that the process ever had, in KiB. With an argument the call is a wait, and its token
 * that many bytes long, which no token may be. */
#include "check.h"

static autopilot_result wait_with(size_t length)
{
    char *token = malloc(length + 1);
    CHECK(token != NULL);
    memset(token, 'x', length);
    token[length] = '\0';
    autopilot_result result = autopilot_client_sync_and_wait(NULL, token, HOUR_MS, NULL, NULL, NULL, NULL);
    free(token);
    return result;
}

int main(int argc, char **argv)
{
    printf("%d ", (int)(argc > 1 ? wait_with(strtoul(argv[1], NULL, 10)) : autopilot_sync("token")));
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "VmHWM:", 6) == 0)
            fputs(line + 6, stdout);
    return status == NULL || fclose(status) != 0;
}
