// The same as waiter.c, in C++.
#include <chrono>
#include <iostream>
#include <string>
#include "autopilot_sync.hpp"

using std::chrono::seconds;
using std::chrono::system_clock;

static void show(const autopilot::Detail &detail, const std::string &phases)
{
    const auto retry_after = detail.retry_after();
    const auto settings = detail.settings();
    std::cout << detail.result() << " trigger=" << static_cast<int>(detail.trigger())
              << " retry_after=" << (retry_after ? retry_after->count() : -1)
              << " status=" << (settings ? settings->status_text().value_or("-") : "-") << " phases=" << phases << ": "
              << detail.message() << '\n';
}

int main(int argc, char **argv)
{
    const std::string token = argv[1], action = argv[2];
    autopilot::Options options;
    options.timeout(std::chrono::hours(1));
    if (action == "trigger-only")
        options.trigger_only();
    const autopilot::Client client(options);
    std::string phases;
    const auto note = [&](autopilot::Progress &progress) {
        const char phase = static_cast<char>('0' + static_cast<int>(progress.phase()));
        if (phases.empty() || phases.back() != phase)
            phases += phase;
    };
    const auto call = [&] {
        const auto argument = [&](int index) { return seconds(std::stoll(argv[index])); };
        if (action == "wait" && argc == 4)
            return client.sync_and_wait(token, argument(3), note);
        if (action == "since" && argc == 5)
            return client.sync_since(token, system_clock::now() - argument(3), argument(4), note);
        return client.sync(token);
    };
    try {
        show(call(), phases);
    } catch (const autopilot::Error &error) {
        show(error, phases);
    }
}
