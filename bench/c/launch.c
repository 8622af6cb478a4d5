/* Runs a command, and prints its wall and CPU time in nanoseconds and its peak memory in KiB. It is a small program,
 * because the peak of a child is never below that of the process which forked it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long nanoseconds(struct timeval time)
{
    return time.tv_sec * 1000000000LL + time.tv_usec * 1000LL;
}

int main(int count, char **arguments)
{
    struct timespec begin, end;
    struct rusage used;
    int status;
    pid_t child;
    if (count < 2)
        return 2;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    child = vfork();
    if (child == 0) {
        execv(arguments[1], arguments + 1);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &used) != child || status != 0)
        return 1;
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%lld %lld %ld\n", (end.tv_sec - begin.tv_sec) * 1000000000LL + end.tv_nsec - begin.tv_nsec,
           nanoseconds(used.ru_utime) + nanoseconds(used.ru_stime), used.ru_maxrss);
    return 0;
}
