#include <penstock/config/configuration.hpp>
#include <penstock/transport/upstream_proxy.hpp>

#include <algorithm>

namespace penstock::config {
namespace {

constexpr std::size_t help_column = 30;
constexpr std::size_t width = 100;

/// Appends `text` from the help column on, in lines of at most `width`.
void append_wrapped(std::string& out, std::size_t column, std::string_view text)
{
    if (column + 1 > help_column) {
        out += '\n';
        column = 0;
    }
    out.append(help_column - column, ' ');
    while (text.size() > width - help_column) {
        const auto blank = text.rfind(' ', width - help_column);
        const auto end = blank == std::string_view::npos ? text.size() : blank;
        out.append(text.substr(0, end)).append(1, '\n').append(help_column, ' ');
        text = text.substr(std::min(end + 1, text.size()));
    }
    out.append(text).append(1, '\n');
}

std::string comment_on(const option& o, const std::vector<given>& values)
{
    if (values.empty())
        return o.initial.empty() ? "" : "default";
    return values.front().where.empty() ? "command line" : values.front().where;
}

/// What must not be seen: also a login where none belongs, whether that was refused or not.
bool is_hidden(const option& o, std::string_view value)
{
    return o.secret || (o.name == "upstream-proxy" && transport::has_login(value));
}

}  // namespace

std::string help_text(role r)
{
    std::string text = "usage: penstock " + std::string(section_name(r)) +
                       " [--config FILE] [--NAME VALUE]...\n\n";
    for (const auto& o : options_of(r)) {
        if (o.secret)
            continue;
        auto left =
            "  --" + std::string(o.name) + (o.value.empty() ? "" : " ") + std::string(o.value);
        if (o.repeatable)
            left += "...";
        auto right = std::string(o.help);
        if (!o.initial.empty() && !o.value.empty())
            right += " (default " + std::string(o.initial) + ")";
        text += left;
        append_wrapped(text, left.size(), right);
    }
    return text +
           "\nOptions with ... may be given several times. Each one is also `NAME = VALUE` in the "
           "section\n[" +
           std::string(section_name(r)) +
           "] of the file given by --config, or PENSTOCK_NAME in the environment (several values "
           "with\n"
           "commas between them). The command line beats the environment, which beats the file.\n";
}

std::string describe(role r, const given_values& in_force)
{
    std::string text = "[" + std::string(section_name(r)) + "]\n";
    const auto add =
        [&text](std::string_view name, std::string_view value, const std::string& comment) {
            text.append(name).append(" = ").append(value);
            text += comment.empty() ? "\n" : "  # " + comment + "\n";
        };
    for (const auto& o : options_of(r)) {
        if (o.name == "deny")
            continue;  // one list with allow
        const auto values =
            o.name == "allow" ? in_force.all({"allow", "deny"}) : in_force.all({o.name});
        if (values.empty() && !o.initial.empty())
            add(o.name, o.initial, comment_on(o, values));
        for (const auto& each : values)
            add(each.name,
                is_hidden(o, each.value) ? "(not shown)" : each.value,
                comment_on(o, values));
    }
    return text;
}

}  // namespace penstock::config
