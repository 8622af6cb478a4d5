// For the program for many tenants: a thread cannot be had. REFUSED is its number among those that the main thread starts, or
// "all". What the library starts for a call of another thread is not counted.
#include <cerrno>
#include <cstdlib>
#include <string>

#include <dlfcn.h>
#include <pthread.h>

static const pthread_t main_thread = pthread_self();
static int started = 0;

static bool is_refused()
{
    const std::string refused = std::getenv("REFUSED");
    return refused == "all" || (pthread_equal(pthread_self(), main_thread) && std::to_string(++started) == refused);
}

extern "C" int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                              void *argument) noexcept
{
    static const auto real = reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
    return is_refused() ? EAGAIN : real(thread, attributes, start, argument);
}
