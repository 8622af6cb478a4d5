// Misuses the C++ header on purpose, one fault a run: cpp_broken FAULT. The sanitizers must stop each.
#include "autopilot_sync.hpp"

#include <climits>
#include <cstdio>
#include <string>

using namespace autopilot;

static autopilot_detail *new_detail()
{
    autopilot_detail *detail = nullptr;
    autopilot_client_sync(nullptr, nullptr, nullptr, &detail);
    return detail;
}

int main(int argc, char **argv)
{
    const std::string fault = argc > 1 ? argv[1] : "";
    if (fault == "none") {
        static_cast<void>(Outcome::from_capi(AUTOPILOT_OK, new_detail()));
    } else if (fault == "use-after-free") { // of a string that the library allocated
        const char *message = autopilot_detail_message(Outcome::from_capi(AUTOPILOT_OK, new_detail()).capi());
        std::printf("%c\n", message[0]);
    } else if (fault == "double-free") { // of an object that the library allocated
        autopilot_detail *detail = new_detail();
        static_cast<void>(Outcome::from_capi(AUTOPILOT_OK, detail));
        static_cast<void>(Outcome::from_capi(AUTOPILOT_OK, detail));
    } else if (fault == "leak") { // of an object that the library allocated
        static_cast<void>(Outcome::from_capi(AUTOPILOT_OK, new_detail()));
        new_detail();
    } else if (fault == "overflow") {
        volatile int number = INT_MAX;
        number = number + argc;
    } else {
        return 2;
    }
    std::puts("not noticed");
}
