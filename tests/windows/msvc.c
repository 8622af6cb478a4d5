/* Compiled for MSVC's ABI, and linked by the import library in MSVC's form with no C runtime at all. */
#include "autopilot_sync.h"

int mainCRTStartup(void)
{
    return autopilot_sync("token") == AUTOPILOT_OK && autopilot_sync("a b") < AUTOPILOT_OK ? 42 : 1;
}
