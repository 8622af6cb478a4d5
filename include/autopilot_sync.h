/*
 * autopilot_sync.h - trigger Microsoft Intune's Windows Autopilot sync, and understand the answer.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 * Made by cbindgen from the library's sources. Do not edit.
 *
 * WHAT IT DOES
 * One request of Microsoft Graph, POST /beta/deviceManagement/windowsAutopilotSettings/sync, makes Intune synchronise
 * its Windows Autopilot devices. autopilot_sync() sends it and says what the answer means.
 * autopilot_client_sync_and_wait() also waits until the sync is really done.
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
 * Zero and above are answers of the service, below zero are errors. No last error is kept per thread: ask each call
 * for its detail. A call checks its arguments before it sends anything.
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
 * Each type says whether threads may share it. A callback runs on the thread that made the call. The library starts a
 * thread for each new connection, and one for each name that it looks up. These threads hold no token, have the signal
 * mask of their caller, and end by themselves, at the latest when the system gives up the look-up, the reading of
 * the trusted certificates, or, on Windows, the check of one. pthread_cancel() of a thread in a call ends the process:
 * trigger the call's cancel instead.
 *
 * DEADLINES
 * Every call that blocks has a deadline, from the name look-up to the last byte, retries and proxies included, and
 * ends at once when its cancel is triggered from another thread. Durations are int64_t milliseconds; times are int64_t
 * milliseconds since 1970 (UTC), 0 for never.
 *
 * MEMORY AND STACK
 * A call needs 64 KiB of stack, and less than 40 MiB of memory, whatever the peer sends. An idle connection holds
 * 0.3 MiB, and there are at most as many as threads that called at once. If memory runs out, the process aborts. The
 * library wipes the token from its memory when a call returns.
 *
 * THE HOST PROCESS
 * The library touches no signal handler, logger, locale or exit handler. A connection that the peer has closed raises
 * no SIGPIPE. No Rust panic leaves a function: it becomes AUTOPILOT_ERROR_INTERNAL, after a line of Rust's own on
 * stderr. No C++ exception may enter a function. The library stays in the process: dlclose() does not unload it.
 *
 * FORK
 * A child made by fork() may go on calling, whatever other threads of its parent were doing; it makes connections of
 * its own. A child that closed all descriptors, as daemons do, may call too, but must free no client of its parent:
 * other files may have the same descriptor numbers by then. (The C library's own look-up may have a lock that fork()
 * leaves behind; then the child's calls end at their deadlines. Children of the fork family that skip the handlers of
 * pthread_atfork(), such as those of _Fork(), are known by their process number alone.)
 *
 * ENVIRONMENT
 * Like curl, the library reads HTTPS_PROXY, else ALL_PROXY, and NO_PROXY, in upper or lower case. It also reads
 * SSL_CERT_FILE and SSL_CERT_DIR, and then trusts those certificates and no others. If neither is set, it trusts the
 * system's, or Mozilla's if the system has none. autopilot_client_new() or the first autopilot_sync() reads the
 * variables; meanwhile no other thread may change the environment (setenv). A process with more rights than the user
 * who started it ignores them.
 *
 * WINDOWS
 * If no proxy variable is set, the library uses the machine's static proxy (netsh winhttp show proxy), with its
 * exceptions, but no automatic configuration. Windows itself verifies certificates. Call no function from DllMain.
 * No function needs __declspec(dllimport). From the first connection on, the DLL stays in the process.
 *
 * STABILITY
 * C99 or later, C++11 or later; x86-64 and arm64. No struct crosses the boundary by its layout. Before 1.0 a minor
 * version may change the ABI, and then the number in the SONAME; from 1.0 on only functions, results and enum values
 * are added. The meaning of a result never changes.
 */

#ifndef AUTOPILOT_SYNC_H
#define AUTOPILOT_SYNC_H

#include <stdint.h>

// The version of this header; autopilot_version() gives that of the library.
#define AUTOPILOT_VERSION_MAJOR 0
#define AUTOPILOT_VERSION_MINOR 1
#define AUTOPILOT_VERSION_PATCH 0
#define AUTOPILOT_VERSION "0.1.0"

// Whether this header is of the given version or a later one, for #if.
#define AUTOPILOT_VERSION_AT_LEAST(major, minor, patch)                                                 \
    (AUTOPILOT_VERSION_MAJOR * 1000000 + AUTOPILOT_VERSION_MINOR * 1000 + AUTOPILOT_VERSION_PATCH >=    \
     (major) * 1000000 + (minor) * 1000 + (patch))

// Before every function: define it to give them attributes of your own.
#ifndef AUTOPILOT_API
#define AUTOPILOT_API
#endif

// An enum that is an int32_t in every language and standard, so that its values may grow in number.
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

// The result of a call. Zero and above are answers of the service, below zero are errors.
//
// The numbers are the same in every language and never change their meaning; later versions may add some. Treat an
// unknown number above zero as an answer, and one below zero as an error.
AUTOPILOT_ENUM(autopilot_result) {
    // What was asked was done. Of a trigger: the service accepted it (HTTP 204), and the sync runs on afterwards.
    AUTOPILOT_OK = 0,
    // A sync is running already (HTTP 409).
    AUTOPILOT_SYNC_ALREADY_RUNNING = 1,
    // A sync ran moments ago, not necessarily the caller's (HTTP 429). Allowed again ten minutes after it: see
    // autopilot_detail_retry_after_ms() and autopilot_settings_next_sync_ms().
    AUTOPILOT_SYNC_TOO_SOON = 2,
    // The sync was accepted or was running, but its end could not be observed.
    AUTOPILOT_SYNC_UNCONFIRMED = 3,
    // NULL, or a token or an option that cannot be right. Nothing was sent.
    AUTOPILOT_ERROR_INVALID_ARGUMENT = -1,
    // No connection: name look-up, TCP, or the proxy, its refusal included. Nothing was sent.
    AUTOPILOT_ERROR_CONNECT = -2,
    // The service's certificate is not trusted, or the TLS handshake failed. Nothing was sent.
    AUTOPILOT_ERROR_TLS = -3,
    // The deadline cut off the call.
    AUTOPILOT_ERROR_TIMEOUT = -4,
    // The caller cancelled the call.
    AUTOPILOT_ERROR_CANCELLED = -5,
    // The connection broke after the request went out: it may have been carried out.
    AUTOPILOT_ERROR_CONNECTION_LOST = -6,
    // HTTP 401: a new token can heal it.
    AUTOPILOT_ERROR_UNAUTHORIZED = -7,
    // HTTP 403, or Intune's own 401: the tenant's licence or the caller's rights do not allow it.
    AUTOPILOT_ERROR_FORBIDDEN = -8,
    // Any other HTTP status.
    AUTOPILOT_ERROR_SERVICE = -9,
    // The answer is not HTTP, not of the documented shape, or not Graph's but of a box in between.
    AUTOPILOT_ERROR_PROTOCOL = -10,
    // The service reports that the sync failed.
    AUTOPILOT_ERROR_SYNC_FAILED = -11,
    // A fault of this library.
    AUTOPILOT_ERROR_INTERNAL = -12,
    // An environment variable, CA file or proxy address cannot be used. Nothing was sent.
    AUTOPILOT_ERROR_CONFIGURATION = -13,
};

// What a wait is doing.
AUTOPILOT_ENUM(autopilot_phase) {
    // The wait begins. Nothing was sent yet.
    AUTOPILOT_PHASE_STARTING = 0,
    // The wait pauses until the service accepts a trigger. If the callback stops it here, the answer is "too soon".
    AUTOPILOT_PHASE_WINDOW = 1,
    // The wait watches a sync.
    AUTOPILOT_PHASE_WATCHING = 2,
    // The service refused the token. If the callback sets no new one, or the service refuses that too, the wait ends
    // as unauthorized.
    AUTOPILOT_PHASE_TOKEN_REJECTED = 3,
};

// The state of the sync that runs or ran last. 0 to 3 are the service's own numbers.
AUTOPILOT_ENUM(autopilot_sync_status) {
    // The service says that it does not know.
    AUTOPILOT_SYNC_STATUS_UNKNOWN = 0,
    // A sync is running.
    AUTOPILOT_SYNC_STATUS_IN_PROGRESS = 1,
    // The last sync completed.
    AUTOPILOT_SYNC_STATUS_COMPLETED = 2,
    // The last sync failed.
    AUTOPILOT_SYNC_STATUS_FAILED = 3,
    // A state that this version does not know: see autopilot_settings_status_text().
    AUTOPILOT_SYNC_STATUS_OTHER = -1,
    // The service did not say.
    AUTOPILOT_SYNC_STATUS_NONE = -2,
};

// What became of the trigger, the request that starts a sync.
//
// An error has it too: read it there to know whether a sync may run all the same.
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

// Ends calls from another thread: those that run with it, at once, and those that are begun with it afterwards. It
// stays triggered for good. One may serve many calls. Any thread may use it at any time; free it when no call has it. A
// child made by fork() may trigger its copy: that ends calls of the child alone.
typedef struct autopilot_cancel autopilot_cancel;

// Connections to one cloud's Microsoft Graph. The token comes with each call, so one client serves many tenants. Any
// number of threads may use one at once, and share its connections, which stay open between calls. Free it when no call
// has it.
//
// Where a function takes a client, NULL means the one that autopilot_sync() uses: default options, shared by the whole
// process, never freed.
typedef struct autopilot_client autopilot_client;

// What is known of a call beside its result. Made by each function that has a last parameter of this type, whatever the
// result and the other arguments, unless that pointer is NULL; on a fault of the library it may be set to NULL. What
// the pointer held before is overwritten and not freed. Free it with autopilot_detail_free(). It never changes, so any
// threads may read it at once; strings of it live as long as it does.
//
// The token is in none of it, whatever the server answers.
typedef struct autopilot_detail autopilot_detail;

// The options of a client. One thread at a time may use one; a client keeps nothing of it.
//
// Each setter copies its argument and returns AUTOPILOT_OK. An argument that is not as described, NULL included, gives
// AUTOPILOT_ERROR_INVALID_ARGUMENT and changes nothing; autopilot_options_error() says why. NULL for the options gives
// the same result.
typedef struct autopilot_options autopilot_options;

// What a wait tells its caller. Valid during the callback only, on its thread; strings of it too.
typedef struct autopilot_progress autopilot_progress;

// What the service says of its Windows Autopilot synchronisation. Never changes, so any threads may read it at once.
// Strings of it live as long as it does.
typedef struct autopilot_settings autopilot_settings;

// Called by a wait on the thread that waits, before its first request and about once a second between requests; not
// during a request, which takes the client's timeout at most.
//
// Return 0 to go on. Anything else ends the wait: with AUTOPILOT_SYNC_TOO_SOON in AUTOPILOT_PHASE_WINDOW, else with
// AUTOPILOT_ERROR_CANCELLED. It may call any function of this library, but not free what the wait was given. It must
// return: no longjmp, no exception, no end of the thread.
typedef int32_t (*autopilot_progress_fn)(autopilot_progress *progress, void *user_data);

// The name of a result as it is spelled here, such as "AUTOPILOT_SYNC_TOO_SOON", for a log.
//
// Returns a static string, never NULL; "AUTOPILOT_UNKNOWN" for a number that this version does not know. Any thread.
AUTOPILOT_API const char *autopilot_result_name(int32_t result);

// Triggers a Windows Autopilot sync of the token's tenant, in the global cloud, and returns when the service has
// answered. The sync itself runs on afterwards.
//
// token: a bearer token with the permission DeviceManagementServiceConfig.ReadWrite.All, without the word "Bearer":
// visible ASCII, at most 64 KiB, NUL-terminated. One trailing line break is forgiven. It stays the caller's; no copy
// of it is kept after the call.
//
// Blocks for 30 seconds at most, retries included. A trigger is sent again only where the first cannot have run.
//
// Returns AUTOPILOT_OK, AUTOPILOT_SYNC_ALREADY_RUNNING, AUTOPILOT_SYNC_TOO_SOON or an error. NULL and a text that
// cannot be a token give AUTOPILOT_ERROR_INVALID_ARGUMENT, and nothing is sent. Calling it again is always harmless:
// the service answers that a sync is running, or that it is too soon.
//
// Any number of threads may call it at once. They share connections, which stay open between calls, and the
// environment as the first call that could use it found it. A child made by fork() may call it too.
AUTOPILOT_API autopilot_result autopilot_sync(const char *token);

// Options with their defaults. Free them with autopilot_options_free(). Returns NULL only on a fault of the library.
AUTOPILOT_API autopilot_options *autopilot_options_new(void);

// Frees options. NULL is allowed.
AUTOPILOT_API void autopilot_options_free(autopilot_options *options);

// The cloud whose Microsoft Graph is called, one of AUTOPILOT_CLOUD_*. Default: AUTOPILOT_CLOUD_GLOBAL. Replaces a base
// URL.
AUTOPILOT_API
autopilot_result autopilot_options_set_cloud(autopilot_options *options,
                                             int32_t cloud);

// The root of a Microsoft Graph that is none of the clouds', such as "https://graph.example": https, a host, perhaps a
// port, at most a slash after it. Tokens go there, so it is taken from here only, never from the environment. Default:
// the root of the cloud, which it replaces.
AUTOPILOT_API autopilot_result autopilot_options_set_base_url(autopilot_options *options, const char *url);

// A proxy as "scheme://user:password@host:port", with the scheme http, https, socks5 (names are looked up here) or
// socks5h (by the proxy). No scheme means http; no port means 443 for https, else 1080; a path is ignored, as curl
// does. User name and password may be percent-encoded; a slash, a question mark, a hash or a blank in them must be.
// "" means no proxy, whatever the environment says. Default: the environment's, with its exceptions.
AUTOPILOT_API autopilot_result autopilot_options_set_proxy(autopilot_options *options, const char *url);

// A PEM file of the certificate authorities to trust instead of the system's and the environment's; its path in UTF-8.
// It is read by autopilot_client_new(), and again after a failed TLS handshake, so it must be a regular file, of 16 MiB
// at most, and no pipe. Default: SSL_CERT_FILE (of the same kind) and SSL_CERT_DIR if set, else the system's trust.
AUTOPILOT_API
autopilot_result autopilot_options_set_ca_file(autopilot_options *options,
                                               const char *path);

// The most that one call may take, in milliseconds, from the name look-up to the last byte, retries included. Default:
// 30,000; from 1 to 86,400,000.
AUTOPILOT_API autopilot_result autopilot_options_set_timeout_ms(autopilot_options *options, int64_t timeout_ms);

// The most that one attempt to connect may take, in milliseconds: name, TCP, proxy and TLS; from 1 to 86,400,000.
// Default: as long as the call, so a proxy that needs 12 seconds for its tunnel gets them.
AUTOPILOT_API
autopilot_result autopilot_options_set_connect_timeout_ms(autopilot_options *options,
                                                          int64_t timeout_ms);

// How often a request is repeated that failed in passing; a trigger only where it cannot have run. Default: 3; from 0
// to 10.
AUTOPILOT_API autopilot_result autopilot_options_set_max_retries(autopilot_options *options, int32_t retries);

// What follows the library's name in the User-Agent, such as "acme-agent/3.1": 1 to 256 bytes of visible ASCII,
// and blanks inside. Default: nothing.
AUTOPILOT_API autopilot_result autopilot_options_set_user_agent_suffix(autopilot_options *options, const char *suffix);

// Reads no environment variable, and on Windows not the machine's proxy. Default: they are read, except in a process
// that runs with more rights than who started it.
AUTOPILOT_API autopilot_result autopilot_options_set_ignore_environment(autopilot_options *options);

// Why the setter that was called last refused its argument, on one line, fit for a log. It lives until the next setter
// is called. NULL if it did not refuse, and for NULL.
AUTOPILOT_API const char *autopilot_options_error(const autopilot_options *options);

// A client, to be freed with autopilot_client_free(). Reads the environment and the named CA file now, and connects to
// nothing.
//
// options: NULL for the defaults. They stay the caller's, and may be changed or freed afterwards.
// client: set to the new client, or to NULL where the result is not AUTOPILOT_OK.
//
// Returns AUTOPILOT_OK; AUTOPILOT_ERROR_CONFIGURATION where an environment variable or the CA file cannot be used (the
// detail's message names it); AUTOPILOT_ERROR_INVALID_ARGUMENT if client is NULL.
AUTOPILOT_API
autopilot_result autopilot_client_new(const autopilot_options *options,
                                      autopilot_client **client,
                                      autopilot_detail **detail);

// Frees a client and closes its connections. Does not block. NULL is allowed.
AUTOPILOT_API void autopilot_client_free(autopilot_client *client);

// Triggers a sync, and returns when the service has answered; the sync itself runs on afterwards. As autopilot_sync(),
// with a client, a cancel and a detail.
//
// client: NULL for the process-wide one. token: as for autopilot_sync(). cancel: NULL for none. detail: NULL for none.
//
// Blocks for the client's timeout at most. Returns what autopilot_sync() returns.
AUTOPILOT_API
autopilot_result autopilot_client_sync(const autopilot_client *client,
                                       const char *token,
                                       const autopilot_cancel *cancel,
                                       autopilot_detail **detail);

// Reads how the last sync went, and when.
//
// client, token, cancel, detail: as for autopilot_client_sync(); the permission
// DeviceManagementServiceConfig.Read.All is enough.
// settings: set to the settings, to be freed with autopilot_settings_free(), or to NULL where the result is not
// AUTOPILOT_OK.
//
// Blocks for the client's timeout at most. Returns AUTOPILOT_OK or an error; AUTOPILOT_ERROR_INVALID_ARGUMENT if
// settings is NULL.
AUTOPILOT_API
autopilot_result autopilot_client_settings(const autopilot_client *client,
                                           const char *token,
                                           const autopilot_cancel *cancel,
                                           autopilot_settings **settings,
                                           autopilot_detail **detail);

// Triggers a sync and waits until it is really done; joins one that is running already; waits for the time at which the
// service accepts a trigger, if that comes before the deadline.
//
// client, token, cancel, detail: as for autopilot_client_sync(). The token needs the right to read too, which
// DeviceManagementServiceConfig.ReadWrite.All includes: else the end cannot be observed.
// It is copied: the callback may change or free the caller's.
// timeout_ms: the deadline of the whole wait, from 1 to 86,400,000. Small tenants need seconds, large ones minutes; a
// wait that meets the service's window needs ten minutes more.
// progress: NULL for none. user_data: handed to it, NULL or not.
//
// Blocks for timeout_ms at most; a callback's own time comes on top.
//
// Returns:
// AUTOPILOT_OK: the sync that was triggered is completed: by the service's own times, which moved since they were read
// before the trigger, or by a status that was in progress, and then stands.
// AUTOPILOT_SYNC_ALREADY_RUNNING: a sync that was running already was joined, and is completed.
// AUTOPILOT_SYNC_TOO_SOON: a trigger is not accepted before the deadline; the detail says when.
// AUTOPILOT_SYNC_UNCONFIRMED: accepted or running, but its end cannot be observed.
// AUTOPILOT_ERROR_SYNC_FAILED: the service says that the sync failed.
// AUTOPILOT_ERROR_TIMEOUT: the end was not seen before the deadline; the detail's trigger says whether a sync runs.
// Or the error of a request.
//
// The service documents neither when it shows a sync nor how old a reading may be. So these cannot be told apart:
// Where lastSyncDateTime tells of a start, and the status follows more than five seconds later, the status of the sync
// before may be taken for the end of this one.
// Where one sync follows another at once, and its status more than five seconds later, the end of the one before may
// be taken for its own.
// Where another sync ends before the end of this one has stood, its end is told, a failure too.
// Where the reply to the trigger was lost, a sync that ended since the reading before counts as joined, and one that
// somebody else triggered meanwhile as the one triggered here.
//
// The detail has the settings that were read last, whatever the result.
AUTOPILOT_API
autopilot_result autopilot_client_sync_and_wait(const autopilot_client *client,
                                                const char *token,
                                                int64_t timeout_ms,
                                                const autopilot_cancel *cancel,
                                                autopilot_progress_fn progress,
                                                void *user_data,
                                                autopilot_detail **detail);

// A cancel that ends nothing yet. Free it with autopilot_cancel_free(). Returns NULL only on a fault of the library.
AUTOPILOT_API autopilot_cancel *autopilot_cancel_new(void);

// Ends its calls with AUTOPILOT_ERROR_CANCELLED: a call that blocks returns within milliseconds. Does not block. Not
// from a signal handler. NULL does nothing.
AUTOPILOT_API void autopilot_cancel_trigger(const autopilot_cancel *cancel);

// Frees a cancel. NULL is allowed.
AUTOPILOT_API void autopilot_cancel_free(autopilot_cancel *cancel);

// What the wait is doing. AUTOPILOT_PHASE_STARTING for NULL.
AUTOPILOT_API autopilot_phase autopilot_progress_phase(const autopilot_progress *progress);

// The milliseconds since the wait began. -1 for NULL.
AUTOPILOT_API int64_t autopilot_progress_elapsed_ms(const autopilot_progress *progress);

// The milliseconds until the wait does its next step: a look at the sync, or a trigger. -1 for NULL.
AUTOPILOT_API int64_t autopilot_progress_next_step_ms(const autopilot_progress *progress);

// The settings that were read last. They belong to the progress: do not free them. NULL if none were, and for NULL.
AUTOPILOT_API const autopilot_settings *autopilot_progress_settings(const autopilot_progress *progress);

// In AUTOPILOT_PHASE_TOKEN_REJECTED, the claims that the new token must answer, as JSON. NULL if the service asked for
// none, and for NULL.
AUTOPILOT_API const char *autopilot_progress_claims(const autopilot_progress *progress);

// Hands in a new token, which is copied, and wiped when the wait is over. It serves from the next request on; in
// AUTOPILOT_PHASE_TOKEN_REJECTED the refused request is repeated with it at once.
//
// Returns AUTOPILOT_OK, or AUTOPILOT_ERROR_INVALID_ARGUMENT for NULL and for what cannot be a token; then nothing is
// changed.
AUTOPILOT_API autopilot_result autopilot_progress_set_token(autopilot_progress *progress, const char *new_token);

// The state of the sync that runs or ran last. AUTOPILOT_SYNC_STATUS_NONE for NULL.
AUTOPILOT_API autopilot_sync_status autopilot_settings_status(const autopilot_settings *settings);

// The state in the service's own word, such as "inProgress". NULL if the service did not say, and for NULL.
AUTOPILOT_API const char *autopilot_settings_status_text(const autopilot_settings *settings);

// The id of the resource. NULL if there is none, and for NULL.
AUTOPILOT_API const char *autopilot_settings_id(const autopilot_settings *settings);

// lastSyncDateTime in milliseconds since 1970 (UTC). 0 for never, and for NULL. Whether it marks the start or the end
// of a sync is documented nowhere.
AUTOPILOT_API int64_t autopilot_settings_last_sync_ms(const autopilot_settings *settings);

// lastSyncDateTime as the service wrote it. NULL if it did not, and for NULL.
AUTOPILOT_API const char *autopilot_settings_last_sync_text(const autopilot_settings *settings);

// lastManualSyncTriggerDateTime in milliseconds since 1970 (UTC). 0 for never, and for NULL.
AUTOPILOT_API int64_t autopilot_settings_last_manual_sync_ms(const autopilot_settings *settings);

// lastManualSyncTriggerDateTime as the service wrote it. NULL if it did not, and for NULL.
AUTOPILOT_API const char *autopilot_settings_last_manual_sync_text(const autopilot_settings *settings);

// When the service should accept the next trigger, in milliseconds since 1970 by the service's clock: the later of both
// times, the documented ten minutes, and ten seconds of margin. 0 if there was never a sync, and for NULL.
AUTOPILOT_API
int64_t autopilot_settings_next_sync_ms(const autopilot_settings *settings);

// Frees settings that autopilot_client_settings() gave. Not those of a detail or a progress, which own theirs. NULL is
// allowed.
AUTOPILOT_API void autopilot_settings_free(autopilot_settings *settings);

// The result that the call returned. AUTOPILOT_ERROR_INVALID_ARGUMENT for NULL.
AUTOPILOT_API autopilot_result autopilot_detail_result(const autopilot_detail *detail);

// What happened, on one line, fit for a log. NULL only for NULL.
AUTOPILOT_API const char *autopilot_detail_message(const autopilot_detail *detail);

// The HTTP status of the last request's answer. 0 if it got none, and for NULL.
AUTOPILOT_API int32_t autopilot_detail_http_status(const autopilot_detail *detail);

// Graph's error code, such as "Forbidden", for logs: it differs between the service's front ends. NULL if there is
// none, and for NULL.
AUTOPILOT_API const char *autopilot_detail_code(const autopilot_detail *detail);

// The service's own words on one line, taken out of its envelopes. NULL if there are none, and for NULL.
AUTOPILOT_API const char *autopilot_detail_service_message(const autopilot_detail *detail);

// The time after which the service wants to be asked again, in milliseconds from the call's return. -1 if it is not
// known, and for NULL.
AUTOPILOT_API int64_t autopilot_detail_retry_after_ms(const autopilot_detail *detail);

// What became of the trigger. AUTOPILOT_TRIGGER_NOT_SENT for NULL.
AUTOPILOT_API autopilot_trigger autopilot_detail_trigger(const autopilot_detail *detail);

// The claims of a claims challenge, as JSON: hand them to whatever issues the token. NULL if there are none, and for
// NULL.
AUTOPILOT_API const char *autopilot_detail_claims(const autopilot_detail *detail);

// The number of requests of the call, those that could not be sent included. 0 for NULL.
AUTOPILOT_API int32_t autopilot_detail_attempts(const autopilot_detail *detail);

// The GUID that the library gave a request, and its retries too; index counts from 0. Microsoft's support asks for it,
// and Intune shows it as "Activity ID". NULL if there is no such request, and for NULL.
AUTOPILOT_API const char *autopilot_detail_client_request_id(const autopilot_detail *detail, int32_t index);

// The id that Graph gave a request; index counts from 0. NULL if it was not answered, or there is no such request, and
// for NULL.
AUTOPILOT_API const char *autopilot_detail_request_id(const autopilot_detail *detail, int32_t index);

// The settings that the call read last. They belong to the detail: do not free them. NULL if it read none, and for
// NULL.
AUTOPILOT_API const autopilot_settings *autopilot_detail_settings(const autopilot_detail *detail);

// Frees a detail. NULL is allowed.
AUTOPILOT_API void autopilot_detail_free(autopilot_detail *detail);

// The version of the library that is loaded, such as "0.1.0". The AUTOPILOT_VERSION_* macros are the header's.
//
// Returns a static string, never NULL. Any thread.
AUTOPILOT_API const char *autopilot_version(void);


#ifdef __cplusplus
}
#endif

#undef AUTOPILOT_ENUM

#endif // AUTOPILOT_SYNC_H
