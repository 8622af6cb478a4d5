/* A fleet of the library's, with as many threads as it asks for.
 *
 *     fleet wait|trigger TOKENS
 *
 * Each line of the file TOKENS is a tenant's token. Prints for how many tenants all went well, and on standard error
 * how the others ended. BENCH_ROOT is the service's base URL. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "autopilot_sync.h"

enum { TIMEOUT_MS = 3600 * 1000, MOST_THREADS = 256 };

static autopilot_fleet *fleet;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int well, started;
static pthread_t threads[MOST_THREADS];

static void check(autopilot_result result)
{
    if (result != AUTOPILOT_OK) {
        fprintf(stderr, "%s\n", autopilot_result_name(result));
        exit(1);
    }
}

static void tell(uint64_t key, autopilot_result result)
{
    pthread_mutex_lock(&lock);
    well += result == AUTOPILOT_OK;
    pthread_mutex_unlock(&lock);
    if (result != AUTOPILOT_OK)
        fprintf(stderr, "%llu: %s\n", (unsigned long long)key, autopilot_result_name(result));
}

static void *work(void *unused);

static void start_thread(void)
{
    pthread_mutex_lock(&lock);
    if (started < MOST_THREADS && pthread_create(&threads[started], NULL, work, NULL) == 0)
        started++;
    pthread_mutex_unlock(&lock);
}

/* Does what is due, until all calls have ended. */
static void *work(void *unused)
{
    for (;;) {
        uint64_t key;
        autopilot_result result;
        switch (autopilot_fleet_next(fleet, TIMEOUT_MS, &key, &result, NULL)) {
        case AUTOPILOT_EVENT_ENDED:
            tell(key, result);
            break;
        case AUTOPILOT_EVENT_WANTS_TOKEN:
            autopilot_fleet_cancel_one(fleet, key);
            break;
        case AUTOPILOT_EVENT_BEHIND:
            start_thread();
            break;
        case AUTOPILOT_EVENT_FINISHED:
            return unused;
        default:
            break;
        }
    }
}

static void add_tenants(const char *path, int32_t goal)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    uint64_t key = 0;
    if (file == NULL)
        exit(1);
    while (getline(&line, &size, file) > 0)
        check(autopilot_fleet_add(fleet, key++, line, goal, 0, TIMEOUT_MS, NULL));
    free(line);
    fclose(file);
}

int main(int count, char **arguments)
{
    autopilot_options *options = autopilot_options_new();
    autopilot_client *client;
    if (count != 3)
        return 2;
    check(autopilot_options_set_base_url(options, getenv("BENCH_ROOT")));
    check(autopilot_client_new(options, &client, NULL));
    check(autopilot_fleet_new(client, 0, &fleet, NULL));
    add_tenants(arguments[2], strcmp(arguments[1], "wait") == 0 ? AUTOPILOT_GOAL_SYNC_AND_WAIT : AUTOPILOT_GOAL_SYNC);
    autopilot_fleet_close(fleet);
    work(NULL);
    for (int number = 0; number < started; number++) /* only a thread that is not joined yet starts another */
        pthread_join(threads[number], NULL);
    printf("%d\n", well);
    autopilot_fleet_free(fleet);
    autopilot_client_free(client);
    autopilot_options_free(options);
    return 0;
}
