/* Loaded before a program's libraries. The program's clocks stand still, and a pause of the library takes no time: it
 * moves them by its length, and the clock of the emulator that AUTOPILOT_EMULATOR names. So the same time passes on both
 * sides, however slow the machine is. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "check.h"

enum { CLOCKS = 2, SECOND_NS = 1000000000 };

static struct timespec starts[CLOCKS]; /* by CLOCK_REALTIME and CLOCK_MONOTONIC, which are 0 and 1 */
static atomic_int stand;
static atomic_llong passed_ns;
static __thread int threads; /* that this thread has started and not joined */

int clock_gettime(clockid_t clock, struct timespec *time)
{
    int (*real)(clockid_t, struct timespec *);
    *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    if (!atomic_load(&stand) || clock < 0 || clock >= CLOCKS)
        return real(clock, time);
    long long ns = starts[clock].tv_nsec + atomic_load(&passed_ns);
    time->tv_sec = starts[clock].tv_sec + ns / SECOND_NS;
    time->tv_nsec = ns % SECOND_NS;
    return 0;
}

__attribute__((constructor)) static void stop(void)
{
    for (clockid_t clock = 0; clock < CLOCKS; clock++)
        CHECK(clock_gettime(clock, &starts[clock]) == 0);
    atomic_store(&stand, 1);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    threads++;
    return real(thread, attributes, start, argument);
}

int pthread_join(pthread_t thread, void **result)
{
    int (*real)(pthread_t, void **);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_join");
    threads--;
    return real(thread, result);
}

/* Moves the emulator's clock. */
static void advance(long long ns)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const char *url = getenv("AUTOPILOT_EMULATOR");
    char time[32], request[128], reply[1024];
    CHECK(url != NULL && sscanf(url, "http://127.0.0.1:%hu", &address.sin_port) == 1);
    address.sin_port = htons(address.sin_port);
    int length = sprintf(time, "%lldns", ns);
    length = sprintf(request, "POST /advance HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s", length, time);
    int emulator = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(emulator, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(write(emulator, request, (size_t)length) == length);
    CHECK(read(emulator, reply, sizeof reply) > 12 && strncmp(&reply[8], " 200", 4) == 0);
    CHECK(close(emulator) == 0);
}

/* A pause ends just after its time, as the system's do. */
static void pass_until(const struct timespec *end)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    long long ns = (end->tv_sec - now.tv_sec) * SECOND_NS + (end->tv_nsec - now.tv_nsec);
    ns = (ns > 0 ? ns : 0) + 1;
    advance(ns);
    atomic_fetch_add(&passed_ns, ns);
}

/* Rust waits by this system call. A thread that has started another one waits for it: that takes the time it takes. */
long syscall(long number, ...)
{
    long (*real)(long, ...), a[6];
    va_list rest;
    *(void **)&real = dlsym(RTLD_NEXT, "syscall");
    va_start(rest, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(rest, long);
    va_end(rest);
    int waits = number == SYS_futex && (a[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET && a[3] != 0;
    if (!waits || threads > 0)
        return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (atomic_load((atomic_uint *)a[0]) == (unsigned)a[2]) {
        pass_until((const struct timespec *)a[3]);
        errno = ETIMEDOUT;
    } else {
        errno = EAGAIN;
    }
    return -1;
}
