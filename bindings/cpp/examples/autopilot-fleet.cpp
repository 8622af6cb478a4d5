/*
 * autopilot-fleet - synchronises the Windows Autopilot devices of many tenants at once.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 *     c++ -std=c++17 autopilot-fleet.cpp $(pkg-config --cflags --libs autopilot_sync) -pthread -o autopilot-fleet
 *     autopilot-fleet --client-id ID --certificate agent.pem --wait 30m tenants.txt
 *
 * C++17 and POSIX. `--help` has the options, the form of the file, and the exit codes.
 *
 * The library's fleet drives the calls of all tenants on a few threads. This program reads tenants from the file while
 * the fleet has room, adds a thread when the fleet says that one would help, and prints a line for each tenant whose
 * call has ended. A failure of one tenant does not affect the others. If nobody reads the results any more, the program
 * still finishes, and exits with 74.
 *
 * SIGINT, SIGTERM and SIGHUP end the calls at once. The program then also reports the tenants that it did not reach.
 * Signals that were ignored at the start, as under nohup, stay ignored.
 *
 * It reads or gets each token just before it needs it, never prints it, and wipes it from memory afterwards.
 */
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "autopilot_sync.hpp"

namespace {

using std::chrono::seconds;

constexpr char HELP[] = R"(usage: autopilot-fleet [option ...] FILE

Triggers Intune's Windows Autopilot sync for each tenant in FILE. Each line is one of these:

    NAME                 a tenant's id or one of its domains; Microsoft Entra gives an application its token
    NAME file:PATH       any name, and a file with the tenant's bearer token
    NAME env:VARIABLE    the same with a variable

Empty lines and lines that begin with # are skipped. The path of a file is relative to the folder of FILE. The command
line autopilot-sync reads the last two forms too, and also NAME azure:CREDENTIAL.

  --client-id ID   an application that each tenant has consented to, for those lines that are only a name; with one of:
  --secret-file PATH, --certificate PATH
                   a file with the application's secret, or a PEM file with its certificate and the RSA key
  --wait DURATION  waits until each sync ends, at most this long, and first until the service accepts a trigger; without
                   it, only triggers; such as 90s, 30m, 1h30m or a number of seconds
  --since WHEN     with --wait: triggers only if no sync has completed since: start, or this long before the start,
                   such as 90s, 10m, 2h or 7d
  --jobs N         how many tenants at a time, from 1 to 20000; default 20000
  --threads N      how many threads at most, from 1 to 256; default 256. It starts with two, and adds those that help
  --cloud NAME     global (default), us-government, us-government-dod, china
  --json           prints one JSON object per line
  --help, --version

exit codes:
   0  synchronised: by this program, by a sync that was already running, or with --since by an earlier one
   2  too soon: a sync ran less than ten minutes ago
   3  with --wait: the end of the sync could not be observed
  10  the service reports that the sync failed
  64  an option is wrong
  65  the service refuses the request, such as with 400 or 404: trying again does not help
  66  there is no usable token; or FILE cannot be read, or has a wrong line
  69  the service cannot be reached, or does not reply as documented: try again later
  70  a fault in the library or the system
  74  the results cannot be written
  77  Entra refuses the application, or the service refuses the token, or the token lacks a permission
  78  the secret, certificate, proxy, CA file or environment cannot be used
 128+N  stopped by signal N: 129 SIGHUP, 130 SIGINT, 143 SIGTERM

The exit code is the highest of all tenants' codes.
)";

enum ExitCode {
    exit_done = 0,
    exit_too_soon = 2,
    exit_unconfirmed = 3,
    exit_sync_failed = 10,
    exit_usage = 64,
    exit_refused = 65,
    exit_no_token = 66,
    exit_unavailable = 69,
    exit_fault = 70,
    exit_no_output = 74,
    exit_not_allowed = 77,
    exit_configuration = 78,
    exit_by_signal = 128,
};

/// Why the program cannot start.
struct Refusal : std::runtime_error {
    Refusal(ExitCode exit_code, const std::string &why) : std::runtime_error(why), code(exit_code) {}
    ExitCode code;
};

struct Arguments {
    std::string file;
    std::string client_id;
    std::string secret_file;
    std::string certificate;
    int jobs = 20000;
    int threads = 256;
    std::optional<seconds> wait;
    std::optional<autopilot::Time> since;
    autopilot::Cloud cloud = autopilot::Cloud::global;
    bool is_json = false;
};

int number(const std::string &name, const std::string &text, int least, int most)
{
    std::istringstream stream(text);
    int number = 0;
    if (!(stream >> number) || !stream.eof() || number < least || number > most)
        throw Refusal(exit_usage, name + ": from " + std::to_string(least) + " to " + std::to_string(most));
    return number;
}

/// A time such as 90s, 30m, 1h30m or 2d, or a plain number of seconds.
seconds duration(const std::string &name, const std::string &text, int most)
{
    static const std::pair<char, int> units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    if (!text.empty() && text.find_first_not_of("0123456789") == text.npos)
        return seconds(number(name, text, 1, most));
    std::int64_t total = 0;
    auto unit = std::begin(units);
    for (std::size_t at = 0, end = 0; at < text.size(); at = end + 1) {
        end = std::min(text.find_first_not_of("0123456789", at), text.size());
        unit = std::find_if(unit, std::end(units), [&](const auto &one) { return end > at && text[end] == one.first; });
        if (unit == std::end(units))
            throw Refusal(exit_usage, name + ": a time such as 90s, 30m, 1h30m or a number of seconds");
        total += std::int64_t(unit->second) * number(name, text.substr(at, end - at), 0, most);
        unit++; // each once, the longest first
    }
    if (total < 1 || total > most)
        throw Refusal(exit_usage, name + ": from 1 s to " + std::to_string(most) + " s");
    return seconds(total);
}

/// How long before the start.
seconds since(const std::string &text)
{
    return text == "start" ? seconds(0) : duration("--since", text, 31536000);
}

autopilot::Cloud cloud(const std::string &text)
{
    static const std::map<std::string, autopilot::Cloud> clouds = {
        {"global", autopilot::Cloud::global},
        {"us-government", autopilot::Cloud::us_government},
        {"us-government-dod", autopilot::Cloud::us_government_dod},
        {"china", autopilot::Cloud::china},
    };
    const auto found = clouds.find(text);
    if (found == clouds.end())
        throw Refusal(exit_usage, "--cloud: global, us-government, us-government-dod, china");
    return found->second;
}

Arguments parse(const std::vector<std::string> &words)
{
    const autopilot::Time start = std::chrono::system_clock::now();
    Arguments arguments;
    for (std::size_t i = 0; i < words.size(); i++) {
        const std::string &word = words[i];
        const auto value = [&] {
            if (i + 1 == words.size())
                throw Refusal(exit_usage, word + ": give a value");
            return words[++i];
        };
        if (word == "--wait")
            arguments.wait = duration(word, value(), 86400);
        else if (word == "--since")
            arguments.since = start - since(value());
        else if (word == "--client-id")
            arguments.client_id = value();
        else if (word == "--secret-file")
            arguments.secret_file = value();
        else if (word == "--certificate")
            arguments.certificate = value();
        else if (word == "--jobs")
            arguments.jobs = number(word, value(), 1, 20000);
        else if (word == "--threads")
            arguments.threads = number(word, value(), 1, 256);
        else if (word == "--cloud")
            arguments.cloud = cloud(value());
        else if (word == "--json")
            arguments.is_json = true;
        else if (word.rfind('-', 0) == 0)
            throw Refusal(exit_usage, word + ": unknown option");
        else if (word.empty() || !arguments.file.empty())
            throw Refusal(exit_usage, "give one FILE");
        else
            arguments.file = word;
    }
    if (arguments.file.empty())
        throw Refusal(exit_usage, "give one FILE");
    if (arguments.since && !arguments.wait)
        throw Refusal(exit_usage, "--since needs --wait");
    if (arguments.client_id.empty() != (arguments.secret_file.empty() && arguments.certificate.empty()) ||
        !(arguments.secret_file.empty() || arguments.certificate.empty()))
        throw Refusal(exit_usage, "give --client-id together with --secret-file or --certificate");
    return arguments;
}

/// The application that gets the tokens of tenants which have only a name.
std::optional<autopilot::Credential> application(const Arguments &arguments)
try {
    constexpr char NO_TENANT[] = "none"; // each tenant has it for itself
    if (!arguments.secret_file.empty())
        return autopilot::Credential::client_secret(NO_TENANT, arguments.client_id, autopilot::Secret::file,
                                                    arguments.secret_file);
    if (!arguments.certificate.empty())
        return autopilot::Credential::client_certificate(NO_TENANT, arguments.client_id, arguments.certificate);
    return std::nullopt;
} catch (const autopilot::Error &error) {
    if (error.kind() != autopilot::ErrorKind::invalid_argument)
        throw;
    throw Refusal(exit_usage, error.what());
}

struct Tenant {
    std::string name;
    std::string source;   // of its token: file:PATH or env:VARIABLE, or empty if the application gets it
    std::string no_token; // why the source has none
};

/// Names have only characters that need no quotes anywhere.
bool is_name(const std::string &name)
{
    const char *const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";
    return !name.empty() && name.find_first_not_of(allowed) == name.npos;
}

bool is_source(const std::string &source)
{
    return (source.rfind("file:", 0) == 0 && source.size() > 5) || (source.rfind("env:", 0) == 0 && source.size() > 4);
}

/// Reads the next line that names a tenant. None at the end of the file.
std::optional<Tenant> next_tenant(std::istream &file, std::uint64_t &line_number, bool has_application)
{
    for (std::string line; std::getline(file, line);) {
        line_number++;
        std::istringstream words(line);
        Tenant tenant;
        if (!(words >> tenant.name) || tenant.name.front() == '#')
            continue;
        std::getline(words >> std::ws, tenant.source);
        // Do not show the line: somebody may have put a token there.
        if (!is_name(tenant.name) || !(is_source(tenant.source) || (tenant.source.empty() && has_application)))
            throw Refusal(exit_no_token, "line " + std::to_string(line_number) +
                                             ": expected NAME file:PATH, NAME env:VARIABLE, or NAME with --client-id");
        return tenant;
    }
    if (!file.eof())
        throw Refusal(exit_no_token, std::strerror(errno));
    return std::nullopt;
}

/// Why there is no token. Does not show the source: somebody may have put a token there.
struct NoToken : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The source whose path, if it is a relative one, begins in this folder.
std::string in_folder(const std::string &folder, const std::string &source)
{
    const bool is_relative = source.rfind("file:", 0) == 0 && source[5] != '/';
    return is_relative ? "file:" + folder + source.substr(5) : source;
}

/// Reads the token that a source has now. Hand it to the library as it is: the library wipes it.
std::string read_token(const std::string &source)
{
    if (source.rfind("env:", 0) == 0) {
        const char *const value = std::getenv(source.substr(4).c_str());
        return value ? value : throw NoToken("the variable with its token is not set");
    }
    constexpr int FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK; // do not wait for a FIFO
    // No stream, because nobody wipes a stream's buffer. The string never grows, so it leaves no copy behind.
    std::string text(64 * 1024 + 3, '\0'); // too long, with a line break, so that the library sees it
    std::size_t length = 0;
    ssize_t count = -1;
    const int descriptor = ::open(source.substr(5).c_str(), FLAGS);
    while (descriptor >= 0 && (count = ::read(descriptor, text.data() + length, text.size() - length)) > 0)
        length += static_cast<std::size_t>(count);
    const int error = errno;
    if (descriptor >= 0)
        ::close(descriptor);
    if (count < 0)
        throw NoToken(std::string("the file with its token cannot be read: ") + std::strerror(error));
    text.resize(length);
    return text;
}

/// Whether the same request gets this HTTP status again, however often it is sent.
bool is_final(std::int32_t status)
{
    return status >= 400 && status < 500 && status != 408 && status != 409 && status != 429;
}

ExitCode exit_code(const autopilot::Detail &detail)
{
    switch (detail.result()) {
    case AUTOPILOT_OK:
    case AUTOPILOT_SYNC_ALREADY_RUNNING:
    case AUTOPILOT_SYNC_UP_TO_DATE:
        return exit_done;
    case AUTOPILOT_SYNC_TOO_SOON:
        return exit_too_soon;
    case AUTOPILOT_ERROR_SYNC_FAILED:
        return exit_sync_failed;
    case AUTOPILOT_ERROR_INVALID_ARGUMENT: // of the token: the program has checked the rest
        return exit_no_token;
    case AUTOPILOT_ERROR_INTERNAL:
        return exit_fault;
    case AUTOPILOT_ERROR_CANCELLED:
        return exit_by_signal;
    case AUTOPILOT_ERROR_UNAUTHORIZED:
    case AUTOPILOT_ERROR_FORBIDDEN:
        return exit_not_allowed;
    case AUTOPILOT_ERROR_SERVICE:
        return is_final(detail.http_status()) ? exit_refused : exit_unavailable;
    case AUTOPILOT_ERROR_CONFIGURATION:
        return exit_configuration;
    default: // later versions may have more answers and errors
        return detail.result() < 0 ? exit_unavailable : exit_unconfirmed;
    }
}

/// What became of the trigger.
std::string word(autopilot::Trigger trigger)
{
    static const char *const words[] = {"not sent", "may have run", "refused", "accepted", "joined"};
    const auto number = static_cast<std::size_t>(trigger);
    return number < std::size(words) ? words[number] : "unknown"; // later versions may have more
}

std::string json(const std::string &text)
{
    std::ostringstream out;
    out << '"';
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out << '\\' << c;
        else if (static_cast<unsigned char>(c) < 0x20)
            out << "\\u" << std::hex << std::setw(4) << std::setfill('0') << static_cast<int>(c) << std::dec;
        else
            out << c;
    }
    out << '"';
    return out.str();
}

/// What a tenant's line says.
struct Result {
    std::string tenant;
    std::string name;
    std::string message;
    ExitCode exit_code;
    std::optional<autopilot::Detail> detail; // none if its call has not begun

    std::string trigger() const { return word(detail ? detail->trigger() : autopilot::Trigger::not_sent); }

    std::vector<autopilot::Attempt> requests() const
    {
        return detail ? detail->attempts() : std::vector<autopilot::Attempt>();
    }
};

std::string text_line(const Result &result)
{
    const auto requests = result.requests();
    const std::string last = requests.empty() ? "" : ", last request " + requests.back().client_request_id;
    return result.tenant + ": " + result.name + ": " + result.message + " (trigger " + result.trigger() + last + ')';
}

std::string json_line(const Result &result)
{
    const auto retry_after = result.detail ? result.detail->retry_after() : std::nullopt;
    std::ostringstream out;
    out << "{\"tenant\":" << json(result.tenant) << ",\"done\":" << (result.exit_code == exit_done ? "true" : "false")
        << ",\"result\":" << json(result.name) << ",\"message\":" << json(result.message)
        << ",\"trigger\":" << json(result.trigger())
        << ",\"http_status\":" << (result.detail ? result.detail->http_status() : 0)
        << ",\"retry_after_s\":" << (retry_after ? (retry_after->count() + 999) / 1000 : -1) << ",\"requests\":[";
    const char *separator = "";
    for (const autopilot::Attempt &request : result.requests())
        out << std::exchange(separator, ",") << "{\"client_request_id\":" << json(request.client_request_id)
            << ",\"request_id\":" << (request.request_id ? json(*request.request_id) : "null") << '}';
    out << "]}";
    return out.str();
}

/// Prints from any thread: results to stdout, and what else there is to say to stderr.
class Printer {
public:
    explicit Printer(bool is_json) : is_json_(is_json) {}

    void warn(const std::string &text, ExitCode exit_code)
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        highest_ = std::max(highest_, exit_code);
        std::cerr << "autopilot-fleet: " << text << std::endl;
    }

    void print(const Result &result)
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        highest_ = std::max(highest_, result.exit_code);
        tenants_++;
        done_ += result.exit_code == exit_done;
        std::cout << (is_json_ ? json_line(result) : text_line(result)) << std::endl;
    }

    /// Prints how many are done. Returns the highest exit code.
    ExitCode summary()
    {
        if (is_json_)
            std::cout << "{\"tenants\":" << tenants_ << ",\"done\":" << done_ << '}' << std::endl;
        else
            std::cout << done_ << " of " << tenants_ << " are synchronised" << std::endl;
        return highest_;
    }

private:
    const bool is_json_;
    std::mutex mutex_;
    std::uint64_t tenants_ = 0, done_ = 0;
    ExitCode highest_ = exit_done;
};

/// The calls of all tenants.
class Calls {
public:
    explicit Calls(const Arguments &arguments)
        : arguments_(arguments), printer_(arguments.is_json), file_(arguments.file)
    {
        if (!file_)
            throw Refusal(exit_no_token, arguments.file + ": " + std::strerror(errno));
    }

    /// Makes the calls on this thread and on those that help. Returns the program's exit code.
    int run()
    {
        add_tenants();
        add_helper(); // if all threads are in a request that hangs, none is left to ask for another
        work();
        for (std::vector<std::thread> helpers; helpers = taken_helpers(), !helpers.empty();)
            for (std::thread &helper : helpers)
                helper.join();
        const ExitCode highest = printer_.summary();
        if (!std::cout)
            throw Refusal(exit_no_output, "the results cannot be written");
        return signal_ != 0 && highest != exit_done ? exit_by_signal + signal_ : highest;
    }

    /// Ends all calls, from any thread.
    void stop(int signal)
    {
        signal_ = signal;
        fleet_.cancel();
    }

    /// A fault ends no call but its own.
    void warn(const std::exception &fault, ExitCode exit_code = exit_fault) { printer_.warn(fault.what(), exit_code); }

private:
    /// What each thread does until all calls have ended.
    void work()
    {
        for (auto event = fleet_.next(); event.kind() != autopilot::EventKind::finished; event = fleet_.next()) {
            try {
                if (event.kind() == autopilot::EventKind::wants_token)
                    give_token(event.key());
                else if (event.kind() == autopilot::EventKind::ended)
                    end(event.key(), *event.detail());
                else if (event.kind() == autopilot::EventKind::behind)
                    add_helper();
            } catch (const std::exception &fault) {
                warn(fault);
            }
            if (event.kind() == autopilot::EventKind::ended)
                add_tenants();
        }
    }

    /// Adds tenants while the fleet has room. After a signal, tells those that it does not reach.
    void add_tenants()
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        while (file_ && (signal_ != 0 || fleet_.has_room())) {
            try {
                std::optional<Tenant> tenant = next_tenant(file_, line_number_, application_.has_value());
                if (tenant && signal_ == 0)
                    add(std::move(*tenant));
                else if (tenant)
                    printer_.print({tenant->name, "NOT_STARTED", "not started", exit_by_signal, std::nullopt});
            } catch (const Refusal &refusal) {
                printer_.warn(arguments_.file + ": " + refusal.what(), refusal.code);
            } catch (const std::exception &fault) {
                warn(fault);
            }
        }
        if (!file_)
            fleet_.close();
    }

    /// Its token is read when its turn comes, so that none expires in the queue.
    void add(Tenant tenant)
    {
        const autopilot::Goal goal = !arguments_.wait   ? autopilot::Goal::sync()
                                     : arguments_.since ? autopilot::Goal::sync_since(*arguments_.since)
                                                        : autopilot::Goal::sync_and_wait();
        tenants_.emplace(line_number_, std::move(tenant));
        fleet_.add(line_number_, nullptr, goal, arguments_.wait.value_or(seconds(60)));
    }

    void give_token(std::uint64_t key)
    try {
        std::string name, source, why;
        with(key, [&](const Tenant &tenant) { std::tie(name, source) = std::tie(tenant.name, tenant.source); });
        if (name.empty())
            return; // its call has ended meanwhile
        try {
            if (source.empty())
                return fleet_.set_credential(key, application_->for_tenant(name));
            return fleet_.set_token(key, read_token(in_folder(folder_, source)));
        } catch (const NoToken &error) {
            why = error.what();
        } catch (const autopilot::Error &) {
            why = source.empty() ? "its name is no id and no domain of a tenant" : "its source has no valid token";
        } catch (const std::exception &fault) {
            warn(fault);
            why = fault.what();
        }
        with(key, [&](Tenant &tenant) { tenant.no_token = why; });
        fleet_.set_token(key, nullptr);
    } catch (const autopilot::Error &) { // now it has
    }

    template <class F>
    void with(std::uint64_t key, F use)
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (const auto found = tenants_.find(key); found != tenants_.end())
            use(found->second);
    }

    void end(std::uint64_t key, const autopilot::Detail &detail)
    {
        const Tenant tenant = taken(key);
        Result result = {tenant.name, detail.name(), detail.message(), exit_code(detail), detail};
        if (!tenant.no_token.empty() && result.exit_code == exit_no_token) {
            result.name = "NO_TOKEN";
            result.message = tenant.no_token;
        } else if (!tenant.no_token.empty()) {
            result.message += "; no new token: " + tenant.no_token;
        }
        printer_.print(result);
    }

    Tenant taken(std::uint64_t key)
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        return std::move(tenants_.extract(key).mapped());
    }

    void add_helper()
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (threads_ == arguments_.threads)
            return;
        try {
            helpers_.emplace_back([this] { work(); });
            threads_++;
        } catch (const std::system_error &error) {
            printer_.warn("only " + std::to_string(threads_) + " threads: " + error.code().message(), exit_done);
            arguments_.threads = threads_;
        }
    }

    std::vector<std::thread> taken_helpers()
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        return std::exchange(helpers_, {});
    }

    Arguments arguments_;
    const std::optional<autopilot::Credential> application_ = application(arguments_);
    Printer printer_;
    const autopilot::Fleet fleet_{
        autopilot::Client(
            autopilot::Options().cloud(arguments_.cloud).user_agent_suffix("autopilot-fleet/" AUTOPILOT_VERSION)),
        arguments_.jobs};
    std::atomic<int> signal_{0};
    std::mutex mutex_; // of what follows
    std::ifstream file_;
    const std::string folder_ = arguments_.file.substr(0, arguments_.file.rfind('/') + 1);
    std::uint64_t line_number_ = 0;
    std::map<std::uint64_t, Tenant> tenants_; // those in the fleet, by their lines
    std::vector<std::thread> helpers_;
    int threads_ = 1;
};

bool is_ignored(int signal)
{
    struct sigaction action {};
    return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// Lets a thread of its own wait for a signal to stop, as long as the process lives. Call it before there is any other
/// thread, because threads inherit the blocked signals.
void stop_on_signal(const std::shared_ptr<Calls> &calls)
{
    sigset_t signals, before;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
        if (!is_ignored(signal)) // as under nohup: it stays ignored
            sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, &before);
    try {
        std::thread([signals, calls] {
            int signal = 0;
            sigwait(&signals, &signal);
            calls->stop(signal);
        }).detach();
    } catch (const std::system_error &error) {
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
        const std::string why = "a signal ends the program without a report: " + error.code().message();
        calls->warn(std::runtime_error(why), exit_done);
    }
}

int run(const Arguments &arguments)
{
    const auto calls = std::make_shared<Calls>(arguments);
    stop_on_signal(calls);
    return calls->run();
}

} // namespace

int main(int argc, char **argv)
{
    std::signal(SIGPIPE, SIG_IGN); // if the reader leaves, let the write fail
    const std::vector<std::string> words(argv + (argc > 0), argv + argc);
    if (words == std::vector<std::string>{"--help"})
        return !(std::cout << HELP << std::flush);
    if (words == std::vector<std::string>{"--version"})
        return !(std::cout << "autopilot-fleet " AUTOPILOT_VERSION ", libautopilot_sync " << autopilot::version()
                           << std::endl);
    try {
        return run(parse(words));
    } catch (const Refusal &refusal) {
        std::cerr << "autopilot-fleet: " << refusal.what() << std::endl;
        return refusal.code;
    } catch (const autopilot::Error &error) {
        std::cerr << "autopilot-fleet: " << error.what() << std::endl;
        return error.kind() == autopilot::ErrorKind::configuration ? exit_configuration : exit_fault;
    } catch (const std::exception &error) {
        std::cerr << "autopilot-fleet: " << error.what() << std::endl;
        return exit_fault;
    }
}
