// The C++ header, one scenario a run: cpp_api SCENARIO. Prints what a caller sees; ends with 0 if the header kept
// its word, else with 1 and the line that failed.
#include "cpp_check.hpp"

#include <future>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace autopilot;

static std::string or_none(const std::optional<std::string> &text)
{
    return text.value_or("-");
}

static void show(const std::optional<Settings> &settings)
{
    std::cout << " status=";
    if (!settings)
        std::cout << '-';
    else
        std::cout << static_cast<int>(settings->status()) << ',' << or_none(settings->status_text());
}

// All that is known of a call, on one line.
static void show(const Detail &detail)
{
    const std::vector<Attempt> attempts = detail.attempts();
    for (const Attempt &attempt : attempts)
        CHECK(attempt.client_request_id.size() == 36);
    CHECK(attempts.empty() || detail.http_status() == 0 || attempts.back().request_id);
    const std::string trace = detail.trace();
    CHECK(attempts.empty() || (trace.back() == '\n' && trace.find(" ms request: ") != std::string::npos));
    CHECK(detail.result() != AUTOPILOT_ERROR_FORBIDDEN || attempts.back().reason == detail.message());
    CHECK(detail.result() != AUTOPILOT_OK || attempts.empty() || !attempts.back().reason);
    CHECK(!detail.message().empty() && detail.message().find('\n') == std::string::npos);
    std::cout << detail.name() << " http=" << detail.http_status() << " trigger=" << static_cast<int>(detail.trigger())
              << " attempts=" << attempts.size() << " retry_after=";
    if (const auto retry_after = detail.retry_after())
        std::cout << retry_after->count();
    else
        std::cout << '-';
    std::cout << " code=" << or_none(detail.code()) << " claims=" << or_none(detail.claims())
              << " words=" << or_none(detail.service_message()) << " why=" << or_none(detail.why_unknown());
    show(detail.settings());
    std::cout << '\n';
}

// What a call came to, as a copy that outlives what was returned or thrown.
template <class F>
static void show_end(F call)
{
    std::optional<Outcome> outcome;
    const std::optional<Error> error = error_of([&] { return outcome.emplace(call()).result(); });
    CHECK(error.has_value() != outcome.has_value());
    if (error) {
        CHECK(error->result() < 0 && static_cast<int>(error->kind()) == error->result());
        CHECK(error->message() == error->what() && autopilot_detail_result(error->capi()) == error->result());
        show(*error);
    } else {
        CHECK(outcome->result() >= 0 && static_cast<int>(outcome->answer()) == outcome->result());
        show(*outcome);
    }
}

// sync COUNT
static void sync_often(int count)
{
    const Client client(Options().user_agent_suffix("cpp/1"));
    for (int i = 0; i < count; i++)
        show_end([&] { return client.sync(std::string("token")); });
}

// By the process-wide client, however it is named, and with a view, whose end is not a NUL.
static void shared()
{
    const Client shared = Client::shared();
    CHECK(shared.describe().find("; proxy: http") != std::string::npos && shared.describe() == shared.describe());
    CHECK(Client(Options().max_retries(7)).describe().find("; retries: 7") != std::string::npos);
    std::cout << sync("token").name() << ' ' << shared.sync(std::string_view("token!").substr(0, 5)).name() << ' ';
    std::cout << or_none(shared.settings("token").status_text()) << '\n';
}

static std::string seconds(const std::optional<std::chrono::system_clock::time_point> &time)
{
    if (!time)
        return "-";
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time->time_since_epoch()).count());
}

static void settings()
{
    const Client client;
    const Settings settings = client.settings("token");
    CHECK(settings == Settings(settings) && settings != Settings(nullptr));
    show(settings);
    std::cout << " id=" << or_none(settings.id()).empty() << " last=" << seconds(settings.last_sync()) << ','
              << or_none(settings.last_sync_text()) << " manual=" << seconds(settings.last_manual_sync()) << ','
              << or_none(settings.last_manual_sync_text()) << " next=" << seconds(settings.next_sync()) << '\n';
}

// What must be an error.
static void no_settings()
{
    const Client client;
    const auto error = error_of([&] { return client.settings("token"); });
    CHECK(error);
    show(*error);
}

// wait TIMEOUT_MS STOP_AT [RENEWAL], or since AGO_MS TIMEOUT_MS STOP_AT
static void wait_for_it(const char *ago, const char *timeout, int stop_at, const char *renewal)
{
    using std::chrono::milliseconds;
    const Client client;
    const std::thread::id caller = std::this_thread::get_id();
    std::optional<Settings> kept;
    unsigned phases = 0;
    std::string claims = "-";
    const auto look = [&](Progress &progress) {
        CHECK(std::this_thread::get_id() == caller && progress.capi() != nullptr);
        CHECK(progress.elapsed() >= 0ms && progress.next_step() >= 0ms);
        phases |= 1u << static_cast<unsigned>(progress.phase());
        kept = progress.settings();
        if (progress.phase() == Phase::token_rejected && renewal) {
            claims = or_none(progress.claims());
            CHECK(refuses([&] { return progress.set_token("a b"), 0; }, "the new token"));
            CHECK(refuses([&] { return progress.set_token(std::string(1, '\0')), 0; }, "a NUL inside the token"));
            CHECK(refuses([&] { return progress.set_token(nullptr), 0; }, "the new token"));
            progress.set_token(renewal);
        }
        return static_cast<int>(progress.phase()) == stop_at ? Flow::stop : Flow::go_on;
    };
    const milliseconds limit(std::stoll(timeout));
    show_end([&] {
        return ago ? client.sync_since("token", std::chrono::system_clock::now() - milliseconds(std::stoll(ago)), limit, look)
                   : client.sync_and_wait("token", limit, look);
    });
    std::cout << "phases=" << phases << " claims=" << claims;
    show(kept);
    std::cout << '\n';
}

// A function is a progress callback too.
static void throw_at_once(Progress &)
{
    throw std::out_of_range("at once");
}

// An exception that is no std::exception, and counts how many of it there are.
struct Thrown {
    static int alive;
    int number;
    explicit Thrown(int value) : number(value) { alive++; }
    Thrown(const Thrown &other) : number(other.number) { alive++; }
    Thrown &operator=(const Thrown &) = delete;
    ~Thrown() { alive--; }
};
int Thrown::alive = 0;

// What a callback throws comes out of the wait, and the client goes on.
static void throws()
{
    const Client client;
    const Cancel cancel;
    int calls = 0;
    Trigger trigger = Trigger::not_sent;
    try {
        static_cast<void>(client.sync_and_wait("token", 1h, throw_at_once));
        CHECK(false);
    } catch (const std::out_of_range &thrown) {
        CHECK(thrown.what() == std::string("at once"));
    }
    try {
        static_cast<void>(client.sync_and_wait(
            "token", 1h,
            [&](const Progress &progress) {
                calls++;
                trigger = progress.trigger();
                if (progress.phase() == Phase::watching)
                    throw Thrown(7);
            },
            cancel));
        CHECK(false);
    } catch (const Thrown &thrown) {
        CHECK(thrown.number == 7 && Thrown::alive == 1);
    }
    CHECK(Thrown::alive == 0 && calls >= 2 && trigger == Trigger::accepted);
    // An Error of a call inside the callback, as it is, with its detail.
    const auto error = error_of([&] {
        return client.sync_and_wait("token", 1h, [&](Progress &) { static_cast<void>(client.settings("barred")); });
    });
    CHECK(error && error->kind() == ErrorKind::forbidden && error->http_status() == 403);
    try {
        static_cast<void>(client.sync_since("token", std::chrono::system_clock::now(), 1h, throw_at_once, cancel));
        CHECK(false);
    } catch (const std::out_of_range &thrown) {
        CHECK(thrown.what() == std::string("at once"));
    }
    show_end([&] { return client.sync("token", cancel); });
}

// A cancel from another thread ends the wait, and every call that is begun with it afterwards; others go on.
static void cancels()
{
    const Client client;
    const Cancel cancel;
    std::promise<void> watched;
    bool is_told = false;
    std::thread other([&] {
        watched.get_future().wait();
        cancel.trigger();
    });
    const auto tell = [&](const Progress &progress) {
        if (progress.phase() == Phase::watching && !std::exchange(is_told, true))
            watched.set_value();
    };
    show_end([&] { return client.sync_and_wait("token", 1h, tell, cancel); });
    other.join();
    show_end([&] { return client.sync_and_wait("token", 1h, cancel); });
    show_end([&] { return client.sync_since("token", std::chrono::system_clock::now(), 1h, cancel); });
    show_end([&] { return client.sync("token", cancel); });
    CHECK(error_of([&] { return client.settings("token", cancel); })->kind() == ErrorKind::cancelled);
    show_end([&] { return client.sync("token", Cancel()); });
}

// Eight threads on one client.
static void threads()
{
    const Client client;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; i++)
        threads.emplace_back([&client] {
            for (int call = 0; call < 5; call++)
                CHECK(client.sync("token").attempts().size() == 1);
        });
    for (std::thread &thread : threads)
        thread.join();
    std::cout << "kept\n";
}

int main(int argc, char **argv)
{
    const std::string scenario = argc > 1 ? argv[1] : "";
    if (scenario == "values")
        values();
    else if (scenario == "sync" && argc == 3)
        sync_often(std::stoi(argv[2]));
    else if (scenario == "shared")
        shared();
    else if (scenario == "settings")
        settings();
    else if (scenario == "no-settings")
        no_settings();
    else if (scenario == "wait" && argc >= 4)
        wait_for_it(nullptr, argv[2], std::stoi(argv[3]), argc > 4 ? argv[4] : nullptr);
    else if (scenario == "since" && argc == 5)
        wait_for_it(argv[2], argv[3], std::stoi(argv[4]), nullptr);
    else if (scenario == "throws")
        throws();
    else if (scenario == "cancels")
        cancels();
    else if (scenario == "threads")
        threads();
    else if (scenario == "steps")
        steps();
    else if (scenario == "fleet")
        fleet();
    else
        return 2;
}
