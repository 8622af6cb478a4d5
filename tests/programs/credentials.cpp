// Calls whose tokens a credential gets: credentials CALL MAKER ARGUMENT... The C++ twin of credentials.c.
#include "cpp_check.hpp"

#include <array>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using namespace autopilot;

static constexpr const char *application = "00000000-0000-0000-0000-00000000000a";
static constexpr const char *tenant = "default";

static Credential make(const std::vector<std::string> &arguments)
{
    const std::string &maker = arguments.at(0), argument = arguments.size() > 1 ? arguments[1] : "";
    if (maker == "text")
        return Credential::client_secret(tenant, application, Secret::text, argument);
    if (maker == "file")
        return Credential::client_secret(tenant, application, Secret::file, argument);
    if (maker == "variable")
        return Credential::client_secret(tenant, application, Secret::variable, argument);
    if (maker == "certificate")
        return Credential::client_certificate(tenant, application, argument);
    if (maker == "chain")
        return Credential::client_certificate(tenant, application, argument, Chain::send);
    if (maker == "token")
        return Credential::workload_identity(tenant, application, argument);
    if (maker == "machine")
        return argument.empty() ? Credential::managed_identity() : Credential::managed_identity(argument);
    CHECK(maker == "environment");
    return Credential::from_environment();
}

// Prints what a call came to, and the message of an error.
template <class F>
static void show(F call)
{
    const std::optional<Error> error = error_of([&] {
        const Outcome outcome = call();
        std::cout << outcome.name() << '\n';
        return 0;
    });
    if (error)
        std::cout << error->name() << ": " << error->message() << '\n';
}

// Each kind of call without a token, by a client that outlives its credential and its options.
static void call(std::optional<Credential> credential)
{
    const Client client(Options().timeout(1h).credential(*credential));
    credential.reset();
    const auto stop = [](Progress &progress) { return progress.phase() == Phase::watching ? Flow::stop : Flow::go_on; };
    show([&] { return client.sync(nullptr); });
    const std::optional<Error> error = error_of([&] { return client.settings(nullptr); });
    show([&] { return client.sync_and_wait(nullptr, 1h, stop); });
    show([&] { return client.sync_since(nullptr, std::chrono::system_clock::now(), 1h, stop); });
    Wait wait(client, nullptr, Goal::settings(), 1h);
    Event event = wait.step();
    while (event.kind() == EventKind::pause)
        event = wait.step();
    show([&] { return event.outcome(); });
    CHECK(error.has_value() == (event.detail()->result() < 0));
    CHECK(refuses([] { return Client().sync(nullptr); }, "the token is NULL"));
}

static void step(const Credential &credential)
{
    const Client client(Options().timeout(1h));
    Wait wait(client, "expired", Goal::sync(), 1h);
    CHECK(wait.step().kind() == EventKind::wants_token);
    wait.set_credential(credential);
    const Event event = wait.step();
    show([&] { return event.outcome(); });
    CHECK(refuses([&] { return wait.set_credential(credential), 0; }, "the call has ended"));
}

static void fleet(const Credential &credential)
{
    const std::array<const char *, 3> tenants = {"adatum", "contoso", "fabrikam"};
    std::array<std::optional<autopilot_result>, 3> results;
    const Fleet fleet(Client(Options().timeout(1h)));
    for (std::size_t i = 0; i < tenants.size(); i++)
        fleet.add(i, nullptr, Goal::sync(), 1h);
    fleet.close();
    while (true) {
        const Event event = fleet.next();
        const std::size_t key = event.key();
        if (event.kind() == EventKind::finished)
            break;
        if (event.kind() == EventKind::wants_token)
            fleet.set_credential(key, credential.for_tenant(tenants.at(key)));
        else if (event.kind() == EventKind::ended)
            results.at(key) = event.detail()->result();
    }
    for (std::size_t i = 0; i < tenants.size(); i++)
        std::cout << tenants[i] << ' ' << autopilot_result_name(results[i].value()) << '\n';
    CHECK(refuses([&] { return fleet.set_credential(0, credential), 0; }, "no tenant has this key"));
}

// Copies share what is in them, and outlive each other. What was moved from refuses.
static Credential copied(Credential &&credential)
{
    Credential first(credential), second(std::move(credential));
    CHECK(first.capi() == second.capi() && credential.capi() == nullptr);
    CHECK(refuses([&] { return credential.describe(); }, "the credential was moved from"));
    CHECK(refuses([&] { return credential.for_tenant("contoso.com"); }, "the credential was moved from"));
    CHECK(refuses([&] { return Options().credential(credential).capi(); }, "the credential was moved from"));
    std::ostringstream stream;
    stream << first;
    first = second;
    CHECK(stream.str() == second.describe() && first.describe() == second.describe());
    CHECK(refuses([&] { return second.for_tenant("not a tenant"); }, "tenant"));
    CHECK(refuses([&] { return second.for_tenant(std::string("a\0b", 3)); }, "a NUL inside the tenant"));
    return first;
}

int main(int argc, char **argv)
{
    CHECK(argc > 2);
    std::optional<Credential> made;
    const std::optional<Error> error =
        error_of([&] { return made = make(std::vector<std::string>(argv + 2, argv + argc)), 0; });
    if (error) {
        std::cout << "none\n" << error->name() << ": " << error->message() << '\n';
        return 0;
    }
    const Credential credential = copied(std::move(*made));
    made.reset();
    std::cout << credential << "\nAUTOPILOT_OK\n";
    if (std::string_view(argv[1]) == "call")
        call(credential);
    else if (std::string_view(argv[1]) == "step")
        step(credential);
    else
        fleet(credential);
}
