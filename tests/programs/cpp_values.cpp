// What the C++ header promises of types, arguments and numbers, and needs no service for. Includes it twice.
#include "autopilot_sync.hpp"
#include "autopilot_sync.hpp"
#include "cpp_check.hpp"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <memory_resource>
#include <sstream>

using namespace std::chrono_literals;
using namespace autopilot;

namespace {

template <class T>
constexpr bool is_move_only = std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
                              !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>;
template <class T>
constexpr bool copies_without_throwing = std::is_nothrow_copy_constructible_v<T> && std::is_nothrow_copy_assignable_v<T>;
template <class T>
constexpr bool stays = !std::is_copy_constructible_v<T> && !std::is_move_constructible_v<T> &&
                       !std::is_copy_assignable_v<T> && !std::is_move_assignable_v<T>;

static_assert(is_move_only<Client> && is_move_only<Options> && is_move_only<Cancel>);
static_assert(is_move_only<Wait> && is_move_only<Fleet> && std::is_trivially_copyable_v<Goal>);
static_assert(copies_without_throwing<Error> && copies_without_throwing<Outcome>);
static_assert(std::is_copy_constructible_v<Settings> && std::is_nothrow_move_constructible_v<Settings>);
static_assert(std::is_copy_constructible_v<Credential> && std::is_nothrow_move_constructible_v<Credential>);
static_assert(std::is_copy_constructible_v<Event> && std::is_nothrow_move_constructible_v<Event>);
static_assert(stays<Progress> && stays<Text>);
static_assert(std::is_base_of_v<std::runtime_error, Error> && std::is_nothrow_destructible_v<Error>);
static_assert(std::is_nothrow_destructible_v<Client> && std::is_nothrow_destructible_v<Settings>);
static_assert(noexcept(std::declval<const Cancel &>().trigger()));
static_assert(!std::is_convertible_v<int, Duration> && !std::is_default_constructible_v<Outcome>);
// Setters give a reference to what has a name, and a value of its own where nothing has: neither dangles.
static_assert(std::is_same_v<decltype(std::declval<Options &>().timeout(1s)), Options &>);
static_assert(std::is_same_v<decltype(Options().timeout(1s)), Options>);

void unknown_numbers_pass_through()
{
    const Outcome outcome = Outcome::from_capi(static_cast<autopilot_result>(42), nullptr);
    CHECK(static_cast<int>(outcome.answer()) == 42 && outcome.result() == 42);
    CHECK(std::strcmp(outcome.name(), "AUTOPILOT_UNKNOWN") == 0 && outcome.message() == outcome.name());
    const auto error = error_of([] { return Outcome::from_capi(static_cast<autopilot_result>(-42), nullptr); });
    CHECK(error && static_cast<int>(error->kind()) == -42 && error->result() == -42);
}

template <class T>
std::string written(const T &value)
{
    std::ostringstream stream;
    stream << value;
    CHECK(stream.str() == name(value));
    return stream.str();
}

void values_have_names()
{
    CHECK(written(Answer::accepted) == "AUTOPILOT_OK" && written(Answer::too_soon) == "AUTOPILOT_SYNC_TOO_SOON");
    CHECK(written(ErrorKind::forbidden) == "AUTOPILOT_ERROR_FORBIDDEN");
    CHECK(written(Trigger::may_have_run) == "AUTOPILOT_TRIGGER_MAY_HAVE_RUN");
    CHECK(written(SyncStatus::none) == "AUTOPILOT_SYNC_STATUS_NONE");
    CHECK(written(Phase::token_rejected) == "AUTOPILOT_PHASE_TOKEN_REJECTED");
    CHECK(written(Cloud::us_government_dod) == "AUTOPILOT_CLOUD_US_GOVERNMENT_DOD");
    CHECK(written(EventKind::behind) == "AUTOPILOT_EVENT_BEHIND");
    CHECK(written(Goal::sync_since(Time(1s))) == "AUTOPILOT_GOAL_SYNC_SINCE");
    CHECK(written(static_cast<Phase>(42)) == "AUTOPILOT_UNKNOWN" && written(static_cast<Answer>(42)) == "AUTOPILOT_UNKNOWN");
}

void settings_are_compared()
{
    const Settings one(nullptr), other(nullptr);
    CHECK(one == other && !(one != other));
}

// Whether this path reaches C: nothing is at it, and the error of a client names it.
template <class Path>
bool is_named(const Path &path)
{
    Options options;
    const auto error = error_of([&] { return Client(options.ca_file(path)).capi(); });
    const auto of_temporary = error_of([&] { return Client(Options().ca_file(path)).capi(); });
    const auto names = [](const auto &one) {
        return one && one->kind() == ErrorKind::configuration && one->message().find("/nowhere-\u00e9.pem") != std::string::npos;
    };
    return names(error) && names(of_temporary);
}

void a_path_may_have_any_type_of_text()
{
    CHECK(is_named("/nowhere-\u00e9.pem") && is_named(u8"/nowhere-\u00e9.pem"));
    CHECK(is_named(std::string("/nowhere-\u00e9.pem")) && is_named(std::string_view("/nowhere-\u00e9.pem")));
    CHECK(is_named(std::filesystem::path(u"/nowhere-\u00e9.pem")));
#ifdef __cpp_lib_char8_t
    CHECK(is_named(std::u8string(u8"/nowhere-\u00e9.pem")) && is_named(std::u8string_view(u8"/nowhere-\u00e9.pem")));
    CHECK(refuses([] { return Options().ca_file(std::u8string(u8"/a\0b", 4)).capi(); }, "a NUL inside ca_file"));
#endif
    CHECK(refuses([] { return Options().ca_file(std::filesystem::path(std::string("/a\0b", 4))).capi(); }, "a NUL inside"));
}

void a_missing_detail_is_an_empty_one()
{
    const auto error = error_of([] { return Outcome::from_capi(AUTOPILOT_ERROR_FORBIDDEN, nullptr); });
    CHECK(error && error->kind() == ErrorKind::forbidden && error->capi() == nullptr);
    CHECK(std::strcmp(error->what(), "AUTOPILOT_ERROR_FORBIDDEN") == 0);
    CHECK(error->http_status() == 0 && !error->retry_after() && !error->code() && !error->service_message());
    CHECK(!error->why_unknown());
    CHECK(!error->claims() && error->attempts().empty() && !error->settings() && error->trace().empty());
    CHECK(error->trigger() == Trigger::not_sent);
    const Settings settings(nullptr);
    CHECK(settings.status() == SyncStatus::none && !settings.status_text() && !settings.id());
    CHECK(!settings.last_sync() && !settings.last_sync_text() && !settings.next_sync());
    CHECK(!settings.last_manual_sync() && !settings.last_manual_sync_text());
}

void durations_never_wrap()
{
    using Doubles = std::chrono::duration<double>;
    const auto ms = [](Duration duration) { return duration.capi(); };
    CHECK(ms(0s) == 0 && ms(1ms) == 1 && ms(24h) == 86'400'000 && ms(-1ms) == -1 && ms(-24h) == -1);
    CHECK(ms(1us) == 1 && ms(1ns) == 1 && ms(1'000'001ns) == 2 && ms(Doubles(0.0015)) == 2);
    CHECK(ms(std::chrono::duration<int, std::ratio<1, 3>>(3)) == 1000);
    CHECK(ms(std::chrono::hours::max()) == INT64_MAX && ms(std::chrono::hours::min()) == -1);
    CHECK(ms(std::chrono::milliseconds::max()) == INT64_MAX && ms(std::chrono::milliseconds::min()) == -1);
    CHECK(ms(Doubles(HUGE_VAL)) == INT64_MAX && ms(Doubles(-HUGE_VAL)) == -1 && ms(Doubles(std::nan(""))) == -1);
    const Client client;
    for (const Duration wrong : {Duration(0s), Duration(-1s), Duration(24h + 1ms), Duration(std::chrono::hours::max()),
                                 Duration(std::chrono::hours::min()), Duration(Doubles(std::nan("")))})
        CHECK(refuses([&] { return client.sync_and_wait("token", wrong); }, "invalid argument: "));
}

void a_change_is_between_the_year_2000_and_five_minutes_from_now()
{
    const Client client;
    const Time year_2000(946'684'800s), now = std::chrono::system_clock::now();
    const auto stopped = [&](Time since) {
        const auto error = error_of([&] { return client.sync_since("token", since, 1h, [](Progress &) { return Flow::stop; }); });
        return error && error->kind() == ErrorKind::cancelled;
    };
    CHECK(stopped(year_2000) && stopped(now) && stopped(now + 4min));
    for (const Time wrong : {Time::min(), Time(), year_2000 - 1ms, now + 1h, Time::max()})
        CHECK(refuses([&] { return client.sync_since("token", wrong, 1h); }, "invalid argument: the time of the change"));
    CHECK(refuses([&] { return client.sync_since("token", now, 0s); }, "invalid argument: "));
    // Part of a millisecond makes a change later, never earlier.
    const auto ms = [](Time time) { return internal::unix_ms(time); };
    const auto part = std::chrono::system_clock::duration(1);
    CHECK(ms(Time(5ms)) == 5 && ms(Time(5ms) + part) == 6 && ms(Time(6ms) - part) == 6 && ms(Time(-5ms) + part) == -4);
}

void an_option_that_is_refused_says_why()
{
    Options options;
    const auto refused = [&](const char *why, auto set) {
        return refuses([&] { return set(options).capi(); }, std::string("invalid argument: ") + why);
    };
    CHECK(refused("no cloud has this number", [](Options &o) -> auto & { return o.cloud(static_cast<Cloud>(4)); }));
    CHECK(refused("the base URL must begin with https://", [](Options &o) -> auto & { return o.base_url("http://graph.example"); }));
    CHECK(refused("the base URL is NULL", [](Options &o) -> auto & { return o.base_url(nullptr); }));
    CHECK(refused("the base URL is not UTF-8", [](Options &o) -> auto & { return o.base_url("https://\xff"); }));
    CHECK(refused("the proxy's address is NULL", [](Options &o) -> auto & { return o.proxy(nullptr); }));
    CHECK(refused("the CA file's path is not UTF-8", [](Options &o) -> auto & { return o.ca_file("/\xff"); }));
    CHECK(refused("the User-Agent suffix is NULL", [](Options &o) -> auto & { return o.user_agent_suffix(nullptr); }));
    CHECK(refused("the proxy's address", [](Options &o) -> auto & { return o.proxy("ftp://user:secret@proxy"); }));
    CHECK(!refuses([&] { return options.proxy("ftp://user:secret@proxy").capi(); }, "secret"));
    CHECK(refused("the CA file's path", [](Options &o) -> auto & { return o.ca_file(""); }));
    CHECK(refused("the timeout must be", [](Options &o) -> auto & { return o.timeout(0s); }));
    CHECK(refused("the timeout must be", [](Options &o) -> auto & { return o.timeout(std::chrono::hours::max()); }));
    CHECK(refused("the connect timeout must be", [](Options &o) -> auto & { return o.connect_timeout(25h); }));
    CHECK(refused("the number of retries must be", [](Options &o) -> auto & { return o.max_retries(11); }));
    CHECK(refused("the User-Agent", [](Options &o) -> auto & { return o.user_agent_suffix("a\r\nX: y"); }));

    const std::string url = "https://graph.example:8443/";
    options.cloud(Cloud::china).base_url(url).proxy("").proxy(std::string_view("socks5h://user:pass@proxy"));
    options.timeout(1min).connect_timeout(2.5s).max_retries(0).user_agent_suffix("agent/1").ignore_environment()
        .trigger_only();
    static_cast<void>(Client(options));
    options.ca_file("/nowhere.pem");
    const auto error = error_of([&] { return Client(options).capi(); });
    CHECK(error && error->kind() == ErrorKind::configuration);
    CHECK(std::strstr(error->what(), "/nowhere.pem"));
}

void options_are_made_in_one_expression()
{
    const auto made = [] {
        return Options().cloud(Cloud::china).base_url("https://graph.example").proxy("").timeout(5s).connect_timeout(1s)
            .max_retries(0).user_agent_suffix("agent/1").ignore_environment().trigger_only()
            .ca_file("/nowhere.pem");
    };
    Options options = made();
    CHECK(options.capi() != nullptr);
    // Each setter has reached the same object, the last too.
    const auto error = error_of([&] { return Client(std::move(options)).capi(); });
    CHECK(error && error->kind() == ErrorKind::configuration);
    // One that is refused takes nothing away.
    CHECK(refuses([&] { return std::move(options).timeout(0s).capi(); }, "the timeout must be"));
    CHECK(options.capi() != nullptr);
    CHECK(refuses([&] { return made().max_retries(11).capi(); }, "the number of retries must be"));
}

void a_nul_inside_is_refused_not_cut()
{
    const std::string nul("to\0ken", 6);
    const std::string_view view(nul);
    const Client client;
    CHECK(refuses([&] { return sync(nul); }, "a NUL inside the token"));
    CHECK(refuses([&] { return sync(view); }, "a NUL inside the token"));
    CHECK(refuses([&] { return client.sync(std::string("token\0", 6)); }, "a NUL inside the token"));
    CHECK(refuses([&] { return client.settings(nul); }, "a NUL inside the token"));
    CHECK(refuses([&] { return client.sync_and_wait(nul, 1h); }, "a NUL inside the token"));
    CHECK(refuses([&] { return client.sync_since(nul, std::chrono::system_clock::now(), 1h); }, "a NUL inside the token"));
    CHECK(refuses([&] { return Wait(client, nul, Goal::sync(), 1h).capi(); }, "a NUL inside the token"));
    CHECK(refuses([&] { return Fleet(client).add(0, nul, Goal::sync(), 1h), 0; }, "a NUL inside the token"));
    Options options;
    CHECK(refuses([&] { return options.base_url(nul).capi(); }, "a NUL inside base_url"));
    CHECK(refuses([&] { return options.proxy(nul).capi(); }, "a NUL inside proxy"));
    CHECK(refuses([&] { return options.ca_file(view).capi(); }, "a NUL inside ca_file"));
    CHECK(refuses([&] { return options.user_agent_suffix(nul).capi(); }, "a NUL inside user_agent_suffix"));
}

void what_cannot_be_a_token_is_refused()
{
    const char *const none = nullptr;
    CHECK(refuses([&] { return sync(none); }, "the token is NULL"));
    CHECK(refuses([&] { return Client::shared().settings(nullptr); }, "the token is NULL"));
    CHECK(refuses([&] { return sync(std::string_view()); }, "token"));
    CHECK(refuses([&] { return sync(std::string("a b")); }, "token"));
}

void what_cannot_be_a_call_is_refused()
{
    const Client client;
    const Fleet fleet(client);
    const auto is_refused = [&](const Text &token, Goal goal, Duration timeout, const char *words) {
        return refuses([&] { return Wait(client, token, goal, timeout).capi(); }, words) &&
               refuses([&] { return fleet.add(0, token, goal, timeout), 0; }, words);
    };
    CHECK(is_refused("a b", Goal::sync(), 1h, "token"));
    CHECK(is_refused("token", Goal::sync(), 0s, "the timeout must be"));
    CHECK(is_refused("token", Goal::settings(), std::chrono::hours::max(), "the timeout must be"));
    CHECK(is_refused("token", Goal::sync_since(Time()), 1h, "the time of the change"));
    CHECK(refuses([&] { return Wait(client, nullptr, Goal::sync(), 1h).capi(); }, "the token is NULL"));
    CHECK(refuses([&] { return Fleet(client, -1).capi(); }, "the limit is below zero"));
    CHECK(refuses([&] { return fleet.set_token(0, "token"), 0; }, "no tenant has this key"));
}

// A function of a program's own: called through a pointer, and never null by its name.
Flow stop_at_once(Progress &)
{
    return Flow::stop;
}

struct Stopper {
    Flow operator()(Progress &) const { return Flow::stop; }
    // Means something of the program's own.
    explicit operator bool() const { return false; }
};

void a_callback_that_is_null_is_refused()
{
    const Time now = std::chrono::system_clock::now();
    const Client client;
    const Cancel cancel;
    const auto is_refused = [&](auto &&progress) {
        const char *const words = "the progress callback is null";
        return refuses([&] { return client.sync_and_wait("token", 1h, progress); }, words) &&
               refuses([&] { return client.sync_and_wait("token", 1h, progress, cancel); }, words) &&
               refuses([&] { return client.sync_since("token", now, 1h, progress); }, words) &&
               refuses([&] { return client.sync_since("token", now, 1h, progress, cancel); }, words);
    };
    const auto is_called = [&](auto &&progress) {
        const auto error = error_of([&] { return client.sync_and_wait("token", 1h, progress); });
        return error && error->kind() == ErrorKind::cancelled;
    };
    std::function<void(Progress &)> returns_nothing;
    const std::function<Flow(const Progress &)> returns_flow;
    Flow (*pointer)(Progress &) = nullptr;
    void (Progress::*member)() = nullptr;
    CHECK(is_refused(returns_nothing) && is_refused(returns_flow) && is_refused(pointer) && is_refused(member));
    CHECK(is_refused(std::function<Flow(Progress &)>(pointer)) && is_refused(std::ref(returns_nothing)));
    pointer = stop_at_once;
    CHECK(is_called(pointer) && is_called(stop_at_once) && is_called(std::ref(stop_at_once)));
    CHECK(is_called(std::function<Flow(Progress &)>(pointer)) && is_called(Stopper()));
    CHECK(is_called([](Progress &) { return Flow::stop; }));
#ifdef __cpp_lib_move_only_function
    std::move_only_function<Flow(Progress &)> moved;
    CHECK(is_refused(moved));
    moved = stop_at_once;
    CHECK(is_called(moved));
#endif
}

// A sanitizer sees where it does not.
void a_text_outlives_the_temporary_that_it_was_made_of()
{
    const auto is_whole = [](const Text &text, const std::string &words) { return text.capi("the text") == words; };
    const auto constant = [](const char *words) -> const std::string { return words; };
    for (const char *const words : {"short", "a text that is too long to be kept inside of a string object"}) {
        const Text plain = std::string(words);
        const Text of_constant = constant(words);
        const Text of_other_allocator = std::pmr::string(words);
        const Text of_view = std::string_view(std::string(words));
        CHECK(is_whole(plain, words) && is_whole(of_constant, words));
        CHECK(is_whole(of_other_allocator, words) && is_whole(of_view, words));
    }
    const Text nul = std::string("to\0ken", 6);
    CHECK(refuses([&] { return Client().sync(nul); }, "a NUL inside the token"));
    // What has a name is not copied.
    const std::string name = "name";
    CHECK(Text(name).capi("the text") == name.c_str() && is_whole(Text(std::move(name)), name));
}

// What was moved from is used on purpose.
void what_was_moved_from_refuses()
{
    const Time now = std::chrono::system_clock::now();
    const auto is_empty = [now](const Client &client, const char *words) {
        return refuses([&] { return client.sync("token"); }, words) &&
               refuses([&] { return client.settings("token"); }, words) &&
               refuses([&] { return client.sync_and_wait("token", 1h, [](Progress &) {}); }, words) &&
               refuses([&] { return client.sync_since("token", now, 1h, [](Progress &) {}); }, words);
    };
    for (const bool shared : {false, true}) {
        Client first = shared ? Client::shared() : Client();
        Client second(std::move(first));
        CHECK(is_empty(first, "the client was moved from"));
        CHECK(refuses([&] { return second.sync(nullptr); }, "the token is NULL"));
        first = std::move(second);
        CHECK(is_empty(second, "the client was moved from"));
        CHECK(refuses([&] { return first.sync(nullptr); }, "the token is NULL"));
    }

    Cancel cancel;
    const Cancel other(std::move(cancel));
    CHECK(cancel.capi() == nullptr && other.capi() != nullptr);
    cancel.trigger();
    const Client client;
    CHECK(refuses([&] { return client.sync("token", cancel); }, "the cancel was moved from"));
    CHECK(refuses([&] { return client.settings("token", cancel); }, "the cancel was moved from"));
    CHECK(refuses([&] { return client.sync_and_wait("token", 1h, cancel); }, "the cancel was moved from"));
    CHECK(refuses([&] { return client.sync_and_wait("token", 1h, [](Progress &) {}, cancel); }, "the cancel was moved"));
    CHECK(refuses([&] { return client.sync_since("token", now, 1h, cancel); }, "the cancel was moved from"));
    CHECK(refuses([&] { return client.sync_since("token", now, 1h, [](Progress &) {}, cancel); }, "the cancel was moved"));
    cancel = Cancel();
    CHECK(cancel.capi() != nullptr);

    Options options;
    const Options kept(std::move(options));
    CHECK(options.capi() == nullptr && kept.capi() != nullptr);
    CHECK(refuses([&] { return options.timeout(1s).capi(); }, "the options were moved from"));
    CHECK(refuses([&] { return Client(options).capi(); }, "the options were moved from"));
    options = Options();
    CHECK(options.timeout(1s).capi() != nullptr);
}

void a_call_that_was_moved_from_refuses()
{
    const Client client;
    Wait wait(client, "token", Goal::sync(), 1h);
    Wait other_wait(std::move(wait));
    CHECK(wait.capi() == nullptr && other_wait.capi() != nullptr);
    CHECK(refuses([&] { return wait.step().kind(); }, "the wait was moved from"));
    CHECK(refuses([&] { return wait.set_token("token"), 0; }, "the wait was moved from"));
    CHECK(refuses([&] { return wait.progress().phase(); }, "the wait was moved from"));
    CHECK(refuses([&] { return wait.stop(); }, "the wait was moved from"));
    wait = std::move(other_wait);
    wait.set_token("token");

    Fleet fleet(client);
    const Fleet other(std::move(fleet));
    CHECK(fleet.capi() == nullptr && other.capi() != nullptr && other.has_room() && !fleet.has_room());
    CHECK(refuses([&] { return fleet.next().kind(); }, "the fleet was moved from"));
    CHECK(refuses([&] { return fleet.add(0, "token", Goal::sync(), 1h), 0; }, "the fleet was moved from"));
    CHECK(refuses([&] { return fleet.set_token(0, "token"), 0; }, "the fleet was moved from"));
    fleet.cancel_one(0);
    fleet.cancel();
    fleet.close();

    Client moved;
    const Client taken(std::move(moved));
    Cancel cancel;
    const Cancel kept(std::move(cancel));
    CHECK(refuses([&] { return Fleet(moved).capi(); }, "the client was moved from"));
    CHECK(refuses([&] { return Wait(moved, "token", Goal::sync(), 1h).capi(); }, "the client was moved from"));
    CHECK(refuses([&] { return Wait(taken, "token", Goal::sync(), 1h, cancel).capi(); }, "the cancel was moved from"));
}

void the_versions_agree()
{
    CHECK(std::strcmp(version(), AUTOPILOT_VERSION) == 0);
}

} // namespace

void values()
{
    unknown_numbers_pass_through();
    values_have_names();
    settings_are_compared();
    a_path_may_have_any_type_of_text();
    a_missing_detail_is_an_empty_one();
    durations_never_wrap();
    a_change_is_between_the_year_2000_and_five_minutes_from_now();
    an_option_that_is_refused_says_why();
    options_are_made_in_one_expression();
    a_nul_inside_is_refused_not_cut();
    what_cannot_be_a_token_is_refused();
    a_callback_that_is_null_is_refused();
    a_text_outlives_the_temporary_that_it_was_made_of();
    what_was_moved_from_refuses();
    what_cannot_be_a_call_is_refused();
    a_call_that_was_moved_from_refuses();
    the_versions_agree();
    std::puts("kept");
}
