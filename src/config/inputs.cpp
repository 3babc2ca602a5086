#include "inputs.hpp"

#include <penstock/auth/user_table.hpp>
#include <penstock/io/hand_over.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <sys/stat.h>

namespace penstock::config {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view users_remedy =
    "one user a line, made by: penstock keys token NAME, or keys password NAME";

const given* find_config(const std::vector<given>& source)
{
    const auto found = std::ranges::find(source, "config", &given::name);
    return found == source.end() ? nullptr : &*found;
}

}  // namespace

reader read_inputs(role r, const inputs& from, std::vector<std::string>& warnings)
{
    auto arguments = read_arguments(r, from.arguments);
    auto environment = read_environment(r, from.environment, warnings);
    std::vector<given> file;
    const auto* config = find_config(arguments);
    if (config == nullptr)
        config = find_config(environment);
    if (config != nullptr) {
        std::string why;
        const auto text = read_whole_file(config->value, why);
        if (!text)
            throw wrong(*config, "cannot read " + config->value + ": " + why);
        file = read_file_section(r, config->value, *text);
        if (!has_section(r, *text))
            warnings.push_back(
                "config: " + config->value + " has no section [" + std::string(section_name(r)) +
                "]"
            );
    }
    given_values values;
    values.add_source(std::move(arguments));
    values.add_source(std::move(environment));
    values.add_source(std::move(file));
    return reader(std::move(values));
}

observe::log_settings read_log_settings(const reader& from)
{
    using observe::log_format;
    using observe::severity;
    using level = std::pair<std::string_view, severity>;
    using format = std::pair<std::string_view, log_format>;
    static constexpr std::array levels{
        level{"debug", severity::debug},
        level{"info", severity::info},
        level{"warning", severity::warning},
        level{"error", severity::error},
    };
    static constexpr std::array formats{
        format{"text", log_format::text}, format{"json", log_format::json}
    };
    observe::log_settings out;
    from.read_word<severity>("log-level", out.level, levels);
    from.read_word<log_format>("log-format", out.format, formats);
    return out;
}

observe::log_target_policy read_log_targets(const reader& from)
{
    using observe::log_target_policy;
    using word = std::pair<std::string_view, log_target_policy>;
    static constexpr std::array words{
        word{"full", log_target_policy::full},
        word{"host", log_target_policy::host},
        word{"none", log_target_policy::none},
    };
    auto out = log_target_policy::full;
    from.read_word<log_target_policy>("log-targets", out, words);
    return out;
}

std::vector<io::listen_address>
read_listeners(role r, const reader& from, const std::vector<io::listen_address>& inherited)
{
    auto texts = from.values().all({"listen"});
    if (texts.empty() && !inherited.empty())
        return inherited;
    if (texts.empty())
        texts.push_back({"listen", std::string(find_option(r, "listen")->initial), {}, {}});
    std::vector<io::listen_address> out;
    for (const auto& text : texts) {
        const auto parsed = io::parse_listen_address(text.value);
        if (!parsed)
            throw wrong(
                text,
                "'" + text.value + "': " + parsed.error().message() +
                    " (HOST:PORT, [IPv6]:PORT or unix:PATH)"
            );
        out.push_back(*parsed);
    }
    return out;
}

std::string read_hand_over(const reader& from)
{
    const auto* const option = from.one("hand-over");
    if (option == nullptr)
        return {};
    auto path = from.path(*option);
    if (option->value.empty() || path.size() > io::hand_over_path_max)
        throw wrong(
            *option,
            "'" + option->value + "' is no path of up to " +
                std::to_string(io::hand_over_path_max) + " octets (such as /run/penstock/over.sock)"
        );
    return path;
}

std::optional<auth::user_table> read_users(const reader& from, std::vector<std::string>& warnings)
{
    const auto text = from.read_file("users-file", users_remedy);
    if (!text)
        return std::nullopt;
    const auto& option = *from.one("users-file");
    try {
        auto users = auth::user_table::parse(*text);
        if (users.empty())
            warnings.push_back(
                "users-file: there is nobody in " + from.path(option) + ", so nobody comes in by it"
            );
        if (users.has_plain_passwords()) {
            warnings.push_back(
                "users-file: plain passwords in " + from.path(option) +
                " (hash them: penstock keys password NAME)"
            );
            check_secret_file(from, "users-file", warnings);
        }
        return users;
    } catch (const auth::users_error& e) {
        throw wrong(option, from.path(option) + " " + e.what());
    }
}

void read_threads(const reader& from, unsigned& threads)
{
    from.read_number<unsigned>("threads", threads, {1, 256});
}

void read_ping_interval(const reader& from, tunnel::settings& out)
{
    from.read("ping-interval", out.ping_interval, {500ms, 1h});
}

void read_link_loss(const reader& from, tunnel::settings& out)
{
    from.read("suspect-timeout", out.suspect_after, {100ms, 1h});
    from.read("link-timeout", out.link_timeout, {500ms, 1h});
    std::chrono::milliseconds given = out.resume_timeout;
    from.read("resume-timeout", given, {0ms, 24h});
    out.resume_timeout = std::chrono::ceil<std::chrono::seconds>(given);
}

void read_drain_timeout(const reader& from, std::chrono::milliseconds& out)
{
    from.read("drain-timeout", out, {0ms, 24h});
}

void read_congestion(const reader& from, std::string& out)
{
    const auto* const name = from.one("congestion");
    if (name == nullptr)
        return;
    const auto unfit = [](char c) {
        return c != '_' && std::isalnum(static_cast<unsigned char>(c)) == 0;
    };
    constexpr std::size_t kernel_name_octets_max = 15;  // TCP_CA_NAME_MAX without its NUL
    if (name->value.size() > kernel_name_octets_max || std::ranges::any_of(name->value, unfit))
        throw wrong(
            *name,
            "'" + name->value + "' is no name of a congestion control (auto, bbr, cubic, ...)"
        );
    out = name->value;
}

void check_secret_file(
    const reader& from, std::string_view name, std::vector<std::string>& warnings
)
{
    const auto* const option = from.one(name);
    struct stat info{};
    if (option == nullptr || ::stat(from.path(*option).c_str(), &info) != 0)
        return;
    if ((info.st_mode & (S_IRGRP | S_IROTH)) != 0)
        warnings.push_back(
            std::string(name) + ": others can read " + from.path(*option) + " (chmod 600 " +
            from.path(*option) + ")"
        );
}

}  // namespace penstock::config
