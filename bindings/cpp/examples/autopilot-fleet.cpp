/*
 * autopilot-fleet - synchronises the Windows Autopilot devices of many tenants at once.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 *     c++ -std=c++17 autopilot-fleet.cpp $(pkg-config --cflags --libs autopilot_sync) -pthread -o autopilot-fleet
 *     autopilot-fleet --wait 600 tenants.txt
 *
 * C++17 and POSIX. `--help` has the options, the form of the file, and the exit codes.
 *
 * One client serves all tenants and threads. If the service asks to try a tenant later, the tenant goes back into the
 * queue, and no thread waits for it. A failure of one tenant does not affect the others. If nobody reads the results
 * any more, the program still finishes, and exits with 70.
 *
 * SIGINT, SIGTERM and SIGHUP end the running calls. The program then also reports the tenants that it did not reach.
 * Signals that were ignored at the start, as under nohup, stay ignored.
 *
 * It reads each token just before it needs it, never prints it, and wipes it from memory afterwards.
 */
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <future>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "autopilot_sync.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char HELP[] = R"(usage: autopilot-fleet [option ...] FILE

Triggers Intune's Windows Autopilot sync for each tenant in FILE. Each line names a tenant and its bearer token:

    NAME file:PATH       or       NAME env:VARIABLE

Empty lines and lines that begin with # are skipped.

  --jobs N         how many tenants at a time, from 1 to 64; default 8
  --wait SECONDS   waits until each sync ends, at most this long; without it, only triggers
  --since WHEN     with --wait: triggers only if no sync has completed since: start, or this long before the start,
                   such as 90s, 10m, 2h or 7d
  --until SECONDS  if the service asks to try a tenant later, does so until this long after the start; default 900
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
  70  a fault in the library or the system, or the results cannot be written
  77  the service refuses the token, or the token lacks a permission
  78  the proxy, the CA file or the environment cannot be used
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
    std::size_t jobs = 8;
    std::optional<seconds> wait;
    std::optional<autopilot::Time> since;
    seconds until{900};
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

/// How long before the start.
seconds since(const std::string &text)
{
    static const std::map<char, int> units = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    if (text == "start")
        return seconds(0);
    const auto unit = units.find(text.empty() ? '\0' : text.back());
    if (unit == units.end())
        throw Refusal(exit_usage, "--since: start, or a time such as 90s, 10m, 2h or 7d");
    const int count = number("--since", text.substr(0, text.size() - 1), 1, 31536000 / unit->second);
    return seconds(unit->second) * count;
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
        if (word == "--jobs")
            arguments.jobs = static_cast<std::size_t>(number(word, value(), 1, 64));
        else if (word == "--wait")
            arguments.wait = seconds(number(word, value(), 1, 86400));
        else if (word == "--since")
            arguments.since = start - since(value());
        else if (word == "--until")
            arguments.until = seconds(number(word, value(), 0, 86400));
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
    return arguments;
}

struct Tenant {
    std::string name;
    std::string source; // of its token: file:PATH or env:VARIABLE
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

std::vector<Tenant> read_tenants(const std::string &path)
{
    std::ifstream file(path);
    std::vector<Tenant> tenants;
    std::set<std::string> names;
    std::string line;
    for (int number = 1; std::getline(file, line); number++) {
        std::istringstream words(line);
        Tenant tenant;
        if (!(words >> tenant.name) || tenant.name.front() == '#')
            continue;
        std::getline(words >> std::ws, tenant.source);
        // Do not show the line: somebody may have put a token there.
        const std::string where = path + ", line " + std::to_string(number) + ": ";
        if (!is_name(tenant.name) || !is_source(tenant.source))
            throw Refusal(exit_no_token, where + "expected NAME file:PATH or NAME env:VARIABLE");
        if (!names.insert(tenant.name).second)
            throw Refusal(exit_no_token, where + "another tenant has the same name");
        tenants.push_back(tenant);
    }
    if (!file.eof())
        throw Refusal(exit_no_token, path + ": " + std::strerror(errno));
    return tenants;
}

/// Why there is no token. Does not show the source: somebody may have put a token there.
struct NoToken : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A token. Its destructor wipes it from memory.
class Token {
public:
    /// After Token() the object is complete, so its destructor wipes it even if the rest throws.
    explicit Token(const std::string &source) : Token()
    {
        if (source.rfind("env:", 0) == 0)
            take_variable(source.substr(4));
        else
            take_file(source.substr(5));
    }

    Token(const Token &) = delete;
    Token &operator=(const Token &) = delete;

    ~Token()
    {
        for (volatile char &byte : text_) // volatile, so that the compiler keeps the writes
            byte = '\0';
    }

    const std::string &text() const { return text_; }

private:
    Token() = default;

    void take_variable(const std::string &name)
    {
        const char *value = std::getenv(name.c_str());
        if (!value)
            throw NoToken("the variable with its token is not set");
        text_ = value;
    }

    /// Uses no stream, because nobody wipes a stream's buffer. The string never grows, so it leaves no copy behind.
    void take_file(const std::string &path)
    {
        constexpr std::size_t too_long = 64 * 1024 + 3; // with a line break, so that the library sees it
        const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); // do not wait for a FIFO
        text_.resize(too_long);
        std::size_t length = 0;
        ssize_t count = -1;
        while (descriptor >= 0 && (count = ::read(descriptor, text_.data() + length, too_long - length)) > 0)
            length += static_cast<std::size_t>(count);
        const int error = errno;
        if (descriptor >= 0)
            ::close(descriptor);
        if (count < 0)
            throw NoToken(std::string("the file with its token cannot be read: ") + std::strerror(error));
        text_.resize(length);
    }

    std::string text_;
};

/// The result for a tenant.
struct Report {
    ExitCode exit_code = exit_by_signal;
    bool is_done() const { return exit_code == exit_done; }
    std::string result = "NOT_STARTED";
    std::string message = "not started";
    std::int32_t http_status = 0;
    std::vector<autopilot::Attempt> attempts;
    /// How long the service asks to wait, if it does.
    std::optional<milliseconds> retry_after;
    int tries = 0;
};

ExitCode exit_code(autopilot::Answer answer)
{
    switch (answer) {
    case autopilot::Answer::accepted:
    case autopilot::Answer::already_running:
    case autopilot::Answer::up_to_date:
        return exit_done;
    case autopilot::Answer::too_soon:
        return exit_too_soon;
    default: // later versions may have more answers
        return exit_unconfirmed;
    }
}

/// Whether the same request gets this HTTP status again, however often it is sent.
bool is_final(std::int32_t status)
{
    return status >= 400 && status < 500 && status != 408 && status != 409 && status != 429;
}

ExitCode exit_code(const autopilot::Error &error)
{
    switch (error.kind()) {
    case autopilot::ErrorKind::sync_failed:
        return exit_sync_failed;
    case autopilot::ErrorKind::invalid_argument: // of the token: the program has checked the rest
        return exit_no_token;
    case autopilot::ErrorKind::internal:
        return exit_fault;
    case autopilot::ErrorKind::cancelled:
        return exit_by_signal;
    case autopilot::ErrorKind::unauthorized:
    case autopilot::ErrorKind::forbidden:
        return exit_not_allowed;
    case autopilot::ErrorKind::service:
        return is_final(error.http_status()) ? exit_refused : exit_unavailable;
    case autopilot::ErrorKind::configuration:
        return exit_configuration;
    default: // later versions may have more errors
        return exit_unavailable;
    }
}

Report report(const autopilot::Detail &detail, ExitCode exit_code)
{
    Report report;
    report.exit_code = exit_code;
    report.result = detail.name();
    report.message = detail.message();
    report.http_status = detail.http_status();
    report.attempts = detail.attempts();
    report.retry_after = detail.retry_after();
    return report;
}

/// Gives the wait the token that its source has now. If that fails, `why` says the reason, and the wait ends with the
/// error of the refused token.
void renew(autopilot::Progress &progress, const Tenant &tenant, const Token &refused, std::string &why)
try {
    const Token renewed(tenant.source);
    if (renewed.text() == refused.text())
        why = "its source still has the same token";
    else
        progress.set_token(renewed.text());
} catch (const NoToken &error) {
    why = error.what();
} catch (const autopilot::Error &error) {
    why = error.what();
}

/// Waits for the end of a sync. Does not wait until the service accepts a trigger: the queue does that.
autopilot::Outcome wait(const autopilot::Client &client, const Tenant &tenant, const Token &token,
                        const Arguments &arguments, const autopilot::Cancel &cancel, std::string &not_renewed)
{
    const auto on_progress = [&](autopilot::Progress &progress) {
        if (progress.phase() == autopilot::Phase::token_rejected)
            renew(progress, tenant, token, not_renewed);
        return progress.phase() == autopilot::Phase::window ? autopilot::Flow::stop : autopilot::Flow::go_on;
    };
    return arguments.since ? client.sync_since(token.text(), *arguments.since, *arguments.wait, on_progress, cancel)
                           : client.sync_and_wait(token.text(), *arguments.wait, on_progress, cancel);
}

Report synchronise(const autopilot::Client &client, const Tenant &tenant, const Arguments &arguments,
                   const autopilot::Cancel &cancel)
{
    std::string not_renewed;
    try {
        const Token token(tenant.source);
        const autopilot::Outcome outcome =
            arguments.wait ? wait(client, tenant, token, arguments, cancel, not_renewed)
                           : client.sync(token.text(), cancel);
        Report known = report(outcome, exit_code(outcome.answer()));
        // If the service does not say: the documented ten minutes plus a margin.
        if (outcome.answer() == autopilot::Answer::too_soon && !known.retry_after)
            known.retry_after = seconds(610);
        return known;
    } catch (const autopilot::Error &error) {
        Report known = report(error, exit_code(error));
        if (!not_renewed.empty())
            known.message += "; no new token: " + not_renewed;
        return known;
    } catch (const NoToken &error) {
        Report known;
        known.exit_code = exit_no_token;
        known.result = "NO_TOKEN";
        known.message = error.what();
        return known;
    }
}

struct Job {
    const Tenant *tenant;
    Report last;
};

/// The jobs to do, each with the time before which it must not start.
class Queue {
public:
    /// A running job. While it exists, no thread ends, because the job may be put back.
    class Taken {
    public:
        Taken(Queue &queue, Job job) noexcept : job_(std::move(job)), queue_(&queue) {}
        const Job &job() const { return job_; }

    private:
        struct Release {
            void operator()(Queue *queue) const { queue->release(); }
        };

        Job job_;
        std::unique_ptr<Queue, Release> queue_;
    };

    void put(Clock::time_point due, Job job)
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        waiting_.emplace(due, std::move(job));
        changed_.notify_all();
    }

    /// Waits for the next job that is due. None if all are done, or the queue is closed.
    std::optional<Taken> take()
    {
        std::unique_lock<std::mutex> lock(mutex_);
        while (!is_closed_ && (!waiting_.empty() || taken_ > 0)) {
            if (waiting_.empty()) {
                changed_.wait(lock); // a running job may be put back
            } else if (const Clock::time_point due = waiting_.begin()->first; due > Clock::now()) {
                changed_.wait_until(lock, due);
            } else {
                taken_++;
                return Taken(*this, std::move(waiting_.extract(waiting_.begin()).mapped()));
            }
        }
        return std::nullopt;
    }

    void close()
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        is_closed_ = true;
        changed_.notify_all();
    }

    /// The jobs that never started.
    std::vector<Job> rest()
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        std::vector<Job> rest;
        for (auto &entry : std::exchange(waiting_, {}))
            rest.push_back(std::move(entry.second));
        return rest;
    }

private:
    void release()
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        taken_--;
        changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::multimap<Clock::time_point, Job> waiting_;
    int taken_ = 0;
    bool is_closed_ = false;
};

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

std::string json_or_null(const std::optional<std::string> &text)
{
    return text ? json(*text) : "null";
}

/// Prints from any thread: results to stdout, delays and warnings to stderr.
class Printer {
public:
    explicit Printer(bool is_json) : is_json_(is_json) {}

    void warn(const std::string &text)
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        std::cerr << "autopilot-fleet: " << text << std::endl;
    }

    void later(const Tenant &tenant, const Report &report)
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        std::cerr << tenant.name << ": " << report.result << ", again in " << in_seconds(report) << " s" << std::endl;
    }

    void finished(const Tenant &tenant, const Report &report)
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (is_json_)
            print_json(tenant, report);
        else
            std::cout << tenant.name << ": " << report.result << ": " << report.message << std::endl;
        rows_.emplace_back(tenant.name, report);
    }

    /// Prints the summary. Returns the highest exit code.
    ExitCode summary()
    {
        const auto is_done = [](const auto &row) { return row.second.is_done(); };
        const auto done = std::count_if(rows_.begin(), rows_.end(), is_done);
        if (is_json_) {
            std::cout << "{\"tenants\":" << rows_.size() << ",\"done\":" << done << '}' << std::endl;
        } else {
            print_table();
            std::cout << done << " of " << rows_.size() << " are synchronised" << std::endl;
        }
        ExitCode highest = exit_done;
        for (const auto &row : rows_)
            highest = std::max(highest, row.second.exit_code);
        return highest;
    }

private:
    static std::int64_t in_seconds(const Report &report)
    {
        return report.retry_after ? (report.retry_after->count() + 999) / 1000 : -1;
    }

    static void print_json(const Tenant &tenant, const Report &report)
    {
        std::optional<std::string> client_request_id, request_id;
        if (!report.attempts.empty()) {
            client_request_id = report.attempts.back().client_request_id;
            request_id = report.attempts.back().request_id;
        }
        std::cout << "{\"tenant\":" << json(tenant.name) << ",\"done\":" << (report.is_done() ? "true" : "false")
                  << ",\"result\":" << json(report.result) << ",\"message\":" << json(report.message)
                  << ",\"http_status\":" << report.http_status << ",\"tries\":" << report.tries
                  << ",\"retry_after_s\":" << in_seconds(report)
                  << ",\"client_request_id\":" << json_or_null(client_request_id)
                  << ",\"request_id\":" << json_or_null(request_id) << '}' << std::endl;
    }

    void print_table()
    {
        std::size_t width = 6;
        for (const auto &row : rows_)
            width = std::max(width, row.first.size());
        const auto name = std::setw(static_cast<int>(width) + 2);
        std::cout << '\n' << std::left << name << "tenant" << std::setw(34) << "result" << std::setw(7) << "tries"
                  << "request\n";
        for (const auto &[tenant, report] : rows_) {
            const std::string id = report.attempts.empty() ? "-" : report.attempts.back().client_request_id;
            std::cout << name << tenant << std::setw(34) << report.result << std::setw(7) << report.tries << id << '\n';
        }
    }

    const bool is_json_;
    std::mutex mutex_;
    std::vector<std::pair<std::string, Report>> rows_;
};

/// Waits on a thread of its own for a signal to stop, and then ends all calls.
class Signals {
public:
    /// Make it before any other thread, because threads inherit the blocked signals.
    Signals(const autopilot::Cancel &cancel, Queue &queue, Printer &printer)
    {
        sigemptyset(&set_);
        sigaddset(&set_, WAKE);
        for (const int signal : {SIGTERM, SIGINT, SIGHUP})
            if (!is_ignored(signal))
                sigaddset(&set_, signal);
        sigset_t before;
        pthread_sigmask(SIG_BLOCK, &set_, &before);
        std::signal(WAKE, SIG_DFL); // after blocking it; an ignored signal may not arrive
        try {
            thread_ = std::thread([this, &cancel, &queue] { watch(cancel, queue); });
        } catch (const std::system_error &error) {
            pthread_sigmask(SIG_SETMASK, &before, nullptr);
            printer.warn("a signal ends the program without a report: " + error.code().message());
        }
    }

    ~Signals() { stop(); }

    /// Stops waiting. Returns the signal that came, or 0.
    int stop()
    {
        if (thread_.joinable()) {
            is_over_ = true;
            pthread_kill(thread_.native_handle(), WAKE);
            thread_.join();
        }
        return signal_ == WAKE ? 0 : signal_;
    }

private:
    /// Wakes the thread after is_over_ is set. If somebody else sends it, nothing happens.
    static constexpr int WAKE = SIGUSR1;

    /// As under nohup. It stays ignored.
    static bool is_ignored(int signal)
    {
        struct sigaction action {};
        return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
    }

    void watch(const autopilot::Cancel &cancel, Queue &queue)
    {
        while (signal_ == WAKE && !is_over_)
            sigwait(&set_, &signal_);
        if (signal_ == WAKE)
            return;
        queue.close();
        cancel.trigger();
    }

    sigset_t set_;
    std::atomic<bool> is_over_{false};
    int signal_ = WAKE;
    std::thread thread_;
};

/// The work of each thread, until all jobs are done.
void work(const autopilot::Client &client, const Arguments &arguments, const autopilot::Cancel &cancel, Queue &queue,
          Printer &printer, Clock::time_point until)
{
    while (const std::optional<Queue::Taken> taken = queue.take()) {
        const Job &job = taken->job();
        Report known = synchronise(client, *job.tenant, arguments, cancel);
        known.tries = job.last.tries + 1;
        const Clock::time_point next = Clock::now() + known.retry_after.value_or(milliseconds::zero());
        if (!known.is_done() && known.retry_after && next <= until) {
            printer.later(*job.tenant, known);
            queue.put(next, {job.tenant, known});
        } else {
            printer.finished(*job.tenant, known);
        }
    }
}

/// Works on this many threads including this one, or on as many as the system gives.
void work_on_threads(std::size_t count, Printer &printer, const std::function<void()> &work)
{
    std::vector<std::future<void>> others;
    try {
        while (others.size() + 1 < count)
            others.push_back(std::async(std::launch::async, work));
    } catch (const std::system_error &error) {
        printer.warn("only " + std::to_string(others.size() + 1) + " at a time: " + error.code().message());
    }
    work();
    for (std::future<void> &other : others)
        other.get();
}

int run(const Arguments &arguments)
{
    const Clock::time_point start = Clock::now();
    const std::vector<Tenant> tenants = read_tenants(arguments.file);
    const autopilot::Client client(
        autopilot::Options().cloud(arguments.cloud).user_agent_suffix("autopilot-fleet/" AUTOPILOT_VERSION));
    const autopilot::Cancel cancel;
    Printer printer(arguments.is_json);
    Queue queue;
    for (const Tenant &tenant : tenants)
        queue.put(start, {&tenant, {}});

    Signals signals(cancel, queue, printer);
    work_on_threads(std::min(arguments.jobs, tenants.size()), printer, [&] {
        work(client, arguments, cancel, queue, printer, start + arguments.until);
    });

    const int signal = signals.stop();
    for (const Job &job : queue.rest())
        printer.finished(*job.tenant, job.last);
    const ExitCode highest = printer.summary();
    if (!std::cout)
        throw std::runtime_error("the results cannot be written");
    return signal != 0 && highest != exit_done ? exit_by_signal + signal : highest;
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
