/* A parent forks, with a live connection: both go on calling, and print their results; or "daemon", the child once it has
 * closed all descriptors; or "namespace", the child in a PID namespace in which it has its parent's number; or "cancel",
 * in the middle of a call, which its child's copy of the cancel must not end. */
#define _GNU_SOURCE /* for unshare() */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "autopilot_sync.h"

static void call(const char *who, const char *token)
{
    printf("%s %d\n", who, (int)autopilot_sync(token));
    fflush(stdout);
}

/* Whether the child ended well. */
static int ended_well(pid_t child)
{
    int status = 0;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static int both_go_on(void)
{
    const char *token = "token";
    call("parent", token);
    pid_t child = fork();
    if (child == 0) {
        call("child", token);
        call("child", token);
        _exit(0);
    }
    if (!ended_well(child))
        return 2;
    call("parent", token);
    return 0;
}

/* Files of the child's have the numbers of its parent's connections: none of them is closed, though the child frees a
 * client that has some. */
static int daemon_goes_on(void)
{
    enum { FILES = 8 };
    autopilot_client *client = NULL;
    autopilot_client_new(NULL, &client, NULL);
    printf("parent %d\n", (int)autopilot_client_sync(client, "token", NULL, NULL));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        for (int descriptor = 3; descriptor < 256; descriptor++)
            close(descriptor);
        FILE *files[FILES];
        for (int i = 0; i < FILES; i++)
            files[i] = tmpfile();
        call("child", "token");
        autopilot_client_free(client);
        for (int i = 0; i < FILES; i++) {
            struct stat file;
            if (files[i] == NULL || fstat(fileno(files[i]), &file) != 0 || !S_ISREG(file.st_mode))
                _exit(1);
        }
        _exit(0);
    }
    if (!ended_well(child))
        return 2;
    printf("parent %d\n", (int)autopilot_client_sync(client, "token", NULL, NULL));
    autopilot_client_free(client);
    return 0;
}

static int numbered_alike(void)
{
    call(getpid() == 1 ? "parent 1" : "parent", "token");
    if (unshare(CLONE_NEWPID) != 0)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        call(getpid() == 1 ? "child 1" : "child", "token");
        _exit(0);
    }
    if (!ended_well(child))
        return 2;
    call("parent", "token");
    return 0;
}

/* A call that is not answered, until its deadline. */
static void *call_in_vain(void *cancel)
{
    autopilot_options *options = autopilot_options_new();
    autopilot_client *client = NULL;
    autopilot_options_set_timeout_ms(options, 5000);
    autopilot_client_new(options, &client, NULL);
    printf("parent %d\n", (int)autopilot_client_sync(client, "token", cancel, NULL));
    autopilot_client_free(client);
    autopilot_options_free(options);
    return NULL;
}

static int child_cancels(void)
{
    autopilot_cancel *cancel = autopilot_cancel_new();
    pthread_t thread;
    if (pthread_create(&thread, NULL, call_in_vain, cancel) != 0)
        return 1;
    getchar(); /* the request is there */
    pid_t child = fork();
    if (child == 0) {
        autopilot_cancel_trigger(cancel);
        _exit(0);
    }
    if (!ended_well(child) || pthread_join(thread, NULL) != 0)
        return 2;
    autopilot_cancel_free(cancel);
    return 0;
}

int main(int argc, char **argv)
{
    const char *scenario = argc > 1 ? argv[1] : "";
    if (strcmp(scenario, "cancel") == 0)
        return child_cancels();
    if (strcmp(scenario, "namespace") == 0)
        return numbered_alike();
    return strcmp(scenario, "daemon") == 0 ? daemon_goes_on() : both_go_on();
}
