#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace penstock::app {

struct new_file {
    std::filesystem::path path;
    std::string content;
    bool secret = false;  ///< mode 0600 instead of 0644
};

/// Writes all of them, or none if one exists or cannot be made.
/// Throws: config::usage_error if one exists, run_error if one cannot be written.
void write_new_files(const std::vector<new_file>& files);

/// Mode 0700, with parents; one that exists is left as it is. Throws: run_error.
void make_directory(const std::filesystem::path& path);

/// Throws: config::usage_error "cannot read PATH: WHY (remedy)".
[[nodiscard]] std::string read_text(const std::filesystem::path& path, const std::string& remedy);

}  // namespace penstock::app
