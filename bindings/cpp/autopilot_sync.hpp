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
 * And with a client of one's own, waiting until the sync is really done:
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
 * Everything here is inline over the C functions of autopilot_sync.h, which has what holds in every language:
 * who should call it, threads, fork, the environment, what a token is. Link with libautopilot_sync, and with
 * nothing else.
 *
 * Language: C++17 or later, with exceptions.
 * Answers and errors: what the service answered is a value, an Outcome; what went wrong is an exception, an
 * Error, and there is no other one, but for std::bad_alloc and what a progress callback threw. Numbers that
 * this version does not know pass through as they are: above zero as an Answer, below zero in an Error.
 * Threads: a const object may be used by any number of threads at once. All calls of a Client, and
 * Cancel::trigger(), are const.
 * Moving: Client, Options and Cancel can be moved and not copied. One that was moved from may be destroyed or
 * assigned to; any other use throws an Error with AUTOPILOT_ERROR_INVALID_ARGUMENT and sends nothing. Only
 * Cancel::trigger() then does nothing.
 * Values: Outcome, Error and Settings own what they say, and can be copied and kept. The strings that
 * they give are copies.
 * C: capi() gives the C object, which stays its owner's. Outcome::from_capi() takes what a C call came to.
 */

#ifndef AUTOPILOT_SYNC_HPP
#define AUTOPILOT_SYNC_HPP

#if __cplusplus < 201703L && (!defined(_MSVC_LANG) || _MSVC_LANG < 201703L)
#error "autopilot_sync.hpp needs C++17 or later (-std=c++17); autopilot_sync.h serves C++11"
#endif

#include <chrono>
#include <cmath>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "autopilot_sync.h"

static_assert(AUTOPILOT_VERSION_MAJOR == 0 && AUTOPILOT_VERSION_MINOR == 1,
              "autopilot_sync.h is of another version than autopilot_sync.hpp: two installations are mixed");

namespace autopilot {

// Named after the ABI, so that parts of one process may be compiled with headers of different versions. What is
// in it is called autopilot::Client and so on all the same.
inline namespace v0_1 {

/// What the service answered.
enum class Answer : std::int32_t {
    /// The service accepted the trigger, and the sync runs on afterwards. From the wait: it is completed.
    accepted = AUTOPILOT_OK,
    /// A sync is running already. From the wait: it was joined, and is completed.
    already_running = AUTOPILOT_SYNC_ALREADY_RUNNING,
    /// A sync ran moments ago, not necessarily the caller's: see Outcome::retry_after().
    too_soon = AUTOPILOT_SYNC_TOO_SOON,
    /// From the wait only: the sync was accepted or was running, but its end could not be observed.
    unconfirmed = AUTOPILOT_SYNC_UNCONFIRMED,
};

/// Why a call failed.
enum class ErrorKind : std::int32_t {
    /// A null pointer, or a token or an option that cannot be right, or an object that was moved from.
    /// Nothing was sent.
    invalid_argument = AUTOPILOT_ERROR_INVALID_ARGUMENT,
    /// No connection: name look-up, TCP, or the proxy, its refusal included. Nothing was sent.
    connect = AUTOPILOT_ERROR_CONNECT,
    /// The service's certificate is not trusted, or the TLS handshake failed. Nothing was sent.
    tls = AUTOPILOT_ERROR_TLS,
    /// The deadline cut off the call.
    timeout = AUTOPILOT_ERROR_TIMEOUT,
    /// The caller cancelled the call.
    cancelled = AUTOPILOT_ERROR_CANCELLED,
    /// The connection broke after the request went out: it may have been carried out.
    connection_lost = AUTOPILOT_ERROR_CONNECTION_LOST,
    /// HTTP 401: a new token can heal it. With Error::claims(), one that answers those.
    unauthorized = AUTOPILOT_ERROR_UNAUTHORIZED,
    /// HTTP 403, or Intune's own 401: the tenant's licence or the caller's rights do not allow it.
    forbidden = AUTOPILOT_ERROR_FORBIDDEN,
    /// Any other HTTP status: see Error::http_status().
    service = AUTOPILOT_ERROR_SERVICE,
    /// The answer is not HTTP, not of the documented shape, or not Graph's but of a box in between.
    protocol = AUTOPILOT_ERROR_PROTOCOL,
    /// The service reports that the sync failed.
    sync_failed = AUTOPILOT_ERROR_SYNC_FAILED,
    /// A fault of the library.
    internal = AUTOPILOT_ERROR_INTERNAL,
    /// An environment variable, CA file or proxy address cannot be used; what() names it. Nothing was sent.
    configuration = AUTOPILOT_ERROR_CONFIGURATION,
};

/// What became of the trigger, the request that starts a sync.
enum class Trigger : std::int32_t {
    /// It was not sent.
    not_sent = AUTOPILOT_TRIGGER_NOT_SENT,
    /// It was sent, and whether it started a sync is not known.
    may_have_run = AUTOPILOT_TRIGGER_MAY_HAVE_RUN,
    /// It was sent, and started no sync.
    refused = AUTOPILOT_TRIGGER_REFUSED,
    /// It was accepted: a sync starts or has started.
    accepted = AUTOPILOT_TRIGGER_ACCEPTED,
    /// A sync that was running already was joined.
    joined = AUTOPILOT_TRIGGER_JOINED,
};

/// The state of the sync that runs or ran last.
enum class SyncStatus : std::int32_t {
    /// The service says that it does not know.
    unknown = AUTOPILOT_SYNC_STATUS_UNKNOWN,
    /// A sync is running.
    in_progress = AUTOPILOT_SYNC_STATUS_IN_PROGRESS,
    /// The last sync completed.
    completed = AUTOPILOT_SYNC_STATUS_COMPLETED,
    /// The last sync failed.
    failed = AUTOPILOT_SYNC_STATUS_FAILED,
    /// A state that this version does not know: see Settings::status_text().
    other = AUTOPILOT_SYNC_STATUS_OTHER,
    /// The service did not say.
    none = AUTOPILOT_SYNC_STATUS_NONE,
};

/// What a wait is doing.
enum class Phase : std::int32_t {
    /// It begins: nothing was sent yet.
    starting = AUTOPILOT_PHASE_STARTING,
    /// It waits for the time at which the service accepts a trigger.
    window = AUTOPILOT_PHASE_WINDOW,
    /// It watches a sync.
    watching = AUTOPILOT_PHASE_WATCHING,
    /// The service refused the token: hand in a new one by Progress::set_token(). Where none is handed in, or
    /// the new one is refused too, the wait ends with ErrorKind::unauthorized.
    token_rejected = AUTOPILOT_PHASE_TOKEN_REJECTED,
};

/// A cloud of Microsoft's. A token of one cloud is refused by every other.
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

/// How a progress callback says whether the wait goes on.
enum class Flow {
    /// Go on.
    go_on,
    /// End the wait: with Answer::too_soon in Phase::window, else with ErrorKind::cancelled.
    stop,
};

/// A point in time, such as the service's.
using Time = std::chrono::system_clock::time_point;

namespace internal {

struct Free {
    void operator()(autopilot_options *options) const noexcept { autopilot_options_free(options); }
    void operator()(autopilot_client *client) const noexcept { autopilot_client_free(client); }
    void operator()(autopilot_cancel *cancel) const noexcept { autopilot_cancel_free(cancel); }
    void operator()(autopilot_settings *settings) const noexcept { autopilot_settings_free(settings); }
    void operator()(autopilot_detail *detail) const noexcept { autopilot_detail_free(detail); }
};

/// Owns a C object.
template <class T>
using Handle = std::unique_ptr<T, Free>;

/// A string of C, which has NULL for none.
inline std::optional<std::string> optional(const char *text)
{
    return text ? std::optional<std::string>(text) : std::nullopt;
}

/// A time of C, which has 0 for never. One that the clock cannot hold becomes its first or its last.
inline std::optional<Time> time(std::int64_t unix_ms)
{
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    if (unix_ms == 0)
        return std::nullopt;
    const milliseconds since_1970(unix_ms);
    // In parentheses: windows.h has macros of these names.
    const Time first = (Time::min)(), last = (Time::max)();
    if (since_1970 < duration_cast<milliseconds>(first.time_since_epoch()))
        return first;
    if (since_1970 > duration_cast<milliseconds>(last.time_since_epoch()))
        return last;
    return Time(since_1970);
}

} // namespace internal

/// What the service says of its Windows Autopilot synchronisation. A value.
class Settings {
public:
    /// The state of the sync that runs or ran last.
    [[nodiscard]] SyncStatus status() const noexcept { return status_; }

    /// The state in the service's own word, such as "inProgress"; none if the service did not say.
    [[nodiscard]] std::optional<std::string> status_text() const { return status_text_; }

    /// The id of the resource.
    [[nodiscard]] std::optional<std::string> id() const { return id_; }

    /// lastSyncDateTime; none for never. Whether it marks the start or the end of a sync is documented
    /// nowhere.
    [[nodiscard]] std::optional<Time> last_sync() const noexcept { return last_sync_; }

    /// lastSyncDateTime as the service wrote it.
    [[nodiscard]] std::optional<std::string> last_sync_text() const { return last_sync_text_; }

    /// lastManualSyncTriggerDateTime; none for never.
    [[nodiscard]] std::optional<Time> last_manual_sync() const noexcept { return last_manual_sync_; }

    /// lastManualSyncTriggerDateTime as the service wrote it.
    [[nodiscard]] std::optional<std::string> last_manual_sync_text() const { return last_manual_sync_text_; }

    /// When the service should accept the next trigger, by the service's clock: the later of both times, the
    /// documented ten minutes, and ten seconds of margin. None if there was never a sync.
    [[nodiscard]] std::optional<Time> next_sync() const noexcept { return next_sync_; }

    /// A copy of C's, which stays its owner's; as of a service that says nothing for NULL.
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

/// The ids of one request, for whoever supports the service.
struct Attempt {
    /// The GUID that the library gave it. Microsoft's support asks for it, and Intune shows it as "Activity
    /// ID".
    std::string client_request_id;
    /// The id that Graph gave it; none if it was not answered.
    std::optional<std::string> request_id;
};

/// What is known of a call, whether it ended in an Outcome or in an Error. Copying it throws nothing. The
/// token is in none of it, whatever the server answers.
class Detail {
public:
    /// The result as the number that C has.
    [[nodiscard]] autopilot_result result() const noexcept { return result_; }

    /// The name of the result, such as "AUTOPILOT_SYNC_TOO_SOON"; "AUTOPILOT_UNKNOWN" for one that the
    /// library does not know. A static string.
    [[nodiscard]] const char *name() const noexcept { return autopilot_result_name(result_); }

    /// What happened, on one line, fit for a log.
    [[nodiscard]] std::string message() const
    {
        if (text_)
            return *text_;
        const char *message = autopilot_detail_message(capi());
        return message ? message : name();
    }

    /// The HTTP status of the last request's answer; 0 if it got none.
    [[nodiscard]] std::int32_t http_status() const noexcept { return autopilot_detail_http_status(capi()); }

    /// Graph's error code, such as "Forbidden", for logs: it differs between the service's front ends.
    [[nodiscard]] std::optional<std::string> code() const
    {
        return internal::optional(autopilot_detail_code(capi()));
    }

    /// The service's own words on one line, taken out of their envelopes, UTF-8.
    [[nodiscard]] std::optional<std::string> service_message() const
    {
        return internal::optional(autopilot_detail_service_message(capi()));
    }

    /// The time after which the service wants to be asked again, from the call's return; none if it is not
    /// known.
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

    /// The claims of a claims challenge, as JSON: hand them to whatever issues the token.
    [[nodiscard]] std::optional<std::string> claims() const
    {
        return internal::optional(autopilot_detail_claims(capi()));
    }

    /// The requests of the call, those that could not be sent included.
    [[nodiscard]] std::vector<Attempt> attempts() const
    {
        std::vector<Attempt> attempts;
        for (std::int32_t i = 0; i < autopilot_detail_attempts(capi()); i++) {
            const char *client_request_id = autopilot_detail_client_request_id(capi(), i);
            const char *request_id = autopilot_detail_request_id(capi(), i);
            attempts.push_back({client_request_id, internal::optional(request_id)});
        }
        return attempts;
    }

    /// The settings that the call read last; none if it read none.
    [[nodiscard]] std::optional<Settings> settings() const
    {
        return internal::optional(autopilot_detail_settings(capi()));
    }

    /// The C object, which lives as long as this or a copy; NULL if the library could not make it.
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
    std::shared_ptr<const std::string> text_; // what C has no words for
};

/// Why a call failed: the one exception of this library. what() is one line, fit for a log. Copying it throws
/// nothing.
class Error : public std::runtime_error, public Detail {
public:
    /// What to branch on.
    [[nodiscard]] ErrorKind kind() const noexcept { return static_cast<ErrorKind>(result()); }

    /// One that came from no call, and so has no more than this.
    Error(autopilot_result result, const std::string &what)
        : std::runtime_error(what), Detail(result, what)
    {
    }

    /// One with all that is known of a call.
    explicit Error(const Detail &detail) : std::runtime_error(detail.message()), Detail(detail) {}
};

/// What the service answered, and all that is known beside.
class [[nodiscard]] Outcome : public Detail {
public:
    /// What to branch on.
    [[nodiscard]] Answer answer() const noexcept { return static_cast<Answer>(result()); }

    /// What a C call came to: the outcome, or an Error thrown where the result is below zero. Takes the
    /// detail over, which may be NULL.
    static Outcome from_capi(autopilot_result result, autopilot_detail *detail)
    {
        Outcome outcome(result, internal::Handle<autopilot_detail>(detail));
        if (result < 0)
            throw Error(outcome);
        return outcome;
    }

private:
    using Detail::Detail;
};

/// A string argument: a `const char *`, a std::string of any allocator, or a std::string_view. It is made of
/// them where a function wants one, and not kept.
///
/// A `const char *` and a string that has a name are not copied, so they must outlive it. Of a temporary
/// string, and of a std::string_view, since C wants a NUL at the end, it has its own copy, which is wiped from
/// memory after the call. A string with a NUL inside is refused, not cut: with
/// AUTOPILOT_ERROR_INVALID_ARGUMENT, and nothing is sent.
class Text {
public:
    /// NULL is refused by what takes it.
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

    /// Takes the temporary over, and so wipes the only copy.
    Text(std::string &&text) noexcept
        : copy_(std::move(text)), text_(copy_.c_str()), has_nul_(copy_.find('\0') != copy_.npos)
    {
    }

    Text(std::string_view text) : copy_(text), text_(copy_.c_str()), has_nul_(text.find('\0') != text.npos) {}

    Text(const Text &) = delete;
    Text &operator=(const Text &) = delete;

    ~Text()
    {
        // Volatile, so that it is not optimised away.
        for (volatile char &byte : copy_)
            byte = '\0';
    }

    /// For C. Throws where there is a NUL inside; `name` says of what.
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

/// A time argument: a std::chrono::duration of any kind, rounded up to milliseconds. It is made of one where
/// a function wants one. One that is out of all range is refused by what takes it; it never wraps.
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
            ms_ = ms > -1 ? 0 : -1; // -1 for what is not a number too
    }

    /// The milliseconds.
    [[nodiscard]] std::int64_t capi() const noexcept { return ms_; }

private:
    std::int64_t ms_;
};

/// The options of a client. Each setter copies its argument and gives the options for the next setter: by
/// reference, or by value where they have no name yet, as in `Options().timeout(5s)`. An argument that cannot be
/// right throws an Error that names the option, and changes nothing. One thread at a time may set them.
class Options {
public:
    Options() : options_(autopilot_options_new())
    {
        if (!options_)
            throw Error(AUTOPILOT_ERROR_INTERNAL, "internal error: no options could be made");
    }

    /// The cloud whose Microsoft Graph is called. Default: Cloud::global. Replaces a base URL.
    Options &cloud(Cloud cloud) &
    {
        return set(autopilot_options_set_cloud(mine(), static_cast<std::int32_t>(cloud)));
    }
    [[nodiscard]] Options cloud(Cloud cloud) && { return std::move(this->cloud(cloud)); }

    /// The root of a Microsoft Graph that is in no list above, such as "https://graph.example": https, a
    /// host, perhaps a port, at most a slash after it. Tokens go there. Default: the root of the cloud, which
    /// it replaces.
    Options &base_url(const Text &url) &
    {
        return set(autopilot_options_set_base_url(mine(), url.capi("base_url")));
    }
    [[nodiscard]] Options base_url(const Text &url) && { return std::move(this->base_url(url)); }

    /// A proxy as "scheme://user:password@host:port", with the scheme http, https, socks5 (names are looked
    /// up here) or socks5h (by the proxy). No scheme means http; no port means 443 for https, else 1080. ""
    /// means no proxy, whatever the environment says. Default: the environment's, with its exceptions.
    Options &proxy(const Text &url) &
    {
        return set(autopilot_options_set_proxy(mine(), url.capi("proxy")));
    }
    [[nodiscard]] Options proxy(const Text &url) && { return std::move(this->proxy(url)); }

    /// A PEM file of the certificate authorities to trust instead of the system's and the environment's; its
    /// path in UTF-8. It is read when a client is made, and again after a failed TLS handshake. Default:
    /// SSL_CERT_FILE and SSL_CERT_DIR if set, else the system's trust.
    Options &ca_file(const Text &path) &
    {
        return set(autopilot_options_set_ca_file(mine(), path.capi("ca_file")));
    }
    [[nodiscard]] Options ca_file(const Text &path) && { return std::move(this->ca_file(path)); }

    /// The most that one call may take, from the name look-up to the last byte, retries included. Default: 30
    /// seconds; from one millisecond to 24 hours.
    Options &timeout(Duration timeout) &
    {
        return set(autopilot_options_set_timeout_ms(mine(), timeout.capi()));
    }
    [[nodiscard]] Options timeout(Duration timeout) && { return std::move(this->timeout(timeout)); }

    /// The most that one attempt to connect may take: name, TCP, proxy and TLS; from one millisecond to 24 hours.
    /// Default: as long as the call may take.
    Options &connect_timeout(Duration timeout) &
    {
        return set(autopilot_options_set_connect_timeout_ms(mine(), timeout.capi()));
    }
    [[nodiscard]] Options connect_timeout(Duration timeout) && { return std::move(this->connect_timeout(timeout)); }

    /// How often a request is repeated that failed in passing; a trigger only where it cannot have run.
    /// Default: 3; from 0 to 10.
    Options &max_retries(std::int32_t retries) &
    {
        return set(autopilot_options_set_max_retries(mine(), retries));
    }
    [[nodiscard]] Options max_retries(std::int32_t retries) && { return std::move(this->max_retries(retries)); }

    /// What follows the library's name in the User-Agent, such as "acme-agent/3.1": 1 to 256 bytes of visible
    /// ASCII, and blanks inside. Default: nothing.
    Options &user_agent_suffix(const Text &suffix) &
    {
        return set(autopilot_options_set_user_agent_suffix(mine(), suffix.capi("user_agent_suffix")));
    }
    [[nodiscard]] Options user_agent_suffix(const Text &suffix) && { return std::move(this->user_agent_suffix(suffix)); }

    /// Reads no environment variable, and on Windows not the machine's proxy. Default: they are read, except in
    /// a process that runs with more rights than who started it.
    Options &ignore_environment() &
    {
        return set(autopilot_options_set_ignore_environment(mine()));
    }
    [[nodiscard]] Options ignore_environment() && { return std::move(this->ignore_environment()); }

    /// The C object; NULL if it was moved from.
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
            throw Error(result, reason ? reason : "internal error: an option could not be set");
        return *this;
    }

    friend class Client;
    internal::Handle<autopilot_options> options_;
};

/// Ends calls from another thread: those that run with it, at once, and those that are begun with it
/// afterwards. It stays triggered for good. One may serve many calls, and must outlive them.
class Cancel {
public:
    Cancel() : cancel_(autopilot_cancel_new())
    {
        if (!cancel_)
            throw Error(AUTOPILOT_ERROR_INTERNAL, "internal error: no cancel could be made");
    }

    /// Ends its calls with ErrorKind::cancelled: one that blocks returns within milliseconds. Does not block.
    /// Not from a signal handler.
    void trigger() const noexcept { autopilot_cancel_trigger(cancel_.get()); }

    /// The C object; NULL if it was moved from.
    [[nodiscard]] const autopilot_cancel *capi() const noexcept { return cancel_.get(); }

private:
    internal::Handle<autopilot_cancel> cancel_;
};

/// What a wait tells its caller. Valid during the callback only, on its thread.
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

    /// The time since the wait began.
    [[nodiscard]] std::chrono::milliseconds elapsed() const noexcept
    {
        return std::chrono::milliseconds(autopilot_progress_elapsed_ms(progress_));
    }

    /// The time until the wait does its next step: a look at the sync, or a trigger.
    [[nodiscard]] std::chrono::milliseconds next_step() const noexcept
    {
        return std::chrono::milliseconds(autopilot_progress_next_step_ms(progress_));
    }

    /// The settings that were read last, a copy that may be kept; none if none were.
    [[nodiscard]] std::optional<Settings> settings() const
    {
        return internal::optional(autopilot_progress_settings(progress_));
    }

    /// In Phase::token_rejected, the claims that the new token must answer, as JSON; none if the service
    /// asked for none.
    [[nodiscard]] std::optional<std::string> claims() const
    {
        return internal::optional(autopilot_progress_claims(progress_));
    }

    /// Hands in a new token, which is copied, and wiped when the wait is over. It serves from the next
    /// request on; in Phase::token_rejected the refused request is repeated with it at once. Throws where it
    /// cannot be a token; then nothing is changed.
    void set_token(const Text &new_token)
    {
        const autopilot_result result = autopilot_progress_set_token(progress_, new_token.capi("the token"));
        if (result < 0)
            throw Error(result, "invalid argument: the new token cannot be one");
    }

    /// The C object.
    [[nodiscard]] autopilot_progress *capi() const noexcept { return progress_; }

private:
    autopilot_progress *progress_;
};

namespace internal {

/// What a progress callback is to C: its user_data.
struct Callback {
    std::function<Flow(Progress &)> call;
    std::exception_ptr thrown;
};

/// Whether a wait takes it as a progress callback.
template <class F>
inline constexpr bool is_callback = std::is_invocable_v<F &, Progress &>;

/// Whether a callback may be null: a pointer, a std::function and what else can be compared with nullptr. Not a
/// function by its name, of which compilers warn that it never is.
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

/// With the language linkage of a function that C calls, and so with a name that no namespace makes its own.
/// Nothing is thrown through C: it is kept for after the call.
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

/// Connections to one cloud's Microsoft Graph. The token comes with each call, so one client serves many
/// tenants. Any number of threads may use one at once, and share its connections, which stay open between
/// calls. It must outlive its calls.
///
/// token: a bearer token with the permission DeviceManagementServiceConfig.ReadWrite.All, without the word
/// "Bearer": visible ASCII, at most 64 KiB. One trailing line break is forgiven. No copy of it is kept after
/// a call.
class Client {
public:
    /// With default options. Reads the environment now, and connects to nothing. Throws an Error of
    /// ErrorKind::configuration where an environment variable or the CA file cannot be used.
    Client() : Client(nullptr) {}

    /// The same with these options, of which it keeps nothing.
    explicit Client(const Options &options) : Client(options.mine()) {}

    /// The one that autopilot::sync() uses: default options, shared by the whole process.
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

    /// Triggers a sync, and returns when the service has answered; the sync itself runs on afterwards. A
    /// trigger is sent again only where the first cannot have run. Blocks for the client's timeout at most.
    Outcome sync(const Text &token) const { return trigger(token, nullptr); }
    Outcome sync(const Text &token, const Cancel &cancel) const { return trigger(token, checked(cancel)); }

    /// Reads how the last sync went, and when; the permission DeviceManagementServiceConfig.Read.All is
    /// enough. Blocks for the client's timeout at most.
    [[nodiscard]] Settings settings(const Text &token) const { return read(token, nullptr); }
    [[nodiscard]] Settings settings(const Text &token, const Cancel &cancel) const
    {
        return read(token, checked(cancel));
    }

    /// Triggers a sync and waits until it is really done; joins one that is running already; waits for the
    /// time at which the service accepts a trigger, if that comes before the deadline.
    ///
    /// timeout: the deadline of the whole wait, from one millisecond to 24 hours. Small tenants need seconds,
    /// large ones minutes; a wait that meets the service's window needs ten minutes more.
    /// progress: called as progress(Progress &) on the calling thread, before the first request and about
    /// once a second between requests; not during a request, which takes the client's timeout at most. It
    /// returns nothing, or a Flow. It may call anything of this library. What it throws ends the wait, and is
    /// thrown again from here. It must not end otherwise: no longjmp, no pthread_cancel. A null pointer or an
    /// empty std::function is refused with AUTOPILOT_ERROR_INVALID_ARGUMENT, and nothing is sent.
    ///
    /// The answer is Answer::accepted where the sync that was triggered was seen to complete; already_running
    /// where a running one was joined, and is completed; too_soon where a trigger is not accepted before the
    /// deadline; unconfirmed where the end cannot be observed. The error is ErrorKind::sync_failed where the
    /// service says that the sync failed; timeout where the end was not seen before the deadline:
    /// Error::trigger() says whether a sync runs. Both have the settings that were read last. What the
    /// service's readings cannot tell apart is said at autopilot_client_sync_and_wait() in autopilot_sync.h.
    Outcome sync_and_wait(const Text &token, Duration timeout) const
    {
        return wait(token, timeout, nullptr, nullptr);
    }
    Outcome sync_and_wait(const Text &token, Duration timeout, const Cancel &cancel) const
    {
        return wait(token, timeout, checked(cancel), nullptr);
    }
    template <class F, std::enable_if_t<internal::is_callback<F>, int> = 0>
    Outcome sync_and_wait(const Text &token, Duration timeout, F &&progress) const
    {
        internal::Callback callback = erased(progress);
        return wait(token, timeout, nullptr, &callback);
    }
    template <class F, std::enable_if_t<internal::is_callback<F>, int> = 0>
    Outcome sync_and_wait(const Text &token, Duration timeout, F &&progress, const Cancel &cancel) const
    {
        internal::Callback callback = erased(progress);
        return wait(token, timeout, checked(cancel), &callback);
    }

    /// The C object; NULL, which C takes for the process-wide one, if this is that one or was moved from.
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

    /// For C, to which NULL means another client.
    const autopilot_client *mine() const
    {
        if (!client_ && !is_shared_)
            throw Error(AUTOPILOT_ERROR_INVALID_ARGUMENT, "invalid argument: the client was moved from");
        return client_.get();
    }

    /// For C, to which NULL means a call that cannot be cancelled.
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

    Outcome wait(const Text &token, Duration timeout, const autopilot_cancel *cancel,
                 internal::Callback *callback) const
    {
        autopilot_detail *detail = nullptr;
        const autopilot_result result = autopilot_client_sync_and_wait(
            mine(), token.capi("the token"), timeout.capi(), cancel,
            callback ? internal::autopilot_cpp_v0_1_on_progress : nullptr, callback, &detail);
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
                      "a progress callback returns nothing, or autopilot::Flow");
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

    internal::Handle<autopilot_client> client_;
    bool is_shared_ = false;
};

/// Triggers a Windows Autopilot sync of the token's tenant, in the global cloud, and returns when the service
/// has answered. The sync itself runs on afterwards.
///
/// token: as for a Client. Blocks for 30 seconds at most, retries included. Calling it again is always
/// harmless: the service answers that a sync is running, or that it is too soon. Any number of threads may
/// call it at once; they share connections.
inline Outcome sync(const Text &token)
{
    return Client::shared().sync(token);
}

/// The version of the library that is loaded, such as "0.1.0". The AUTOPILOT_VERSION_* macros are the
/// header's.
[[nodiscard]] inline const char *version() noexcept
{
    return autopilot_version();
}

} // namespace v0_1
} // namespace autopilot

#endif // AUTOPILOT_SYNC_HPP
