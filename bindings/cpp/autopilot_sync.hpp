/*
 * autopilot_sync.hpp - trigger Microsoft Intune's Windows Autopilot sync from C++, and understand the answer.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 *     #include <cstdlib>
 *     #include <iostream>
 *     #include "autopilot_sync.hpp"
 *
 *     int main()
 *     {
 *         try {
 *             const autopilot::Outcome outcome = autopilot::sync(std::getenv("AUTOPILOT_TOKEN"));
 *             std::cout << outcome.name() << '\n'; // AUTOPILOT_OK, AUTOPILOT_SYNC_TOO_SOON, ...
 *         } catch (const autopilot::Error &error) {
 *             std::cerr << error.what() << '\n';
 *             return 1;
 *         }
 *     }
 *
 * With a client of your own, waiting until the sync completes:
 *
 *     using namespace std::chrono_literals;
 *     autopilot::Client client(autopilot::Options().timeout(10s).user_agent_suffix("acme-agent/3.1"));
 *     const auto outcome = client.sync_and_wait(token, 30min, [&](autopilot::Progress &progress) {
 *         if (progress.phase() == autopilot::Phase::token_rejected)
 *             progress.set_token(new_token(progress.claims()));
 *     });
 *     if (outcome.answer() == autopilot::Answer::too_soon)
 *         retry_in(outcome.retry_after());
 *
 * As an application that nobody attends, whose tokens the library gets itself:
 *
 *     const auto credential =
 *         autopilot::Credential::client_secret(tenant, client_id, autopilot::Secret::file, "/run/secrets/agent");
 *     autopilot::Client agent(autopilot::Options().credential(credential));
 *     std::cout << credential << ": " << agent.sync(nullptr).name() << '\n';
 *
 * With a fleet of tenants, on as many threads as run this loop:
 *
 *     for (std::size_t i = 0; i < tenants.size(); i++)
 *         fleet.add(i, tenants[i].token, autopilot::Goal::sync_and_wait(), 30min);
 *     fleet.close();
 *     while (true) {
 *         const autopilot::Event event = fleet.next();
 *         if (event.kind() == autopilot::EventKind::ended)
 *             std::cout << tenants[event.key()].name << ": " << event.detail()->message() << '\n';
 *         else if (event.kind() == autopilot::EventKind::wants_token)
 *             fleet.set_token(event.key(), new_token(event.claims()));
 *         else if (event.kind() == autopilot::EventKind::finished)
 *             break;
 *     }
 *
 * Everything here is inline and calls the C functions of autopilot_sync.h. That header describes what holds in every
 * language: who should call the library, threads, fork, the environment, the form of a token. Link with
 * libautopilot_sync and nothing else.
 *
 * Language: C++17 or later, with exceptions.
 * Answers and errors: an answer of the service is a value, an Outcome. A failure is an exception, an Error. Besides
 * that, only std::bad_alloc and the exceptions of your progress callback are thrown. Numbers that this version does not
 * know pass through unchanged: above zero as an Answer, below zero in an Error.
 * Threads: any number of threads may use a const object at once. All calls of a Client and of a Fleet are const, and so
 * is Cancel::trigger().
 * Moving: Client, Options, Cancel, Wait and Fleet can be moved, but not copied. You may destroy an object that was
 * moved from, or assign to it. Any other use throws an Error with AUTOPILOT_ERROR_INVALID_ARGUMENT and sends nothing,
 * except that a function that is noexcept does nothing.
 * Values: Outcome, Error, Event and Settings own their content. You can copy and keep them. The strings that they
 * return are copies. A Credential can be copied too: its copies share what is in it.
 * Names: enums and goals can be written to a std::ostream, and name() returns what that writes: C's name, such as
 * "AUTOPILOT_PHASE_WATCHING", or "AUTOPILOT_UNKNOWN" for a number that the library does not know.
 * C: capi() returns the C object, which its owner keeps. Outcome::from_capi() takes the result of a C call.
 */

#ifndef AUTOPILOT_SYNC_HPP
#define AUTOPILOT_SYNC_HPP

#if __cplusplus < 201703L && (!defined(_MSVC_LANG) || _MSVC_LANG < 201703L)
#error "autopilot_sync.hpp needs C++17 or later (-std=c++17); autopilot_sync.h serves C++11"
#endif

#if !defined(__cpp_exceptions) && !defined(__EXCEPTIONS) && !defined(_CPPUNWIND)
#error "autopilot_sync.hpp needs exceptions, which -fno-exceptions turns off; autopilot_sync.h serves C++ without them"
#endif

#include <chrono>
#include <cmath>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "autopilot_sync.h"

static_assert(AUTOPILOT_VERSION_MAJOR == 0 && AUTOPILOT_VERSION_MINOR == 1,
              "autopilot_sync.h and autopilot_sync.hpp have different versions: two installations are mixed");

namespace autopilot {

// Named after the ABI, so that parts of one process may be compiled with headers of different versions. Programs still
// write autopilot::Client and so on.
inline namespace v0_1 {

/// What the service answered.
enum class Answer : std::int32_t {
    /// The service accepted the trigger, and the sync runs on. From a wait: the accepted sync completed.
    accepted = AUTOPILOT_OK,
    /// A sync is already running. From a wait: it joined that sync, which completed.
    already_running = AUTOPILOT_SYNC_ALREADY_RUNNING,
    /// A sync ran less than ten minutes ago, perhaps for another caller. See Outcome::retry_after().
    too_soon = AUTOPILOT_SYNC_TOO_SOON,
    /// From a wait only: a sync was accepted or is running, but its end cannot be observed. See
    /// Outcome::why_unknown().
    unconfirmed = AUTOPILOT_SYNC_UNCONFIRMED,
    /// From Client::sync_since() only: a sync has completed since the change. Nothing was triggered.
    up_to_date = AUTOPILOT_SYNC_UP_TO_DATE,
};

/// Why a call failed.
enum class ErrorKind : std::int32_t {
    /// A null pointer, a token or an option that is not valid, or an object that was moved from. Nothing was sent.
    invalid_argument = AUTOPILOT_ERROR_INVALID_ARGUMENT,
    /// No connection: the name look-up, TCP or the proxy failed, the proxy refused, or no file descriptor or thread is
    /// left. Nothing was sent.
    connect = AUTOPILOT_ERROR_CONNECT,
    /// The service's certificate is not trusted, or the TLS handshake failed. Nothing was sent.
    tls = AUTOPILOT_ERROR_TLS,
    /// The call did not end before its deadline.
    timeout = AUTOPILOT_ERROR_TIMEOUT,
    /// The caller cancelled the call.
    cancelled = AUTOPILOT_ERROR_CANCELLED,
    /// The connection broke after the request was sent. The service may have carried it out.
    connection_lost = AUTOPILOT_ERROR_CONNECTION_LOST,
    /// HTTP 401: the service wants a new token, which must answer Error::claims() if there are any. Or Microsoft Entra
    /// refuses the credential.
    unauthorized = AUTOPILOT_ERROR_UNAUTHORIZED,
    /// HTTP 403, or a 401 of Intune's own: the tenant has no licence, or the caller lacks a permission.
    forbidden = AUTOPILOT_ERROR_FORBIDDEN,
    /// Any other HTTP status. See Error::http_status().
    service = AUTOPILOT_ERROR_SERVICE,
    /// The reply is not HTTP, or not in the documented form, or comes from a proxy or gateway instead of Microsoft
    /// Graph.
    protocol = AUTOPILOT_ERROR_PROTOCOL,
    /// The service reports that the sync failed.
    sync_failed = AUTOPILOT_ERROR_SYNC_FAILED,
    /// A fault in the library.
    internal = AUTOPILOT_ERROR_INTERNAL,
    /// An environment variable, a CA file, a proxy address or a credential cannot be used. what() names it. The request
    /// was not sent.
    configuration = AUTOPILOT_ERROR_CONFIGURATION,
};

/// What became of the trigger, the request that starts a sync.
enum class Trigger : std::int32_t {
    /// It was not sent.
    not_sent = AUTOPILOT_TRIGGER_NOT_SENT,
    /// It was sent. Whether it started a sync is unknown.
    may_have_run = AUTOPILOT_TRIGGER_MAY_HAVE_RUN,
    /// It was sent and refused: it started no sync.
    refused = AUTOPILOT_TRIGGER_REFUSED,
    /// The service accepted it: a sync has started or will start.
    accepted = AUTOPILOT_TRIGGER_ACCEPTED,
    /// The call joined a sync that was already running.
    joined = AUTOPILOT_TRIGGER_JOINED,
};

/// The state of the current or last sync.
enum class SyncStatus : std::int32_t {
    /// The service says that it does not know the state.
    unknown = AUTOPILOT_SYNC_STATUS_UNKNOWN,
    /// A sync is running.
    in_progress = AUTOPILOT_SYNC_STATUS_IN_PROGRESS,
    /// The last sync completed.
    completed = AUTOPILOT_SYNC_STATUS_COMPLETED,
    /// The last sync failed.
    failed = AUTOPILOT_SYNC_STATUS_FAILED,
    /// A state that this version does not know. See Settings::status_text().
    other = AUTOPILOT_SYNC_STATUS_OTHER,
    /// The service gave no state.
    none = AUTOPILOT_SYNC_STATUS_NONE,
};

/// What a wait is doing.
enum class Phase : std::int32_t {
    /// The wait starts. Nothing has been sent yet.
    starting = AUTOPILOT_PHASE_STARTING,
    /// The wait pauses until the service accepts a trigger, and looks meanwhile whether a sync runs or has completed.
    /// If the callback ends it here, the answer is too_soon.
    window = AUTOPILOT_PHASE_WINDOW,
    /// The wait watches a sync, or looks for the effect of a trigger that may have run.
    watching = AUTOPILOT_PHASE_WATCHING,
    /// The service refused the token. Give the wait a new one with Progress::set_token(). If the callback sets none, or
    /// the service refuses that too, the wait ends with ErrorKind::unauthorized.
    token_rejected = AUTOPILOT_PHASE_TOKEN_REJECTED,
    /// The settings cannot be read for now. The wait tries again until it can, and triggers then.
    retrying = AUTOPILOT_PHASE_RETRYING,
};

/// One of Microsoft's clouds. Each refuses the tokens of the others.
enum class Cloud : std::int32_t {
    /// The global service, and US Government GCC: https://graph.microsoft.com
    global = AUTOPILOT_CLOUD_GLOBAL,
    /// US Government L4 (GCC High): https://graph.microsoft.us
    us_government = AUTOPILOT_CLOUD_US_GOVERNMENT,
    /// US Government L5 (DoD): https://dod-graph.microsoft.us
    us_government_dod = AUTOPILOT_CLOUD_US_GOVERNMENT_DOD,
    /// China, operated by 21Vianet: https://microsoftgraph.chinacloudapi.cn
    china = AUTOPILOT_CLOUD_CHINA,
};

/// Where Credential::client_secret() finds a client secret.
enum class Secret : std::int32_t {
    /// In the argument itself.
    text = AUTOPILOT_SECRET_TEXT,
    /// In the file with this path, which holds nothing else; a line break at its end is allowed.
    file = AUTOPILOT_SECRET_FILE,
    /// In the environment variable with this name.
    variable = AUTOPILOT_SECRET_VARIABLE,
};

/// Whether a certificate is sent with each request for a token, for an application that trusts an issuer and a name
/// instead of one certificate.
enum class Chain {
    /// The thumbprint is enough.
    omit,
    /// The certificate and those above it are sent.
    send,
};

/// What a step of a Wait came to, or what a Fleet tells. Later versions may have more: treat one that you do not know
/// like pause.
enum class EventKind : std::int32_t {
    /// Nothing to tell. A Wait: step again after Event::pause(). A Fleet: the time has passed.
    pause = AUTOPILOT_EVENT_PAUSE,
    /// The service refused the token, or none was given yet: hand in a new one.
    wants_token = AUTOPILOT_EVENT_WANTS_TOKEN,
    /// The call has ended. See Event::outcome() and Event::detail().
    ended = AUTOPILOT_EVENT_ENDED,
    /// A Fleet only: more is due than the threads in Fleet::next() can do soon. One more thread that calls it would
    /// help. You may ignore this: nothing is lost, but calls end later.
    behind = AUTOPILOT_EVENT_BEHIND,
    /// A Fleet only: all calls have ended, and the fleet is closed.
    finished = AUTOPILOT_EVENT_FINISHED,
};

/// What a progress callback returns: whether the wait goes on.
enum class Flow {
    /// Go on.
    go_on,
    /// End the wait: with Answer::too_soon in Phase::window, otherwise with ErrorKind::cancelled.
    stop,
};

/// The name of a value, as C spells it. A static string.
[[nodiscard]] inline const char *name(Answer answer) noexcept
{
    return autopilot_result_name(static_cast<std::int32_t>(answer));
}
[[nodiscard]] inline const char *name(ErrorKind kind) noexcept
{
    return autopilot_result_name(static_cast<std::int32_t>(kind));
}
[[nodiscard]] inline const char *name(Trigger trigger) noexcept
{
    return autopilot_trigger_name(static_cast<std::int32_t>(trigger));
}
[[nodiscard]] inline const char *name(SyncStatus status) noexcept
{
    return autopilot_sync_status_name(static_cast<std::int32_t>(status));
}
[[nodiscard]] inline const char *name(Phase phase) noexcept
{
    return autopilot_phase_name(static_cast<std::int32_t>(phase));
}
[[nodiscard]] inline const char *name(Cloud cloud) noexcept
{
    return autopilot_cloud_name(static_cast<std::int32_t>(cloud));
}
[[nodiscard]] inline const char *name(EventKind kind) noexcept
{
    return autopilot_event_name(static_cast<std::int32_t>(kind));
}

namespace internal {

template <class T, class... Others>
inline constexpr bool is_one_of = (std::is_same_v<T, Others> || ...);

template <class T>
inline constexpr bool is_named = is_one_of<T, Answer, ErrorKind, Trigger, SyncStatus, Phase, Cloud, EventKind>;

} // namespace internal

/// Writes the name of a value.
template <class T>
std::enable_if_t<internal::is_named<T>, std::ostream &> operator<<(std::ostream &stream, T value)
{
    return stream << name(value);
}

/// A point in time. Times in Settings are by the service's clock, and those that you pass by this machine's.
using Time = std::chrono::system_clock::time_point;

namespace internal {

struct Free {
    void operator()(autopilot_options *options) const noexcept { autopilot_options_free(options); }
    void operator()(autopilot_credential *credential) const noexcept { autopilot_credential_free(credential); }
    void operator()(autopilot_client *client) const noexcept { autopilot_client_free(client); }
    void operator()(autopilot_cancel *cancel) const noexcept { autopilot_cancel_free(cancel); }
    void operator()(autopilot_wait *wait) const noexcept { autopilot_wait_free(wait); }
    void operator()(autopilot_fleet *fleet) const noexcept { autopilot_fleet_free(fleet); }
    void operator()(autopilot_settings *settings) const noexcept { autopilot_settings_free(settings); }
    void operator()(autopilot_detail *detail) const noexcept { autopilot_detail_free(detail); }
};

/// Owns a C object.
template <class T>
using Handle = std::unique_ptr<T, Free>;

/// A string of C. NULL is none.
inline std::optional<std::string> optional(const char *text)
{
    return text ? std::optional<std::string>(text) : std::nullopt;
}

/// A time of C. 0 is never. A time outside the range of the clock becomes its first or last one.
inline std::optional<Time> time(std::int64_t unix_ms)
{
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    if (unix_ms == 0)
        return std::nullopt;
    const milliseconds since_1970(unix_ms);
    // The parentheses keep the macros of windows.h away.
    const Time first = (Time::min)(), last = (Time::max)();
    if (since_1970 < duration_cast<milliseconds>(first.time_since_epoch()))
        return first;
    if (since_1970 > duration_cast<milliseconds>(last.time_since_epoch()))
        return last;
    return Time(since_1970);
}

/// A time for C, rounded up.
constexpr std::int64_t unix_ms(Time time)
{
    return std::chrono::ceil<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

} // namespace internal

/// What the service says about its Windows Autopilot sync. A value.
class Settings {
public:
    /// The state of the current or last sync.
    [[nodiscard]] SyncStatus status() const noexcept { return status_; }

    /// The state in the service's own word, such as "inProgress". None if the service gave none.
    [[nodiscard]] std::optional<std::string> status_text() const { return status_text_; }

    /// The id of the resource.
    [[nodiscard]] std::optional<std::string> id() const { return id_; }

    /// lastSyncDateTime. None for never. The service does not document whether it marks the start or the end of a sync.
    [[nodiscard]] std::optional<Time> last_sync() const noexcept { return last_sync_; }

    /// lastSyncDateTime as the service wrote it: a time in year 1 means never.
    [[nodiscard]] std::optional<std::string> last_sync_text() const { return last_sync_text_; }

    /// lastManualSyncTriggerDateTime. None for never.
    [[nodiscard]] std::optional<Time> last_manual_sync() const noexcept { return last_manual_sync_; }

    /// lastManualSyncTriggerDateTime as the service wrote it: a time in year 1 means never.
    [[nodiscard]] std::optional<std::string> last_manual_sync_text() const { return last_manual_sync_text_; }

    /// When the service should accept the next trigger, by its clock: the later of both times, plus the documented ten
    /// minutes, plus a margin of ten seconds. None if there was never a sync.
    [[nodiscard]] std::optional<Time> next_sync() const noexcept { return next_sync_; }

    /// Copies the C object, which its owner keeps. NULL gives settings in which everything is missing.
    explicit Settings(const autopilot_settings *settings)
        : status_(static_cast<SyncStatus>(autopilot_settings_status(settings))),
          status_text_(internal::optional(autopilot_settings_status_text(settings))),
          id_(internal::optional(autopilot_settings_id(settings))),
          last_sync_(internal::time(autopilot_settings_last_sync_ms(settings))),
          last_sync_text_(internal::optional(autopilot_settings_last_sync_text(settings))),
          last_manual_sync_(internal::time(autopilot_settings_last_manual_sync_ms(settings))),
          last_manual_sync_text_(internal::optional(autopilot_settings_last_manual_sync_text(settings))),
          next_sync_(internal::time(autopilot_settings_next_sync_ms(settings)))
    {
    }

    /// Compares what the service wrote: "2026-01-02T03:04:05Z" and "2026-01-02T03:04:05.0Z" differ.
    friend bool operator==(const Settings &one, const Settings &other)
    {
        return std::tie(one.status_, one.status_text_, one.id_, one.last_sync_text_, one.last_manual_sync_text_) ==
               std::tie(other.status_, other.status_text_, other.id_, other.last_sync_text_,
                        other.last_manual_sync_text_);
    }
    friend bool operator!=(const Settings &one, const Settings &other) { return !(one == other); }

private:
    SyncStatus status_;
    std::optional<std::string> status_text_;
    std::optional<std::string> id_;
    std::optional<Time> last_sync_;
    std::optional<std::string> last_sync_text_;
    std::optional<Time> last_manual_sync_;
    std::optional<std::string> last_manual_sync_text_;
    std::optional<Time> next_sync_;
};

namespace internal {

inline std::optional<Settings> optional(const autopilot_settings *settings)
{
    return settings ? std::optional<Settings>(settings) : std::nullopt;
}

} // namespace internal

/// The ids of one request, for the service's support.
struct Attempt {
    /// The GUID that the library gave the request. Microsoft's support asks for it, and Intune shows it
    /// as "Activity ID".
    std::string client_request_id;
    /// The id that Graph gave the request. None if Graph did not reply.
    std::optional<std::string> request_id;
    /// Why the request failed, on one line. None if it did not fail.
    std::optional<std::string> reason;
};

/// What is known about a call, whether it ended in an Outcome or in an Error. Copying it does not throw. The token is
/// nowhere in it, whatever the server replies.
class Detail {
public:
    /// The result as C's number.
    [[nodiscard]] autopilot_result result() const noexcept { return result_; }

    /// The name of the result, such as "AUTOPILOT_SYNC_TOO_SOON". A static string. "AUTOPILOT_UNKNOWN" for a number
    /// that the library does not know.
    [[nodiscard]] const char *name() const noexcept { return autopilot_result_name(result_); }

    /// What happened, on one line, fit for a log.
    [[nodiscard]] std::string message() const
    {
        if (text_)
            return *text_;
        return capi() ? autopilot_detail_message(capi()) : name();
    }

    /// The HTTP status of the reply to the last request. 0 if there was no reply.
    [[nodiscard]] std::int32_t http_status() const noexcept { return autopilot_detail_http_status(capi()); }

    /// Graph's error code, such as "Forbidden". It differs between the service's front ends, so use it for logs only.
    [[nodiscard]] std::optional<std::string> code() const
    {
        return internal::optional(autopilot_detail_code(capi()));
    }

    /// The service's own message on one line, in UTF-8, without the JSON around it.
    [[nodiscard]] std::optional<std::string> service_message() const
    {
        return internal::optional(autopilot_detail_service_message(capi()));
    }

    /// How long the service asks to wait before the next request, from the end of the call. None if unknown.
    [[nodiscard]] std::optional<std::chrono::milliseconds> retry_after() const noexcept
    {
        const std::int64_t ms = autopilot_detail_retry_after_ms(capi());
        return ms < 0 ? std::nullopt : std::optional<std::chrono::milliseconds>(ms);
    }

    /// What became of the trigger.
    [[nodiscard]] Trigger trigger() const noexcept
    {
        return static_cast<Trigger>(autopilot_detail_trigger(capi()));
    }

    /// Why it is unknown how the sync ended, after Answer::unconfirmed, or when the next is possible, after
    /// Answer::too_soon without retry_after(). One line, for people; the message ends with it. None if neither is
    /// unknown, or if Options::trigger_only() forbade to look. What it can say: see autopilot_detail_why_unknown() in
    /// autopilot_sync.h.
    [[nodiscard]] std::optional<std::string> why_unknown() const
    {
        return internal::optional(autopilot_detail_why_unknown(capi()));
    }

    /// The claims that a new token must answer, as JSON. Pass them to whatever issues the token.
    [[nodiscard]] std::optional<std::string> claims() const
    {
        return internal::optional(autopilot_detail_claims(capi()));
    }

    /// The requests of the call, with retries and with those that could not be sent. Of a long wait, only the first 8
    /// and the last 64 are kept.
    [[nodiscard]] std::vector<Attempt> attempts() const
    {
        std::vector<Attempt> attempts;
        for (std::int32_t i = 0; i < autopilot_detail_attempts(capi()); i++) {
            const char *client_request_id = autopilot_detail_client_request_id(capi(), i);
            const char *request_id = autopilot_detail_request_id(capi(), i);
            const char *reason = autopilot_detail_attempt_reason(capi(), i);
            attempts.push_back({client_request_id, internal::optional(request_id), internal::optional(reason)});
        }
        return attempts;
    }

    /// The story of the call: what happened when. A line for each event, "MS ms TOPIC: TEXT", with a line feed at its
    /// end. Its form: see autopilot_detail_trace() in autopilot_sync.h. Neither the token nor a proxy's user name or
    /// password is in it.
    [[nodiscard]] std::string trace() const { return autopilot_detail_trace(capi()); }

    /// The settings that the call read last. None if it read none.
    [[nodiscard]] std::optional<Settings> settings() const
    {
        return internal::optional(autopilot_detail_settings(capi()));
    }

    /// The C object. It lives as long as this object or a copy. NULL if the library could not make it.
    [[nodiscard]] const autopilot_detail *capi() const noexcept { return detail_.get(); }

protected:
    Detail(autopilot_result result, internal::Handle<autopilot_detail> detail)
        : result_(result), detail_(std::move(detail))
    {
    }

    Detail(autopilot_result result, const std::string &text)
        : result_(result), text_(std::make_shared<const std::string>(text))
    {
    }

private:
    autopilot_result result_;
    std::shared_ptr<const autopilot_detail> detail_;
    std::shared_ptr<const std::string> text_; // the message of an error that came from no C call
};

/// Why a call failed: the only exception of this library. what() is one line, fit for a log. Copying it does not throw.
class Error : public std::runtime_error, public Detail {
public:
    /// The kind: switch on it.
    [[nodiscard]] ErrorKind kind() const noexcept { return static_cast<ErrorKind>(result()); }

    /// An error that came from no call, with no more detail than this.
    Error(autopilot_result result, const std::string &what)
        : std::runtime_error(what), Detail(result, what)
    {
    }

    /// An error with the detail of a call.
    explicit Error(const Detail &detail) : std::runtime_error(detail.message()), Detail(detail) {}
};

/// What the service answered, and what else is known.
class [[nodiscard]] Outcome : public Detail {
public:
    /// The answer: switch on it.
    [[nodiscard]] Answer answer() const noexcept { return static_cast<Answer>(result()); }

    /// The outcome of a C call. Throws an Error if the result is below zero. Takes ownership of the detail, which may
    /// be NULL.
    static Outcome from_capi(autopilot_result result, autopilot_detail *detail)
    {
        return checked(Outcome(result, internal::Handle<autopilot_detail>(detail)));
    }

private:
    using Detail::Detail;

    static Outcome checked(Outcome outcome)
    {
        if (outcome.result() < 0)
            throw Error(outcome);
        return outcome;
    }

    friend class Event;
};

/// What a step of a Wait came to, or what a Fleet tells. A value.
class [[nodiscard]] Event {
public:
    /// The kind: switch on it.
    [[nodiscard]] EventKind kind() const noexcept { return kind_; }

    /// Of a Fleet: the key of the tenant that it is about. 0 if it is about none.
    [[nodiscard]] std::uint64_t key() const noexcept { return key_; }

    /// Of a Wait, for EventKind::pause: the time until the next step is due.
    [[nodiscard]] std::chrono::milliseconds pause() const noexcept { return pause_; }

    /// For EventKind::ended: what the call came to, as if it had blocked. Returns its Outcome, or throws its Error. For
    /// any other kind, throws an Error of ErrorKind::invalid_argument.
    Outcome outcome() const
    {
        if (kind_ != EventKind::ended)
            throw Error(AUTOPILOT_ERROR_INVALID_ARGUMENT, "invalid argument: the call has not ended");
        return Outcome::checked(*told_);
    }

    /// For EventKind::ended: what is known about the call, whether it succeeded or failed. For EventKind::wants_token:
    /// how the service refused the token. None if it has refused none, and for any other kind.
    [[nodiscard]] std::optional<Detail> detail() const { return told_; }

    /// For EventKind::wants_token: the claims that the new token must answer, as JSON. None if the service asked for
    /// none.
    [[nodiscard]] std::optional<std::string> claims() const { return told_ ? told_->claims() : std::nullopt; }

private:
    Event(autopilot_event event, std::uint64_t key, std::int64_t pause_ms, autopilot_result result,
          autopilot_detail *detail)
        : kind_(static_cast<EventKind>(event)), key_(key), pause_(pause_ms)
    {
        internal::Handle<autopilot_detail> owned(detail);
        if (detail || kind_ == EventKind::ended)
            told_ = Outcome(result, std::move(owned));
    }

    EventKind kind_;
    std::uint64_t key_;
    std::chrono::milliseconds pause_;
    std::optional<Outcome> told_;

    friend class Wait;
    friend class Fleet;
};

/// A string argument: a `const char *`, a std::string with any allocator, or a std::string_view; in C++20 also their
/// counterparts of char8_t, such as u8"text". Functions take it and do not keep it.
///
/// It does not copy a `const char *` or a named string, so these must outlive it. It copies a temporary string, and a
/// std::string_view, because C needs a NUL at the end; it wipes that copy after the call. A string with a NUL inside is
/// refused, not cut: with AUTOPILOT_ERROR_INVALID_ARGUMENT, and nothing is sent.
class Text {
public:
    /// The function that takes it refuses NULL.
    Text(const char *text) noexcept : text_(text) {}

    template <class Allocator>
    Text(const std::basic_string<char, std::char_traits<char>, Allocator> &text) noexcept
        : text_(text.c_str()), has_nul_(text.find('\0') != text.npos)
    {
    }

    template <class Allocator>
    Text(const std::basic_string<char, std::char_traits<char>, Allocator> &&text) : Text(std::string_view(text))
    {
    }

    /// Takes over the temporary, and so wipes the only copy.
    Text(std::string &&text) noexcept
        : copy_(std::move(text)), text_(copy_.c_str()), has_nul_(copy_.find('\0') != copy_.npos)
    {
    }

    Text(std::string_view text) : copy_(text), text_(copy_.c_str()), has_nul_(text.find('\0') != text.npos) {}

#ifdef __cpp_lib_char8_t
    /// A template, so that nullptr remains a `const char *`.
    template <class Char, std::enable_if_t<std::is_same_v<Char, char8_t>, int> = 0>
    Text(const Char *text) noexcept : text_(reinterpret_cast<const char *>(text))
    {
    }

    template <class Allocator>
    Text(const std::basic_string<char8_t, std::char_traits<char8_t>, Allocator> &text)
        : Text(std::u8string_view(text))
    {
    }

    Text(std::u8string_view text)
        : Text(std::string_view(reinterpret_cast<const char *>(text.data()), text.size()))
    {
    }
#endif

    Text(const Text &) = delete;
    Text &operator=(const Text &) = delete;

    ~Text()
    {
        // Volatile, so that the compiler keeps the writes.
        for (volatile char &byte : copy_)
            byte = '\0';
    }

    /// The string for C. Throws if there is a NUL inside; `name` names the argument in the error.
    [[nodiscard]] const char *capi(const char *name) const
    {
        if (has_nul_)
            throw Error(AUTOPILOT_ERROR_INVALID_ARGUMENT,
                        std::string("invalid argument: a NUL inside ") + name);
        return text_;
    }

private:
    std::string copy_;
    const char *text_;
    bool has_nul_ = false;
};

/// A time argument: any std::chrono::duration, rounded up to milliseconds. It never wraps: the function that takes it
/// refuses a value out of range.
class Duration {
public:
    template <class Rep, class Period>
    Duration(std::chrono::duration<Rep, Period> duration) noexcept
    {
        const auto ms = std::ceil(std::chrono::duration<long double, std::milli>(duration).count());
        if (ms >= static_cast<long double>(INT64_MAX))
            ms_ = INT64_MAX;
        else if (ms > 0)
            ms_ = static_cast<std::int64_t>(ms);
        else
            ms_ = ms > -1 ? 0 : -1; // -1 also for NaN
    }

    /// The milliseconds.
    [[nodiscard]] std::int64_t capi() const noexcept { return ms_; }

private:
    std::int64_t ms_;
};

namespace internal {

/// Whether T has a u8string(), as std::filesystem::path does. So programs that need none do not include <filesystem>.
template <class T, class = void>
inline constexpr bool is_path = false;
template <class T>
inline constexpr bool is_path<T, std::void_t<decltype(std::declval<const T &>().u8string())>> = true;

} // namespace internal

/// Gets tokens for programs that nobody attends: from Microsoft Entra for an application, or from the Azure platform
/// that the program runs on. Give it to a client with Options::credential(), or to one call with Wait::set_credential()
/// or Fleet::set_credential(). These keep what is in it, so it may go before them.
///
/// To make a credential sends nothing. The first call that needs a token asks for it: in the client's cloud, by its
/// proxy, trust and timeouts. The token stays in memory until five minutes before its end, or until the service refuses
/// it. If several threads need one at once, one of them asks. Any number of threads may use a credential at once. When
/// nothing uses it any more, the library wipes the secret and the token from its memory (of a key, see SECURITY.md).
///
/// tenant: the tenant's id, or one of its domains. client_id: the application's id. Paths are UTF-8.
///
/// The functions that make one throw an Error of ErrorKind::invalid_argument if an argument is wrong, and of
/// ErrorKind::configuration if a file or a variable cannot be used. If Entra refuses the credential, the call that needs
/// the token throws ErrorKind::unauthorized; what() says what to do.
class Credential {
public:
    /// An application with a client secret, which is read now, once.
    [[nodiscard]] static Credential client_secret(const Text &tenant, const Text &client_id, Secret kind,
                                                  const Text &secret)
    {
        return made([&](autopilot_credential **credential, autopilot_detail **detail) {
            return autopilot_credential_new_secret(tenant.capi("the tenant"), client_id.capi("the client id"),
                                                   static_cast<std::int32_t>(kind), secret.capi("the secret"),
                                                   credential, detail);
        });
    }

    /// An application with a certificate. file: a PEM file with the certificate and its RSA key (PKCS#8 or PKCS#1, not
    /// encrypted), and perhaps the certificates above it, in any order. It is read now, once: after a renewal, make a
    /// new credential.
    [[nodiscard]] static Credential client_certificate(const Text &tenant, const Text &client_id, const Text &file,
                                                       Chain chain = Chain::omit)
    {
        return made([&](autopilot_credential **credential, autopilot_detail **detail) {
            return autopilot_credential_new_certificate(tenant.capi("the tenant"), client_id.capi("the client id"),
                                                        file.capi("the file"), chain == Chain::send, credential, detail);
        });
    }

    /// An application that trusts the tokens of another issuer, such as a Kubernetes cluster (workload identity
    /// federation). file: a file with such a token. Each request for a token reads it anew, because its issuer renews it.
    [[nodiscard]] static Credential workload_identity(const Text &tenant, const Text &client_id, const Text &file)
    {
        return made([&](autopilot_credential **credential, autopilot_detail **detail) {
            return autopilot_credential_new_workload_identity(tenant.capi("the tenant"), client_id.capi("the client id"),
                                                              file.capi("the file"), credential, detail);
        });
    }

    /// The managed identity of the platform that the program runs on: App Service, Functions or Container Apps if the
    /// environment names one, Azure Arc if its agent is there, otherwise an Azure virtual machine. Its requests for
    /// tokens go to an address of this machine or its link, and never through a proxy. Azure keeps such a token for up
    /// to a day: a role that was granted just now may not be in it.
    ///
    /// client_id: the id of a user-assigned identity's application. nullptr for the system-assigned identity.
    [[nodiscard]] static Credential managed_identity(const Text &client_id = nullptr)
    {
        return made([&](autopilot_credential **credential, autopilot_detail **detail) {
            return autopilot_credential_new_managed_identity(client_id.capi("the client id"), credential, detail);
        });
    }

    /// What the environment names, by the variables of Azure's own libraries: AZURE_TENANT_ID and AZURE_CLIENT_ID with
    /// AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE, otherwise a managed identity.
    /// AZURE_AUTHORITY_HOST is another host for logins. describe() says which it took, and why none of the others.
    [[nodiscard]] static Credential from_environment() { return made(autopilot_credential_from_environment); }

    /// The same application in another tenant, for a fleet of tenants that have all granted it its role. Both share the
    /// secret or the key, and each has its own token. A managed identity belongs to one tenant, so it is refused.
    [[nodiscard]] Credential for_tenant(const Text &tenant) const
    {
        return made([&](autopilot_credential **credential, autopilot_detail **detail) {
            return autopilot_credential_for_tenant(mine(), tenant.capi("the tenant"), credential, detail);
        });
    }

    /// One line, fit for a log, without a secret: "application ... in tenant ..., by its client secret".
    [[nodiscard]] std::string describe() const { return autopilot_credential_describe(mine()); }
    friend std::ostream &operator<<(std::ostream &stream, const Credential &credential)
    {
        return stream << credential.describe();
    }

    /// The C object. It lives as long as this object or a copy. NULL if this was moved from.
    [[nodiscard]] const autopilot_credential *capi() const noexcept { return credential_.get(); }

private:
    explicit Credential(internal::Handle<autopilot_credential> credential) : credential_(std::move(credential)) {}

    template <class Make>
    static Credential made(Make make)
    {
        autopilot_credential *credential = nullptr;
        autopilot_detail *detail = nullptr;
        const autopilot_result result = make(&credential, &detail);
        internal::Handle<autopilot_credential> owned(credential);
        static_cast<void>(Outcome::from_capi(result, detail));
        return Credential(std::move(owned));
    }

    const autopilot_credential *mine() const
    {
        if (!credential_)
            throw Error(AUTOPILOT_ERROR_INVALID_ARGUMENT, "invalid argument: the credential was moved from");
        return credential_.get();
    }

    friend class Options;
    friend class Wait;
    friend class Fleet;
    std::shared_ptr<const autopilot_credential> credential_;
};

/// The options of a client. Each setter copies its argument and returns the options for the next setter: by reference,
/// or by value if they are a temporary, as in `Options().timeout(5s)`. If an argument is not valid, the setter throws
/// an Error that names the option, and changes nothing. Only one thread at a time may set options.
class Options {
public:
    Options() : options_(autopilot_options_new())
    {
        if (!options_)
            throw Error(AUTOPILOT_ERROR_INTERNAL, "internal error: cannot make options");
    }

    /// Sets the cloud whose Microsoft Graph the client calls. Replaces a base URL. Default: Cloud::global.
    Options &cloud(Cloud cloud) &
    {
        return set(autopilot_options_set_cloud(mine(), static_cast<std::int32_t>(cloud)));
    }
    [[nodiscard]] Options cloud(Cloud cloud) && { return std::move(this->cloud(cloud)); }

    /// Sets the root of a Microsoft Graph that is not in the list of clouds, such as "https://graph.example": https, a
    /// host, and optionally a port and a final slash. Replaces the cloud. Tokens are sent there. Default: the root of
    /// the cloud.
    Options &base_url(const Text &url) &
    {
        return set(autopilot_options_set_base_url(mine(), url.capi("base_url")));
    }
    [[nodiscard]] Options base_url(const Text &url) && { return std::move(this->base_url(url)); }

    /// Sets a proxy, as "scheme://user:password@host:port". The scheme is http, https, socks5 (the library looks names
    /// up) or socks5h (the proxy looks them up). If there is no scheme, it is http. If there is no port, it is 443 for
    /// https and 1080 for the others. User name and password may be percent-encoded; a slash, a question mark, a hash
    /// or a blank in them must be. "" means no proxy, whatever the environment says. Default: the environment's proxy,
    /// with its exceptions.
    Options &proxy(const Text &url) &
    {
        return set(autopilot_options_set_proxy(mine(), url.capi("proxy")));
    }
    [[nodiscard]] Options proxy(const Text &url) && { return std::move(this->proxy(url)); }

    /// Sets a PEM file of certificate authorities to trust instead of those of the system and the environment. Its path
    /// is UTF-8. A new client reads it, and so does a call after a failed TLS handshake. So it must be a regular file,
    /// not a pipe, of at most 16 MiB. Default: SSL_CERT_FILE and SSL_CERT_DIR if they are set, otherwise the system's
    /// trust.
    Options &ca_file(const Text &path) &
    {
        return set(autopilot_options_set_ca_file(mine(), path.capi("ca_file")));
    }
    [[nodiscard]] Options ca_file(const Text &path) && { return std::move(this->ca_file(path)); }

    /// The same with a std::filesystem::path. Throws what that throws if it cannot be converted to UTF-8.
    template <class Path, std::enable_if_t<internal::is_path<Path>, int> = 0>
    Options &ca_file(const Path &path) &
    {
        return ca_file(Text(path.u8string()));
    }
    template <class Path, std::enable_if_t<internal::is_path<Path>, int> = 0>
    [[nodiscard]] Options ca_file(const Path &path) &&
    {
        return std::move(this->ca_file(path));
    }

    /// Sets how long a call may take, from the name look-up to the last byte, including retries: from one millisecond
    /// to 24 hours. In a wait, it bounds each request. Default: 30 seconds.
    Options &timeout(Duration timeout) &
    {
        return set(autopilot_options_set_timeout_ms(mine(), timeout.capi()));
    }
    [[nodiscard]] Options timeout(Duration timeout) && { return std::move(this->timeout(timeout)); }

    /// Sets how long one attempt to connect may take, with name look-up, TCP, proxy and TLS: from one millisecond to 24
    /// hours. Default: as long as the call.
    Options &connect_timeout(Duration timeout) &
    {
        return set(autopilot_options_set_connect_timeout_ms(mine(), timeout.capi()));
    }
    [[nodiscard]] Options connect_timeout(Duration timeout) && { return std::move(this->connect_timeout(timeout)); }

    /// Sets how often a request is repeated after a transient failure, from 0 to 10. A trigger is repeated only if it
    /// cannot have run. Default: 3.
    Options &max_retries(std::int32_t retries) &
    {
        return set(autopilot_options_set_max_retries(mine(), retries));
    }
    [[nodiscard]] Options max_retries(std::int32_t retries) && { return std::move(this->max_retries(retries)); }

    /// Sets a text to follow the library's name in the User-Agent, such as "acme-agent/3.1": 1 to 256 bytes of visible
    /// ASCII, with blanks inside. Default: no text.
    Options &user_agent_suffix(const Text &suffix) &
    {
        return set(autopilot_options_set_user_agent_suffix(mine(), suffix.capi("user_agent_suffix")));
    }
    [[nodiscard]] Options user_agent_suffix(const Text &suffix) &&
    {
        return std::move(this->user_agent_suffix(suffix));
    }

    /// Ignores the environment variables and, on Windows, the proxies of the machine and the user. Default: the client
    /// reads them, except in a process with more rights than the user who started it.
    Options &ignore_environment() &
    {
        return set(autopilot_options_set_ignore_environment(mine()));
    }
    [[nodiscard]] Options ignore_environment() && { return std::move(this->ignore_environment()); }

    /// Client::sync() sends the trigger, and never reads the settings. Default: if the service answers "too soon"
    /// without saying until when, it reads them once.
    Options &trigger_only() & { return set(autopilot_options_set_trigger_only(mine())); }
    [[nodiscard]] Options trigger_only() && { return std::move(this->trigger_only()); }

    /// Sets the credential that gets the tokens of the client's calls if they are given nullptr for the token. Default:
    /// none.
    Options &credential(const Credential &credential) &
    {
        return set(autopilot_options_set_credential(mine(), credential.mine()));
    }
    [[nodiscard]] Options credential(const Credential &credential) &&
    {
        return std::move(this->credential(credential));
    }

    /// The C object. NULL if this was moved from.
    [[nodiscard]] autopilot_options *capi() noexcept { return options_.get(); }
    [[nodiscard]] const autopilot_options *capi() const noexcept { return options_.get(); }

private:
    autopilot_options *mine() const
    {
        if (!options_)
            throw Error(AUTOPILOT_ERROR_INVALID_ARGUMENT, "invalid argument: the options were moved from");
        return options_.get();
    }

    Options &set(autopilot_result result)
    {
        const char *reason = autopilot_options_error(options_.get());
        if (result < 0)
            throw Error(result, reason ? reason : "internal error: cannot set the option");
        return *this;
    }

    friend class Client;
    internal::Handle<autopilot_options> options_;
};

/// Ends calls from another thread: those that run with it, at once, and those that begin with it later. It stays
/// triggered for good. One cancel may serve many calls, and must outlive them.
class Cancel {
public:
    Cancel() : cancel_(autopilot_cancel_new())
    {
        if (!cancel_)
            throw Error(AUTOPILOT_ERROR_INTERNAL, "internal error: cannot make a cancel");
    }

    /// Ends the calls of this cancel with ErrorKind::cancelled, within milliseconds. Does not block. A signal handler
    /// must not call it.
    void trigger() const noexcept { autopilot_cancel_trigger(cancel_.get()); }

    /// The C object. NULL if this was moved from.
    [[nodiscard]] const autopilot_cancel *capi() const noexcept { return cancel_.get(); }

private:
    internal::Handle<autopilot_cancel> cancel_;
};

/// The state of a wait. A callback gets one, which is valid only during the callback, on the same thread. For a call in
/// steps, Wait::progress() makes one.
class Progress {
public:
    explicit Progress(autopilot_progress *progress) noexcept : progress_(progress) {}
    Progress(const Progress &) = delete;
    Progress &operator=(const Progress &) = delete;

    /// What the wait is doing.
    [[nodiscard]] Phase phase() const noexcept
    {
        return static_cast<Phase>(autopilot_progress_phase(progress_));
    }

    /// What became of the trigger so far. If the callback throws, the wait has no Error that would say it.
    [[nodiscard]] Trigger trigger() const noexcept
    {
        return static_cast<Trigger>(autopilot_progress_trigger(progress_));
    }

    /// The time since the wait began.
    [[nodiscard]] std::chrono::milliseconds elapsed() const noexcept
    {
        return std::chrono::milliseconds(autopilot_progress_elapsed_ms(progress_));
    }

    /// The time until the wait reads the settings again or sends a trigger.
    [[nodiscard]] std::chrono::milliseconds next_step() const noexcept
    {
        return std::chrono::milliseconds(autopilot_progress_next_step_ms(progress_));
    }

    /// The settings that the wait read last: a copy that you may keep. None if it has read none.
    [[nodiscard]] std::optional<Settings> settings() const
    {
        return internal::optional(autopilot_progress_settings(progress_));
    }

    /// In Phase::token_rejected: the claims that the new token must answer, as JSON. None if the service asked for
    /// none.
    [[nodiscard]] std::optional<std::string> claims() const
    {
        return internal::optional(autopilot_progress_claims(progress_));
    }

    /// Gives the wait a new token. The library copies it, and wipes the copy when the wait ends. The wait uses it from
    /// the next request on; in Phase::token_rejected it repeats the refused request with it at once. If the text cannot
    /// be a token, throws and changes nothing.
    void set_token(const Text &new_token)
    {
        const autopilot_result result = autopilot_progress_set_token(progress_, new_token.capi("the token"));
        if (result < 0)
            throw Error(result, "invalid argument: the new token is not valid");
    }

    /// The C object.
    [[nodiscard]] autopilot_progress *capi() const noexcept { return progress_; }

private:
    autopilot_progress *progress_;
};

namespace internal {

/// The user_data of a progress callback.
struct Callback {
    std::function<Flow(Progress &)> call;
    std::exception_ptr thrown;
};

/// Whether a wait accepts F as a progress callback.
template <class F>
inline constexpr bool is_callback = std::is_invocable_v<F &, Progress &>;

/// Whether a callback may be null: a pointer, a std::function, or another type that compares with nullptr. Excludes
/// functions, because compilers warn that these are never null.
template <class F, class = void>
inline constexpr bool is_nullable = false;
template <class F>
inline constexpr bool is_nullable<F, std::void_t<decltype(std::declval<const F &>() == nullptr)>> =
    !std::is_function_v<F>;

template <class F>
bool is_null(const F &callback)
{
    if constexpr (is_nullable<F>)
        return callback == nullptr;
    else
        return false;
}

template <class F>
bool is_null(const std::reference_wrapper<F> &callback)
{
    return is_null(callback.get());
}

/// The function that C calls. It has C linkage, so no namespace makes its name unique. Nothing is thrown through C: the
/// exception is kept until the call has ended.
extern "C" inline std::int32_t autopilot_cpp_v0_1_on_progress(autopilot_progress *progress,
                                                              void *user_data) noexcept
{
    Callback &callback = *static_cast<Callback *>(user_data);
    try {
        Progress known(progress);
        return callback.call(known) == Flow::go_on ? 0 : 1;
    } catch (...) {
        callback.thrown = std::current_exception();
        return 1;
    }
}

} // namespace internal

/// Connections to one cloud's Microsoft Graph. Each call brings its token, so one client serves many tenants. Any number
/// of threads may use a client at once. They share its connections, which stay open between calls. A client must outlive
/// its calls.
///
/// token: a bearer token with the permission DeviceManagementServiceConfig.ReadWrite.All, without the word "Bearer" and
/// without quotes. It is visible ASCII, at most 64 KiB; one line break at its end is allowed. The library keeps no copy
/// after a call. Or nullptr, if the options have a credential: that gets the token, and a new one if the service refuses
/// it. The request for a token is one of the call's, with its retries, within its deadline.
class Client {
public:
    /// Makes a client with the default options. Reads the environment now, and connects to nothing. Throws an Error of
    /// ErrorKind::configuration if an environment variable or the CA file cannot be used, ErrorKind::connect if no file
    /// descriptor is left to read it.
    Client() : Client(nullptr) {}

    /// Makes a client with these options. Keeps no reference to them.
    explicit Client(const Options &options) : Client(options.mine()) {}

    /// The client of autopilot::sync(): default options, shared by the whole process.
    [[nodiscard]] static Client shared() noexcept { return Client(Shared()); }

    Client(Client &&other) noexcept
        : client_(std::move(other.client_)), is_shared_(std::exchange(other.is_shared_, false))
    {
    }

    Client &operator=(Client &&other) noexcept
    {
        client_ = std::move(other.client_);
        is_shared_ = std::exchange(other.is_shared_, false);
        return *this;
    }

    /// Triggers a sync, and returns when the service has replied. The sync itself runs on. Sends a trigger again only
    /// if the first one cannot have run. Blocks for at most the client's timeout.
    Outcome sync(const Text &token) const { return trigger(token, nullptr); }
    Outcome sync(const Text &token, const Cancel &cancel) const { return trigger(token, checked(cancel)); }

    /// Reads the state and the times of the last sync. The permission DeviceManagementServiceConfig.Read.All is enough.
    /// Blocks for at most the client's timeout.
    [[nodiscard]] Settings settings(const Text &token) const { return read(token, nullptr); }
    [[nodiscard]] Settings settings(const Text &token, const Cancel &cancel) const
    {
        return read(token, checked(cancel));
    }

    /// Triggers a sync and waits until it ends. If a sync is already running, joins it. If the service does not accept
    /// a trigger yet, pauses until it does, as long as that is before the deadline.
    ///
    /// timeout: the deadline of the whole wait, from one millisecond to 24 hours. A sync takes seconds in a small
    /// tenant and minutes in a large one. Add ten minutes if another sync may have run just before.
    /// progress: called as progress(Progress &) on the calling thread, before the first request and then about once a
    /// second. It is not called during a request, which takes the client's timeout at most. It returns nothing or a
    /// Flow. It may call everything in this library. If it throws, the wait ends and throws the same exception. It must
    /// not end otherwise: no longjmp, no pthread_cancel. A null pointer or an empty std::function is refused with
    /// AUTOPILOT_ERROR_INVALID_ARGUMENT, and nothing is sent.
    ///
    /// Returns Answer::accepted if the sync that it triggered completed, already_running if a sync that it joined
    /// completed, too_soon if the service accepts no trigger before the deadline, and unconfirmed if the end cannot be
    /// observed. Throws ErrorKind::sync_failed if the service reports that the sync failed, and ErrorKind::timeout if
    /// no end was seen before the deadline; Error::trigger() then says whether a sync runs. Both have the settings that
    /// were read last. The page docs/readings.md of the library lists the cases in which the wait can be wrong.
    Outcome sync_and_wait(const Text &token, Duration timeout) const
    {
        return wait(token, std::nullopt, timeout, nullptr, nullptr);
    }
    Outcome sync_and_wait(const Text &token, Duration timeout, const Cancel &cancel) const
    {
        return wait(token, std::nullopt, timeout, checked(cancel), nullptr);
    }
    template <class F, std::enable_if_t<internal::is_callback<F>, int> = 0>
    Outcome sync_and_wait(const Text &token, Duration timeout, F &&progress) const
    {
        internal::Callback callback = erased(progress);
        return wait(token, std::nullopt, timeout, nullptr, &callback);
    }
    template <class F, std::enable_if_t<internal::is_callback<F>, int> = 0>
    Outcome sync_and_wait(const Text &token, Duration timeout, F &&progress, const Cancel &cancel) const
    {
        internal::Callback callback = erased(progress);
        return wait(token, std::nullopt, timeout, checked(cancel), &callback);
    }

    /// Makes sure that a sync has completed since a change: looks, and triggers only if none has. Call it when you have
    /// imported, assigned or deleted devices, or to check that the last sync is recent enough.
    ///
    /// since: the moment at which your change was finished: now, or a time in the past. If a sync may have been running
    /// at that moment, pass a moment that is a sync's length later. A time before the year 2000, or more than five
    /// minutes ahead, is refused with AUTOPILOT_ERROR_INVALID_ARGUMENT, and nothing is sent.
    /// timeout, progress: as for sync_and_wait().
    ///
    /// Returns Answer::up_to_date if a completed sync was recorded at or after the change: nothing was triggered.
    /// Returns accepted if the sync that it triggered completed, and already_running if another sync completed that
    /// began after the change. Any other end is as for sync_and_wait(). What an answer proves: see
    /// autopilot_client_sync_since() in autopilot_sync.h.
    Outcome sync_since(const Text &token, Time since, Duration timeout) const
    {
        return wait(token, since, timeout, nullptr, nullptr);
    }
    Outcome sync_since(const Text &token, Time since, Duration timeout, const Cancel &cancel) const
    {
        return wait(token, since, timeout, checked(cancel), nullptr);
    }
    template <class F, std::enable_if_t<internal::is_callback<F>, int> = 0>
    Outcome sync_since(const Text &token, Time since, Duration timeout, F &&progress) const
    {
        internal::Callback callback = erased(progress);
        return wait(token, since, timeout, nullptr, &callback);
    }
    template <class F, std::enable_if_t<internal::is_callback<F>, int> = 0>
    Outcome sync_since(const Text &token, Time since, Duration timeout, F &&progress, const Cancel &cancel) const
    {
        internal::Callback callback = erased(progress);
        return wait(token, since, timeout, checked(cancel), &callback);
    }

    /// One line for a log: the library's version, the root of Microsoft Graph, the proxy and where it comes from, the
    /// trusted certificates, the timeouts and the retries. No password is in it. Empty if the shared client cannot be
    /// made.
    [[nodiscard]] std::string describe() const
    {
        return internal::optional(autopilot_client_describe(mine())).value_or(std::string());
    }

    /// The C object. NULL if this is the shared client, or was moved from. C takes NULL for the shared client.
    [[nodiscard]] const autopilot_client *capi() const noexcept { return client_.get(); }

private:
    struct Shared {};

    explicit Client(Shared) noexcept : is_shared_(true) {}

    explicit Client(const autopilot_options *options)
    {
        autopilot_client *client = nullptr;
        autopilot_detail *detail = nullptr;
        const autopilot_result result = autopilot_client_new(options, &client, &detail);
        client_.reset(client);
        static_cast<void>(Outcome::from_capi(result, detail));
    }

    /// The client for C, which would take NULL for the shared one.
    const autopilot_client *mine() const
    {
        if (!client_ && !is_shared_)
            throw Error(AUTOPILOT_ERROR_INVALID_ARGUMENT, "invalid argument: the client was moved from");
        return client_.get();
    }

    /// The cancel for C, which would take NULL for none.
    static const autopilot_cancel *checked(const Cancel &cancel)
    {
        if (!cancel.capi())
            throw Error(AUTOPILOT_ERROR_INVALID_ARGUMENT, "invalid argument: the cancel was moved from");
        return cancel.capi();
    }

    Outcome trigger(const Text &token, const autopilot_cancel *cancel) const
    {
        autopilot_detail *detail = nullptr;
        const autopilot_result result =
            autopilot_client_sync(mine(), token.capi("the token"), cancel, &detail);
        return Outcome::from_capi(result, detail);
    }

    Settings read(const Text &token, const autopilot_cancel *cancel) const
    {
        autopilot_settings *settings = nullptr;
        autopilot_detail *detail = nullptr;
        const autopilot_result result =
            autopilot_client_settings(mine(), token.capi("the token"), cancel, &settings, &detail);
        const internal::Handle<autopilot_settings> owned(settings);
        static_cast<void>(Outcome::from_capi(result, detail));
        return Settings(owned.get());
    }

    Outcome wait(const Text &token, std::optional<Time> since, Duration timeout, const autopilot_cancel *cancel,
                 internal::Callback *callback) const
    {
        autopilot_detail *detail = nullptr;
        const char *const text = token.capi("the token");
        const autopilot_progress_fn progress = callback ? internal::autopilot_cpp_v0_1_on_progress : nullptr;
        const autopilot_result result =
            since ? autopilot_client_sync_since(mine(), text, internal::unix_ms(*since), timeout.capi(), cancel,
                                                progress, callback, &detail)
                  : autopilot_client_sync_and_wait(mine(), text, timeout.capi(), cancel, progress, callback, &detail);
        internal::Handle<autopilot_detail> owned(detail);
        if (callback && callback->thrown)
            std::rethrow_exception(std::exchange(callback->thrown, nullptr));
        return Outcome::from_capi(result, owned.release());
    }

    template <class F>
    static internal::Callback erased(F &progress)
    {
        using Returned = std::invoke_result_t<F &, Progress &>;
        static_assert(std::is_void_v<Returned> || std::is_convertible_v<Returned, Flow>,
                      "a progress callback must return nothing or autopilot::Flow");
        if (internal::is_null(progress))
            throw Error(AUTOPILOT_ERROR_INVALID_ARGUMENT, "invalid argument: the progress callback is null");
        return {[&progress](Progress &known) {
                    if constexpr (std::is_void_v<Returned>) {
                        std::invoke(progress, known);
                        return Flow::go_on;
                    } else {
                        return std::invoke(progress, known);
                    }
                },
                nullptr};
    }

    friend class Wait;
    friend class Fleet;
    internal::Handle<autopilot_client> client_;
    bool is_shared_ = false;
};

/// What a Wait, or a tenant's call in a Fleet, is for.
class Goal {
public:
    /// The settings, as by Client::settings(). Event::detail() has them.
    [[nodiscard]] static constexpr Goal settings() noexcept { return Goal(AUTOPILOT_GOAL_SETTINGS, 0); }

    /// The reply to a trigger, as by Client::sync().
    [[nodiscard]] static constexpr Goal sync() noexcept { return Goal(AUTOPILOT_GOAL_SYNC, 0); }

    /// The end of a sync, as by Client::sync_and_wait().
    [[nodiscard]] static constexpr Goal sync_and_wait() noexcept { return Goal(AUTOPILOT_GOAL_SYNC_AND_WAIT, 0); }

    /// A completed sync since a change, as by Client::sync_since().
    [[nodiscard]] static constexpr Goal sync_since(Time since)
    {
        return Goal(AUTOPILOT_GOAL_SYNC_SINCE, internal::unix_ms(since));
    }

    /// The name of the goal, as C spells it. A static string.
    [[nodiscard]] friend const char *name(Goal goal) noexcept { return autopilot_goal_name(goal.goal_); }
    friend std::ostream &operator<<(std::ostream &stream, Goal goal) { return stream << name(goal); }

    /// The number of C, one of AUTOPILOT_GOAL_*.
    [[nodiscard]] constexpr std::int32_t capi() const noexcept { return goal_; }

    /// The moment of a change for C, in milliseconds since 1970. 0 for every other goal.
    [[nodiscard]] constexpr std::int64_t since_ms() const noexcept { return since_ms_; }

private:
    constexpr Goal(std::int32_t goal, std::int64_t since_ms) noexcept : goal_(goal), since_ms_(since_ms) {}

    std::int32_t goal_;
    std::int64_t since_ms_;
};

/// A call that you drive step by step, from an event loop or a scheduler of your own. It makes no thread, calls nothing
/// back and never sleeps. Only one thread at a time may use it, but not always the same. For many tenants, a Fleet does
/// the scheduling.
///
/// The client and the cancel may go before it. To destroy a Wait ends nothing that it has triggered.
class Wait {
public:
    /// Sends nothing yet. token: as for a Client; it keeps a copy, and wipes it when the call has ended. timeout: the
    /// deadline of the whole call, from one millisecond to 24 hours. It counts from the first step.
    Wait(const Client &client, const Text &token, Goal goal, Duration timeout)
        : Wait(client, token, goal, timeout, nullptr)
    {
    }

    /// Once the cancel is triggered, the step that runs ends at once, or else the next one does, and with it the call.
    Wait(const Client &client, const Text &token, Goal goal, Duration timeout, const Cancel &cancel)
        : Wait(client, token, goal, timeout, Client::checked(cancel))
    {
    }

    /// Does what is due: sends one request, or the reading before a trigger together with the trigger. If nothing is
    /// due yet, does nothing. A step may come late, by any time: nothing goes wrong, but the call ends later. Blocks
    /// for the client's timeout at most for each request.
    ///
    /// The event is EventKind::pause: step again after Event::pause(); or wants_token: hand in a token with
    /// set_token(), and step again, or the next step ends the call; or ended.
    Event step()
    {
        std::int64_t pause_ms = 0;
        autopilot_result result = AUTOPILOT_OK;
        autopilot_detail *detail = nullptr;
        const autopilot_event event = autopilot_wait_step(mine(), &pause_ms, &result, &detail);
        return Event(event, 0, pause_ms, result, detail);
    }

    /// Hands in a new token, for all requests from the next one on. If the text cannot be a token, or the call has
    /// ended, throws and changes nothing.
    void set_token(const Text &new_token)
    {
        const autopilot_result result = autopilot_wait_set_token(mine(), new_token.capi("the token"));
        if (result < 0)
            throw Error(result, "invalid argument: the new token is not valid, or the call has ended");
    }

    /// Hands in a credential, which gets the tokens of all requests from the next one on. If the call has ended, throws.
    void set_credential(const Credential &credential)
    {
        const autopilot_result result = autopilot_wait_set_credential(mine(), credential.mine());
        if (result < 0)
            throw Error(result, "invalid argument: the call has ended");
    }

    /// What the call is doing. When it has ended, its event says what came of it, and no longer the progress. Valid until
    /// the next function of this Wait is called, and does not change meanwhile.
    [[nodiscard]] Progress progress() & { return Progress(autopilot_wait_progress(mine())); }
    Progress progress() && = delete; // it would not outlive the statement

    /// Ends the call now, as a callback's Flow::stop does: in Phase::window returns Answer::too_soon, otherwise throws
    /// an Error of ErrorKind::cancelled. Does not block. A sync that it has triggered runs on; the trigger() of the
    /// Outcome or Error says whether there is one. If the call has ended, throws ErrorKind::invalid_argument.
    Outcome stop()
    {
        autopilot_detail *detail = nullptr;
        const autopilot_result result = autopilot_wait_stop(mine(), &detail);
        return Outcome::from_capi(result, detail);
    }

    /// The C object. NULL if this was moved from.
    [[nodiscard]] autopilot_wait *capi() noexcept { return wait_.get(); }

private:
    Wait(const Client &client, const Text &token, Goal goal, Duration timeout, const autopilot_cancel *cancel)
    {
        autopilot_wait *wait = nullptr;
        autopilot_detail *detail = nullptr;
        const autopilot_result result =
            autopilot_wait_new(client.mine(), token.capi("the token"), goal.capi(), goal.since_ms(), timeout.capi(),
                               cancel, &wait, &detail);
        wait_.reset(wait);
        static_cast<void>(Outcome::from_capi(result, detail));
    }

    autopilot_wait *mine() const
    {
        if (!wait_)
            throw Error(AUTOPILOT_ERROR_INVALID_ARGUMENT, "invalid argument: the wait was moved from");
        return wait_.get();
    }

    internal::Handle<autopilot_wait> wait_;
};

/// Calls for thousands of tenants, on a few threads of yours. Add tenants, then call next() again and again, from as
/// many threads as you like: it does what is due, the earliest first, and tells what has ended. Ten thousand waits need
/// two threads, or about a hundred if each request takes 150 milliseconds.
///
/// Any number of threads may use a fleet at once. No thread may be in next() when it is destroyed: to get them out,
/// cancel() and close() it, and take all its events. The client may go before it.
///
/// token: as for a Client. The fleet keeps a copy until the call has ended, and wipes it then.
class Fleet {
public:
    /// limit: how many tenants may be in the fleet at once; 0 for 20,000.
    explicit Fleet(const Client &client, std::int32_t limit = 0)
    {
        autopilot_fleet *fleet = nullptr;
        autopilot_detail *detail = nullptr;
        const autopilot_result result = autopilot_fleet_new(client.mine(), limit, &fleet, &detail);
        fleet_.reset(fleet);
        static_cast<void>(Outcome::from_capi(result, detail));
    }

    /// Whether another tenant may be added now. If not, call next() until one has ended. So tenants can come from a
    /// file of any length, and the memory stays the same.
    [[nodiscard]] bool has_room() const noexcept { return autopilot_fleet_has_room(fleet_.get()) != 0; }

    /// Adds a tenant. Does not block, and sends nothing yet.
    ///
    /// key: any number of yours, such as an index: the events name the tenant by it. No two tenants in the fleet may
    /// have the same. token: if it is null, next() asks for it when the tenant's turn comes, so that no token expires
    /// in the queue; the credential of the client's options, which is of one tenant, is not used. timeout: the deadline
    /// of the call, from one millisecond to 24 hours. It counts from the first request.
    ///
    /// Throws an Error of ErrorKind::invalid_argument if an argument is wrong, the key is in use, or the fleet is full
    /// or closed.
    void add(std::uint64_t key, const Text &token, Goal goal, Duration timeout) const
    {
        autopilot_detail *detail = nullptr;
        const autopilot_result result = autopilot_fleet_add(mine(), key, token.capi("the token"), goal.capi(),
                                                            goal.since_ms(), timeout.capi(), &detail);
        static_cast<void>(Outcome::from_capi(result, detail));
    }

    /// Tells that no more tenants will be added. When all calls have ended, next() tells EventKind::finished.
    void close() const noexcept { autopilot_fleet_close(fleet_.get()); }

    /// Does what is due, until there is something to tell. Any number of threads may call it at once.
    Event next() const { return next_within(-1); }

    /// The same, but when the time has passed, returns EventKind::pause. Blocks for that time at most, plus one step of
    /// a tenant, as by Wait::step(). 0 to take one step at most.
    Event next(Duration timeout) const { return next_within(timeout.capi() < 0 ? 0 : timeout.capi()); }

    /// Hands in a token for a tenant, for all its requests from the next one on. If it is null, there is none, and if
    /// the tenant wants one, its call ends. If the text cannot be a token, or no tenant has this key, throws and
    /// changes nothing.
    void set_token(std::uint64_t key, const Text &new_token) const
    {
        const autopilot_result result = autopilot_fleet_set_token(mine(), key, new_token.capi("the token"));
        if (result < 0)
            throw Error(result, "invalid argument: the new token is not valid, or no tenant has this key");
    }

    /// Hands in a credential for a tenant, which gets the tokens of all its requests from the next one on: when you have
    /// added the tenant, or when next() asks for its token. Credential::for_tenant() makes one for each tenant. If no
    /// tenant has this key, throws.
    void set_credential(std::uint64_t key, const Credential &credential) const
    {
        const autopilot_result result = autopilot_fleet_set_credential(mine(), key, credential.mine());
        if (result < 0)
            throw Error(result, "invalid argument: no tenant has this key");
    }

    /// Ends the call of one tenant with ErrorKind::cancelled. next() tells what became of it. Does not block. Does
    /// nothing if no tenant has this key.
    void cancel_one(std::uint64_t key) const noexcept { autopilot_fleet_cancel_one(fleet_.get(), key); }

    /// Ends all calls with ErrorKind::cancelled, and those of tenants that are added later. next() tells what became of
    /// each. Does not block. A signal handler must not call it.
    void cancel() const noexcept { autopilot_fleet_cancel(fleet_.get()); }

    /// The C object. NULL if this was moved from.
    [[nodiscard]] const autopilot_fleet *capi() const noexcept { return fleet_.get(); }

private:
    const autopilot_fleet *mine() const
    {
        if (!fleet_)
            throw Error(AUTOPILOT_ERROR_INVALID_ARGUMENT, "invalid argument: the fleet was moved from");
        return fleet_.get();
    }

    Event next_within(std::int64_t timeout_ms) const
    {
        std::uint64_t key = 0;
        autopilot_result result = AUTOPILOT_OK;
        autopilot_detail *detail = nullptr;
        const autopilot_event event = autopilot_fleet_next(mine(), timeout_ms, &key, &result, &detail);
        return Event(event, key, 0, result, detail);
    }

    internal::Handle<autopilot_fleet> fleet_;
};

/// Triggers a Windows Autopilot sync of the token's tenant, in the global cloud. Returns when the service has replied.
/// The sync itself runs on.
///
/// token: as for a Client. Blocks for 30 seconds at most, including retries. It is always safe to call it again: the
/// service then answers that a sync is running, or that it is too soon. Any number of threads may call it at once, and
/// share connections.
inline Outcome sync(const Text &token)
{
    return Client::shared().sync(token);
}

/// The version of the loaded library, such as "0.1.0". The AUTOPILOT_VERSION_* macros have the version of the header.
[[nodiscard]] inline const char *version() noexcept
{
    return autopilot_version();
}

} // namespace v0_1
} // namespace autopilot

#endif // AUTOPILOT_SYNC_HPP
