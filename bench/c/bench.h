/* The common part of the C programs. Each makes one client, and calls as its arguments say.
 *
 *   cold                 one call
 *   warm CALLS           one call, then CALLS; prints their CPU time and the time of each, in nanoseconds
 *   threads COUNT MS     COUNT threads that share the client, for MS milliseconds; prints the number of calls and the
 *                        seconds
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Makes the client that all threads share. */
static void *new_client(const char *root);
/* Makes what each thread needs for its calls. */
static void *new_caller(void *client);
/* Makes one call. Ends the program if the answer is not 204. */
static void call(void *caller);

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    if (value == NULL)
        fail(name);
    return value;
}

static long long nanoseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void warm(void *client, int calls)
{
    void *caller = new_caller(client);
    long long *took = malloc(calls * sizeof *took), cpu;
    call(caller);
    cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < calls; i++) {
        long long begin = nanoseconds(CLOCK_MONOTONIC);
        call(caller);
        took[i] = nanoseconds(CLOCK_MONOTONIC) - begin;
    }
    cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("%lld\n", cpu / calls);
    for (int i = 0; i < calls; i++)
        printf("%lld ", took[i]);
    free(took);
}

struct shared {
    void *client;
    pthread_barrier_t ready;
    long long nanoseconds;
};

static void *thread(void *data)
{
    struct shared *shared = data;
    void *caller = new_caller(shared->client);
    long long end, calls = 0;
    call(caller);
    pthread_barrier_wait(&shared->ready);
    end = nanoseconds(CLOCK_MONOTONIC) + shared->nanoseconds;
    for (; nanoseconds(CLOCK_MONOTONIC) < end; calls++)
        call(caller);
    return (void *)(size_t)calls;
}

static void threads(void *client, int count, int milliseconds)
{
    struct shared shared = {.client = client, .nanoseconds = milliseconds * 1000000LL};
    pthread_t *started = calloc(count, sizeof *started);
    long long begin, calls = 0;
    pthread_barrier_init(&shared.ready, NULL, count + 1);
    for (int i = 0; i < count; i++)
        if (pthread_create(&started[i], NULL, thread, &shared) != 0)
            fail("no thread");
    pthread_barrier_wait(&shared.ready);
    begin = nanoseconds(CLOCK_MONOTONIC);
    for (int i = 0; i < count; i++) {
        void *made;
        pthread_join(started[i], &made);
        calls += (size_t)made;
    }
    printf("%lld %f\n", calls, (nanoseconds(CLOCK_MONOTONIC) - begin) / 1e9);
    free(started);
}

int main(int count, char **arguments)
{
    void *client = new_client(setting("BENCH_ROOT"));
    if (count == 2 && strcmp(arguments[1], "cold") == 0)
        call(new_caller(client));
    else if (count == 3 && strcmp(arguments[1], "warm") == 0)
        warm(client, atoi(arguments[2]));
    else if (count == 4 && strcmp(arguments[1], "threads") == 0)
        threads(client, atoi(arguments[2]), atoi(arguments[3]));
    else
        fail("cold | warm CALLS | threads COUNT MILLISECONDS");
    return 0;
}
