// Lets each allocation of the C++ header fail in turn: every call then throws std::bad_alloc, and the sanitizers
// that this is built with see whether it leaves anything behind.
#include "cpp_check.hpp"

#include <new>

static int left = -1; // the number of allocations until one fails; below zero for never

void *operator new(std::size_t size)
{
    void *block = left == 0 ? nullptr : std::malloc(size);
    left -= left >= 0;
    if (!block)
        throw std::bad_alloc();
    return block;
}

void operator delete(void *block) noexcept
{
    std::free(block);
}

void operator delete(void *block, std::size_t) noexcept
{
    std::free(block);
}

// How often a call fails until it has all the memory that it wants.
template <class F>
static int failures_of(F call)
{
    for (int failures = 0;; failures++) {
        left = failures;
        try {
            call();
            left = -1;
            return failures;
        } catch (const std::bad_alloc &) {
            left = -1;
        }
    }
}

int main()
{
    using namespace autopilot;
    const Client client;
    CHECK(failures_of([&] { return client.sync("token").message(); }) >= 1);
    CHECK(failures_of([&] { return client.settings("token").status_text(); }) >= 2);
    CHECK(failures_of([&] { return client.sync("token").attempts(); }) >= 3);
    CHECK(failures_of([&] { return error_of([&] { return client.sync("barred"); })->code(); }) >= 2);
    CHECK(failures_of([&] { return error_of([&] { return client.settings("barred"); })->service_message(); }) >= 2);
    const auto no_time = [] { return Options().timeout(std::chrono::seconds(0)).capi(); };
    CHECK(failures_of([&] { return error_of(no_time); }) >= 1);
    const auto stop = [](Progress &progress) {
        progress.set_token(std::string_view("a-token-that-is-too-long-to-be-kept-inside-of-a-string-object"));
        return Flow::stop;
    };
    const auto wait = [&] { return client.sync_and_wait("token", std::chrono::hours(1), stop); };
    CHECK(failures_of([&] { return error_of(wait)->attempts(); }) >= 3);
    const Time now = std::chrono::system_clock::now();
    const auto wait_since = [&] { return client.sync_since("token", now, std::chrono::hours(1), stop); };
    CHECK(failures_of([&] { return error_of(wait_since)->attempts(); }) >= 3);
    const auto in_steps = [&] { return Wait(client, std::string_view("barred"), Goal::settings(), std::chrono::hours(1)).step(); };
    CHECK(failures_of([&] { return error_of([&] { return in_steps().outcome(); })->attempts(); }) >= 3);
    const auto in_fleet = [&] {
        const Fleet fleet(client);
        fleet.add(7, std::string_view("barred"), Goal::settings(), std::chrono::hours(1));
        return fleet.next().detail()->code();
    };
    CHECK(failures_of(in_fleet) >= 2);
    CHECK(client.sync("token").answer() == Answer::already_running);
    std::puts("kept");
}
