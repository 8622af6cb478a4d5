#include <cstdlib>
#include <iostream>
#include <autopilot_sync.hpp>

int main()
{
    const char *token = std::getenv("AUTOPILOT_TOKEN");
    try {
        std::cout << autopilot::sync(token).name() << '\n';
    } catch (const autopilot::Error &error) {
        std::cout << error.what() << '\n';
        return token != nullptr;
    }
}
