// Whether a token that is handed to the C++ header is left behind in what is given back to the allocator.
#include "cpp_check.hpp"

#include <cstring>
#include <malloc.h>
#include <new>

static const char token[] = "a-token-that-is-too-long-to-be-kept-inside-of-a-string-object";
static int found = 0;

// Not inlined: gcc then takes new and free() for a mismatch.
[[gnu::noinline]] void *operator new(std::size_t size)
{
    void *block = std::malloc(size);
    if (!block)
        throw std::bad_alloc();
    return block;
}

[[gnu::noinline]] void operator delete(void *block) noexcept
{
    if (block && memmem(block, malloc_usable_size(block), token, sizeof token - 1))
        found++;
    std::free(block);
}

void operator delete(void *block, std::size_t) noexcept
{
    operator delete(block);
}

int main()
{
    using namespace autopilot;
    const Client client;
    const std::string_view view(token);
    const std::string string(token);
    CHECK(client.sync(view).answer() == Answer::accepted && found == 0);
    CHECK(client.sync(string).result() >= 0 && client.sync(token).result() >= 0 && found == 0);
    CHECK(sync(view).result() >= 0 && client.settings(view).status() != SyncStatus::none && found == 0);
    // A temporary is taken over, and so it is wiped too.
    CHECK(client.sync(std::string(token)).result() >= 0 && found == 0);
    const auto renew = [&](Progress &progress) {
        progress.set_token(view);
        return Flow::stop;
    };
    CHECK(error_of([&] { return client.sync_and_wait(view, std::chrono::hours(1), renew); }) && found == 0);
    const Time now = std::chrono::system_clock::now();
    CHECK(error_of([&] { return client.sync_since(view, now, std::chrono::hours(1), renew); }) && found == 0);
    {
        Wait wait(client, view, Goal::settings(), std::chrono::hours(1));
        wait.set_token(view);
        const Fleet fleet(client);
        fleet.add(0, std::string(token), Goal::settings(), std::chrono::hours(1));
        fleet.set_token(0, view);
        CHECK(wait.step().outcome().settings() && fleet.next().outcome().settings());
    }
    CHECK(found == 0);
    { const std::string left_behind(token); }
    CHECK(found == 1); // so it would have been seen
    std::puts("kept");
}
