#pragma once

#include <filesystem>
#include <stdlib.h>
#include <string>

#include "listener_fixture.hpp"

namespace support {

/// Listeners, and a folder of their own for sockets.
struct folder_fixture : listener_fixture {
    std::filesystem::path folder;

    folder_fixture()
    {
        auto name = (std::filesystem::temp_directory_path() / "penstock-io-XXXXXX").string();
        BOOST_TEST_REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder = name;
    }
    ~folder_fixture() { std::filesystem::remove_all(folder); }
    std::string path(const char* name = "over.sock") const { return folder / name; }
};

}  // namespace support
