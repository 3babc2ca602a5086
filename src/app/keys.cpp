#include <penstock/auth/secret.hpp>
#include <penstock/auth/user_table.hpp>
#include <penstock/config/usage_error.hpp>
#include <penstock/pki/pki.hpp>

#include <array>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <termios.h>
#include <unistd.h>

#include "arguments.hpp"
#include "new_files.hpp"

namespace penstock::app {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;
using std::chrono::days;

constexpr const char* usage =
    "penstock keys init DIR --name HOST | client DIR NAME | token NAME | password NAME";
constexpr days authority_lifetime{3'650};
constexpr days certificate_lifetime{825};  ///< the longest that clients of all makers take

/// The value, or the error as one line.
template <class T>
T require(result<T> made, const std::string& what)
{
    if (!made)
        throw config::usage_error(what + ": " + made.error().message());
    return std::move(*made);
}

std::string read_required(const fs::path& file)
{
    return read_text(
        file,
        "make it first with: penstock keys init " + file.parent_path().string() + " --name HOST"
    );
}

int init(const arguments& args)
{
    po::options_description options;
    options.add_options()("name", po::value<std::vector<std::string>>(), "");
    const auto parsed = parse_arguments(args, options, usage);
    if (parsed.words.size() != 1 || !parsed.options.contains("name"))
        throw config::usage_error(
            "expected one DIR and --name HOST (usage: penstock keys init DIR --name HOST)"
        );
    std::vector<host> hosts;
    for (const auto& text : parsed.options["name"].as<std::vector<std::string>>())
        hosts.push_back(require(parse_host(text), "name: '" + text + "'"));

    const auto now = std::chrono::system_clock::now();
    const auto authority =
        require(pki::make_authority("penstock CA", pki::valid_for(now, authority_lifetime)), "ca");
    const auto server = require(
        pki::make_server(authority, hosts, pki::valid_for(now, certificate_lifetime)), "name"
    );

    const fs::path dir = parsed.words[0];
    make_directory(dir);
    write_new_files({
        {dir / "ca.crt", authority.certificate_pem, false},
        {dir / "ca.key", authority.key_pem, true},
        {dir / "server.crt", server.certificate_pem, false},
        {dir / "server.key", server.key_pem, true},
    });

    const auto at = [&dir](const char* name) { return (dir / name).string(); };
    std::cout << "Made " << at("ca.crt") << ", ca.key, server.crt and server.key (valid for "
              << certificate_lifetime.count() << " days).\n\n"
              << "Next, an identity for each gateway, by certificate or by token:\n"
              << "  penstock keys client " << dir.string() << " NAME\n"
              << "  penstock keys token NAME\n\n"
              << "On the server:\n"
              << "  penstock server --cert " << at("server.crt") << " --key " << at("server.key")
              << " --client-ca " << at("ca.crt") << "\n\n"
              << "Gateways need ca.crt. Keep ca.key to yourself: who has it can make identities.\n";
    return exit_done;
}

int client(const arguments& args)
{
    const auto parsed = parse_arguments(args, {}, usage);
    if (parsed.words.size() != 2)
        throw config::usage_error("expected DIR and NAME (usage: penstock keys client DIR NAME)");
    const fs::path dir = parsed.words[0];
    const auto& name = parsed.words[1];
    if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos)
        throw config::usage_error("'" + name + "' cannot be the name of a file");

    const pki::key_pair authority{read_required(dir / "ca.crt"), read_required(dir / "ca.key")};
    const auto valid = pki::valid_for(std::chrono::system_clock::now(), certificate_lifetime);
    const auto made = require(pki::make_client(authority, name, valid), name);

    std::array<std::uint8_t, 15> random{};
    auth::fill_random(random);
    const auto password = auth::to_base64url(random);
    const auto p12 = require(pki::make_p12(made, authority.certificate_pem, name, password), name);

    const auto with = [&](const char* extension) { return dir / (name + extension); };
    write_new_files({
        {with(".crt"), made.certificate_pem, false},
        {with(".key"), made.key_pem, true},
        {with(".p12"), std::string(p12.begin(), p12.end()), true},
        {with(".p12-password"), password + '\n', true},
    });
    std::cout << "Made " << with(".crt").string() << " and " << name << ".key (valid for "
              << certificate_lifetime.count() << " days), the same as " << name
              << ".p12, and its password in " << name << ".p12-password.\n\n"
              << "On the gateway, with these and ca.crt copied there:\n"
              << "  penstock gateway --server wss://HOST/penstock --ca ca.crt --cert " << name
              << ".crt --key " << name << ".key\n";
    return exit_done;
}

std::string required_name(const arguments& args)
{
    const auto parsed = parse_arguments(args, {}, usage);
    if (parsed.words.size() != 1)
        throw config::usage_error("expected one NAME (usage: " + std::string(usage) + ")");
    return parsed.words[0];
}

int token(const arguments& args)
{
    const auto name = required_name(args);
    const auto secret = auth::make_token();
    const auto line =
        auth::token_line(name, secret);  // throws for a bad name before anything is printed
    std::cout << "The token, shown once; put it into a file on the gateway (--token-file):\n"
              << secret << "\n\n"
              << "Its line for the server's users file (--users-file):\n"
              << line << '\n';
    return exit_done;
}

/// One line from stdin, not shown on a terminal.
std::string read_password()
{
    const bool terminal = ::isatty(STDIN_FILENO) == 1;
    termios before{};
    if (terminal) {
        std::cerr << "Password: " << std::flush;
        ::tcgetattr(STDIN_FILENO, &before);
        auto silent = before;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    std::string line;
    std::getline(std::cin, line);
    if (terminal) {
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        std::cerr << '\n';
    }
    if (line.ends_with('\r'))
        line.pop_back();
    return line;
}

int password(const arguments& args)
{
    const auto name = required_name(args);
    std::cout << auth::password_line(name, read_password()) << '\n';
    return exit_done;
}

}  // namespace

int run_keys(const arguments& args)
{
    const auto verb = args.empty() ? std::string() : args.front();
    const arguments rest(args.begin() + (args.empty() ? 0 : 1), args.end());
    try {
        if (verb == "init")
            return init(rest);
        if (verb == "client")
            return client(rest);
        if (verb == "token")
            return token(rest);
        if (verb == "password")
            return password(rest);
    } catch (const auth::users_error& e) {
        throw config::usage_error(e.what());
    }
    throw config::usage_error(
        (verb.empty() ? "nothing to do" : "unknown kind of key: '" + verb + "'") +
        " (usage: " + usage + ")"
    );
}

std::string help_keys()
{
    return "usage: penstock keys init DIR --name HOST   a certificate authority and the server's "
           "certificate, in DIR\n"
           "       penstock keys client DIR NAME        a certificate for the gateway NAME, also "
           "as NAME.p12\n"
           "       penstock keys token NAME             a token, and its line for the server's "
           "users file\n"
           "       penstock keys password NAME          a line for a gateway's users file; the "
           "password comes from\n"
           "                                            stdin\n\n"
           "HOST is the name or address by which gateways reach the server; --name may be given "
           "several times.\n"
           "Existing files are never overwritten. Keys are readable by their owner only.\n";
}

}  // namespace penstock::app
