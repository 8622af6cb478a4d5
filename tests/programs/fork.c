/* A parent with a live connection forks; both go on calling. Prints the parent's results, then the child's. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "autopilot_sync.h"

static void call(const char *who, const char *token)
{
    printf("%s %d\n", who, (int)autopilot_sync(token));
    fflush(stdout);
}

int main(void)
{
    const char *token = "token";
    call("parent", token);
    pid_t child = fork();
    if (child < 0)
        return 1;
    if (child == 0) {
        call("child", token);
        call("child", token);
        _exit(0);
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != 0)
        return 2;
    call("parent", token);
    return 0;
}
