#include <stdio.h>
#include <stdlib.h>
#include <autopilot_sync.h>

int main(void)
{
    const char *token = getenv("AUTOPILOT_TOKEN");
    autopilot_result result = autopilot_sync(token);
    puts(autopilot_result_name(result));
    return token ? result < 0 : result != AUTOPILOT_ERROR_INVALID_ARGUMENT;
}
