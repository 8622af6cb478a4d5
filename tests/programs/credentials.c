/* Calls whose tokens a credential gets: credentials CALL MAKER ARGUMENT... Prints the credential and what came of it. */
#include "check.h"

#define APPLICATION "00000000-0000-0000-0000-00000000000a"
#define TENANT "default"

/* A credential as the arguments say: text, file or variable with a secret; certificate or chain with a file; token with a
 * file; machine, perhaps with a client id; environment. */
static autopilot_result make(char **arguments, autopilot_credential **credential, autopilot_detail **detail)
{
    const char *maker = arguments[0], *argument = arguments[1];
    static const char *const kinds[] = {"text", "file", "variable"};
    for (int32_t kind = 0; kind < (int32_t)LENGTH(kinds); kind++)
        if (strcmp(maker, kinds[kind]) == 0)
            return autopilot_credential_new_secret(TENANT, APPLICATION, kind, argument, credential, detail);
    if (strcmp(maker, "certificate") == 0 || strcmp(maker, "chain") == 0)
        return autopilot_credential_new_certificate(TENANT, APPLICATION, argument, maker[1] == 'h', credential, detail);
    if (strcmp(maker, "token") == 0)
        return autopilot_credential_new_workload_identity(TENANT, APPLICATION, argument, credential, detail);
    if (strcmp(maker, "machine") == 0)
        return autopilot_credential_new_managed_identity(argument, credential, detail);
    CHECK(strcmp(maker, "environment") == 0);
    return autopilot_credential_from_environment(credential, detail);
}

/* Prints a result, and the message of an error. */
static void show(autopilot_result result, autopilot_detail *detail)
{
    check_detail(result, detail);
    printf("%s%s%s\n", autopilot_result_name(result), result < 0 ? ": " : "", result < 0 ? autopilot_detail_message(detail) : "");
    autopilot_detail_free(detail);
}

/* A client that never gives a slow machine up, with a credential that is freed before the client is made. */
static autopilot_client *client_of(autopilot_credential *credential)
{
    autopilot_options *options = autopilot_options_new();
    autopilot_client *client = GARBAGE;
    CHECK(autopilot_options_set_timeout_ms(options, HOUR_MS) == AUTOPILOT_OK);
    CHECK(autopilot_options_set_credential(options, credential) == AUTOPILOT_OK);
    autopilot_credential_free(credential);
    CHECK(autopilot_client_new(options, &client, NULL) == AUTOPILOT_OK);
    autopilot_options_free(options);
    return client;
}

/* Steps until there is something to tell. */
static autopilot_event next(autopilot_wait *wait, autopilot_result *result, autopilot_detail **detail)
{
    autopilot_event event;
    while ((event = autopilot_wait_step(wait, NULL, result, detail)) == AUTOPILOT_EVENT_PAUSE)
        ;
    return event;
}

/* Ends a wait when it watches the sync. */
static int32_t stop(autopilot_progress *progress, void *unused)
{
    (void)unused;
    return autopilot_progress_phase(progress) == AUTOPILOT_PHASE_WATCHING;
}

/* Each kind of call with NULL for the token. A token is still taken. */
static void call(autopilot_credential *credential)
{
    autopilot_client *client = client_of(credential);
    autopilot_settings *settings = GARBAGE;
    autopilot_detail *detail = GARBAGE;
    autopilot_wait *wait = GARBAGE;
    autopilot_result result = autopilot_client_sync(client, NULL, NULL, &detail);
    show(result, detail);
    CHECK(autopilot_client_settings(client, NULL, NULL, &settings, NULL) == (result < 0 ? result : AUTOPILOT_OK));
    autopilot_settings_free(settings);
    result = autopilot_client_sync_and_wait(client, NULL, HOUR_MS, NULL, stop, NULL, &detail);
    show(result, detail);
    result = autopilot_client_sync_since(client, NULL, now_ms(), HOUR_MS, NULL, stop, NULL, &detail);
    show(result, detail);
    CHECK(autopilot_wait_new(client, NULL, AUTOPILOT_GOAL_SETTINGS, 0, HOUR_MS, NULL, &wait, NULL) == AUTOPILOT_OK);
    autopilot_client_free(client);
    CHECK(next(wait, &result, &detail) == AUTOPILOT_EVENT_ENDED);
    show(result, detail);
    autopilot_wait_free(wait);
    client = new_client();
    CHECK(autopilot_client_settings(client, NULL, NULL, &settings, NULL) == WRONG && settings == NULL);
    autopilot_client_free(client);
}

/* A call in steps whose token is refused goes on with a credential. */
static void step(autopilot_credential *credential)
{
    autopilot_client *client = new_client();
    autopilot_wait *wait = GARBAGE;
    autopilot_detail *detail = GARBAGE;
    autopilot_result result;
    CHECK(autopilot_wait_new(client, "expired", AUTOPILOT_GOAL_SYNC, 0, HOUR_MS, NULL, &wait, NULL) == AUTOPILOT_OK);
    CHECK(next(wait, NULL, NULL) == AUTOPILOT_EVENT_WANTS_TOKEN);
    CHECK(autopilot_wait_set_credential(wait, credential) == AUTOPILOT_OK);
    autopilot_credential_free(credential);
    CHECK(next(wait, &result, &detail) == AUTOPILOT_EVENT_ENDED);
    show(result, detail);
    autopilot_client_free(client);
    autopilot_wait_free(wait);
}

/* A fleet of the application's tenants. The first is given its credential when the fleet asks for its token. */
static void fleet(autopilot_credential *credential)
{
    static const char *const tenants[] = {"adatum", "contoso", "fabrikam"};
    autopilot_credential *of_tenants[LENGTH(tenants)];
    autopilot_client *client = new_client();
    autopilot_fleet *fleet = GARBAGE;
    autopilot_event event;
    autopilot_result result, results[LENGTH(tenants)];
    autopilot_detail *detail = GARBAGE;
    uint64_t key;
    CHECK(autopilot_fleet_new(client, 0, &fleet, NULL) == AUTOPILOT_OK);
    autopilot_client_free(client);
    for (size_t i = 0; i < LENGTH(tenants); i++) {
        CHECK(autopilot_credential_for_tenant(credential, tenants[i], &of_tenants[i], NULL) == AUTOPILOT_OK);
        CHECK(strstr(autopilot_credential_describe(of_tenants[i]), tenants[i]) != NULL);
        CHECK(autopilot_fleet_add(fleet, i, NULL, AUTOPILOT_GOAL_SYNC, 0, HOUR_MS, NULL) == AUTOPILOT_OK);
        if (i > 0) {
            CHECK(autopilot_fleet_set_credential(fleet, i, of_tenants[i]) == AUTOPILOT_OK);
            autopilot_credential_free(of_tenants[i]);
        }
    }
    autopilot_credential_free(credential);
    autopilot_fleet_close(fleet);
    while ((event = autopilot_fleet_next(fleet, -1, &key, &result, &detail)) != AUTOPILOT_EVENT_FINISHED) {
        if (event == AUTOPILOT_EVENT_WANTS_TOKEN) {
            CHECK(key == 0 && detail == NULL);
            CHECK(autopilot_fleet_set_credential(fleet, key, of_tenants[key]) == AUTOPILOT_OK);
        } else if (event == AUTOPILOT_EVENT_ENDED) {
            results[key] = result;
        }
        autopilot_detail_free(detail);
    }
    for (size_t i = 0; i < LENGTH(tenants); i++)
        printf("%s %s\n", tenants[i], autopilot_result_name(results[i]));
    autopilot_fleet_free(fleet);
    autopilot_credential_free(of_tenants[0]);
}

int main(int argc, char **argv)
{
    autopilot_credential *credential = GARBAGE;
    autopilot_detail *detail = GARBAGE;
    CHECK(argc > 2);
    autopilot_result result = make(argv + 2, &credential, &detail);
    CHECK((credential != NULL) == (result == AUTOPILOT_OK));
    puts(credential ? autopilot_credential_describe(credential) : "none");
    show(result, detail);
    if (credential == NULL)
        return 0;
    if (strcmp(argv[1], "call") == 0)
        call(credential);
    else if (strcmp(argv[1], "step") == 0)
        step(credential);
    else
        fleet(credential);
    return 0;
}
