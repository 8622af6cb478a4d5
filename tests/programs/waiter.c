/* Makes one call and prints what came of it, with the numbers that every language uses:
 * waiter TOKEN sync|trigger-only, waiter TOKEN wait TIMEOUT_S, or waiter TOKEN since AGO_S TIMEOUT_S. */
#include <inttypes.h>
#include "check.h"

enum { MOST_PHASES = 64 };

/* Keeps each phase of a wait that differs from the one before. */
static int32_t note(autopilot_progress *progress, void *user_data)
{
    char *phases = user_data, phase = (char)('0' + autopilot_progress_phase(progress));
    size_t count = strlen(phases);
    CHECK(count + 1 < MOST_PHASES);
    if (count == 0 || phases[count - 1] != phase)
        phases[count] = phase;
    return 0;
}

static int64_t ms(const char *seconds)
{
    return atoll(seconds) * 1000;
}

static int64_t ms_ago(const char *seconds)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000 - ms(seconds);
}

static autopilot_client *client_for(const char *action)
{
    autopilot_options *options = autopilot_options_new();
    autopilot_client *client = NULL;
    CHECK(autopilot_options_set_timeout_ms(options, HOUR_MS) == AUTOPILOT_OK);
    if (strcmp(action, "trigger-only") == 0)
        CHECK(autopilot_options_set_trigger_only(options) == AUTOPILOT_OK);
    CHECK(autopilot_client_new(options, &client, NULL) == AUTOPILOT_OK);
    autopilot_options_free(options);
    return client;
}

int main(int argc, char **argv)
{
    CHECK(argc >= 3);
    const char *token = argv[1], *action = argv[2];
    char phases[MOST_PHASES] = "";
    autopilot_client *client = client_for(action);
    autopilot_detail *detail = NULL;
    autopilot_result result;
    if (strcmp(action, "wait") == 0 && argc == 4)
        result = autopilot_client_sync_and_wait(client, token, ms(argv[3]), NULL, note, phases, &detail);
    else if (strcmp(action, "since") == 0 && argc == 5)
        result = autopilot_client_sync_since(client, token, ms_ago(argv[3]), ms(argv[4]), NULL, note, phases, &detail);
    else
        result = autopilot_client_sync(client, token, NULL, &detail);
    check_detail(result, detail);
    const char *status = autopilot_settings_status_text(autopilot_detail_settings(detail));
    printf("%d trigger=%d retry_after=%" PRId64 " status=%s phases=%s: %s\n", (int)result,
           (int)autopilot_detail_trigger(detail), autopilot_detail_retry_after_ms(detail), status ? status : "-", phases,
           autopilot_detail_message(detail));
    autopilot_detail_free(detail);
    autopilot_client_free(client);
    return 0;
}
