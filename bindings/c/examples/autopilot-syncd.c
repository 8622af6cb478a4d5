/*
 * autopilot-syncd - synchronises one tenant's Windows Autopilot devices, once or again and again.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 *     cc autopilot-syncd.c $(pkg-config --cflags --libs autopilot_sync) -pthread -o autopilot-syncd
 *     autopilot-syncd --tenant contoso.com --client-id ID --secret-file /etc/autopilot-sync/secret
 *
 * C99 and POSIX.1-2008. `--help` has the options and the exit codes. autopilot-sync.service and autopilot-sync.timer
 * run it under systemd.
 *
 * With --every it goes on even if a sync fails, so it exits only with 0, 64, 70 or 78. Signals that are ignored when it
 * starts, as under nohup, stay ignored. It also goes on if nobody reads its log any more.
 *
 * The library gets the tokens, or other programs do. No log line has a token or a secret. The program wipes a token that
 * it reads after each sync. The library wipes those that it gets, the secret and the key when the program ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "autopilot_sync.h"

enum {
    EXIT_DONE = 0,
    EXIT_SYNC_FAILED = 10,
    EXIT_USAGE = 64,
    EXIT_REFUSED = 65,
    EXIT_NO_TOKEN = 66,
    EXIT_UNAVAILABLE = 69,
    EXIT_FAULT = 70,
    EXIT_NOT_NOW = 75,
    EXIT_NOT_ALLOWED = 77,
    EXIT_CONFIGURATION = 78,
    EXIT_BY_SIGNAL = 128
};

static const char HELP[] =
    "usage: autopilot-syncd SOURCE [option ...]\n"
    "\n"
    "Triggers Intune's Windows Autopilot sync and waits until it completes. Writes a line to stderr for each event.\n"
    "\n"
    "The source of its tokens is one of these:\n"
    "\n"
    "  --tenant ID --client-id ID --secret-file PATH\n"
    "                      an application of Microsoft Entra, and the file with its secret\n"
    "  --tenant ID --client-id ID --certificate PATH\n"
    "                      the same, with a PEM file that holds its certificate and the RSA key\n"
    "  --managed-identity [--client-id ID]\n"
    "                      the identity of this machine or app of Azure's; with an id, a user-assigned one\n"
    "  --environment       what AZURE_TENANT_ID, AZURE_CLIENT_ID and the like name, as for Azure's own libraries\n"
    "  --token-file PATH   a file with a bearer token; read before each sync, and again if the token is refused\n"
    "  --token-fd N        an open descriptor instead; a pipe is read only once\n"
    "\n"
    "  --timeout DURATION  how long to wait for a sync to complete, up to a day; default 30m\n"
    "  --since WHEN        triggers only if no sync has completed since: start, or this long before the start, such as\n"
    "                      90s, 10m, 2h or 7d; with --every, the end of a pause is a start too\n"
    "  --once              one sync (default)\n"
    "  --every DURATION    keeps running, and pauses this long after each sync, longer if the service asks for it\n"
    "  --cloud NAME        global (default), us-government, us-government-dod, china\n"
    "  --proxy URL         used instead of HTTPS_PROXY; for a proxy with a password, set HTTPS_PROXY: others can see\n"
    "                      this command line\n"
    "  --ca-file PATH      the certificate authorities to trust instead of the system's\n"
    "  --help, --version\n"
    "\n"
    "DURATION is such as 90s, 30m, 1h30m or a number of seconds.\n"
    "\n"
    "exit codes:\n"
    "   0  a sync completed: this one, one that was already running, or with --since an earlier one; with --every:\n"
    "      stopped by a signal\n"
    "  10  the service reports that the sync failed\n"
    "  64  an option is wrong\n"
    "  65  the service refuses the request, such as with 400 or 404: trying again does not help\n"
    "  66  the token cannot be read, or is not a valid token\n"
    "  69  the service cannot be reached, or does not reply as documented: try again later\n"
    "  70  a fault in the library or the system\n"
    "  75  not now: try again later; or a sync runs, but its end was not seen\n"
    "  77  Entra refuses the application, or the service refuses the token, or the token lacks a permission\n"
    "  78  the secret, certificate, managed identity, proxy, CA file or environment cannot be used\n"
    " 128+N  stopped by signal N: 129 SIGHUP, 130 SIGINT, 143 SIGTERM\n";

/* The numbers of syslog. The journal reads them at the start of a line. */
enum priority { ERROR = 3, WARNING = 4, NOTICE = 5, INFO = 6 };

/* Whether stderr goes to the journal. See JOURNAL_STREAM in systemd.exec(5). */
static bool is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    uintmax_t device, inode;
    struct stat status;
    return stream && sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &status) == 0 && device == (uintmax_t)status.st_dev &&
           inode == (uintmax_t)status.st_ino;
}

/* Writes a line: with its priority for the journal, otherwise with the time. Only the main thread writes. */
static void say(enum priority priority, const char *format, ...)
{
    if (is_journal()) {
        fprintf(stderr, "<%d>", (int)priority);
    } else {
        char text[sizeof "2026-01-01T00:00:00Z"];
        time_t now = time(NULL);
        struct tm utc;
        if (gmtime_r(&now, &utc) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) > 0)
            fprintf(stderr, "%s ", text);
    }
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

/* A text from the library, which may be NULL. */
static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

static int64_t whole_seconds(int64_t milliseconds)
{
    return milliseconds < 0 ? -1 : milliseconds / 1000 + (milliseconds % 1000 != 0);
}

struct options {
    const char *token_file;
    int64_t token_fd;
    const char *tenant;
    const char *client_id;
    const char *secret_file;
    const char *certificate;
    bool is_managed_identity;
    bool is_environment;
    int64_t timeout_s;
    int64_t since_s; /* so long before the start; below zero for any sync that the wait triggers or joins */
    int64_t every_s;
    int64_t cloud;
    const char *proxy;
    const char *ca_file;
};

static bool is_number(const char *text, int64_t least, int64_t most, int64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *number >= least && *number <= most;
}

/* A time such as 90s, 30m, 1h30m or 2d, or a plain number of seconds; at least one second. */
static bool is_duration(const char *text, int64_t most, int64_t *seconds)
{
    static const struct {
        char name;
        int64_t length;
    } units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    const size_t count = sizeof units / sizeof *units;
    size_t unit = 0;
    char *end = NULL;
    if (is_number(text, 1, most, seconds))
        return true;
    for (*seconds = 0; *text; text = end + 1) {
        int64_t number = *text >= '0' && *text <= '9' ? strtoll(text, &end, 10) : INT64_MAX;
        if (number > most)
            return false;
        while (unit < count && units[unit].name != *end)
            unit++;
        if (unit == count)
            return false;
        *seconds += number * units[unit++].length; /* each unit once, the longest first */
    }
    return *seconds > 0 && *seconds <= most;
}

enum { YEAR_S = 31536000 };

/* So long before the start, up to a year; or the start itself. */
static bool is_since(const char *text, int64_t *seconds)
{
    *seconds = 0;
    return strcmp(text, "start") == 0 || is_duration(text, YEAR_S, seconds);
}

static bool is_cloud(const char *text, int64_t *cloud)
{
    static const char *const names[] = {
        [AUTOPILOT_CLOUD_GLOBAL] = "global",
        [AUTOPILOT_CLOUD_US_GOVERNMENT] = "us-government",
        [AUTOPILOT_CLOUD_US_GOVERNMENT_DOD] = "us-government-dod",
        [AUTOPILOT_CLOUD_CHINA] = "china",
    };
    const int64_t count = sizeof names / sizeof *names;
    for (*cloud = 0; *cloud < count; ++*cloud)
        if (strcmp(text, names[*cloud]) == 0)
            return true;
    return false;
}

/* Sets an option that has no value. False if it is none. */
static bool set_flag(struct options *options, const char *name)
{
    if (strcmp(name, "--managed-identity") == 0)
        return options->is_managed_identity = true;
    if (strcmp(name, "--environment") == 0)
        return options->is_environment = true;
    if (strcmp(name, "--once") != 0)
        return false;
    options->every_s = 0;
    return true;
}

/* Sets an option that has a value. False if the option is unknown or its value is wrong. */
static bool set_option(struct options *options, const char *name, const char *value)
{
    if (strcmp(name, "--tenant") == 0)
        return *(options->tenant = value) != '\0';
    if (strcmp(name, "--client-id") == 0)
        return *(options->client_id = value) != '\0';
    if (strcmp(name, "--secret-file") == 0)
        return *(options->secret_file = value) != '\0';
    if (strcmp(name, "--certificate") == 0)
        return *(options->certificate = value) != '\0';
    if (strcmp(name, "--token-file") == 0)
        return *(options->token_file = value) != '\0';
    if (strcmp(name, "--token-fd") == 0)
        return is_number(value, 0, INT32_MAX, &options->token_fd);
    if (strcmp(name, "--timeout") == 0)
        return is_duration(value, 86400, &options->timeout_s);
    if (strcmp(name, "--since") == 0)
        return is_since(value, &options->since_s);
    if (strcmp(name, "--every") == 0)
        return is_duration(value, YEAR_S, &options->every_s);
    if (strcmp(name, "--cloud") == 0)
        return is_cloud(value, &options->cloud);
    if (strcmp(name, "--proxy") == 0)
        return *(options->proxy = value) != '\0';
    if (strcmp(name, "--ca-file") == 0)
        return *(options->ca_file = value) != '\0';
    return false;
}

static bool wrong(const char *why, const char *what)
{
    fprintf(stderr, "autopilot-syncd: %s%s; --help has the options\n", why, what);
    return false;
}

static bool is_application(const struct options *options)
{
    return options->secret_file || options->certificate;
}

/* Whether the library gets the tokens. */
static bool has_credential(const struct options *options)
{
    return is_application(options) || options->is_managed_identity || options->is_environment;
}

/* A pipe gives the token only once. */
static bool can_read_again(const struct options *options)
{
    return options->token_file || lseek((int)options->token_fd, 0, SEEK_CUR) >= 0;
}

static bool check_source(const struct options *options)
{
    int sources = (options->token_file != NULL) + (options->token_fd >= 0) + (options->secret_file != NULL) +
                  (options->certificate != NULL) + options->is_managed_identity + options->is_environment;
    if (sources != 1)
        return wrong("give one of --secret-file, --certificate, --managed-identity, --environment, --token-file "
                     "and --token-fd",
                     "");
    if (is_application(options) != (options->tenant != NULL) ||
        (is_application(options) && !options->client_id) ||
        (options->client_id && !is_application(options) && !options->is_managed_identity))
        return wrong("--secret-file and --certificate need --tenant and --client-id; a managed identity may have "
                     "--client-id",
                     "");
    if (options->every_s > 0 && !has_credential(options) && !can_read_again(options))
        return wrong("--every needs a token that can be read again", "");
    return true;
}

static bool parse(struct options *options, char **arguments)
{
    for (; *arguments; arguments++) {
        char *name = *arguments;
        if (set_flag(options, name))
            continue;
        char *value = strchr(name, '=');
        if (value)
            *value++ = '\0';
        else if (arguments[1])
            value = *++arguments;
        if (!value || !set_option(options, name, value))
            return wrong("wrong option or value: ", *name == '-' ? name : "an argument that is not an option");
    }
    return check_source(options);
}

/* Room for the longest token and a line break, plus a byte, so that the library still sees that a token is too long. */
enum { TOKEN_SIZE = 64 * 1024 + sizeof "\r\n" + 1 };

/* The compiler may remove a memset() if nothing reads the bytes afterwards. */
static void wipe(char *token)
{
    for (volatile char *byte = token; byte < token + TOKEN_SIZE; byte++)
        *byte = '\0';
}

static bool read_descriptor(int descriptor, char *token)
{
    size_t length = 0;
    ssize_t count = 0;
    lseek(descriptor, 0, SEEK_SET); /* fails for a pipe, which needs none */
    do {
        count = read(descriptor, token + length, TOKEN_SIZE - 1 - length);
        if (count > 0)
            length += (size_t)count;
    } while (count > 0 || (count < 0 && errno == EINTR));
    if (count < 0) {
        say(ERROR, "token: cannot be read: %s", strerror(errno));
        return false;
    }
    token[length] = '\0';
    if (strlen(token) != length) {
        say(ERROR, "token: contains a NUL byte");
        return false;
    }
    return true;
}

static void warn_if_public(const char *what, const struct stat *status)
{
    if (S_ISREG(status->st_mode) && (status->st_mode & S_IROTH))
        say(WARNING, "%s: every user of this machine can read its file: chmod o-r", what);
}

/* Reads the token. The library checks its form. */
static bool read_token(const struct options *options, char *token)
{
    int descriptor = (int)options->token_fd;
    if (options->token_file)
        descriptor = open(options->token_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* do not wait for a FIFO */
    struct stat status;
    bool is_read = false;
    if (descriptor < 0 || fstat(descriptor, &status) != 0) {
        say(ERROR, "token: cannot be opened: %s", strerror(errno));
    } else if (options->token_file && !S_ISREG(status.st_mode)) {
        say(ERROR, "token: %s is not a regular file; for a pipe use --token-fd", options->token_file);
    } else {
        warn_if_public("token", &status);
        is_read = read_descriptor(descriptor, token);
    }
    if (options->token_file && descriptor >= 0)
        close(descriptor);
    return is_read;
}

/* A thread waits for a signal that asks the process to end, and then ends the call or the pause of the main thread. */
struct stop {
    sigset_t signals;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    autopilot_cancel *cancel;
    int signal;
    bool is_over;
};

/* Wakes the thread when the work is over. If somebody else sends it, nothing happens. */
enum { WAKE = SIGUSR1 };

static bool is_over(struct stop *stop)
{
    pthread_mutex_lock(&stop->mutex);
    bool is_over = stop->is_over;
    pthread_mutex_unlock(&stop->mutex);
    return is_over;
}

static void *watch_signals(void *argument)
{
    struct stop *stop = argument;
    int signal = WAKE;
    while (signal == WAKE && !is_over(stop))
        sigwait(&stop->signals, &signal);
    if (signal == WAKE)
        return NULL;
    pthread_mutex_lock(&stop->mutex);
    stop->signal = signal;
    pthread_cond_signal(&stop->changed);
    pthread_mutex_unlock(&stop->mutex);
    autopilot_cancel_trigger(stop->cancel);
    return NULL;
}

/* An ignored signal stays ignored: nohup keeps a program running that way. */
static void add_unless_ignored(sigset_t *signals, int signal)
{
    struct sigaction action;
    if (sigaction(signal, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
        sigaddset(signals, signal);
}

/* Blocks the signals for this thread and all that it starts, including the library's. */
static bool stop_begin(struct stop *stop)
{
    pthread_condattr_t attributes;
    stop->signal = 0;
    stop->is_over = false;
    stop->cancel = autopilot_cancel_new();
    sigemptyset(&stop->signals);
    add_unless_ignored(&stop->signals, SIGTERM);
    add_unless_ignored(&stop->signals, SIGINT);
    add_unless_ignored(&stop->signals, SIGHUP); /* the terminal is gone; there is no configuration to reload */
    sigaddset(&stop->signals, WAKE);
    return stop->cancel && pthread_sigmask(SIG_BLOCK, &stop->signals, NULL) == 0 &&
           pthread_condattr_init(&attributes) == 0 &&
           pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
           pthread_cond_init(&stop->changed, &attributes) == 0 &&
           pthread_condattr_destroy(&attributes) == 0 && pthread_mutex_init(&stop->mutex, NULL) == 0 &&
           signal(WAKE, SIG_DFL) != SIG_ERR && /* after blocking it; an ignored signal may not arrive */
           pthread_create(&stop->thread, NULL, watch_signals, stop) == 0;
}

static void stop_end(struct stop *stop)
{
    pthread_mutex_lock(&stop->mutex);
    stop->is_over = true;
    pthread_mutex_unlock(&stop->mutex);
    pthread_kill(stop->thread, WAKE); /* if it still waits */
    pthread_join(stop->thread, NULL);
    pthread_mutex_destroy(&stop->mutex);
    pthread_cond_destroy(&stop->changed);
    autopilot_cancel_free(stop->cancel);
}

/* Waits for a signal. Returns 0 if none comes in this time. */
static int stop_wait(struct stop *stop, int64_t seconds)
{
    struct timespec until;
    int error = clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)seconds;
    pthread_mutex_lock(&stop->mutex);
    while (stop->signal == 0 && error == 0)
        error = pthread_cond_timedwait(&stop->changed, &stop->mutex, &until);
    int signal = stop->signal;
    pthread_mutex_unlock(&stop->mutex);
    return signal;
}

/* A running sync, and what was last logged about it. */
struct sync {
    const struct options *options;
    char *token;
    autopilot_phase phase;
    autopilot_sync_status status;
    int64_t last_sync_ms;
};

static void tell_settings(struct sync *sync, const autopilot_settings *settings)
{
    autopilot_sync_status status = autopilot_settings_status(settings);
    int64_t last_sync_ms = autopilot_settings_last_sync_ms(settings);
    if (!settings || (status == sync->status && last_sync_ms == sync->last_sync_ms))
        return;
    say(INFO, "settings: status=%s last_sync=%s last_manual_sync=%s",
        or_dash(autopilot_settings_status_text(settings)), or_dash(autopilot_settings_last_sync_text(settings)),
        or_dash(autopilot_settings_last_manual_sync_text(settings)));
    sync->status = status;
    sync->last_sync_ms = last_sync_ms;
}

static void tell_phase(struct sync *sync, autopilot_phase phase, int64_t next_step_ms)
{
    if (phase == sync->phase)
        return;
    if (phase == AUTOPILOT_PHASE_STARTING)
        say(INFO, "phase: starting");
    else if (phase == AUTOPILOT_PHASE_WINDOW)
        say(INFO, "phase: too soon, trying again in %" PRId64 " s", whole_seconds(next_step_ms));
    else if (phase == AUTOPILOT_PHASE_WATCHING)
        say(INFO, "phase: watching");
    else if (phase == AUTOPILOT_PHASE_RETRYING)
        say(INFO, "phase: the settings cannot be read for now, trying again");
    sync->phase = phase;
}

/* Gives the wait the token that the file has now, if it is another one. */
static void renew_token(struct sync *sync, autopilot_progress *progress)
{
    static char token[TOKEN_SIZE];
    const char *claims = autopilot_progress_claims(progress);
    if (claims)
        say(WARNING, "token: a new one must answer these claims: %s", claims);
    if (!can_read_again(sync->options)) {
        say(WARNING, "token: refused; a pipe has no second one");
    } else if (!read_token(sync->options, token)) {
        say(WARNING, "token: refused; no new one can be read");
    } else if (strcmp(token, sync->token) == 0) {
        say(WARNING, "token: refused; its source still has the same one");
    } else if (autopilot_progress_set_token(progress, token) != AUTOPILOT_OK) {
        say(WARNING, "token: refused; the new one is not valid");
    } else {
        say(INFO, "token: refused; trying the new one");
        memcpy(sync->token, token, TOKEN_SIZE);
    }
    wipe(token);
}

static int32_t on_progress(autopilot_progress *progress, void *user_data)
{
    struct sync *sync = user_data;
    tell_settings(sync, autopilot_progress_settings(progress));
    if (autopilot_progress_phase(progress) == AUTOPILOT_PHASE_TOKEN_REJECTED)
        renew_token(sync, progress);
    else
        tell_phase(sync, autopilot_progress_phase(progress), autopilot_progress_next_step_ms(progress));
    return 0;
}

static bool is_started(const autopilot_detail *detail)
{
    autopilot_trigger trigger = autopilot_detail_trigger(detail);
    return trigger == AUTOPILOT_TRIGGER_ACCEPTED || trigger == AUTOPILOT_TRIGGER_JOINED;
}

/* Whether the same request gets this HTTP status again, however often it is sent. */
static bool is_final(int32_t status)
{
    return status >= 400 && status < 500 && status != 408 && status != 409 && status != 429;
}

static int exit_code(autopilot_result result, const autopilot_detail *detail)
{
    switch (result) {
    case AUTOPILOT_OK:
    case AUTOPILOT_SYNC_ALREADY_RUNNING:
    case AUTOPILOT_SYNC_UP_TO_DATE:
        return EXIT_DONE;
    case AUTOPILOT_ERROR_SYNC_FAILED:
        return EXIT_SYNC_FAILED;
    case AUTOPILOT_ERROR_INVALID_ARGUMENT: /* of the token: the program has checked the rest */
        return EXIT_NO_TOKEN;
    case AUTOPILOT_ERROR_INTERNAL:
        return EXIT_FAULT;
    case AUTOPILOT_ERROR_CANCELLED:
        return EXIT_BY_SIGNAL;
    case AUTOPILOT_ERROR_TIMEOUT:
        return is_started(detail) ? EXIT_NOT_NOW : EXIT_UNAVAILABLE;
    case AUTOPILOT_ERROR_UNAUTHORIZED:
    case AUTOPILOT_ERROR_FORBIDDEN:
        return EXIT_NOT_ALLOWED;
    case AUTOPILOT_ERROR_SERVICE:
        return is_final(autopilot_detail_http_status(detail)) ? EXIT_REFUSED : EXIT_UNAVAILABLE;
    case AUTOPILOT_ERROR_CONFIGURATION:
        return EXIT_CONFIGURATION;
    default: /* later versions may have more answers and errors */
        return result > 0 ? EXIT_NOT_NOW : EXIT_UNAVAILABLE;
    }
}

static const char *trigger_name(autopilot_trigger trigger)
{
    switch (trigger) {
    case AUTOPILOT_TRIGGER_NOT_SENT:
        return "not-sent";
    case AUTOPILOT_TRIGGER_REFUSED:
        return "refused";
    case AUTOPILOT_TRIGGER_ACCEPTED:
        return "accepted";
    case AUTOPILOT_TRIGGER_JOINED:
        return "joined";
    default:
        return "may-have-run";
    }
}

static void tell_result(autopilot_result result, const autopilot_detail *detail, enum priority priority)
{
    int32_t requests = autopilot_detail_attempts(detail);
    say(priority,
        "result: %s: %s (http=%" PRId32 " trigger=%s retry_after_s=%" PRId64 " requests=%" PRId32
        " client_request_id=%s request_id=%s)",
        autopilot_result_name(result), autopilot_detail_message(detail),
        autopilot_detail_http_status(detail), trigger_name(autopilot_detail_trigger(detail)),
        whole_seconds(autopilot_detail_retry_after_ms(detail)), requests,
        or_dash(autopilot_detail_client_request_id(detail, requests - 1)),
        or_dash(autopilot_detail_request_id(detail, requests - 1)));
}

/* This moment for the library, rounded up. */
static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
}

/* Synchronises once and logs the result. Also returns how long the service asks to wait. */
static int synchronise(const autopilot_client *client, const struct options *options, int64_t start_ms, char *token,
                       const autopilot_cancel *cancel, int64_t *retry_after_s)
{
    struct sync sync = {options, token, -1, AUTOPILOT_SYNC_STATUS_NONE, -1};
    autopilot_detail *detail = NULL;
    int64_t timeout_ms = options->timeout_s * 1000, since_ms = start_ms - options->since_s * 1000;
    const char *given = has_credential(options) ? NULL : token; /* NULL: the client gets one */
    autopilot_result result =
        options->since_s < 0
            ? autopilot_client_sync_and_wait(client, given, timeout_ms, cancel, on_progress, &sync, &detail)
            : autopilot_client_sync_since(client, given, since_ms, timeout_ms, cancel, on_progress, &sync, &detail);
    int code = exit_code(result, detail);
    tell_settings(&sync, autopilot_detail_settings(detail));
    bool is_harmless = code == EXIT_DONE || code == EXIT_NOT_NOW || code == EXIT_BY_SIGNAL;
    tell_result(result, detail, is_harmless ? NOTICE : ERROR);
    *retry_after_s = whole_seconds(autopilot_detail_retry_after_ms(detail));
    autopilot_detail_free(detail);
    return code;
}

static autopilot_result new_credential(const struct options *options, autopilot_credential **credential,
                                       autopilot_detail **detail)
{
    if (options->secret_file)
        return autopilot_credential_new_secret(options->tenant, options->client_id, AUTOPILOT_SECRET_FILE,
                                               options->secret_file, credential, detail);
    if (options->certificate)
        return autopilot_credential_new_certificate(options->tenant, options->client_id, options->certificate, 0,
                                                    credential, detail);
    if (options->is_managed_identity)
        return autopilot_credential_new_managed_identity(options->client_id, credential, detail);
    return autopilot_credential_from_environment(credential, detail);
}

/* Makes the client get its tokens itself. Returns the exit code. */
static int set_credential(autopilot_options *settings, const struct options *options)
{
    autopilot_credential *credential = NULL;
    autopilot_detail *detail = NULL;
    autopilot_result result = new_credential(options, &credential, &detail);
    int code = exit_code(result, detail);
    const char *file = options->secret_file ? options->secret_file : options->certificate;
    struct stat status;
    if (file && stat(file, &status) == 0)
        warn_if_public(options->secret_file ? "secret" : "certificate", &status);
    if (credential) {
        autopilot_options_set_credential(settings, credential);
        say(INFO, "tokens: from %s", autopilot_credential_describe(credential));
    } else if (result == AUTOPILOT_ERROR_INVALID_ARGUMENT) {
        wrong(autopilot_detail_message(detail), "");
        code = EXIT_USAGE;
    } else {
        tell_result(result, detail, ERROR);
    }
    autopilot_credential_free(credential);
    autopilot_detail_free(detail);
    return code;
}

/* Makes a client with the options. If that fails, returns NULL and sets the exit code. */
static autopilot_client *new_client(const struct options *options, int *code)
{
    autopilot_client *client = NULL;
    autopilot_detail *detail = NULL;
    autopilot_options *settings = autopilot_options_new();
    if (!settings) {
        *code = EXIT_FAULT;
        return NULL;
    }
    autopilot_options_set_cloud(settings, (int32_t)options->cloud);
    autopilot_options_set_user_agent_suffix(settings, "autopilot-syncd/" AUTOPILOT_VERSION);
    *code = EXIT_USAGE;
    if ((options->proxy && autopilot_options_set_proxy(settings, options->proxy) != AUTOPILOT_OK) ||
        (options->ca_file && autopilot_options_set_ca_file(settings, options->ca_file) != AUTOPILOT_OK)) {
        wrong(or_dash(autopilot_options_error(settings)), ""); /* do not print the value: it may have a password */
    } else if (!has_credential(options) || (*code = set_credential(settings, options)) == EXIT_DONE) {
        autopilot_result result = autopilot_client_new(settings, &client, &detail);
        *code = exit_code(result, detail);
        if (!client)
            tell_result(result, detail, ERROR);
    }
    autopilot_detail_free(detail);
    autopilot_options_free(settings);
    return client;
}

static const char *signal_name(int signal)
{
    return signal == SIGTERM ? "SIGTERM" : signal == SIGINT ? "SIGINT" : "SIGHUP";
}

/* Reads the token again. Or if the last sync got none or a wrong one, reads the secret or the certificate again: it may
 * be a new one now. */
static bool renew(autopilot_client **client, const struct options *options, char *token, int last_code)
{
    if (!has_credential(options))
        return read_token(options, token);
    if (last_code == EXIT_NO_TOKEN || last_code == EXIT_NOT_ALLOWED || last_code == EXIT_CONFIGURATION) {
        autopilot_client_free(*client);
        *client = new_client(options, &last_code);
    }
    return *client != NULL;
}

/* Synchronises once, or again and again until a signal comes. */
static int run(autopilot_client **client, const struct options *options, int64_t start_ms, struct stop *stop,
               char *token, bool is_ready)
{
    for (;;) {
        int64_t retry_after_s = 0;
        int code = EXIT_NO_TOKEN;
        if (is_ready)
            code = synchronise(*client, options, start_ms, token, stop->cancel, &retry_after_s);
        wipe(token);
        int signal = stop_wait(stop, 0);
        if (signal == 0 && options->every_s > 0) {
            int64_t pause_s = retry_after_s > options->every_s ? retry_after_s : options->every_s;
            say(INFO, "pause: %" PRId64 " s", pause_s);
            signal = stop_wait(stop, pause_s);
        }
        if (signal != 0)
            say(NOTICE, "stop: %s", signal_name(signal));
        if (options->every_s == 0)
            return code == EXIT_BY_SIGNAL ? EXIT_BY_SIGNAL + signal : code;
        if (signal != 0)
            return EXIT_DONE;
        start_ms = now_ms();
        is_ready = renew(client, options, token, code);
    }
}

/* Whether printed text cannot be written. Until the flush it may only be in a buffer. */
static bool is_unwritten(int printed)
{
    return printed < 0 || fflush(stdout) != 0;
}

int main(int argc, char **argv)
{
    static char token[TOKEN_SIZE];
    int64_t start_ms = now_ms();
    struct options options = {.token_fd = -1, .timeout_s = 1800, .since_s = -1, .cloud = AUTOPILOT_CLOUD_GLOBAL};
    signal(SIGPIPE, SIG_IGN); /* go on if the reader of the log has left */
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return is_unwritten(fputs(HELP, stdout));
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return is_unwritten(
            printf("autopilot-syncd %s, libautopilot_sync %s\n", AUTOPILOT_VERSION, autopilot_version()));
    if (argc < 1 || !parse(&options, argv + 1))
        return EXIT_USAGE;

    int code = EXIT_DONE;
    autopilot_client *client = new_client(&options, &code);
    if (!client)
        return code;
    say(INFO, "start: libautopilot_sync %s, timeout %" PRId64 " s", autopilot_version(), options.timeout_s);

    /* Before signals are blocked, because reading a pipe may wait. */
    bool is_ready = has_credential(&options) || read_token(&options, token);
    struct stop stop;
    if (!stop_begin(&stop)) {
        say(ERROR, "stop: cannot start a thread for signals");
        code = EXIT_FAULT;
    } else {
        code = run(&client, &options, start_ms, &stop, token, is_ready);
        stop_end(&stop);
    }
    wipe(token);
    autopilot_client_free(client);
    return code;
}
