#include <penstock/config/option.hpp>

#include <algorithm>
#include <array>

namespace penstock::config {
namespace {

using comma = option::comma;

// The same at both ends.
constexpr option ping_interval{"ping-interval", "TIME", "15s", "how often an idle link is tried"};
constexpr option link_timeout{
    "link-timeout",
    "TIME",
    "8s",
    "a link on which nothing comes for this long, though something is due, is lost"
};
constexpr option resume_timeout{
    "resume-timeout",
    "TIME",
    "10min",
    "how long streams wait for a link that was lost, up to 24h; the shorter one of both ends; 0: "
    "they end with it"
};

constexpr option hand_over{
    "hand-over",
    "PATH",
    "",
    "a unix socket on which a new process with the same option takes over our listening sockets; "
    "we "
    "then drain"
};

constexpr option gateway_options[] = {
    {"listen",
     "ADDRESS",
     "127.0.0.1:1080",
     "where clients connect: HOST:PORT, [IPv6]:PORT or unix:PATH; SOCKS5, SOCKS4 and HTTP on each",
     true},
    {"server",
     "URL",
     "",
     "wss://host[:port][/path] of a penstock server, in order of preference",
     true},
    {"ca",
     "FILE",
     "",
     "certificates (PEM) that may vouch for the server; without it those of the system"},
    {"cert", "FILE", "", "our certificate (PEM), if the server wants one"},
    {"key", "FILE", "", "its key (PEM)"},
    {"p12", "FILE", "", "certificate and key in one file instead (PKCS#12)"},
    {"p12-password-file", "FILE", "", "its password; or PENSTOCK_P12_PASSWORD"},
    {"p12-password", "TEXT", "", "the password of p12", false, comma::plain, true},
    {"token-file", "FILE", "", "our token, if the server wants one; or PENSTOCK_TOKEN"},
    {"token", "TEXT", "", "our token", false, comma::plain, true},
    {"server-name",
     "NAME",
     "",
     "what the server's certificate must be for, if not the host of its URL"},
    {"upstream-proxy",
     "URL",
     "",
     "http://host:port or socks5://host:port between here and the server; none: not even that of "
     "https_proxy or all_proxy, which counts otherwise"},
    {"upstream-proxy-auth-file", "FILE", "", "user:password for it; or PENSTOCK_UPSTREAM_PROXY_AUTH"
    },
    {"upstream-proxy-auth", "TEXT", "", "user:password", false, comma::plain, true},
    {"no-proxy",
     "HOST",
     "",
     "a server that needs no proxy: a name with all below it, an address, a network or *; without "
     "it those of NO_PROXY",
     true},
    {"users-file",
     "FILE",
     "",
     "who may use this proxy, NAME:password:... a line; without it everybody who reaches it"},
    {"rule",
     "RULE",
     "",
     "PATTERN[,PATTERN...][:PORTS] tunnel|direct|block [for USER]; the first that matches wins, "
     "without one: tunnel",
     true,
     comma::rules},
    {"lanes",
     "N",
     "0",
     "links to the server; 0: one for each thread, up to 8 when they are full or without bbr"},
    {"threads", "N", "1", "threads that move data; one more helps while they are busy"},
    ping_interval,
    {"suspect-timeout",
     "TIME",
     "2s",
     "after so long another link is looked for; at least 4 round trips, at most half of "
     "link-timeout"},
    link_timeout,
    resume_timeout,
    {"link-wait", "TIME", "10s", "how long a request waits for a link that is down"},
    {"drain-timeout", "TIME", "30s", "how long streams may go on after SIGTERM or a hand-over"},
    hand_over,
    {"congestion",
     "NAME",
     "auto",
     "congestion control of the links; auto: bbr where the kernel allows it"},
    {"insecure-skip-verify", "", "false", "accept any server certificate; for debugging only"},
    {"log-level", "LEVEL", "info", "debug, info, warning or error"},
    {"log-format", "FORMAT", "text", "text or json"},
    {"log-targets", "HOW", "full", "how targets are logged: full, host (no port) or none"},
};

constexpr option server_options[] = {
    {"listen",
     "ADDRESS",
     "0.0.0.0:443",
     "where gateways connect: HOST:PORT, [IPv6]:PORT or unix:PATH",
     true},
    {"cert", "FILE", "", "our certificate (PEM), intermediate ones behind it"},
    {"key", "FILE", "", "its key (PEM)"},
    {"client-ca", "FILE", "", "certificates (PEM) that may vouch for gateways"},
    {"users-file", "FILE", "", "who may come in by token, NAME:token:... a line"},
    {"anonymous", "", "false", "let everybody in"},
    {"path", "PATH", "/penstock", "of the tunnel in our URL"},
    {"node",
     "NAME",
     "",
     "what a balancer in front knows this server by: gateways ask for it with the query n=NAME"},
    {"fallback", "WHAT", "404", "what other requests get: 404, a folder, or http://127.0.0.1:PORT"},
    {"plain", "", "false", "no TLS, for a reverse proxy on this machine that does it"},
    {"allow",
     "PATTERN",
     "",
     "PATTERN[,PATTERN...][:PORTS] [for IDENTITY] may be dialled; with one, nothing else may. "
     "allow and deny are one "
     "list in the order given, the first that matches wins",
     true,
     comma::patterns},
    {"deny", "PATTERN", "", "may not be dialled", true, comma::patterns},
    {"rules-file",
     "FILE",
     "",
     "rules PATTERN[,PATTERN...][:PORTS] allow|deny [for IDENTITY], behind those above"},
    {"threads", "N", "1", "threads that move data; one more helps while they are busy"},
    ping_interval,
    link_timeout,
    resume_timeout,
    {"drain-timeout", "TIME", "30s", "how long streams may go on after SIGTERM or a hand-over"},
    hand_over,
    {"congestion",
     "NAME",
     "auto",
     "congestion control of the links; auto: bbr where the kernel allows it"},
    {"dial-timeout", "TIME", "10s", "how long a target may take to answer"},
    {"streams-per-lane-max", "N", "4096", "streams on one lane at a time"},
    {"streams-per-principal-max", "N", "16384", "streams of one identity at a time"},
    {"dials-per-session-max", "N", "256", "targets that one gateway has dialled at a time"},
    {"window-max", "SIZE", "16MiB", "data in flight of one stream"},
    {"memory-budget",
     "SIZE",
     "0",
     "data held for all streams; 0: a quarter of the memory, at most 512MiB"},
    {"log-level", "LEVEL", "info", "debug, info, warning or error"},
    {"log-format", "FORMAT", "text", "text or json"},
    {"log-targets", "HOW", "full", "how targets are logged: full, host (no port) or none"},
};

}  // namespace

std::span<const option> options_of(role r) noexcept
{
    if (r == role::gateway)
        return gateway_options;
    return server_options;
}

std::string_view section_name(role r) noexcept { return r == role::gateway ? "gateway" : "server"; }

const option* find_option(role r, std::string_view name) noexcept
{
    const auto all = options_of(r);
    const auto found = std::ranges::find(all, name, &option::name);
    return found == all.end() ? nullptr : &*found;
}

}  // namespace penstock::config
