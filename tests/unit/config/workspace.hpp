#pragma once

#include <penstock/config/configuration.hpp>
#include <penstock/pki/pki.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

/// A folder with fresh keys, as `penstock keys` makes them, and copies of the files in conf/.
struct workspace {
    std::filesystem::path folder;

    workspace()
    {
        auto name = (std::filesystem::temp_directory_path() / "penstock-config-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder = name;

        using namespace penstock;
        const auto valid = pki::valid_for(std::chrono::system_clock::now(), std::chrono::days(100));
        const auto authority = pki::make_authority("test CA", valid).value();
        const std::vector<host> hosts{host{std::string("tunnel.example.com")}};
        keep("server", pki::make_server(authority, hosts, valid).value());
        const auto laptop = pki::make_client(authority, "laptop", valid).value();
        keep("laptop", laptop);
        write("ca.crt", authority.certificate_pem);
        const auto store =
            pki::make_p12(laptop, authority.certificate_pem, "laptop", "geheim").value();
        write("laptop.p12", std::string(store.begin(), store.end()));
        write("users", "ann:password:plain$secret\n");
        write("token", "pst_abc\n");
        write("login", "user:geheim\n");
        write("junk", "neither this nor that\n");
        for (const auto& file : std::filesystem::directory_iterator(PENSTOCK_CONF_DIR)) {
            if (file.path().extension() == ".conf")
                std::filesystem::copy(file.path(), folder);
        }
    }
    ~workspace()
    {
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }
    workspace(const workspace&) = delete;
    workspace& operator=(const workspace&) = delete;

    /// Its path, for an option.
    std::string operator[](const std::string& name) const { return (folder / name).string(); }

    void write(const std::string& name, const std::string& content) const
    {
        std::ofstream((folder / name), std::ios::binary) << content;
        std::filesystem::permissions(folder / name, std::filesystem::perms(0600));
    }

    std::string read(const std::string& name) const
    {
        std::ifstream file(folder / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    /// "@name" becomes the path of that file here.
    std::vector<std::string> expand(std::vector<std::string> words) const
    {
        for (auto& word : words) {
            if (word.starts_with('@'))
                word = (*this)[word.substr(1)];
        }
        return words;
    }

private:
    void keep(const std::string& name, const penstock::pki::key_pair& pair) const
    {
        write(name + ".crt", pair.certificate_pem);
        write(name + ".key", pair.key_pem);
    }
};

inline std::string usage_error_of(const std::function<void()>& act)
{
    try {
        act();
    } catch (const penstock::config::usage_error& e) {
        return e.what();
    }
    return "accepted";
}

/// All warnings, one a line.
inline std::string joined(const std::vector<std::string>& lines)
{
    std::string text;
    for (const auto& line : lines)
        text += line + '\n';
    return text;
}
