/* A caller that breaks the header's rules on purpose, in one way a run: misuse HOW. What finds such a caller is thereby
 * shown to work: an address sanitizer, valgrind, a thread sanitizer. */
#include <pthread.h>
#include "check.h"

static void *change_often(void *options)
{
    for (int i = 0; i < 1000; i++)
        CHECK(autopilot_options_set_timeout_ms(options, 1 + i) == AUTOPILOT_OK);
    return NULL;
}

/* One options object on two threads at once. */
static void race(void)
{
    autopilot_options *options = autopilot_options_new();
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, change_often, options) == 0);
    change_often(options);
    CHECK(pthread_join(thread, NULL) == 0);
    autopilot_options_free(options);
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    autopilot_client *client = new_client();
    autopilot_detail *detail = GARBAGE;
    CHECK(autopilot_client_sync(client, "a b", NULL, &detail) == WRONG);
    const char *message = autopilot_detail_message(detail);
    if (strcmp(how, "leak") == 0)
        detail = NULL, message = NULL;
    autopilot_detail_free(detail);
    autopilot_client_free(client);
    if (strcmp(how, "string") == 0)
        puts(message);
    else if (strcmp(how, "getter") == 0)
        printf("%d\n", (int)autopilot_detail_attempts(detail));
    else if (strcmp(how, "double-free") == 0)
        autopilot_client_free(client);
    else if (strcmp(how, "race") == 0)
        race();
    return 0;
}
