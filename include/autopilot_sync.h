/*
 * autopilot_sync.h - trigger Microsoft Intune's Windows Autopilot sync, and understand the answer.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 * Made by cbindgen from the library's sources. Do not edit.
 *
 * One request of Microsoft Graph (POST /beta/deviceManagement/windowsAutopilotSettings/sync) makes Intune
 * synchronise its Windows Autopilot devices. This library sends it, and says what the answer means:
 *
 *     #include <stdio.h>
 *     #include <stdlib.h>
 *     #include "autopilot_sync.h"
 *
 *     int main(void)
 *     {
 *         autopilot_result result = autopilot_sync(getenv("AUTOPILOT_TOKEN"));
 *         puts(autopilot_result_name(result));
 *         return result < 0;
 *     }
 *
 * Who should call it: one service, or one administrator's machine, per tenant. The token carries a tenant-wide
 * write permission: it does not belong on endpoints.
 *
 * Threads: every function may be called from any thread, at any time, except from a signal handler.
 * Fork: a child made by fork() may go on calling; it makes connections of its own.
 * Host: no signal handler, no logger, no locale, no exit handler of the process is touched; SIGPIPE is never raised.
 * No C++ exception and no Rust panic leaves a function. Where memory cannot be had, the process aborts.
 * Unloading: once a call was made the library stays in the process; dlclose() does not unload it.
 *
 * Environment: HTTPS_PROXY, else ALL_PROXY, and NO_PROXY in either case, as curl reads them; SSL_CERT_FILE and
 * SSL_CERT_DIR (then those certificates and no others). They are ignored in a process that runs with more rights than
 * who started it. Without the last two the system's trusted certificates are used, and Mozilla's where it has none.
 */

#ifndef AUTOPILOT_SYNC_H
#define AUTOPILOT_SYNC_H

#include <stdint.h>

// The version of this header.
#define AUTOPILOT_VERSION_MAJOR 0
#define AUTOPILOT_VERSION_MINOR 1
#define AUTOPILOT_VERSION_PATCH 0
#define AUTOPILOT_VERSION "0.1.0"

// Before every function: define it to give them attributes of your own.
#ifndef AUTOPILOT_API
#define AUTOPILOT_API
#endif

// What a call came to. Zero and above are answers of the service, below zero are errors.
//
// The numbers are the same in every language and never change their meaning; later versions may add some. Treat an
// unknown number above zero as an answer, and one below zero as an error.
enum autopilot_result
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // What was asked was done. Of a trigger: the service accepted it (HTTP 204), and the sync runs on afterwards.
    AUTOPILOT_OK = 0,
    // A sync is running already (HTTP 409).
    AUTOPILOT_SYNC_ALREADY_RUNNING = 1,
    // A sync ran moments ago, not necessarily the caller's (HTTP 429). Allowed again ten minutes after it.
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
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum autopilot_result autopilot_result;
#else
typedef int32_t autopilot_result;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

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

// The version of the library that is loaded, such as "0.1.0". The AUTOPILOT_VERSION_* macros are the header's.
//
// Returns a static string, never NULL. Any thread.
AUTOPILOT_API const char *autopilot_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* AUTOPILOT_SYNC_H */
