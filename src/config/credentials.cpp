#include <penstock/tls/error.hpp>

#include <chrono>
#include <fcntl.h>
#include <unistd.h>

#include "inputs.hpp"

namespace penstock::config {
namespace {

constexpr std::string_view server_remedy = "make one with: penstock keys init DIR --name HOST";
constexpr std::string_view client_remedy = "make one with: penstock keys client DIR NAME";
constexpr std::chrono::days warn_before{21};

/// The option whose file an error of tls is about.
std::string_view blamed_option(const reader& from, std::string_view ca, tls::errc why)
{
    switch (why) {
    case tls::errc::bad_key:
    case tls::errc::encrypted_key:
    case tls::errc::key_mismatch:
        return "key";
    case tls::errc::bad_ca:
        return ca;
    case tls::errc::wrong_p12_password:
        return from.values().all({"p12-password", "p12-password-file"}).empty()
                   ? "p12"
                   : "p12-password-file";
    default:
        return from.has("p12") ? "p12" : "cert";
    }
}

tls::credentials read_p12(const reader& from, std::vector<std::string>& warnings)
{
    for (const auto* const other : {"cert", "key"}) {
        if (const auto* const given_too = from.one(other))
            throw wrong(*given_too, "given together with p12 (one or the other)");
    }
    tls::credentials out;
    const auto store = *from.read_file("p12", client_remedy);
    out.p12.assign(store.begin(), store.end());
    check_secret_file(from, "p12", warnings);
    // In one source both are not given; between sources the stronger one counts.
    const auto passwords = from.values().all({"p12-password", "p12-password-file"});
    if (!passwords.empty() && passwords.front().name == "p12-password") {
        out.p12_password = passwords.front().value;
    } else if (!passwords.empty()) {
        out.p12_password =
            *from.read_file("p12-password-file", "its first line is the password of p12");
        out.p12_password.erase(
            std::min(out.p12_password.find_first_of("\r\n"), out.p12_password.size())
        );
        check_secret_file(from, "p12-password-file", warnings);
    }
    return out;
}

std::string days_text(std::chrono::system_clock::duration left)
{
    const auto days = std::chrono::duration_cast<std::chrono::days>(left).count();
    return std::to_string(days) + (days == 1 ? " day" : " days");
}

}  // namespace

tls::credentials read_credentials(role r, const reader& from, std::vector<std::string>& warnings)
{
    if (r == role::gateway && from.has("p12"))
        return read_p12(from, warnings);
    const auto remedy = r == role::gateway ? client_remedy : server_remedy;
    const auto* const certificate = from.one("cert");
    const auto* const key = from.one("key");
    if (certificate != nullptr && key == nullptr)
        throw wrong(*certificate, "given without key (both are needed)");
    if (key != nullptr && certificate == nullptr)
        throw wrong(*key, "given without cert (both are needed)");
    if (certificate == nullptr)
        return {};
    tls::credentials out;
    out.certificate_pem = *from.read_file("cert", remedy);
    out.key_pem = *from.read_file("key", remedy);
    check_secret_file(from, "key", warnings);
    return out;
}

usage_error wrong_credentials(const reader& from, std::string_view ca, const error_code& why)
{
    if (why.category() != tls::category())
        return usage_error("tls: " + why.message());
    const auto code = static_cast<tls::errc>(why.value());
    const auto* const blamed = from.one(blamed_option(from, ca, code));
    if (blamed == nullptr)
        return usage_error("tls: " + why.message());
    auto detail =
        blamed->name == "p12-password" ? why.message() : from.path(*blamed) + ": " + why.message();
    if (code == tls::errc::key_mismatch)
        detail += " in " + from.path(*from.one("cert"));
    return wrong(*blamed, detail);
}

void check_dates(const tls::context& context, std::vector<std::string>& warnings)
{
    const auto& own = context.own();
    if (!own)
        return;
    const auto now = std::chrono::system_clock::now();
    if (now > own->not_after)
        warnings.push_back(
            "cert: it has expired " + days_text(now - own->not_after) +
            " ago, the other side will refuse it"
        );
    else if (now < own->not_before)
        warnings.emplace_back("cert: it is not valid yet (is the clock right?)");
    else if (own->not_after - now < warn_before)
        warnings.push_back("cert: it expires in " + days_text(own->not_after - now));
}

tls::keylog_sink
make_keylog(const std::vector<std::string>& environment, std::vector<std::string>& warnings)
{
    constexpr std::string_view variable = "SSLKEYLOGFILE=";
    const auto entry = std::ranges::find_if(environment, [](const std::string& e) {
        return e.starts_with(variable);
    });
    if (entry == environment.end() || entry->size() == variable.size())
        return {};
    const auto path = entry->substr(variable.size());
    const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        warnings.push_back("SSLKEYLOGFILE: cannot write " + path + ", session keys are not logged");
        return {};
    }
    warnings.push_back(
        "SSLKEYLOGFILE: whoever reads " + path + " can read what goes through the tunnel"
    );
    const std::shared_ptr<const int> owned(new int(fd), [](const int* p) {
        ::close(*p);
        delete p;
    });
    return [owned](std::string_view line) {
        // One write with O_APPEND: lines of several threads do not mix, and there is nothing to
        // lock.
        const auto whole = std::string(line) + '\n';
        [[maybe_unused]] const auto written = ::write(*owned, whole.data(), whole.size());
    };
}

}  // namespace penstock::config
