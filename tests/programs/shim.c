/* Loaded before a program's libraries: counts name look-ups and started threads, and says at the end how many there
 * were. With SHIM_HANG set, a look-up never returns. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_int lookups, threads;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    atomic_fetch_add(&lookups, 1);
    while (getenv("SHIM_HANG") != NULL)
        pause();
    return real(node, service, hints, result);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    atomic_fetch_add(&threads, 1);
    return real(thread, attributes, start, argument);
}

__attribute__((destructor)) static void tell(void)
{
    printf("lookups %d threads %d\n", atomic_load(&lookups), atomic_load(&threads));
}
