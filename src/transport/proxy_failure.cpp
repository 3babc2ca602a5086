#include "proxy_failure.hpp"

#include <penstock/observe/log.hpp>
#include <penstock/socks/error.hpp>

#include <utility>
#include <vector>

#include "curl_transfer.hpp"
#include "dial_failure.hpp"

namespace penstock::transport {
namespace {

std::string the_proxy(const upstream_proxy& proxy) { return "the proxy " + address_of(proxy); }

std::string host_and_port(const server_url& server)
{
    const bool bracketed = server.host.find(':') != std::string::npos;
    const auto host = bracketed ? '[' + server.host + ']' : server.host;
    return host + ':' + std::to_string(server.port);
}

/// "check WHAT in --upstream-proxy"; one from the environment may not have been meant for us.
std::string check(const upstream_proxy& proxy, const std::string& what)
{
    auto text = "check " + what + " in " + proxy.source;
    if (!proxy.source.starts_with("--"))
        text += ", or go without it by --upstream-proxy none";
    return text;
}

dial_failure failed(std::string cause, std::string remedy)
{
    return {.step = dial_step::proxy, .cause = std::move(cause), .remedy = std::move(remedy)};
}

/// "Basic, Digest or Negotiate"
std::string names_of(unsigned long offered)
{
    constexpr std::pair<unsigned long, const char*> known[] = {
        {CURLAUTH_BASIC, "Basic"},
        {CURLAUTH_DIGEST, "Digest"},
        {CURLAUTH_NTLM, "NTLM"},
        {CURLAUTH_NEGOTIATE, "Negotiate"},
        {CURLAUTH_BEARER, "Bearer"},
    };
    std::vector<std::string> names;
    for (const auto& [bit, name] : known) {
        if ((offered & bit) != 0)
            names.emplace_back(name);
    }
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0)
            text += i + 1 == names.size() ? " or " : ", ";
        text += names[i];
    }
    return text.empty() ? "unknown" : text;
}

/// 407. It is not asked again at once: many wrong passwords lock accounts.
dial_failure unauthenticated(const upstream_proxy& proxy, unsigned long offered)
{
    constexpr unsigned long by_password = CURLAUTH_BASIC | CURLAUTH_DIGEST | CURLAUTH_NTLM;
    const bool takes_password = (offered & by_password) != 0;
    const bool takes_ticket = (offered & CURLAUTH_NEGOTIATE) != 0;
    dial_failure why{.step = dial_step::proxy, .refused = true};
    if (proxy.login && takes_password) {
        why.cause = the_proxy(proxy) + " refused user and password";
        why.remedy = "check " + proxy.login->source;
        return why;
    }
    why.cause = the_proxy(proxy) + " wants " + names_of(offered) + " credentials";
    if (takes_password)
        why.remedy = "put user:password into a file and name it with --upstream-proxy-auth-file";
    else if (proxy.login && takes_ticket)
        why.remedy = "no password: leave it out, and get a ticket with kinit";
    else if (takes_ticket)
        why.remedy = "get a ticket with kinit, for the user who runs the gateway";
    else
        why.remedy = "ask who runs it for Basic, Digest, NTLM or Negotiate";
    return why;
}

dial_failure
told_by_status(const upstream_proxy& proxy, const server_url& server, const connect_answer& answer)
{
    auto said = std::to_string(answer.status);
    if (!answer.reason.empty()) {
        said += ' ';
        observe::append_quoted(said, answer.reason);
    }
    const auto where = host_and_port(server);
    auto why = failed(the_proxy(proxy) + " does not connect to " + where + ": " + said, {});
    switch (answer.status) {
    case 403:
        why.remedy = "ask who runs it to allow CONNECT to " + where;
        why.refused = true;
        break;
    case 500:
    case 502:
    case 503:
    case 504:
        why.remedy = "is the server running, and its name known to the proxy?";
        break;
    case 429:
        break;
    default:
        why.remedy = check(proxy, "host and port") + "; it may not be a proxy, or not one for "
                                                     "CONNECT";
    }
    return why;
}

}  // namespace

dial_failure
proxy_resolve_failure(const upstream_proxy& proxy, failure code, const std::string& detail)
{
    return failed(
        the_proxy(proxy) + ": " + (detail.empty() ? std::string(describe(code).text) : detail),
        code == failure::name_not_found ? check(proxy, "the host") : "check this machine's DNS"
    );
}

dial_failure proxy_connect_failure(const upstream_proxy& proxy, const std::string& detail)
{
    return failed(
        "the proxy cannot be reached: " + detail, check(proxy, "host and port") + "; is it running?"
    );
}

dial_failure proxy_silent(
    const upstream_proxy& proxy, const server_url& server, std::chrono::milliseconds timeout
)
{
    return failed(
        the_proxy(proxy) + " did not answer within " + seconds_of(timeout),
        check(proxy, "host and port") + "; it may be unable to reach " + host_and_port(server)
    );
}

dial_failure proxy_unusable(const upstream_proxy& proxy, const std::string& detail)
{
    return failed(
        the_proxy(proxy) + " gave no answer: " + detail, check(proxy, "scheme, host and port")
    );
}

dial_failure too_many_talks(const upstream_proxy& proxy)
{
    return failed(
        "too many conversations with " + the_proxy(proxy) + " hang",
        "does the Kerberos server answer?"
    );
}

dial_failure
connect_refusal(const upstream_proxy& proxy, const server_url& server, const connect_answer& answer)
{
    using problem = connect_answer::problem;
    switch (answer.why) {
    case problem::no_library:
        return failed(
            "an HTTP proxy needs libcurl, which is not installed",
            "on Debian: apt-get install libcurl4; a SOCKS5 proxy does not need it"
        );
    case problem::not_http:
        return failed(
            the_proxy(proxy) + " does not answer in HTTP", check(proxy, "scheme, host and port")
        );
    case problem::endless:
        return failed(
            the_proxy(proxy) + " sends a page that does not end",
            check(proxy, "scheme, host and port")
        );
    default:
        break;
    }
    // tinyproxy refuses a wrong password with 401, which is for origins (RFC 9110 section 15.5.2).
    if (answer.status == 407 || (answer.status == 401 && proxy.login))
        return unauthenticated(proxy, answer.offered);
    if (answer.status >= 300)
        return told_by_status(proxy, server, answer);
    return proxy_unusable(proxy, answer.detail);
}

dial_failure socks_failure(
    const upstream_proxy& proxy,
    const server_url& server,
    const error_code& ec,
    std::uint8_t refusal
)
{
    if (ec.category() != socks::category())
        return proxy_unusable(proxy, ec.message());
    const auto code = static_cast<socks::errc>(ec.value());
    dial_failure why{.step = dial_step::proxy};
    switch (code) {
    case socks::errc::request_refused: {
        constexpr std::uint8_t not_allowed = 2;  // RFC 1928 section 6
        why.cause = the_proxy(proxy) + " does not connect to " + host_and_port(server) + ": " +
                    std::string(socks::describe_reply(refusal));
        why.refused = refusal == not_allowed;
        why.remedy = why.refused ? "ask who runs it to allow that"
                                 : "is the server running, and its name known to the proxy?";
        return why;
    }
    case socks::errc::methods_refused:
        why.cause = the_proxy(proxy) + " takes " + (proxy.login ? "no password" : "only passwords");
        why.remedy = proxy.login ? "leave out " + proxy.login->source
                                 : "put user:password into a file and name it with "
                                   "--upstream-proxy-auth-file";
        why.refused = true;
        return why;
    case socks::errc::credentials_refused:
        why.cause = the_proxy(proxy) + " refused user and password";
        why.remedy = proxy.login ? "check " + proxy.login->source : "";
        why.refused = true;
        return why;
    case socks::errc::malformed_reply:
        return failed(
            the_proxy(proxy) + " does not answer in SOCKS5", check(proxy, "scheme, host and port")
        );
    default:
        return failed(the_proxy(proxy) + ": " + ec.message(), {});
    }
}

}  // namespace penstock::transport
