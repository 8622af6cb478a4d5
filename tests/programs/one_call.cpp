// Calls autopilot_sync with each argument, "NULL" for none, and prints the results.
#include <cstring>
#include <iostream>
#include "autopilot_sync.h"

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const autopilot_result result = autopilot_sync(std::strcmp(argv[i], "NULL") == 0 ? nullptr : argv[i]);
        std::cout << static_cast<int>(result) << '\n';
    }
}
