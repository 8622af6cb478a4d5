// What the C++ programs say when the header does not keep its word.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>

#include "autopilot_sync.hpp"

#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);          \
            std::exit(1);                                                                 \
        }                                                                                 \
    } while (false)

// The error that a call ends with, if it does.
template <class F>
std::optional<autopilot::Error> error_of(F call)
{
    try {
        static_cast<void>(call());
    } catch (const autopilot::Error &error) {
        return error;
    }
    return std::nullopt;
}

// Whether a call is refused before anything is sent, in words that have these.
template <class F>
bool refuses(F call, std::string_view words)
{
    const std::optional<autopilot::Error> error = error_of(call);
    return error && error->result() == AUTOPILOT_ERROR_INVALID_ARGUMENT && error->attempts().empty() &&
           error->message() == error->what() && error->message().find(words) != std::string::npos;
}

// What holds without the service.
void values();

// Calls in steps, and fleets.
void steps();
void fleet();
