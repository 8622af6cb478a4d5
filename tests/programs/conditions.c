/* Hosts in a bad way: conditions CONDITION [TOKEN...]. Prints "kept" if the library gave a result and worked again afterwards. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
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

static void no_descriptors(void)
{
    autopilot_client *client = client_by(NULL, HOUR_MS), *other = GARBAGE;
    int lowest_free = dup(STDIN_FILENO);
    CHECK(lowest_free > STDERR_FILENO && close(lowest_free) == 0);
    struct rlimit before = limited(RLIMIT_NOFILE, (rlim_t)lowest_free);
    CHECK(call(client) == AUTOPILOT_ERROR_CONNECT);
    CHECK(autopilot_client_new(NULL, &other, NULL) == AUTOPILOT_ERROR_CONFIGURATION && other == NULL);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(call(client) >= 0);
    autopilot_client_free(client);
}

static void *nothing(void *unused)
{
    return unused;
}

static void no_threads(void)
{
    autopilot_client *client = client_by(NULL, HOUR_MS);
    pthread_t thread;
    /* The limit is of the user, and not root's. */
    CHECK(getuid() != 0 || setuid(65534) == 0);
    struct rlimit before = limited(RLIMIT_NPROC, 0);
    CHECK(pthread_create(&thread, NULL, nothing, NULL) == EAGAIN);
    CHECK(call(client) == AUTOPILOT_ERROR_CONNECT);
    CHECK(setrlimit(RLIMIT_NPROC, &before) == 0);
    CHECK(call(client) >= 0);
    autopilot_client_free(client);
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
        {"storm", storm}, {"pipe-signal", pipe_signal}, {"no-descriptors", no_descriptors}, {"no-threads", no_threads},
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
