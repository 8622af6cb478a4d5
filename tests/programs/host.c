/* What the library must leave alone in its host: signal dispositions, SIGPIPE, descriptors, the locale. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "autopilot_sync.h"

static int lowest_free_descriptor(void)
{
    int descriptor = dup(0);
    close(descriptor);
    return descriptor;
}

int main(void)
{
    struct sigaction before[32], after;
    for (int number = 1; number < 32; number++)
        sigaction(number, NULL, &before[number]);
    sigset_t mask_before, mask_after;
    sigprocmask(SIG_SETMASK, NULL, &mask_before);
    int free_before = lowest_free_descriptor();
    const char *locale_before = setlocale(LC_ALL, NULL);

    printf("%d\n", (int)autopilot_sync("bad token"));
    printf("free descriptors %s\n", lowest_free_descriptor() == free_before ? "same" : "changed");
    for (int i = 0; i < 3; i++)
        printf("%d\n", (int)autopilot_sync("token"));

    for (int number = 1; number < 32; number++) {
        sigaction(number, NULL, &after);
        if (after.sa_handler != before[number].sa_handler)
            printf("signal %d changed\n", number);
    }
    sigprocmask(SIG_SETMASK, NULL, &mask_after);
    for (int number = 1; number < 32; number++)
        if (sigismember(&mask_before, number) != sigismember(&mask_after, number))
            printf("mask of signal %d changed\n", number);
    if (strcmp(locale_before, setlocale(LC_ALL, NULL)) != 0)
        puts("locale changed");
    return 0;
}
