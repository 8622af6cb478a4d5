/* Calls autopilot_sync with each argument, "NULL" for none, and prints the results. */
#include <stdio.h>
#include <string.h>
#include "autopilot_sync.h"

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        printf("%d\n", (int)autopilot_sync(strcmp(argv[i], "NULL") == 0 ? NULL : argv[i]));
    return 0;
}
