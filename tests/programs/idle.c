/* The heap that an idle connection holds: idle CONNECTIONS TOKEN. Calls on one client from as many threads until a byte
 * comes on the standard input: the service then knows that each has a connection. Prints the bytes of a connection. */
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <unistd.h>
#include "check.h"

static autopilot_client *client;
static const char *token;
static int is_over;

static void *call_until_over(void *unused)
{
    while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED))
        CHECK(autopilot_client_sync(client, token, NULL, NULL) >= 0);
    return unused;
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    long connections = atol(argv[1]);
    pthread_t *threads = calloc((size_t)connections, sizeof *threads);
    char byte;
    client = client_by(NULL, HOUR_MS);
    token = argv[2];
    CHECK(autopilot_client_sync(client, token, NULL, NULL) >= 0);
    size_t with_one = mallinfo2().uordblks;
    for (long i = 0; i < connections; i++)
        CHECK(pthread_create(&threads[i], NULL, call_until_over, NULL) == 0);
    CHECK(read(STDIN_FILENO, &byte, 1) == 1);
    __atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
    for (long i = 0; i < connections; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    printf("%ld\n", (long)(mallinfo2().uordblks - with_one) / (connections - 1));
    autopilot_client_free(client);
    free(threads);
    return 0;
}
