/*
 * autopilot_sync.h - trigger Microsoft Intune's Windows Autopilot sync, and understand the answer.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 * Made by cbindgen from the library's sources. Do not edit.
 *
 * WHAT IT DOES
 * One request of Microsoft Graph, POST /beta/deviceManagement/windowsAutopilotSettings/sync, makes Intune synchronise
 * its Windows Autopilot devices. autopilot_sync() sends it and says what the answer means.
 * autopilot_client_sync_and_wait() also waits until the sync ends. autopilot_client_sync_since() makes sure that one
 * has completed since a change.
 *
 * A token comes from your program. Or an autopilot_credential gets it, for an agent that nobody attends: from a client
 * secret, a certificate, a federated token or a managed identity. Give it to autopilot_options_set_credential(), and
 * NULL for the token to the client's calls.
 *
 * For many tenants, a fleet makes the same calls: add each tenant with autopilot_fleet_add(), and let a few threads
 * call autopilot_fleet_next(), which does what is due and tells what has ended. For an event loop of your own,
 * autopilot_wait_new() makes one call that goes step by step.
 *
 * WHO SHOULD CALL IT
 * One service, or one administrator's machine, per tenant. The token carries a tenant-wide write permission: it does
 * not belong on endpoints. The service accepts one sync in ten minutes for the whole tenant.
 *
 * EXAMPLE
 *
 *     #include <stdio.h>
 *     #include <stdlib.h>
 *     #include <autopilot_sync.h>
 *
 *     int main(void)
 *     {
 *         autopilot_client *client = NULL;
 *         autopilot_detail *detail = NULL;
 *         autopilot_result result = autopilot_client_new(NULL, &client, &detail);
 *         if (result == AUTOPILOT_OK) {
 *             autopilot_detail_free(detail);
 *             result = autopilot_client_sync(client, getenv("AUTOPILOT_TOKEN"), NULL, &detail);
 *         }
 *         printf("%s: %s\n", autopilot_result_name(result), autopilot_detail_message(detail));
 *         if (autopilot_detail_retry_after_ms(detail) >= 0)
 *             printf("again in %lld s\n", (long long)autopilot_detail_retry_after_ms(detail) / 1000);
 *         autopilot_detail_free(detail);
 *         autopilot_client_free(client);
 *         return result < 0;
 *     }
 *
 *     cc main.c $(pkg-config --cflags --libs autopilot_sync)
 *
 * RESULTS
 * Zero and above are answers of the service, below zero are errors. No error is kept per thread: ask each call for
 * its detail. A call checks its arguments before it reads the environment, and before it sends anything.
 *
 * OWNERSHIP
 * The caller owns what a _new function returns, and what a function hands out by a pointer to a pointer. Free it with
 * the _free function of its type, which takes NULL. A pointer that a getter returns belongs to its object, lives as
 * long as that, and must not be freed. Strings are UTF-8 and NUL-terminated. The library copies the strings that it is
 * given, or needs them only during the call.
 *
 * NULL
 * Every function takes NULL for every pointer, and says what NULL means. Any other pointer that is not as described
 * is undefined behaviour, as everywhere in C.
 *
 * THREADS
 * Any thread may call any function at any time, even while a thread or the process ends, but a signal handler may not.
 * Each type says whether threads may share it. A callback runs on the thread that made the call. Do not use
 * pthread_cancel() on a thread that is in a call, because that ends the process: trigger the call's cancel instead.
 *
 * The library starts a thread for each new connection, and one for each name that it looks up. These threads hold no
 * token, have the signal mask of their caller, and end by themselves. One may outlive its call: nothing can interrupt
 * the system while it looks up a name, reads the trusted certificates or, on Windows, checks a certificate. Waits and
 * fleets start no other threads: they work on yours.
 *
 * DEADLINES
 * Every call that blocks has a deadline. It covers everything from the name look-up to the last byte, including
 * proxies and retries. A call ends at once when another thread triggers its cancel. Durations are int64_t milliseconds.
 * Times are int64_t milliseconds since 1970 (UTC), or 0 for never.
 *
 * MEMORY AND STACK
 * A call needs 64 KiB of stack, and less than 40 MiB of memory, whatever the peer sends. An idle connection holds
 * 0.3 MiB. A client keeps at most as many of them as threads have called it at once. If memory runs out, the process
 * aborts. The library wipes the token from its memory when a call returns; in a wait or a fleet, when it has ended. A
 * credential's secret and token are wiped when nothing uses it any more; of its key, see SECURITY.md.
 *
 * THE HOST PROCESS
 * The library sets no signal handler, exit handler or locale, and writes no log. A connection that the peer has closed
 * raises no SIGPIPE. A fault inside the library does not end the process: it leaves a line on stderr, and the call
 * returns AUTOPILOT_ERROR_INTERNAL. A callback must not throw a C++ exception into the library. The library stays in
 * the process: dlclose() does not unload it.
 *
 * FORK
 * A child made by fork() may go on calling, whatever other threads of its parent were doing; it makes connections of
 * its own. It may use and free the clients and fleets of its parent, even if it closed all descriptors, as daemons do;
 * a fleet is empty in the child. If fork() happens while the C library looks up a name on another thread, the C library
 * may stay locked in the child; look-ups in the child then fail at their deadlines. A child that skips the handlers of
 * pthread_atfork(), such as one made by _Fork(), may call too, unless a PID namespace gives it the process number of
 * its parent.
 *
 * ENVIRONMENT
 * Like curl, the library reads HTTPS_PROXY, else ALL_PROXY, and NO_PROXY, in upper or lower case. It also reads
 * SSL_CERT_FILE and SSL_CERT_DIR, and then trusts those certificates and no others. If neither is set, it trusts the
 * system's, or Mozilla's if the system has none. autopilot_client_new() reads the variables, and so does the first call
 * without a client of its own; meanwhile no other thread may change the environment (setenv). A process with more
 * rights than the user who started it ignores them. Some credentials are made from variables too: their functions say
 * so.
 *
 * WINDOWS
 * If no proxy variable is set, the library uses the machine's static proxy (netsh winhttp show proxy), else the user's
 * PAC file, else the user's static proxy. Windows itself verifies certificates. Call no function from DllMain. No
 * function needs __declspec(dllimport). From the first connection on, the DLL stays in the process.
 *
 * STABILITY
 * C99 or later, C++11 or later; x86-64 and arm64. No struct crosses the boundary by its layout. Before 1.0 a minor
 * version may change the ABI, and then the number in the SONAME; from 1.0 on only functions, results and enum values
 * are added. The meaning of a result never changes.
 */

#ifndef AUTOPILOT_SYNC_H
#define AUTOPILOT_SYNC_H

#include <stdint.h>

// The version of this header. autopilot_version() returns the version of the library.
#define AUTOPILOT_VERSION_MAJOR 0
#define AUTOPILOT_VERSION_MINOR 1
#define AUTOPILOT_VERSION_PATCH 0
#define AUTOPILOT_VERSION "0.1.0"

// Whether this header is of the given version or a later one, for #if.
#define AUTOPILOT_VERSION_AT_LEAST(major, minor, patch)                                                 \
    (AUTOPILOT_VERSION_MAJOR * 1000000 + AUTOPILOT_VERSION_MINOR * 1000 + AUTOPILOT_VERSION_PATCH >=    \
     (major) * 1000000 + (minor) * 1000 + (patch))

// Stands before every function. Define it before you include this header to give the functions attributes.
#ifndef AUTOPILOT_API
#define AUTOPILOT_API
#endif

// An enum with the type int32_t, in C and C++ and in each of their standards. So later versions can add values.
#if defined(__cplusplus)
#define AUTOPILOT_ENUM(name) enum name : int32_t
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L
#define AUTOPILOT_ENUM(name) enum name : int32_t; typedef enum name name; enum name : int32_t
#else
#define AUTOPILOT_ENUM(name) typedef int32_t name; enum name
#endif

#ifdef __cplusplus
extern "C" {
#endif

// The result of a call. Zero and above are answers of the service. Below zero are errors.
//
// The numbers are the same in every language and never change their meaning. Later versions may add some: treat an
// unknown number above zero as an answer, and one below zero as an error.
AUTOPILOT_ENUM(autopilot_result) {
    // Success. For a trigger: the service accepted it (HTTP 204), and the sync runs on. For a wait: the sync
    // completed.
    AUTOPILOT_OK = 0,
    // A sync is already running (HTTP 409). For a wait: it joined that sync, which completed.
    AUTOPILOT_SYNC_ALREADY_RUNNING = 1,
    // A sync ran less than ten minutes ago, perhaps for another caller (HTTP 429). When to try again: see
    // autopilot_detail_retry_after_ms() and autopilot_settings_next_sync_ms().
    AUTOPILOT_SYNC_TOO_SOON = 2,
    // For a wait only: a sync was accepted or is running, but its end cannot be observed.
    // autopilot_detail_why_unknown() says why.
    AUTOPILOT_SYNC_UNCONFIRMED = 3,
    // From autopilot_client_sync_since() only: a sync has completed since the change. Nothing was triggered.
    AUTOPILOT_SYNC_UP_TO_DATE = 4,
    // NULL, or a token or an option that is not valid. Nothing was sent.
    AUTOPILOT_ERROR_INVALID_ARGUMENT = -1,
    // No connection: the name look-up, TCP or the proxy failed, the proxy refused, or no file descriptor or thread is
    // left. Nothing was sent.
    AUTOPILOT_ERROR_CONNECT = -2,
    // The service's certificate is not trusted, or the TLS handshake failed. Nothing was sent.
    AUTOPILOT_ERROR_TLS = -3,
    // The call did not end before its deadline.
    AUTOPILOT_ERROR_TIMEOUT = -4,
    // The caller cancelled the call.
    AUTOPILOT_ERROR_CANCELLED = -5,
    // The connection broke after the request was sent. The service may have carried it out.
    AUTOPILOT_ERROR_CONNECTION_LOST = -6,
    // HTTP 401: the service wants a new token. Or Microsoft Entra refuses the credential.
    AUTOPILOT_ERROR_UNAUTHORIZED = -7,
    // HTTP 403, or a 401 of Intune's own: the tenant has no licence, or the caller lacks a permission.
    AUTOPILOT_ERROR_FORBIDDEN = -8,
    // Any other HTTP status.
    AUTOPILOT_ERROR_SERVICE = -9,
    // The reply is not HTTP, or not in the documented form, or comes from a proxy or gateway instead of Microsoft
    // Graph.
    AUTOPILOT_ERROR_PROTOCOL = -10,
    // The service reports that the sync failed.
    AUTOPILOT_ERROR_SYNC_FAILED = -11,
    // A fault in this library.
    AUTOPILOT_ERROR_INTERNAL = -12,
    // An environment variable, a CA file, a proxy address or a credential cannot be used. The request was not sent.
    AUTOPILOT_ERROR_CONFIGURATION = -13,
};

// What a wait is doing.
AUTOPILOT_ENUM(autopilot_phase) {
    // The wait starts. Nothing has been sent yet.
    AUTOPILOT_PHASE_STARTING = 0,
    // The wait pauses until the service accepts a trigger, and looks meanwhile whether a sync runs or has completed.
    // If the callback ends it here, the answer is "too soon".
    AUTOPILOT_PHASE_WINDOW = 1,
    // The wait watches a sync, or looks for the effect of a trigger that may have run.
    AUTOPILOT_PHASE_WATCHING = 2,
    // The service refused the token. If the callback sets no new one, or the service refuses that too, the wait ends
    // as unauthorized.
    AUTOPILOT_PHASE_TOKEN_REJECTED = 3,
    // The service cannot take the request for now. The wait tries again until it can.
    AUTOPILOT_PHASE_RETRYING = 4,
};

// What became of the trigger, the request that starts a sync.
//
// After an error too, it tells whether a sync may be running.
AUTOPILOT_ENUM(autopilot_trigger) {
    // It was not sent.
    AUTOPILOT_TRIGGER_NOT_SENT = 0,
    // It was sent. Whether it started a sync is unknown.
    AUTOPILOT_TRIGGER_MAY_HAVE_RUN = 1,
    // It was sent and refused: it started no sync.
    AUTOPILOT_TRIGGER_REFUSED = 2,
    // The service accepted it: a sync has started or will start.
    AUTOPILOT_TRIGGER_ACCEPTED = 3,
    // The call joined a sync that was already running.
    AUTOPILOT_TRIGGER_JOINED = 4,
};

// What a step of a wait came to, or what a fleet tells. Later versions may add events: treat one that you do not know
// like AUTOPILOT_EVENT_PAUSE.
AUTOPILOT_ENUM(autopilot_event) {
    // Nothing to tell. A wait: step again after the pause. A fleet: the time has passed.
    AUTOPILOT_EVENT_PAUSE = 0,
    // The service refused the token, or none was given yet: hand in a new one.
    AUTOPILOT_EVENT_WANTS_TOKEN = 1,
    // The call has ended.
    AUTOPILOT_EVENT_ENDED = 2,
    // A fleet only: more is due than the threads in autopilot_fleet_next() can do soon. One more thread that calls it
    // would help. You may ignore this: nothing is lost, but calls end later.
    AUTOPILOT_EVENT_BEHIND = 3,
    // A fleet only: all calls have ended, and the fleet is closed.
    AUTOPILOT_EVENT_FINISHED = 4,
};

// The state of the current or last sync. 0 to 3 are the service's own numbers.
AUTOPILOT_ENUM(autopilot_sync_status) {
    // The service says that it does not know the state.
    AUTOPILOT_SYNC_STATUS_UNKNOWN = 0,
    // A sync is running.
    AUTOPILOT_SYNC_STATUS_IN_PROGRESS = 1,
    // The last sync completed.
    AUTOPILOT_SYNC_STATUS_COMPLETED = 2,
    // The last sync failed.
    AUTOPILOT_SYNC_STATUS_FAILED = 3,
    // A state that this version does not know. See autopilot_settings_status_text().
    AUTOPILOT_SYNC_STATUS_OTHER = -1,
    // The service gave no state.
    AUTOPILOT_SYNC_STATUS_NONE = -2,
};

// One of Microsoft's clouds. Each refuses the tokens of the others.
AUTOPILOT_ENUM(autopilot_cloud) {
    // The global service, and US Government GCC: <https://graph.microsoft.com>
    AUTOPILOT_CLOUD_GLOBAL = 0,
    // US Government L4 (GCC High): <https://graph.microsoft.us>
    AUTOPILOT_CLOUD_US_GOVERNMENT = 1,
    // US Government L5 (DoD): <https://dod-graph.microsoft.us>
    AUTOPILOT_CLOUD_US_GOVERNMENT_DOD = 2,
    // China, operated by 21Vianet: <https://microsoftgraph.chinacloudapi.cn>
    AUTOPILOT_CLOUD_CHINA = 3,
};

// What a call of autopilot_wait_new() or autopilot_fleet_add() is for.
AUTOPILOT_ENUM(autopilot_goal) {
    // The settings, as by autopilot_client_settings(). The detail has them.
    AUTOPILOT_GOAL_SETTINGS = 0,
    // The reply to a trigger, as by autopilot_client_sync().
    AUTOPILOT_GOAL_SYNC = 1,
    // The end of a sync, as by autopilot_client_sync_and_wait().
    AUTOPILOT_GOAL_SYNC_AND_WAIT = 2,
    // A completed sync since a change, as by autopilot_client_sync_since().
    AUTOPILOT_GOAL_SYNC_SINCE = 3,
};

// Where autopilot_credential_new_secret() finds a client secret.
AUTOPILOT_ENUM(autopilot_secret) {
    // In the argument itself.
    AUTOPILOT_SECRET_TEXT = 0,
    // In the file with this path, which holds nothing else; a line break at its end is allowed.
    AUTOPILOT_SECRET_FILE = 1,
    // In the environment variable with this name.
    AUTOPILOT_SECRET_VARIABLE = 2,
};

// Ends calls from another thread: those that run with it, at once, and those that begin with it later. It stays
// triggered for good. One cancel may serve many calls, and any thread may use it at any time. Free it when no call
// uses it. In a child made by fork(), it ends only the child's calls.
typedef struct autopilot_cancel autopilot_cancel;

// Connections to one cloud's Microsoft Graph. Each call brings its token, so one client serves many tenants. Any number
// of threads may use a client at once. They share its connections, which stay open between calls. Free a client when
// no call uses it.
//
// If its options have a credential, its calls may be given NULL for the token: the credential then gets one, and a new
// one if the service refuses it. The request for a token is one of the call's, with its retries, within its deadline.
//
// If a function gets NULL for the client, it uses the client of autopilot_sync(): the whole process shares that one,
// with default options, and it is never freed.
typedef struct autopilot_client autopilot_client;

// Gets tokens for programs that nobody attends: from Microsoft Entra for an application, or from the Azure platform
// that the program runs on. Give it to a client with autopilot_options_set_credential(), or to one call with
// autopilot_wait_set_credential() or autopilot_fleet_set_credential().
//
// To make a credential sends nothing. The first call that needs a token asks for it: in the client's cloud, by its
// proxy, trust and timeouts. The token stays in memory until five minutes before its end, or until the service refuses
// it. If several threads need one at once, one of them asks.
//
// If Microsoft Entra refuses the credential, the call returns AUTOPILOT_ERROR_UNAUTHORIZED. If the credential cannot
// be used, for example because its certificate has expired or this machine has no managed identity, the call returns
// AUTOPILOT_ERROR_CONFIGURATION. The detail's message says what to do.
//
// Any number of threads may use a credential at once, and so may a child made by fork(). Clients, waits and fleets
// share what is in it, so you may free it when you have handed it out. When nothing uses it any more, the library
// wipes the secret and the token from its memory (of a key, see SECURITY.md).
typedef struct autopilot_credential autopilot_credential;

// What is known about a call besides its result. A function whose last parameter is a detail sets that to a new
// detail, whatever the result and the other arguments. Free each with autopilot_detail_free(): the function overwrites
// the old pointer without freeing what it points to. Give NULL if you want no detail. After a fault in the library,
// the new pointer may be NULL. autopilot_wait_step() and autopilot_fleet_next() have a detail for some events only, and
// set the pointer to NULL for the others.
//
// A detail never changes, so any threads may read it at once. Its strings live as long as it does.
//
// The token is nowhere in it, whatever the server replies.
typedef struct autopilot_detail autopilot_detail;

// Calls for thousands of tenants, on a few threads of yours. Add tenants, then call autopilot_fleet_next() again and
// again, from as many threads as you like: it does what is due, the earliest first, and tells what has ended. Ten
// thousand waits need three threads, or about a hundred if each request takes 150 milliseconds. Begin with two: while
// the request of one hangs, the other is there to tell that one more would help.
//
// The triggers go out first: no tenant's trigger waits for the end of another's sync. The first steps of two waits
// are a quarter of a millisecond apart. If the service throttles, the whole fleet slows down.
//
// Any number of threads may use a fleet at once. Free it when none does. In a child made by fork(), the fleet is empty
// and open: its parent's tenants stay its parent's.
typedef struct autopilot_fleet autopilot_fleet;

// The options of a client. Only one thread at a time may use them. A client keeps no reference to them.
//
// Each setter copies its argument and returns AUTOPILOT_OK. If the argument is NULL or not as described, the setter
// returns AUTOPILOT_ERROR_INVALID_ARGUMENT and changes nothing, and autopilot_options_error() says why.
// NULL for the options gives the same result.
typedef struct autopilot_options autopilot_options;

// The state of a wait. A callback gets one, which is valid only during the callback, on the same thread. For a call in
// steps, autopilot_wait_progress() makes one. Its strings live as long as it does.
typedef struct autopilot_progress autopilot_progress;

// What the service says about its Windows Autopilot sync. It never changes, so any threads may read it at once. Its
// strings live as long as it does.
typedef struct autopilot_settings autopilot_settings;

// A call that you drive step by step, from an event loop or a scheduler of your own. It makes no thread, calls nothing
// back and never sleeps. Only one thread at a time may use it, but not always the same. For many tenants, a fleet does
// the scheduling.
//
// If the process forks between two steps, either it or its child may go on with the wait, but not both. If it forks
// during a step, the child must leave the wait alone.
typedef struct autopilot_wait autopilot_wait;

// A wait calls this function on its own thread, before the first request and then about once a second. It does not
// call it during a request, which takes the client's timeout at most.
//
// Return 0 to go on. Any other number ends the wait: with AUTOPILOT_SYNC_TOO_SOON in AUTOPILOT_PHASE_WINDOW, otherwise
// with AUTOPILOT_ERROR_CANCELLED. In AUTOPILOT_PHASE_TOKEN_REJECTED, give the wait a new token with
// autopilot_progress_set_token().
//
// The function may call every function of this library, but must not free what the wait was given. It must return: no
// longjmp, no exception, no end of the thread.
typedef int32_t (*autopilot_progress_fn)(autopilot_progress *progress, void *user_data);

// The name of a result, such as "AUTOPILOT_SYNC_TOO_SOON", for a log.
//
// Returns a static string, never NULL. It is "AUTOPILOT_UNKNOWN" for a number that this version does not know. Any
// thread may call it.
AUTOPILOT_API const char *autopilot_result_name(int32_t result);

// Triggers a Windows Autopilot sync of the token's tenant, in the global cloud. Returns when the service has replied.
// The sync itself runs on.
//
// token: a bearer token with the permission DeviceManagementServiceConfig.ReadWrite.All, without the word "Bearer" and
// without quotes. It is visible ASCII, at most 64 KiB, NUL-terminated; one line break at its end is allowed. It stays
// the caller's, and the library keeps no copy after the call.
//
// Blocks for 30 seconds at most, including retries. It sends a trigger again only if the first one cannot have run.
//
// Returns AUTOPILOT_OK, AUTOPILOT_SYNC_ALREADY_RUNNING, AUTOPILOT_SYNC_TOO_SOON or an error. For NULL, or a text that
// cannot be a token, it returns AUTOPILOT_ERROR_INVALID_ARGUMENT and sends nothing. It is always safe to call it
// again: the service then answers that a sync is running, or that it is too soon.
//
// Any number of threads may call it at once, and so may a child made by fork(). The calls share connections, which
// stay open. The first call reads the environment. If the environment cannot be used, the next call reads it again.
AUTOPILOT_API autopilot_result autopilot_sync(const char *token);

// Makes options with their default values. Free them with autopilot_options_free(). Returns NULL only after a fault in
// the library.
AUTOPILOT_API autopilot_options *autopilot_options_new(void);

// Frees options. NULL is allowed.
AUTOPILOT_API void autopilot_options_free(autopilot_options *options);

// Sets the cloud whose Microsoft Graph the client calls, one of AUTOPILOT_CLOUD_*. Replaces a base URL. Default:
// AUTOPILOT_CLOUD_GLOBAL.
AUTOPILOT_API autopilot_result autopilot_options_set_cloud(autopilot_options *options, int32_t cloud);

// Sets the root of a Microsoft Graph that is not in the list of clouds, such as "https://graph.example": https, a
// host, and optionally a port and a final slash. Replaces the cloud. Tokens are sent there, so no environment variable
// can set it. Default: the root of the cloud.
AUTOPILOT_API autopilot_result autopilot_options_set_base_url(autopilot_options *options, const char *url);

// Sets a proxy, as "scheme://user:password@host:port". The scheme is http, https, socks5 (the library looks names up)
// or socks5h (the proxy looks them up). If there is no scheme, it is http. If there is no port, it is 443 for https
// and 1080 for the others. A path is ignored, as curl does. User name and password may be percent-encoded; a slash, a
// question mark, a hash or a blank in them must be. An HTTP proxy gets them by the Basic scheme only. "" means no
// proxy, whatever the environment says. Default: the environment's proxy, with its exceptions.
AUTOPILOT_API autopilot_result autopilot_options_set_proxy(autopilot_options *options, const char *url);

// Sets a PEM file of certificate authorities to trust instead of those of the system and the environment. Its path is
// UTF-8. autopilot_client_new() reads it, and so does a call after a failed TLS handshake. So it must be a regular
// file, not a pipe, of at most 16 MiB. Default: SSL_CERT_FILE (with the same rules) and SSL_CERT_DIR if they are set,
// otherwise the system's trust.
AUTOPILOT_API autopilot_result autopilot_options_set_ca_file(autopilot_options *options, const char *path);

// Sets how long a call may take, from the name look-up to the last byte, including retries: from 1 to 86,400,000
// milliseconds. In a wait, it bounds each request. Default: 30,000.
AUTOPILOT_API autopilot_result autopilot_options_set_timeout_ms(autopilot_options *options, int64_t timeout_ms);

// Sets how long one attempt to connect may take, with name look-up, TCP, proxy and TLS: from 1 to 86,400,000
// milliseconds. The next attempt starts from the beginning. Default: as long as the call, because some proxies are
// slow.
AUTOPILOT_API
autopilot_result autopilot_options_set_connect_timeout_ms(autopilot_options *options,
                                                          int64_t timeout_ms);

// Sets how often a request is repeated after a transient failure, from 0 to 10. A trigger is repeated only if it
// cannot have run. Default: 3.
AUTOPILOT_API autopilot_result autopilot_options_set_max_retries(autopilot_options *options, int32_t retries);

// Sets a text to follow the library's name in the User-Agent, such as "acme-agent/3.1": 1 to 256 bytes of visible
// ASCII, with blanks inside. Default: no text.
AUTOPILOT_API autopilot_result autopilot_options_set_user_agent_suffix(autopilot_options *options, const char *suffix);

// Ignores the environment variables and, on Windows, the proxies of the machine and the user. Default: the client reads
// them, except in a process with more rights than the user who started it.
AUTOPILOT_API
autopilot_result autopilot_options_set_ignore_environment(autopilot_options *options);

// autopilot_client_sync() sends the trigger, and never reads the settings. Default: if the service answers "too soon"
// without saying until when, it reads them once.
AUTOPILOT_API autopilot_result autopilot_options_set_trigger_only(autopilot_options *options);

// Sets the credential that gets the tokens of the client's calls if they are given NULL for the token. The client
// keeps what is in it, so you may free it afterwards. Default: none.
AUTOPILOT_API
autopilot_result autopilot_options_set_credential(autopilot_options *options,
                                                  const autopilot_credential *credential);

// Why the last setter refused its argument, on one line, fit for a log. The text is valid until the next setter is
// called or the options are freed. NULL if the last setter succeeded, and for NULL.
AUTOPILOT_API const char *autopilot_options_error(const autopilot_options *options);

// Makes the credential of an application with a client secret. Free it with autopilot_credential_free().
//
// tenant: the tenant's id, or one of its domains. client_id: the application's id.
// secret_kind: one of AUTOPILOT_SECRET_*. secret: the secret's value, or the path or name where it is. The library
// reads it now, once, and keeps a copy.
// credential: set to the new credential, or to NULL if the result is not AUTOPILOT_OK. detail: NULL for none.
//
// Returns AUTOPILOT_OK, AUTOPILOT_ERROR_INVALID_ARGUMENT if an argument is wrong or NULL, or
// AUTOPILOT_ERROR_CONFIGURATION if the file or the variable holds no secret. The detail's message says why.
AUTOPILOT_API
autopilot_result autopilot_credential_new_secret(const char *tenant,
                                                 const char *client_id,
                                                 int32_t secret_kind,
                                                 const char *secret,
                                                 autopilot_credential **credential,
                                                 autopilot_detail **detail);

// Makes the credential of an application with a certificate. Free it with autopilot_credential_free().
//
// tenant, client_id, credential, detail: as for autopilot_credential_new_secret().
// file: the path of a PEM file with the certificate and its RSA key (PKCS#8 or PKCS#1, not encrypted), and perhaps the
// certificates above it, in any order. The library reads it now, once: after a renewal, make a new credential.
// with_chain: 1 to send all these certificates with each request for a token, for an application that trusts an issuer
// and a name instead of one certificate; otherwise 0.
//
// Returns AUTOPILOT_OK, AUTOPILOT_ERROR_INVALID_ARGUMENT if an argument is wrong or NULL, or
// AUTOPILOT_ERROR_CONFIGURATION if the file cannot be used. The detail's message says why.
AUTOPILOT_API
autopilot_result autopilot_credential_new_certificate(const char *tenant,
                                                      const char *client_id,
                                                      const char *file,
                                                      int32_t with_chain,
                                                      autopilot_credential **credential,
                                                      autopilot_detail **detail);

// Makes the credential of an application that trusts the tokens of another issuer, such as a Kubernetes cluster
// (workload identity federation). Free it with autopilot_credential_free().
//
// tenant, client_id, credential, detail: as for autopilot_credential_new_secret().
// file: the path of a file with such a token. Each request for a token reads it anew, because its issuer renews it.
//
// Returns AUTOPILOT_OK, or AUTOPILOT_ERROR_INVALID_ARGUMENT if an argument is wrong or NULL.
AUTOPILOT_API
autopilot_result autopilot_credential_new_workload_identity(const char *tenant,
                                                            const char *client_id,
                                                            const char *file,
                                                            autopilot_credential **credential,
                                                            autopilot_detail **detail);

// Makes the credential of the managed identity of the platform that the program runs on: App Service, Functions or
// Container Apps if the environment names one, Azure Arc if its agent is there, otherwise an Azure virtual machine.
// Free it with autopilot_credential_free().
//
// Its requests for tokens go to an address of this machine or its link, and never through a proxy. Azure keeps such a
// token for up to a day: a role that was granted just now may not be in it.
//
// client_id: the id of a user-assigned identity's application. NULL for the system-assigned identity.
// credential, detail: as for autopilot_credential_new_secret().
//
// Returns AUTOPILOT_OK, AUTOPILOT_ERROR_INVALID_ARGUMENT if the client id is wrong or credential is NULL, or
// AUTOPILOT_ERROR_CONFIGURATION if a variable cannot be used or leads away from this machine.
AUTOPILOT_API
autopilot_result autopilot_credential_new_managed_identity(const char *client_id,
                                                           autopilot_credential **credential,
                                                           autopilot_detail **detail);

// Makes the credential that the environment names, by the variables of Azure's own libraries: AZURE_TENANT_ID and
// AZURE_CLIENT_ID with AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE, otherwise a
// managed identity. AZURE_AUTHORITY_HOST is another host for logins. autopilot_credential_describe() says which it
// took, and why none of the others. Free it with autopilot_credential_free().
//
// credential, detail: as for autopilot_credential_new_secret().
//
// Returns AUTOPILOT_OK. If a variable cannot be used, or the process has more rights than the user who started it,
// returns AUTOPILOT_ERROR_CONFIGURATION. If credential is NULL, returns AUTOPILOT_ERROR_INVALID_ARGUMENT.
AUTOPILOT_API
autopilot_result autopilot_credential_from_environment(autopilot_credential **credential,
                                                       autopilot_detail **detail);

// Makes the credential of the same application in another tenant, for a fleet of tenants that have all granted it its
// role. Both share the secret or the key, and each has its own token. Free it with autopilot_credential_free(), before
// or after the original.
//
// original: the credential of the application. tenant: the other tenant's id, or one of its domains.
// credential, detail: as for autopilot_credential_new_secret().
//
// Returns AUTOPILOT_OK, or AUTOPILOT_ERROR_INVALID_ARGUMENT if an argument is wrong or NULL, or the original is a
// managed identity, which belongs to one tenant.
AUTOPILOT_API
autopilot_result autopilot_credential_for_tenant(const autopilot_credential *original,
                                                 const char *tenant,
                                                 autopilot_credential **credential,
                                                 autopilot_detail **detail);

// Describes a credential on one line, fit for a log, without a secret: "application ... in tenant ..., by its client
// secret". The string belongs to the credential. NULL for NULL.
AUTOPILOT_API const char *autopilot_credential_describe(const autopilot_credential *credential);

// Frees a credential, when no other function is using it. Whatever it was given to goes on with it. Does not block.
// NULL is allowed.
AUTOPILOT_API void autopilot_credential_free(autopilot_credential *credential);

// Makes a client. Free it with autopilot_client_free(). Reads the environment and the CA file now, and connects to
// nothing.
//
// options: NULL for the defaults. They stay the caller's, who may change or free them afterwards.
// client: set to the new client, or to NULL if the result is not AUTOPILOT_OK.
// detail: NULL for none.
//
// Returns AUTOPILOT_OK. If an environment variable or the CA file cannot be used, returns
// AUTOPILOT_ERROR_CONFIGURATION, and the detail's message names it. If no file descriptor is left to read the CA file,
// returns AUTOPILOT_ERROR_CONNECT. If client is NULL, returns AUTOPILOT_ERROR_INVALID_ARGUMENT.
AUTOPILOT_API
autopilot_result autopilot_client_new(const autopilot_options *options,
                                      autopilot_client **client,
                                      autopilot_detail **detail);

// Frees a client and closes its connections. Does not block. NULL is allowed.
AUTOPILOT_API void autopilot_client_free(autopilot_client *client);

// Triggers a sync, and returns when the service has replied. The sync itself runs on. This is autopilot_sync() with a
// client, a cancel and a detail.
//
// client: NULL for the shared one. token: as for autopilot_sync(), or NULL for the credential of the client's options.
// cancel: NULL for none. detail: NULL for none.
//
// Blocks for the client's timeout at most. If the service answers "too soon" without saying until when, and the detail
// is not NULL, it reads the settings once, for the detail. Returns the same results as autopilot_sync().
AUTOPILOT_API
autopilot_result autopilot_client_sync(const autopilot_client *client,
                                       const char *token,
                                       const autopilot_cancel *cancel,
                                       autopilot_detail **detail);

// Reads the state and the times of the last sync.
//
// client, token, cancel, detail: as for autopilot_client_sync(). The permission DeviceManagementServiceConfig.Read.All
// is enough.
// settings: set to the settings, or to NULL if the result is not AUTOPILOT_OK. Free them with
// autopilot_settings_free().
//
// Blocks for the client's timeout at most. Returns AUTOPILOT_OK or an error. If settings is NULL, returns
// AUTOPILOT_ERROR_INVALID_ARGUMENT.
AUTOPILOT_API
autopilot_result autopilot_client_settings(const autopilot_client *client,
                                           const char *token,
                                           const autopilot_cancel *cancel,
                                           autopilot_settings **settings,
                                           autopilot_detail **detail);

// Triggers a sync and waits until it ends. If a sync is already running, joins it. If the service does not accept a
// trigger yet, pauses until it does, as long as that is before the deadline. Meanwhile it looks on, and joins a sync
// that runs or completes. If the service fails for a while, tries again until the deadline.
//
// client, token, cancel, detail: as for autopilot_client_sync(). To observe the end, the token needs the right to read
// too; DeviceManagementServiceConfig.ReadWrite.All includes it. The wait keeps its own copy of the token, and wipes it
// at the end. So the callback may change or free the caller's.
// timeout_ms: the deadline of the whole wait, from 1 to 86,400,000 milliseconds. A sync takes seconds in a small
// tenant and minutes in a large one. Add ten minutes if another sync may have run just before.
// progress: NULL for none. user_data: passed to progress, NULL or not.
//
// Blocks for timeout_ms at most, plus the time that the callback takes.
//
// Returns:
// AUTOPILOT_OK: the sync that this call triggered completed.
// AUTOPILOT_SYNC_ALREADY_RUNNING: a sync that was already running completed.
// AUTOPILOT_SYNC_TOO_SOON: the service accepts no trigger before the deadline. The detail says when it does.
// AUTOPILOT_SYNC_UNCONFIRMED: a sync was accepted or is running, but its end cannot be observed.
// AUTOPILOT_ERROR_SYNC_FAILED: the service reports that the sync failed.
// AUTOPILOT_ERROR_TIMEOUT: no end was seen before the deadline. The detail's trigger says whether a sync runs.
// Or the error of a request.
//
// The wait believes the service's status only if the service's own times have moved since the reading before the
// trigger, or if a reading showed the sync in progress and the status that follows holds. It can still be
// wrong, because the service does not document enough to tell all syncs apart: the page docs/readings.md of the library
// lists the cases.
//
// Whatever the result, the detail has the settings that were read last.
AUTOPILOT_API
autopilot_result autopilot_client_sync_and_wait(const autopilot_client *client,
                                                const char *token,
                                                int64_t timeout_ms,
                                                const autopilot_cancel *cancel,
                                                autopilot_progress_fn progress,
                                                void *user_data,
                                                autopilot_detail **detail);

// Makes sure that a sync has completed since a change: looks, and triggers only if none has. Call it when you have
// imported, assigned or deleted devices, or to check that the last sync is recent enough.
//
// client: NULL for the shared one. token, timeout_ms, cancel, progress, user_data, detail: as for
// autopilot_client_sync_and_wait().
// since_ms: the moment at which your change was finished: now, or a time in the past. In milliseconds since 1970, by
// this machine's clock; the wait carries it into the service's clock with the first reply's Date. If a sync may have
// been running at that moment, pass a moment that is a sync's length later.
//
// Blocks for timeout_ms at most, plus the time that the callback takes.
//
// Returns:
// AUTOPILOT_SYNC_UP_TO_DATE: a completed sync was recorded at or after the change. Nothing was triggered.
// AUTOPILOT_OK: the sync that this call triggered completed.
// AUTOPILOT_SYNC_ALREADY_RUNNING: another sync, which began after the change, completed. One that began before the
// change does not count, so the wait lets it end first.
// AUTOPILOT_SYNC_TOO_SOON: the service accepted no trigger, and no sync that counts completed before the deadline, or
// before the callback ended the wait. The detail says when the service accepts one.
// AUTOPILOT_ERROR_INVALID_ARGUMENT: since_ms is before the year 2000, or more than five minutes ahead. Nothing was
// sent.
// Or another result of autopilot_client_sync_and_wait().
//
// A sync that counts may have begun a little before the change. The page docs/readings.md of the library says why, and
// what else the wait cannot tell apart.
//
// Whatever the result, the detail has the settings that were read last.
AUTOPILOT_API
autopilot_result autopilot_client_sync_since(const autopilot_client *client,
                                             const char *token,
                                             int64_t since_ms,
                                             int64_t timeout_ms,
                                             const autopilot_cancel *cancel,
                                             autopilot_progress_fn progress,
                                             void *user_data,
                                             autopilot_detail **detail);

// Describes a client on one line, fit for a log: the library's version, the root of Microsoft Graph, the proxy and
// where it comes from, the trusted certificates, the timeouts and the retries. No password is in it.
//
// client: NULL for the shared one, which this makes if no call has used it yet.
//
// The string belongs to the client and lives as long. NULL if the shared client cannot be made, because an environment
// variable cannot be used, and after a fault in the library.
AUTOPILOT_API const char *autopilot_client_describe(const autopilot_client *client);

// Makes a cancel that is not triggered. Free it with autopilot_cancel_free(). Returns NULL only after a fault in the
// library.
AUTOPILOT_API autopilot_cancel *autopilot_cancel_new(void);

// Ends the calls of a cancel with AUTOPILOT_ERROR_CANCELLED, within milliseconds. Does not block. A signal handler
// must not call it. NULL does nothing.
AUTOPILOT_API void autopilot_cancel_trigger(const autopilot_cancel *cancel);

// Frees a cancel. NULL is allowed.
AUTOPILOT_API void autopilot_cancel_free(autopilot_cancel *cancel);

// What the wait is doing. AUTOPILOT_PHASE_STARTING for NULL.
AUTOPILOT_API autopilot_phase autopilot_progress_phase(const autopilot_progress *progress);

// What became of the trigger so far. AUTOPILOT_TRIGGER_NOT_SENT for NULL.
AUTOPILOT_API autopilot_trigger autopilot_progress_trigger(const autopilot_progress *progress);

// The milliseconds since the wait began. -1 for NULL.
AUTOPILOT_API int64_t autopilot_progress_elapsed_ms(const autopilot_progress *progress);

// The milliseconds until the next step: in AUTOPILOT_PHASE_WINDOW until the service accepts a trigger, else until the
// next request. -1 for NULL.
AUTOPILOT_API int64_t autopilot_progress_next_step_ms(const autopilot_progress *progress);

// The settings that the wait read last. They belong to the progress: do not free them. NULL if it has read none, and
// for NULL.
AUTOPILOT_API const autopilot_settings *autopilot_progress_settings(const autopilot_progress *progress);

// In AUTOPILOT_PHASE_TOKEN_REJECTED: the claims that the new token must answer, as JSON. NULL if the service asked for
// none, and for NULL.
AUTOPILOT_API const char *autopilot_progress_claims(const autopilot_progress *progress);

// Gives the wait a new token. The library copies it, and wipes the copy when the wait ends. The wait uses it from the
// next request on; in AUTOPILOT_PHASE_TOKEN_REJECTED it repeats the refused request with it at once.
//
// Returns AUTOPILOT_OK. For NULL, or a text that cannot be a token, returns AUTOPILOT_ERROR_INVALID_ARGUMENT and
// changes nothing.
AUTOPILOT_API autopilot_result autopilot_progress_set_token(autopilot_progress *progress, const char *new_token);

// Makes a call in steps. Free it with autopilot_wait_free(). Sends nothing yet.
//
// client: NULL for the shared one. It may be freed before the wait. token: as for autopilot_client_sync(); the wait
// keeps a copy, and wipes it when the call has ended.
// goal: one of AUTOPILOT_GOAL_*. since_ms: for AUTOPILOT_GOAL_SYNC_SINCE only, as for autopilot_client_sync_since().
// timeout_ms: the deadline of the whole call, from 1 to 86,400,000 milliseconds. It counts from the first step.
// cancel: NULL for none. It may be freed before the wait. Once it is triggered, the step that runs ends at once, or
// else the next one does, and with it the call.
// wait: set to the new wait, or to NULL if the result is not AUTOPILOT_OK. detail: NULL for none.
//
// Returns AUTOPILOT_OK, or an error if an argument or the environment cannot be used.
AUTOPILOT_API
autopilot_result autopilot_wait_new(const autopilot_client *client,
                                    const char *token,
                                    int32_t goal,
                                    int64_t since_ms,
                                    int64_t timeout_ms,
                                    const autopilot_cancel *cancel,
                                    autopilot_wait **wait,
                                    autopilot_detail **detail);

// Does what is due: sends one request, or the reading before a trigger together with the trigger. If nothing is due
// yet, does nothing. A step may come late, by any time: nothing goes wrong, but the call ends later. Blocks for the
// client's timeout at most for each request.
//
// pause_ms: set to the milliseconds until the next step is due, or to 0 if it is not AUTOPILOT_EVENT_PAUSE. NULL for
// none.
// result: set to the result of the call if it has ended, to AUTOPILOT_ERROR_UNAUTHORIZED if the service refused the
// token, else to AUTOPILOT_OK. NULL for none.
// detail: set to a new detail if the call has ended, or if the service refused the token, else to NULL. NULL for none.
//
// Returns:
// AUTOPILOT_EVENT_PAUSE: step again after the pause.
// AUTOPILOT_EVENT_WANTS_TOKEN: hand in a new token with autopilot_wait_set_token(), and step again. Without a new one,
// the next step ends the call. The detail's claims say what the token must satisfy.
// AUTOPILOT_EVENT_ENDED: the call is over. The results are those of the function that the goal names. If the wait is
// NULL, or was over already, the result is AUTOPILOT_ERROR_INVALID_ARGUMENT.
AUTOPILOT_API
autopilot_event autopilot_wait_step(autopilot_wait *wait,
                                    int64_t *pause_ms,
                                    autopilot_result *result,
                                    autopilot_detail **detail);

// Hands in a new token, for all requests from the next one on. The wait keeps a copy, and wipes it when the call has
// ended.
//
// Returns AUTOPILOT_OK. If the wait is NULL or over, or the text cannot be a token, returns
// AUTOPILOT_ERROR_INVALID_ARGUMENT, and the old token stays.
AUTOPILOT_API autopilot_result autopilot_wait_set_token(autopilot_wait *wait, const char *token);

// Hands in a credential, which gets the tokens of all requests from the next one on. The wait keeps what is in it
// until the call has ended, so you may free it.
//
// Returns AUTOPILOT_OK, or AUTOPILOT_ERROR_INVALID_ARGUMENT if the wait is NULL or over, or the credential is NULL.
AUTOPILOT_API
autopilot_result autopilot_wait_set_credential(autopilot_wait *wait,
                                               const autopilot_credential *credential);

// What the call is doing: its phase, its next step, the settings that it read last. When it has ended, its detail says
// what came of it, and no longer the progress.
//
// The progress belongs to the wait: it is valid until the next function that takes the wait, and does not change
// meanwhile. autopilot_progress_set_token() on it is like autopilot_wait_set_token().
//
// Returns NULL for NULL, and after a fault in the library.
AUTOPILOT_API autopilot_progress *autopilot_wait_progress(autopilot_wait *wait);

// Ends the call now: with AUTOPILOT_SYNC_TOO_SOON in AUTOPILOT_PHASE_WINDOW, otherwise with AUTOPILOT_ERROR_CANCELLED.
// Does not block. A sync that it has triggered runs on, and the detail's trigger says whether there is one. The wait
// remains to be freed.
//
// detail: NULL for none.
//
// Returns one of those two. If the wait is NULL or was over already, returns AUTOPILOT_ERROR_INVALID_ARGUMENT.
AUTOPILOT_API autopilot_result autopilot_wait_stop(autopilot_wait *wait, autopilot_detail **detail);

// Frees a wait, whether its call is over or not. A sync that it has triggered runs on. Does not block. NULL is allowed.
AUTOPILOT_API
void autopilot_wait_free(autopilot_wait *wait);

// Makes an empty fleet. Free it with autopilot_fleet_free().
//
// client: NULL for the shared one. It may be freed before the fleet.
// limit: how many tenants may be in the fleet at once; 0 for 20,000. A tenant takes a few KiB, after
// a long wait up to 30, and its token.
// fleet: set to the new fleet, or to NULL if the result is not AUTOPILOT_OK. detail: NULL for none.
//
// Returns AUTOPILOT_OK, or an error if an argument or the environment cannot be used.
AUTOPILOT_API
autopilot_result autopilot_fleet_new(const autopilot_client *client,
                                     int32_t limit,
                                     autopilot_fleet **fleet,
                                     autopilot_detail **detail);

// Frees a fleet. Calls that have not ended are forgotten; syncs that they have triggered run on. Does not block. No
// thread may be in autopilot_fleet_next(): to get them out, cancel the fleet, close it, and take all its events. NULL
// is allowed.
AUTOPILOT_API void autopilot_fleet_free(autopilot_fleet *fleet);

// Whether another tenant may be added now: 1 or 0. If not, call autopilot_fleet_next() until one has ended. So tenants
// can come from a file of any length, and the memory stays the same. If several threads add tenants, one of them may
// still find the fleet full. 0 for NULL.
AUTOPILOT_API int32_t autopilot_fleet_has_room(const autopilot_fleet *fleet);

// Adds a tenant. Does not block, and sends nothing yet.
//
// key: any number of yours, such as an index or a pointer: the events name the tenant by it. No two tenants in the
// fleet may have the same.
// token: as for autopilot_sync(). The fleet keeps a copy until the call has ended. NULL: autopilot_fleet_next() asks
// for it when the tenant's turn comes. So no token expires in the queue. A fleet does not use the credential of the
// client's options, because that is of one tenant: see autopilot_fleet_set_credential().
// goal, since_ms: as for autopilot_wait_new(). timeout_ms: the deadline of the call, from 1 to 86,400,000 milliseconds.
// It counts from the first request. detail: NULL for none.
//
// Returns AUTOPILOT_OK, or AUTOPILOT_ERROR_INVALID_ARGUMENT if an argument is wrong, the key is in use, or the fleet is
// full or closed.
AUTOPILOT_API
autopilot_result autopilot_fleet_add(const autopilot_fleet *fleet,
                                     uint64_t key,
                                     const char *token,
                                     int32_t goal,
                                     int64_t since_ms,
                                     int64_t timeout_ms,
                                     autopilot_detail **detail);

// Tells that no more tenants will be added. autopilot_fleet_next() returns AUTOPILOT_EVENT_FINISHED when all calls have
// ended. NULL does nothing.
AUTOPILOT_API
void autopilot_fleet_close(const autopilot_fleet *fleet);

// Does what is due, until there is something to tell or the time has passed. Any number of threads may call it at once.
// Blocks for that time at most, plus one step of a tenant, as by autopilot_wait_step().
//
// timeout_ms: how long to wait, in milliseconds. 0 to take one step at most; below zero for no limit, as in poll().
// key: set to the tenant's key if the event is about one, else to 0. NULL for none.
// result: set to the result of the call if it has ended, to AUTOPILOT_ERROR_UNAUTHORIZED if the service refused a
// token, else to AUTOPILOT_OK. NULL for none.
// detail: set to a new detail if a call has ended, or if the service refused a token, else to NULL. NULL for none.
//
// Returns:
// AUTOPILOT_EVENT_PAUSE: the time has passed, and nothing has happened.
// AUTOPILOT_EVENT_WANTS_TOKEN: the service refused the tenant's token, or it has none yet. Its call rests until
// autopilot_fleet_set_token(); without that, it ends at its deadline. The detail's claims say what the token must
// satisfy.
// AUTOPILOT_EVENT_ENDED: the tenant's call has ended, and the fleet has forgotten the tenant. The results are those of
// the function that the goal names.
// AUTOPILOT_EVENT_BEHIND: one more thread that calls this function would help. Start one if you like, and go on.
// AUTOPILOT_EVENT_FINISHED: all calls have ended, and the fleet is closed; each thread is told. For a NULL fleet too.
AUTOPILOT_API
autopilot_event autopilot_fleet_next(const autopilot_fleet *fleet,
                                     int64_t timeout_ms,
                                     uint64_t *key,
                                     autopilot_result *result,
                                     autopilot_detail **detail);

// Hands in a token for a tenant, for all its requests from the next one on. Any thread may do so at any time. NULL:
// there is none, so if the tenant wants one, its call ends. Does not block.
//
// Returns AUTOPILOT_OK, or AUTOPILOT_ERROR_INVALID_ARGUMENT if the text cannot be a token, the fleet is NULL, or no
// tenant has this key.
AUTOPILOT_API
autopilot_result autopilot_fleet_set_token(const autopilot_fleet *fleet,
                                           uint64_t key,
                                           const char *token);

// Hands in a credential for a tenant, which gets the tokens of all its requests from the next one on: when you have
// added the tenant, or when autopilot_fleet_next() asks for its token. autopilot_credential_for_tenant() makes one for
// each tenant. Any thread may do so at any time. The fleet keeps what is in it until the call has ended, so you may
// free it. Does not block.
//
// Returns AUTOPILOT_OK, or AUTOPILOT_ERROR_INVALID_ARGUMENT if the fleet or the credential is NULL, or no tenant has
// this key.
AUTOPILOT_API
autopilot_result autopilot_fleet_set_credential(const autopilot_fleet *fleet,
                                                uint64_t key,
                                                const autopilot_credential *credential);

// Ends the call of one tenant, with AUTOPILOT_ERROR_CANCELLED. autopilot_fleet_next() tells what became of it. Does not
// block. Does nothing for NULL, and if no tenant has this key.
AUTOPILOT_API
void autopilot_fleet_cancel_one(const autopilot_fleet *fleet,
                                uint64_t key);

// Ends all calls, with AUTOPILOT_ERROR_CANCELLED, and those of tenants that are added later. autopilot_fleet_next()
// tells what became of each. Does not block. A signal handler must not call it. NULL does nothing.
AUTOPILOT_API void autopilot_fleet_cancel(const autopilot_fleet *fleet);

// The state of the current or last sync. AUTOPILOT_SYNC_STATUS_NONE for NULL.
AUTOPILOT_API autopilot_sync_status autopilot_settings_status(const autopilot_settings *settings);

// The state in the service's own word, such as "inProgress". NULL if the service gave none, and for NULL.
AUTOPILOT_API const char *autopilot_settings_status_text(const autopilot_settings *settings);

// The id of the resource. NULL if there is none, and for NULL.
AUTOPILOT_API const char *autopilot_settings_id(const autopilot_settings *settings);

// lastSyncDateTime in milliseconds since 1970 (UTC). 0 for never, and for NULL. The service does not document whether
// it marks the start or the end of a sync.
AUTOPILOT_API int64_t autopilot_settings_last_sync_ms(const autopilot_settings *settings);

// lastSyncDateTime as the service wrote it: a time in year 1 means never. NULL if there is none, and for NULL.
AUTOPILOT_API const char *autopilot_settings_last_sync_text(const autopilot_settings *settings);

// lastManualSyncTriggerDateTime in milliseconds since 1970 (UTC). 0 for never, and for NULL.
AUTOPILOT_API int64_t autopilot_settings_last_manual_sync_ms(const autopilot_settings *settings);

// lastManualSyncTriggerDateTime as the service wrote it: a time in year 1 means never. NULL if there is none, and for
// NULL.
AUTOPILOT_API const char *autopilot_settings_last_manual_sync_text(const autopilot_settings *settings);

// When the service should accept the next trigger, in milliseconds since 1970 by the service's clock: the later of
// the two times above, plus the documented ten minutes, plus a margin of ten seconds. 0 if there was never a sync, and
// for NULL.
AUTOPILOT_API int64_t autopilot_settings_next_sync_ms(const autopilot_settings *settings);

// Frees settings that came from autopilot_client_settings(). Do not free those of a detail or a progress. NULL is
// allowed.
AUTOPILOT_API void autopilot_settings_free(autopilot_settings *settings);

// The result that the call returned. AUTOPILOT_ERROR_INVALID_ARGUMENT for NULL.
AUTOPILOT_API autopilot_result autopilot_detail_result(const autopilot_detail *detail);

// What happened, on one line, fit for a log. After a 401 or 403 it ends with a hint if the token tells what is wrong,
// such as "hint: the token expired 12 minutes ago". Never NULL: the empty string for NULL.
AUTOPILOT_API const char *autopilot_detail_message(const autopilot_detail *detail);

// The HTTP status of the reply to the last request. The reading of autopilot_client_sync() after "too soon" does not
// count. 0 if there was no reply, and for NULL.
AUTOPILOT_API int32_t autopilot_detail_http_status(const autopilot_detail *detail);

// Graph's error code, such as "Forbidden". It differs between the service's front ends, so use it for logs only. NULL
// if there is none, and for NULL.
AUTOPILOT_API const char *autopilot_detail_code(const autopilot_detail *detail);

// The service's own message on one line, without the JSON around it. NULL if there is none, and for NULL.
AUTOPILOT_API const char *autopilot_detail_service_message(const autopilot_detail *detail);

// How long to wait before the next request, in milliseconds from the end of the call: what the service asks for, or
// after AUTOPILOT_SYNC_TOO_SOON what follows from the times of the last sync. -1 if unknown, and for NULL.
AUTOPILOT_API int64_t autopilot_detail_retry_after_ms(const autopilot_detail *detail);

// What became of the trigger. AUTOPILOT_TRIGGER_NOT_SENT for NULL.
AUTOPILOT_API autopilot_trigger autopilot_detail_trigger(const autopilot_detail *detail);

// Why it is unknown how the sync ended, after AUTOPILOT_SYNC_UNCONFIRMED, or when the next is possible, after
// AUTOPILOT_SYNC_TOO_SOON without a retry-after. One line, for people; the message ends with it. It says one of these:
// - the settings cannot be read, and the error. After a 403 that has the service's words, which name the missing scope.
// - no reading of the wait showed the sync. If the status was "failed" in all of them, it also says how many they were
//   and for how long: the service may have an outage.
// - the settings have no time of a recent sync that explains why it is too soon.
//
// NULL if neither is unknown, if the client was told not to look (autopilot_options_set_trigger_only()), and for NULL.
AUTOPILOT_API
const char *autopilot_detail_why_unknown(const autopilot_detail *detail);

// The claims that a new token must answer, as JSON. Pass them to whatever issues the token. NULL if the service asked
// for none, and for NULL.
AUTOPILOT_API const char *autopilot_detail_claims(const autopilot_detail *detail);

// The number of requests of the call, with retries and with those that could not be sent. Of a long wait, the detail
// keeps the first 8 and the last 64. 0 for NULL.
AUTOPILOT_API int32_t autopilot_detail_attempts(const autopilot_detail *detail);

// The GUID that the library gave a request. Microsoft's support asks for it. Intune shows it as "Activity ID", and
// Microsoft Entra as "Correlation ID". index counts from 0. NULL if there is no such request, and for NULL.
AUTOPILOT_API const char *autopilot_detail_client_request_id(const autopilot_detail *detail, int32_t index);

// The id that Graph gave a request. Of a request for a token, Entra's trace id or the platform's correlation id. index
// counts from 0. NULL if there is none, if there is no such request, and for NULL.
AUTOPILOT_API const char *autopilot_detail_request_id(const autopilot_detail *detail, int32_t index);

// Why a request failed, on one line: the message that the call would have had. index counts from 0. NULL if the request
// did not fail, if there is no such request, and for NULL.
AUTOPILOT_API
const char *autopilot_detail_attempt_reason(const autopilot_detail *detail,
                                            int32_t index);

// The story of the call: what happened when. Neither the token nor a proxy's user name or password is in it.
//
// It has a line for each event, with a line feed at the end: "MS ms TOPIC: TEXT". MS are the milliseconds since the
// start of the call. TOPIC is one of these words, which never change: proxy, trust, look-up, connect, tunnel, tls,
// certificate, request, reply, retry, reading, token. TEXT is for people, in UTF-8, and may change between versions.
// Of a long wait, only the first 8 and the last 64 events are kept; a line with the topic left-out says in their place
// how many there were. A call on an open connection has only its request and the reply.
//
// The text is made when this is first called. Never NULL: the empty string for NULL, and after a fault in the library.
AUTOPILOT_API const char *autopilot_detail_trace(const autopilot_detail *detail);

// The settings that the call read last. They belong to the detail: do not free them. NULL if it read none, and for
// NULL.
AUTOPILOT_API const autopilot_settings *autopilot_detail_settings(const autopilot_detail *detail);

// Frees a detail. NULL is allowed.
AUTOPILOT_API void autopilot_detail_free(autopilot_detail *detail);

// The name of a phase, such as "AUTOPILOT_PHASE_WATCHING", for a log.
//
// Returns a static string, never NULL. It is "AUTOPILOT_UNKNOWN" for a number that this version does not know. Any
// thread may call it.
AUTOPILOT_API const char *autopilot_phase_name(int32_t phase);

// The name of what became of a trigger, such as "AUTOPILOT_TRIGGER_ACCEPTED".
//
// Returns a static string, as autopilot_phase_name() does, never NULL.
AUTOPILOT_API const char *autopilot_trigger_name(int32_t trigger);

// The name of the state of a sync, such as "AUTOPILOT_SYNC_STATUS_COMPLETED". autopilot_settings_status_text() has the
// service's own word.
//
// Returns a static string, as autopilot_phase_name() does, never NULL.
AUTOPILOT_API const char *autopilot_sync_status_name(int32_t status);

// The name of a cloud, such as "AUTOPILOT_CLOUD_GLOBAL".
//
// Returns a static string, as autopilot_phase_name() does, never NULL.
AUTOPILOT_API const char *autopilot_cloud_name(int32_t cloud);

// The name of a goal, such as "AUTOPILOT_GOAL_SYNC_AND_WAIT".
//
// Returns a static string, as autopilot_phase_name() does, never NULL.
AUTOPILOT_API const char *autopilot_goal_name(int32_t goal);

// The name of an event, such as "AUTOPILOT_EVENT_ENDED".
//
// Returns a static string, as autopilot_phase_name() does, never NULL.
AUTOPILOT_API const char *autopilot_event_name(int32_t event);

// The version of the loaded library, such as "0.1.0". The AUTOPILOT_VERSION_* macros have the version of the header.
//
// Returns a static string, never NULL. Any thread may call it.
AUTOPILOT_API const char *autopilot_version(void);


#ifdef __cplusplus
}
#endif

#undef AUTOPILOT_ENUM

#endif // AUTOPILOT_SYNC_H
