/* Hosts in a bad way: conditions CONDITION [TOKEN...]. Prints "kept" if the library gave a result and worked again afterwards. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

enum { CALLS = 50, STACK = 1024 * 1024 };

static autopilot_result call(const autopilot_client *client)
{
    return autopilot_client_sync(client, "token", NULL, NULL);
}

static volatile sig_atomic_t signals;

static void count(int number)
{
    (void)number;
    signals++;
}

/* A signal each millisecond that interrupts every system call: while connections are made, while the service takes its
 * time, and until a deadline. */
static void storm(void)
{
    struct sigaction action = {.sa_handler = count};
    struct itimerval each_millisecond = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    autopilot_client *hasty = client_by(NULL, 1000);
    CHECK(setitimer(ITIMER_REAL, &each_millisecond, NULL) == 0);
    for (int i = 0; i < CALLS; i++) {
        autopilot_client *client = client_by(NULL, HOUR_MS);
        CHECK(call(client) >= 0);
        CHECK(call(client) >= 0);
        autopilot_client_free(client);
    }
    CHECK(autopilot_client_sync(hasty, "unanswered", NULL, NULL) == AUTOPILOT_ERROR_TIMEOUT);
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    CHECK(signals > CALLS);
    autopilot_client_free(hasty);
}

/* Whether this process dies of a write to nobody. */
static int pipes_kill(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        int ends[2];
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && close(ends[1]) == 0);
        _exit(write(ends[0], "x", 1) == 1);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE;
}

/* The peer is gone when the request is sent: the shim sees to that. */
static void pipe_signal(void)
{
    CHECK(pipes_kill());
    autopilot_client *client = client_by(NULL, HOUR_MS);
    CHECK(call(client) >= 0);
    CHECK(setenv("SHIM_GONE", "1", 1) == 0);
    CHECK(call(client) == AUTOPILOT_ERROR_CONNECTION_LOST);
    CHECK(unsetenv("SHIM_GONE") == 0);
    CHECK(call(client) >= 0);
    autopilot_client_free(client);
}

static struct rlimit limited(int resource, rlim_t most)
{
    struct rlimit before, now;
    CHECK(getrlimit(resource, &before) == 0);
    now = before;
    now.rlim_cur = most;
    CHECK(setrlimit(resource, &now) == 0);
    return before;
}

/* With one retry. */
static autopilot_client *persistent_client(void)
{
    autopilot_options *options = autopilot_options_new();
    autopilot_client *client = NULL;
    CHECK(autopilot_options_set_max_retries(options, 1) == AUTOPILOT_OK);
    CHECK(autopilot_client_new(options, &client, NULL) == AUTOPILOT_OK);
    autopilot_options_free(options);
    return client;
}

/* Whether a result says that something is short. Anything else must be an answer. */
static int says(const char *words, autopilot_result result, autopilot_detail *detail)
{
    if (result < 0 && (result != AUTOPILOT_ERROR_CONNECT || strstr(autopilot_detail_message(detail), words) == NULL)) {
        fprintf(stderr, "%s\n", autopilot_detail_message(detail));
        exit(1);
    }
    CHECK(result >= 0 || autopilot_detail_trigger(detail) == AUTOPILOT_TRIGGER_NOT_SENT);
    autopilot_detail_free(detail);
    return result < 0;
}

static void no_descriptors(void)
{
    const char *words = "no file descriptor is left";
    autopilot_client *client = client_by(NULL, HOUR_MS), *persistent = persistent_client(), *other = GARBAGE;
    autopilot_detail *detail = NULL;
    int lowest_free = dup(STDIN_FILENO);
    CHECK(lowest_free > STDERR_FILENO && close(lowest_free) == 0);
    struct rlimit before = limited(RLIMIT_NOFILE, (rlim_t)lowest_free);
    autopilot_result result = autopilot_client_new(NULL, &other, &detail);
    CHECK(says(words, result, detail) && other == NULL);
    result = autopilot_client_sync(persistent, "token", NULL, &detail);
    CHECK(autopilot_detail_attempts(detail) == 2 && says(words, result, detail));
    /* Each stage takes more of them: the look-up, the wait for a connection, the connection. */
    int failures = 0;
    do {
        CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
        limited(RLIMIT_NOFILE, (rlim_t)(lowest_free + failures));
        result = autopilot_client_sync(client, "token", NULL, &detail);
        failures++;
    } while (says(words, result, detail));
    CHECK(failures > 3);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    autopilot_client_free(persistent);
    autopilot_client_free(client);
}

static void *nothing(void *unused)
{
    return unused;
}

/* A connection takes two threads. The limit is of the user, whose other threads nobody knows, and not root's. */
static void no_threads(void)
{
    const char *words = "no thread can be started";
    autopilot_client *client = client_by(NULL, HOUR_MS), *persistent = persistent_client();
    autopilot_detail *detail = NULL;
    pthread_t thread;
    CHECK(getuid() != 0 || setuid(65534) == 0);
    struct rlimit before = limited(RLIMIT_NPROC, 0);
    CHECK(pthread_create(&thread, NULL, nothing, NULL) == EAGAIN);
    autopilot_result result = autopilot_client_sync(persistent, "token", NULL, &detail);
    CHECK(autopilot_detail_attempts(detail) == 2 && says(words, result, detail));
    rlim_t threads = 0;
    do {
        CHECK(setrlimit(RLIMIT_NPROC, &before) == 0);
        limited(RLIMIT_NPROC, threads++);
        result = autopilot_client_sync(client, "token", NULL, &detail);
    } while (says(words, result, detail));
    CHECK(setrlimit(RLIMIT_NPROC, &before) == 0);
    autopilot_client_free(persistent);
    autopilot_client_free(client);
}

/* Address space for the stack of no thread, then of one, then of two. The heap has enough for all that is small. */
static void no_memory(void)
{
    autopilot_client *client = client_by(NULL, HOUR_MS);
    autopilot_detail *detail = NULL;
    long pages = 0;
    CHECK(mallopt(M_TOP_PAD, 4 * STACK) == 1);
    free(malloc(STACK / 16));
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%ld", &pages) == 1 && fclose(file) == 0);
    rlim_t used = (rlim_t)(pages * sysconf(_SC_PAGESIZE));
    autopilot_result result;
    int failures = 0;
    do {
        struct rlimit before = limited(RLIMIT_AS, used + (rlim_t)failures * STACK / 2);
        result = autopilot_client_sync(client, "token", NULL, &detail);
        CHECK(setrlimit(RLIMIT_AS, &before) == 0);
        failures++;
    } while (says("no thread can be started", result, detail));
    CHECK(failures > 2);
    autopilot_client_free(client);
}

enum { TENANTS = 40, WORKERS = 8 };

static struct {
    autopilot_fleet *fleet;
    const char *words;
    int answers, shortages;
} fleet;

static void *work(void *unused)
{
    autopilot_event event;
    autopilot_result result;
    autopilot_detail *detail = NULL;
    while ((event = autopilot_fleet_next(fleet.fleet, -1, NULL, &result, &detail)) != AUTOPILOT_EVENT_FINISHED) {
        CHECK(event == AUTOPILOT_EVENT_ENDED || event == AUTOPILOT_EVENT_BEHIND);
        if (event == AUTOPILOT_EVENT_ENDED)
            __atomic_add_fetch(says(fleet.words, result, detail) ? &fleet.shortages : &fleet.answers, 1, __ATOMIC_RELAXED);
    }
    return unused;
}

/* A fleet whose threads are there, but for which something else is short: each tenant has an answer or the true error. */
static void run_fleet(autopilot_client *client, const char *words, int resource, rlim_t most)
{
    pthread_t threads[WORKERS];
    memset(&fleet, 0, sizeof fleet);
    fleet.words = words;
    CHECK(autopilot_fleet_new(client, 0, &fleet.fleet, NULL) == AUTOPILOT_OK);
    autopilot_client_free(client);
    for (int i = 0; i < WORKERS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
    struct rlimit before = limited(resource, most);
    for (uint64_t key = 0; key < TENANTS; key++)
        CHECK(autopilot_fleet_add(fleet.fleet, key, "token", key % 2 ? AUTOPILOT_GOAL_SYNC : AUTOPILOT_GOAL_SETTINGS, 0,
                                  HOUR_MS, NULL) == AUTOPILOT_OK);
    autopilot_fleet_close(fleet.fleet);
    for (int i = 0; i < WORKERS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(setrlimit(resource, &before) == 0);
    CHECK(fleet.answers + fleet.shortages == TENANTS);
    autopilot_fleet_free(fleet.fleet);
}

static void scarce_fleet(void)
{
    autopilot_client *clients[3];
    for (size_t i = 0; i < LENGTH(clients); i++)
        clients[i] = client_by(NULL, HOUR_MS);
    int lowest_free = dup(STDIN_FILENO);
    CHECK(lowest_free > STDERR_FILENO && close(lowest_free) == 0);
    run_fleet(clients[0], "no file descriptor is left", RLIMIT_NOFILE, (rlim_t)lowest_free);
    CHECK(fleet.answers == 0);
    run_fleet(clients[1], "no file descriptor is left", RLIMIT_NOFILE, (rlim_t)lowest_free + 6);
    CHECK(fleet.answers > 0);
    CHECK(getuid() != 0 || setuid(65534) == 0);
    run_fleet(clients[2], "no thread can be started", RLIMIT_NPROC, 0);
    CHECK(fleet.answers == 0);
}

/* The number of the one connection that is open. */
static int connection(void)
{
    int type = 0, number = 0;
    socklen_t length = sizeof type;
    while (number < 256 && getsockopt(number, SOL_SOCKET, SO_TYPE, &type, &length) != 0)
        number++;
    return number;
}

/* With a standard stream closed, a connection may have its number: what is printed there goes into it. */
static void without(int stream)
{
    int kept = dup(stream);
    CHECK(kept > STDERR_FILENO && close(stream) == 0);
    autopilot_client *client = client_by(NULL, HOUR_MS);
    autopilot_result first = call(client);
    int is_connection = connection() == stream || dup2(connection(), stream) == stream;
    autopilot_result wrong = autopilot_client_sync(client, "a b", NULL, NULL), last = call(client);
    autopilot_client_free(client);
    CHECK(dup2(kept, stream) == stream && close(kept) == 0);
    CHECK(is_connection && first >= 0 && wrong == WRONG && last >= 0);
}

static void no_streams(void)
{
    without(STDIN_FILENO);
    without(STDOUT_FILENO);
    without(STDERR_FILENO);
}

static volatile sig_atomic_t is_over;

static void *call_until_over(void *unused)
{
    while (!is_over) {
        autopilot_client *client = client_by(NULL, HOUR_MS);
        CHECK(call(client) >= 0 && call(client) >= 0 && autopilot_sync("token") >= 0);
        autopilot_client_free(client);
    }
    return unused;
}

/* Children are made whatever the other threads are at: a lock that is held then is held forever in the child. */
static void fork_among_threads(void)
{
    pthread_t threads[4];
    autopilot_client *client = client_by(NULL, HOUR_MS);
    CHECK(autopilot_sync("token") >= 0);
    for (size_t i = 0; i < LENGTH(threads); i++)
        CHECK(pthread_create(&threads[i], NULL, call_until_over, NULL) == 0);
    for (int i = 0; i < CALLS; i++) {
        int status = -1;
        pid_t child = fork();
        if (child == 0)
            _exit(call(client) < 0 || autopilot_sync("token") < 0);
        CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    }
    is_over = 1;
    for (size_t i = 0; i < LENGTH(threads); i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    autopilot_client_free(client);
}

/* Loaded, called, unloaded, and once more: the process-wide client and its connection are still there. */
static void unload(void)
{
    for (int i = 0; i < 3; i++) {
        void *library = dlopen("libautopilot_sync.so", RTLD_NOW | RTLD_LOCAL);
        CHECK(library != NULL);
        autopilot_result (*sync)(const char *);
        *(void **)&sync = dlsym(library, "autopilot_sync");
        CHECK(sync != NULL && sync("token") >= 0);
        CHECK(dlclose(library) == 0);
    }
}

/* The service answers what the library, as it is led to it, must not believe. */
static void mistrust(void)
{
    autopilot_client *client = client_by(NULL, HOUR_MS);
    autopilot_detail *detail = NULL;
    CHECK(autopilot_client_sync(client, "token", NULL, &detail) == AUTOPILOT_ERROR_TLS);
    puts(autopilot_detail_message(detail));
    autopilot_detail_free(detail);
    autopilot_client_free(client);
}

/* Suspended meanwhile by who started it. */
static void suspended(void)
{
    autopilot_client *client = client_by(NULL, HOUR_MS), *hasty = client_by(NULL, 5000);
    CHECK(call(client) >= 0);
    CHECK(autopilot_client_sync(hasty, "unanswered", NULL, NULL) == AUTOPILOT_ERROR_TIMEOUT);
    CHECK(call(hasty) >= 0);
    autopilot_client_free(client);
    autopilot_client_free(hasty);
}

/* A wait goes on until it would watch a sync, or read again what failed. */
static int32_t go_on(autopilot_progress *progress, void *unused)
{
    autopilot_phase phase = autopilot_progress_phase(progress);
    (void)unused;
    return phase == AUTOPILOT_PHASE_WATCHING || phase == AUTOPILOT_PHASE_RETRYING;
}

static char **tokens;

static void *call_in_every_way(void *client)
{
    for (char **token = tokens; *token; token++) {
        autopilot_detail *detail = NULL;
        autopilot_settings *settings = NULL;
        autopilot_client_sync(client, *token, NULL, &detail);
        autopilot_detail_free(detail);
        autopilot_client_settings(client, *token, NULL, &settings, &detail);
        autopilot_detail_free(detail);
        autopilot_settings_free(settings);
        autopilot_client_sync_and_wait(client, *token, HOUR_MS, NULL, go_on, NULL, &detail);
        autopilot_detail_free(detail);
        autopilot_client_sync_since(client, *token, now_ms(), HOUR_MS, NULL, go_on, NULL, &detail);
        autopilot_detail_free(detail);
    }
    return NULL;
}

/* How much of a stack was ever written to: it is painted first. */
static void stack(void)
{
    static unsigned char memory[STACK] __attribute__((aligned(4096)));
    autopilot_client *client = client_by(NULL, HOUR_MS);
    pthread_attr_t attributes;
    pthread_t thread;
    memset(memory, 0xa5, STACK);
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstack(&attributes, memory, STACK) == 0);
    CHECK(pthread_create(&thread, &attributes, call_in_every_way, client) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    size_t untouched = 0;
    while (untouched < STACK && memory[untouched] == 0xa5)
        untouched++;
    printf("%zu\n", STACK - untouched);
    autopilot_client_free(client);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } conditions[] = {
        {"storm", storm}, {"pipe-signal", pipe_signal}, {"no-descriptors", no_descriptors}, {"no-threads", no_threads}, {"no-memory", no_memory}, {"scarce-fleet", scarce_fleet},
        {"no-streams", no_streams}, {"fork-among-threads", fork_among_threads}, {"unload", unload},
        {"mistrust", mistrust}, {"suspended", suspended}, {"stack", stack},
    };
    for (size_t i = 0; i < LENGTH(conditions); i++) {
        if (argc >= 2 && strcmp(argv[1], conditions[i].name) == 0) {
            tokens = argv + 2;
            conditions[i].run();
            puts("kept");
            return 0;
        }
    }
    return 2;
}
