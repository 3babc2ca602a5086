#include "options.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <string_view>

namespace bench {
namespace {

constexpr char usage[] =
    "penstock_bench target [--listen ADDRESS]      serve: prints the address, runs until SIGTERM\n"
    "penstock_bench MODE --target HOST:PORT [--via PROXY] ...\n"
    "  down, up   --streams N, --octets N each or --seconds S; down: --rate octets/s on each\n"
    "  connect    --streams N at the same time, --count N or --seconds S; one octet there and "
    "back, close\n"
    "  latency    --streams N, exchanges of 64 octets on each, one after the other, --count N on "
    "each or --seconds S\n"
    "  idle       --streams N; one octet there and back on each, then held\n"
    "  stall      --streams N downloads that are never read, held\n"
    "  verify     --streams N, --octets N each way at the same time; SHA-256 compared at both "
    "ends\n"
    "  --via: a SOCKS5 proxy, ADDRESS, or an HTTP proxy, http://ADDRESS; without it straight to "
    "the target.\n"
    "  --timeout S (300), --seed N.\n"
    "What has no octets, count or seconds goes on until SIGTERM or the end of stdin. A line says "
    "when all streams\n"
    "are open; SIGUSR1 asks load and target for a line with what they have moved; the last line "
    "is the result.\n";

[[noreturn]] void misuse(std::string_view what, std::string_view detail)
{
    std::fprintf(
        stderr,
        "penstock_bench: %.*s %.*s\n%s",
        static_cast<int>(what.size()),
        what.data(),
        static_cast<int>(detail.size()),
        detail.data(),
        usage
    );
    std::exit(2);
}

double number(const char* name, const char* text)
{
    char* end = nullptr;
    errno = 0;
    const double value = std::strtod(text, &end);
    if (end == text || *end != '\0' || errno != 0 || value < 0)
        misuse("not a number for", name);
    return value;
}

proxy parse_proxy(const std::string& text)
{
    constexpr std::string_view http = "http://";
    if (text.starts_with(http))
        return {proxy_kind::http, parse_endpoint(text.substr(http.size()))};
    return {proxy_kind::socks5, parse_endpoint(text)};
}

void set_option(options& o, std::string_view name, const char* value)
{
    if (name == "--listen")
        o.listen = value;
    else if (name == "--target")
        o.target = value;
    else if (name == "--via")
        o.via = parse_proxy(value);
    else if (name == "--streams")
        o.streams = static_cast<unsigned>(number("--streams", value));
    else if (name == "--octets")
        o.octets = static_cast<std::uint64_t>(number("--octets", value));
    else if (name == "--rate")
        o.rate = number("--rate", value);
    else if (name == "--seconds")
        o.seconds = number("--seconds", value);
    else if (name == "--count")
        o.count = static_cast<std::uint64_t>(number("--count", value));
    else if (name == "--seed")
        o.seed = static_cast<std::uint64_t>(number("--seed", value));
    else if (name == "--timeout")
        o.timeout_s = number("--timeout", value);
    else
        misuse("unknown option", name);
}

}  // namespace

endpoint parse_endpoint(const std::string& text)
{
    const auto colon = text.rfind(':');
    if (colon == std::string::npos)
        misuse("no port in", text);
    const auto port =
        htons(static_cast<std::uint16_t>(number("the port", text.c_str() + colon + 1)));
    endpoint e;
    if (text.starts_with('[') && colon > 1 && text[colon - 1] == ']') {
        auto& six = reinterpret_cast<sockaddr_in6&>(e.storage);
        six.sin6_family = AF_INET6;
        six.sin6_port = port;
        e.size = sizeof six;
        if (::inet_pton(AF_INET6, text.substr(1, colon - 2).c_str(), &six.sin6_addr) == 1)
            return e;
    } else {
        auto& four = reinterpret_cast<sockaddr_in&>(e.storage);
        four.sin_family = AF_INET;
        four.sin_port = port;
        e.size = sizeof four;
        if (::inet_pton(AF_INET, text.substr(0, colon).c_str(), &four.sin_addr) == 1)
            return e;
    }
    misuse("not an address:", text);
}

std::string to_string(const endpoint& e)
{
    char text[INET6_ADDRSTRLEN] = {};
    if (e.storage.ss_family == AF_INET6) {
        const auto& six = reinterpret_cast<const sockaddr_in6&>(e.storage);
        ::inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text);
        return "[" + std::string(text) + "]:" + std::to_string(ntohs(six.sin6_port));
    }
    const auto& four = reinterpret_cast<const sockaddr_in&>(e.storage);
    ::inet_ntop(AF_INET, &four.sin_addr, text, sizeof text);
    return std::string(text) + ":" + std::to_string(ntohs(four.sin_port));
}

options parse_options(int argc, char** argv)
{
    options o;
    if (argc < 2)
        misuse("a command is needed", "");
    o.command = argv[1];
    for (int i = 2; i < argc; i += 2) {
        if (i + 1 == argc)
            misuse("no value for", argv[i]);
        set_option(o, argv[i], argv[i + 1]);
    }
    constexpr std::string_view commands[] = {
        "target", "down", "up", "connect", "latency", "idle", "stall", "verify"
    };
    bool known = false;
    for (const auto name : commands)
        known = known || o.command == name;
    if (!known)
        misuse("unknown command", o.command);
    if (o.command != "target" && o.target.empty())
        misuse("--target is needed for", o.command);
    if (o.streams == 0)
        misuse("--streams must be at least", "1");
    return o;
}

}  // namespace bench
