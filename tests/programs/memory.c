/* One call, and the most memory that the process ever had, in KiB. */
#include <stdio.h>
#include <string.h>
#include "autopilot_sync.h"

int main(void)
{
    printf("%d ", (int)autopilot_sync("token"));
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "VmHWM:", 6) == 0)
            fputs(line + 6, stdout);
    return status == NULL || fclose(status) != 0;
}
