/* Credentials that cannot be made: NULL, numbers out of range, texts that cannot be right, files that hold something
 * else. Prints "kept" if each was refused with its result, and nothing else was touched. */
#include <limits.h>
#include "check.h"

#define UNUSABLE AUTOPILOT_ERROR_CONFIGURATION
#define TENANT "contoso.com"
#define APPLICATION "00000000-0000-0000-0000-00000000000a"
#define SECRET "abc8Q~secret-0123456789-abcdefghij"

enum maker { WITH_SECRET, WITH_CERTIFICATE, WITH_TOKEN, OF_MACHINE, FOR_TENANT };

/* What a maker is given. number: the kind of the secret, or whether to send the chain. */
struct wanted {
    enum maker maker;
    const char *tenant, *client_id;
    int32_t number;
    const char *text;
};

static const autopilot_credential *original;

static autopilot_result make(struct wanted wanted, autopilot_credential **place, autopilot_detail **detail)
{
    switch (wanted.maker) {
    case WITH_SECRET:
        return autopilot_credential_new_secret(wanted.tenant, wanted.client_id, wanted.number, wanted.text, place, detail);
    case WITH_CERTIFICATE:
        return autopilot_credential_new_certificate(wanted.tenant, wanted.client_id, wanted.text, wanted.number, place, detail);
    case WITH_TOKEN:
        return autopilot_credential_new_workload_identity(wanted.tenant, wanted.client_id, wanted.text, place, detail);
    case OF_MACHINE:
        return autopilot_credential_new_managed_identity(wanted.client_id, place, detail);
    default:
        return autopilot_credential_for_tenant(original, wanted.tenant, place, detail);
    }
}

/* It has its result and its detail, which does not show the secret, and the place is NULL. */
static void refused(autopilot_result expected, struct wanted wanted)
{
    autopilot_credential *places[3] = {GARBAGE, GARBAGE, GARBAGE};
    autopilot_detail *detail = GARBAGE;
    CHECK(make(wanted, NULL, NULL) == WRONG);
    CHECK(make(wanted, &places[1], NULL) == expected && places[1] == NULL);
    places[1] = GARBAGE;
    CHECK(make(wanted, &places[1], &detail) == expected);
    CHECK(places[0] == GARBAGE && places[1] == NULL && places[2] == GARBAGE);
    check_detail(expected, detail);
    CHECK(strstr(autopilot_detail_message(detail), "secret-0123") == NULL);
    autopilot_detail_free(detail);
}

static void nulls(void)
{
    refused(WRONG, (struct wanted){WITH_SECRET, NULL, APPLICATION, AUTOPILOT_SECRET_TEXT, SECRET});
    refused(WRONG, (struct wanted){WITH_SECRET, TENANT, NULL, AUTOPILOT_SECRET_TEXT, SECRET});
    for (int32_t kind = AUTOPILOT_SECRET_TEXT; kind <= AUTOPILOT_SECRET_VARIABLE; kind++)
        refused(WRONG, (struct wanted){WITH_SECRET, TENANT, APPLICATION, kind, NULL});
    for (int maker = WITH_CERTIFICATE; maker <= WITH_TOKEN; maker++) {
        refused(WRONG, (struct wanted){maker, NULL, APPLICATION, 0, "/token"});
        refused(WRONG, (struct wanted){maker, TENANT, NULL, 0, "/token"});
        refused(WRONG, (struct wanted){maker, TENANT, APPLICATION, 0, NULL});
    }
    refused(WRONG, (struct wanted){FOR_TENANT, NULL, NULL, 0, NULL});
    CHECK(autopilot_credential_for_tenant(NULL, TENANT, NULL, NULL) == WRONG);
    CHECK(autopilot_credential_new_managed_identity(NULL, NULL, NULL) == WRONG);
    CHECK(autopilot_credential_from_environment(NULL, NULL) == WRONG);
    CHECK(autopilot_credential_describe(NULL) == NULL);
    autopilot_credential_free(NULL);
}

static void numbers(void)
{
    static const int32_t outside[] = {INT32_MIN, -1, AUTOPILOT_SECRET_VARIABLE + 1, INT32_MAX};
    for (size_t i = 0; i < LENGTH(outside); i++)
        refused(WRONG, (struct wanted){WITH_SECRET, TENANT, APPLICATION, outside[i], SECRET});
}

/* A tenant and a client id become a part of an address and of a form. */
static void ids(void)
{
    static const char *const wrong[] = {"", " ", "a b", "a/b", "..", "a?b", "a#b", "a\r\nX: y", "a%2fb", "\xc3\xa9", "a\xff"};
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        refused(WRONG, (struct wanted){WITH_SECRET, wrong[i], APPLICATION, AUTOPILOT_SECRET_TEXT, SECRET});
        refused(WRONG, (struct wanted){WITH_SECRET, TENANT, wrong[i], AUTOPILOT_SECRET_TEXT, SECRET});
        refused(WRONG, (struct wanted){WITH_TOKEN, wrong[i], APPLICATION, 0, "/token"});
        refused(WRONG, (struct wanted){OF_MACHINE, NULL, wrong[i], 0, NULL});
        refused(WRONG, (struct wanted){FOR_TENANT, wrong[i], NULL, 0, NULL});
    }
    refused(WRONG, (struct wanted){FOR_TENANT, "common", NULL, 0, NULL});
}

static void secrets(void)
{
    static const char *const wrong[] = {"", "\n", SECRET " ", SECRET "\n\n", SECRET "\r\nX: y", "\xc3\xa9" SECRET, SECRET "\xff"};
    for (size_t i = 0; i < LENGTH(wrong); i++)
        refused(WRONG, (struct wanted){WITH_SECRET, TENANT, APPLICATION, AUTOPILOT_SECRET_TEXT, wrong[i]});
    static const char *const files[] = {"", "/", "/nowhere", "/dev/null", "/dev/zero", "/etc/passwd"};
    for (size_t i = 0; i < LENGTH(files); i++) {
        refused(UNUSABLE, (struct wanted){WITH_SECRET, TENANT, APPLICATION, AUTOPILOT_SECRET_FILE, files[i]});
        refused(UNUSABLE, (struct wanted){WITH_CERTIFICATE, TENANT, APPLICATION, 1, files[i]});
    }
    static const char *const variables[] = {"", "=", "NO_SUCH_VARIABLE", "A=B", "EMPTY", "TWO_LINES"};
    CHECK(getenv("EMPTY") != NULL && getenv("TWO_LINES") != NULL);
    for (size_t i = 0; i < LENGTH(variables); i++)
        refused(UNUSABLE, (struct wanted){WITH_SECRET, TENANT, APPLICATION, AUTOPILOT_SECRET_VARIABLE, variables[i]});
}

static void set_null(void)
{
    autopilot_client *client = new_client();
    autopilot_options *options = autopilot_options_new();
    autopilot_wait *wait = GARBAGE;
    autopilot_fleet *fleet = GARBAGE;
    CHECK(autopilot_options_set_credential(NULL, original) == WRONG);
    CHECK(autopilot_options_set_credential(options, NULL) == WRONG);
    CHECK(strstr(autopilot_options_error(options), "the credential is NULL") != NULL);
    CHECK(autopilot_options_set_credential(options, original) == AUTOPILOT_OK && autopilot_options_error(options) == NULL);
    CHECK(autopilot_wait_new(client, "token", AUTOPILOT_GOAL_SYNC, 0, HOUR_MS, NULL, &wait, NULL) == AUTOPILOT_OK);
    CHECK(autopilot_wait_set_credential(NULL, original) == WRONG);
    CHECK(autopilot_wait_set_credential(wait, NULL) == WRONG);
    CHECK(autopilot_wait_stop(wait, NULL) == AUTOPILOT_ERROR_CANCELLED);
    CHECK(autopilot_wait_set_credential(wait, original) == WRONG);
    CHECK(autopilot_fleet_new(client, 0, &fleet, NULL) == AUTOPILOT_OK);
    CHECK(autopilot_fleet_set_credential(NULL, 0, original) == WRONG);
    CHECK(autopilot_fleet_set_credential(fleet, 0, original) == WRONG);
    CHECK(autopilot_fleet_add(fleet, 0, NULL, AUTOPILOT_GOAL_SYNC, 0, HOUR_MS, NULL) == AUTOPILOT_OK);
    CHECK(autopilot_fleet_set_credential(fleet, 0, NULL) == WRONG);
    autopilot_fleet_free(fleet);
    autopilot_wait_free(wait);
    autopilot_options_free(options);
    autopilot_client_free(client);
}

int main(void)
{
    autopilot_credential *credential = GARBAGE;
    CHECK(make((struct wanted){WITH_SECRET, TENANT, APPLICATION, AUTOPILOT_SECRET_TEXT, SECRET}, &credential, NULL) ==
          AUTOPILOT_OK);
    original = credential;
    nulls();
    numbers();
    ids();
    secrets();
    set_null();
    autopilot_credential_free(credential);
    puts("kept");
    return 0;
}
