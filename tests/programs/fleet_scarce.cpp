// For the program for many tenants: its first large block of memory, which is for a token from a file, cannot be had.
#include <atomic>
#include <cstdlib>
#include <new>

static std::atomic<bool> is_scarce{true};

// Not inlined: gcc then takes new and free() for a mismatch.
[[gnu::noinline]] void *operator new(std::size_t size)
{
    const bool is_refused = size > 64 * 1024 && is_scarce.exchange(false);
    void *block = is_refused ? nullptr : std::malloc(size);
    if (!block)
        throw std::bad_alloc();
    return block;
}

[[gnu::noinline]] void operator delete(void *block) noexcept
{
    std::free(block);
}

void operator delete(void *block, std::size_t) noexcept
{
    operator delete(block);
}
