// Calls in steps and fleets, as the C++ header has them. The tenant with the key N has the token "tenant-N".
#include "cpp_check.hpp"

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace autopilot;

namespace {

std::string token_of(std::uint64_t key)
{
    return "tenant-" + std::to_string(key);
}

// The event loop, until the call needs something or has ended.
Event run(Wait &wait)
{
    while (true) {
        const Event event = wait.step();
        CHECK(event.key() == 0 && (event.kind() == EventKind::pause || event.pause() == 0ms));
        if (event.kind() != EventKind::pause)
            return event;
        CHECK(!event.detail() && !event.claims());
        std::this_thread::sleep_for(event.pause());
    }
}

void each_goal_has_its_end()
{
    const Time an_hour_ago = std::chrono::system_clock::now() - 1h;
    const Goal goals[] = {Goal::settings(), Goal::sync(), Goal::sync_and_wait(), Goal::sync_since(an_hour_ago)};
    std::vector<Wait> waits;
    {
        const Client client;
        for (const Goal goal : goals)
            waits.emplace_back(client, token_of(waits.size()), goal, 1h);
    }
    for (Wait &wait : waits) {
        const Event event = run(wait);
        const bool is_read = &wait == &waits[0];
        CHECK(event.kind() == EventKind::ended && event.outcome().answer() == Answer::accepted);
        CHECK(event.outcome().trigger() == (is_read ? Trigger::not_sent : Trigger::accepted));
        CHECK(event.detail()->settings().has_value() == (&wait != &waits[1]));
        CHECK(refuses([&] { return wait.step().outcome(); }, "the call is over"));
        CHECK(refuses([&] { return wait.set_token("token"), 0; }, "the new token"));
    }
}

void a_refused_token_is_replaced_or_not()
{
    const Client client;
    for (const bool is_replaced : {true, false}) {
        Wait wait(client, "challenged", Goal::settings(), 1h);
        const Event event = run(wait);
        CHECK(event.kind() == EventKind::wants_token && event.claims()->front() == '{');
        CHECK(event.detail()->http_status() == 401 && event.detail()->result() == AUTOPILOT_ERROR_UNAUTHORIZED);
        CHECK(refuses([&] { return event.outcome(); }, "the call has not ended"));
        CHECK(refuses([&] { return wait.set_token("a b"), 0; }, "the new token"));
        CHECK(refuses([&] { return wait.set_token(nullptr), 0; }, "the new token"));
        if (is_replaced)
            wait.set_token(token_of(0));
        const Event end = run(wait);
        const auto error = error_of([&] { return end.outcome(); });
        CHECK(is_replaced ? !error : error && error->kind() == ErrorKind::unauthorized && error->claims());
    }
}

void a_cancel_ends_a_call_in_steps()
{
    const Client client;
    std::optional<Cancel> cancel(std::in_place);
    Wait wait(client, token_of(0), Goal::settings(), 1h, *cancel);
    cancel->trigger();
    cancel.reset();
    const auto error = error_of([&] { return run(wait).outcome(); });
    CHECK(error && error->kind() == ErrorKind::cancelled && error->attempts().empty());
}

void a_call_in_steps_is_seen_and_stopped()
{
    const Client client;
    Wait wait(client, token_of(9), Goal::sync_and_wait(), 1h);
    CHECK(wait.progress().phase() == Phase::starting && wait.progress().trigger() == Trigger::not_sent);
    CHECK(wait.step().kind() == EventKind::pause);
    CHECK(wait.progress().phase() == Phase::watching && wait.progress().settings());
    const auto error = error_of([&] { return wait.stop(); });
    CHECK(error && error->kind() == ErrorKind::cancelled && error->trigger() == Trigger::accepted);
    CHECK(refuses([&] { return wait.stop(); }, "the call is over"));
}

// What becomes of the tenants of a fleet, and of which: most are triggered, some with a token that is asked for, some with
// one that is refused at first; one is cancelled.
class Tenants {
public:
    static constexpr std::uint64_t COUNT = 31, CANCELLED = 30;

    explicit Tenants(const Client &client) : fleet_(client) {}

    void run()
    {
        fleet_.add(CANCELLED, nullptr, Goal::sync_and_wait(), 1h);
        fleet_.cancel_one(CANCELLED);
        add(0, COUNT / 2);
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; i++)
            threads.emplace_back([this] { work(); });
        add(COUNT / 2, CANCELLED);
        fleet_.close();
        work();
        for (std::thread &thread : threads)
            thread.join();
        for (const auto &has_ended : has_ended_)
            CHECK(has_ended);
        CHECK(asked_ == 10 && refused_ == 10);
    }

private:
    void add(std::uint64_t from, std::uint64_t to)
    {
        for (std::uint64_t key = from; key < to; key++) {
            const std::string token = key % 3 == 1 ? "challenged" : token_of(key);
            fleet_.add(key, key % 3 == 0 ? nullptr : token.c_str(), Goal::sync_and_wait(), 1h);
        }
    }

    void work()
    {
        while (true) {
            const Event event = fleet_.next();
            if (event.kind() == EventKind::finished)
                return;
            if (event.kind() == EventKind::ended)
                end(event);
            else if (event.kind() == EventKind::wants_token)
                want(event);
        }
    }

    void end(const Event &event)
    {
        const auto error = error_of([&] { return event.outcome(); });
        CHECK(error.has_value() == (event.key() == CANCELLED));
        CHECK(error ? error->kind() == ErrorKind::cancelled : event.outcome().trigger() == Trigger::accepted);
        CHECK(!has_ended_[event.key()].exchange(true));
    }

    void want(const Event &event)
    {
        (event.claims() ? refused_ : asked_)++;
        fleet_.set_token(event.key(), token_of(event.key()));
    }

    Fleet fleet_;
    std::atomic<bool> has_ended_[COUNT] = {};
    std::atomic<int> asked_{0}, refused_{0};
};

void a_fleet_is_full_until_a_call_has_ended()
{
    Fleet fleet(Client(), 1);
    CHECK(fleet.has_room() && fleet.next(0s).kind() == EventKind::pause);
    CHECK(fleet.next(-1s).kind() == EventKind::pause); // a time that is over is no endless one
    fleet.add(UINT64_MAX, token_of(0), Goal::settings(), 1h);
    CHECK(!fleet.has_room());
    CHECK(refuses([&] { return fleet.add(0, token_of(0), Goal::settings(), 1h), 0; }, "the fleet is full"));
    const Event event = fleet.next(1h);
    CHECK(event.kind() == EventKind::ended && event.key() == UINT64_MAX && event.outcome().settings());
    CHECK(fleet.has_room());
    CHECK(refuses([&] { return fleet.set_token(0, token_of(0)), 0; }, "no tenant has this key"));
    // Whoever has no token says so.
    fleet.add(0, nullptr, Goal::settings(), 1h);
    CHECK(fleet.next().kind() == EventKind::wants_token);
    fleet.set_token(0, nullptr);
    CHECK(refuses([&] { return fleet.next().outcome(); }, "no token was given"));
    fleet.cancel();
    fleet.close();
    CHECK(fleet.next().kind() == EventKind::finished && fleet.next(1h).kind() == EventKind::finished);
    CHECK(refuses([&] { return fleet.add(0, token_of(0), Goal::settings(), 1h), 0; }, "the fleet is closed"));
}

} // namespace

void steps()
{
    each_goal_has_its_end();
    a_refused_token_is_replaced_or_not();
    a_cancel_ends_a_call_in_steps();
    a_call_in_steps_is_seen_and_stopped();
    std::puts("kept");
}

void fleet()
{
    Tenants(Client()).run();
    a_fleet_is_full_until_a_call_has_ended();
    std::puts("kept");
}
