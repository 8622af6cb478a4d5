/* The header's version, by number and by text, and the library's are one. Prints it. */
#include <stdio.h>
#include <string.h>
#include "autopilot_sync.h"

#if !AUTOPILOT_VERSION_AT_LEAST(AUTOPILOT_VERSION_MAJOR, AUTOPILOT_VERSION_MINOR, AUTOPILOT_VERSION_PATCH)
#error "the version is not at least itself"
#endif
#if AUTOPILOT_VERSION_AT_LEAST(AUTOPILOT_VERSION_MAJOR, AUTOPILOT_VERSION_MINOR, AUTOPILOT_VERSION_PATCH + 1) || \
    AUTOPILOT_VERSION_AT_LEAST(AUTOPILOT_VERSION_MAJOR, AUTOPILOT_VERSION_MINOR + 1, 0) ||                       \
    AUTOPILOT_VERSION_AT_LEAST(AUTOPILOT_VERSION_MAJOR + 1, 0, 0)
#error "the version is at least a later one"
#endif

int main(void)
{
    char numbers[64];
    snprintf(numbers, sizeof numbers, "%d.%d.%d", AUTOPILOT_VERSION_MAJOR, AUTOPILOT_VERSION_MINOR,
             AUTOPILOT_VERSION_PATCH);
    puts(autopilot_version());
    return strcmp(numbers, AUTOPILOT_VERSION) != 0 || strcmp(autopilot_version(), AUTOPILOT_VERSION) != 0;
}
