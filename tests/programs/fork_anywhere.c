/* The first call of a process, on a thread of its own, stops at its N-th allocation; then the process forks, and the
 * child calls. "fork_anywhere N" does so in a new process, "fork_anywhere N child" in one that is a forked child itself,
 * whose parent has called. Prints "both" if child and parent had their answers, "over" if the call has fewer
 * allocations. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "autopilot_sync.h"

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);

static __thread long allocations_left; /* of this thread until it stops; 0: it does not */
static int has_stopped, forks, has_forked, is_over;

static int seen(const int *flag) { return __atomic_load_n(flag, __ATOMIC_ACQUIRE); }
static void set(int *flag) { __atomic_store_n(flag, 1, __ATOMIC_RELEASE); }

static void pause_for_a_millisecond(void)
{
    const struct timespec millisecond = {0, 1000000};
    nanosleep(&millisecond, NULL);
}

/* Waits for the fork. A fork that waits for this thread in turn, which it may, gets it back after a while. */
static void count_allocation(void)
{
    if (allocations_left == 0 || --allocations_left > 0)
        return;
    set(&has_stopped);
    for (int patience = 200; !seen(&has_forked) && patience > 0;) {
        pause_for_a_millisecond();
        patience -= seen(&forks);
    }
}

void *malloc(size_t size)
{
    count_allocation();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    count_allocation();
    return __libc_calloc(count, size);
}

static int is_answered(void)
{
    autopilot_result result = autopilot_sync("token");
    return result >= AUTOPILOT_OK && result <= AUTOPILOT_SYNC_TOO_SOON;
}

static void *first_call(void *allocations)
{
    allocations_left = *(long *)allocations;
    int answered = is_answered();
    allocations_left = 0;
    set(&is_over);
    return answered ? allocations : NULL;
}

static int ended_well(pid_t child)
{
    int status = 0;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static int fork_in_the_first_call(long allocations)
{
    pthread_t thread;
    void *answered = NULL;
    if (pthread_create(&thread, NULL, first_call, &allocations) != 0)
        return 2;
    while (!seen(&has_stopped) && !seen(&is_over))
        pause_for_a_millisecond();
    if (!seen(&has_stopped)) {
        puts("over");
        return pthread_join(thread, NULL);
    }
    set(&forks);
    pid_t child = fork();
    if (child == 0) {
        alarm(100); /* ends a child that waits for ever */
        _exit(!is_answered());
    }
    set(&has_forked);
    int child_answered = ended_well(child);
    pthread_join(thread, &answered);
    puts(child_answered && answered != NULL ? "both" : "one waits for ever, or fails");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2)
        return fork_in_the_first_call(atol(argv[1]));
    if (argc != 3 || !is_answered())
        return 2;
    pid_t child = fork();
    if (child == 0)
        exit(fork_in_the_first_call(atol(argv[1])));
    return !ended_well(child);
}
