#include "new_files.hpp"

#include <penstock/config/read_file.hpp>
#include <penstock/config/usage_error.hpp>
#include <penstock/io/descriptor.hpp>

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "command.hpp"

namespace penstock::app {
namespace {

namespace fs = std::filesystem;

/// 0, or the error as errno has it.
int write_new_file(const new_file& file)
{
    // O_EXCL: neither an existing key nor a link that somebody put there is written to.
    const io::unique_descriptor fd(::open(
        file.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file.secret ? 0600 : 0644
    ));
    if (fd.get() < 0)
        return errno;
    std::string_view rest = file.content;
    while (!rest.empty()) {
        const auto written = ::write(fd.get(), rest.data(), rest.size());
        if (written < 0 && errno != EINTR)
            return errno;
        rest.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return ::fsync(fd.get()) == 0 ? 0 : errno;
}

}  // namespace

void write_new_files(const std::vector<new_file>& files)
{
    std::error_code ec;
    for (const auto& file : files) {
        if (fs::exists(fs::symlink_status(file.path, ec)))
            throw config::usage_error(
                file.path.string() + " exists (remove it, or choose another directory or name)"
            );
    }
    for (std::size_t made = 0; made < files.size(); ++made) {
        const int error = write_new_file(files[made]);
        if (error == 0)
            continue;
        // Not those behind it; and of the one that failed only what we made of it ourselves.
        for (std::size_t i = 0; i < made + (error == EEXIST ? 0 : 1); ++i)
            fs::remove(files[i].path, ec);
        throw run_error(files[made].path.string() + ": " + std::generic_category().message(error));
    }
}

void make_directory(const fs::path& path)
{
    std::error_code ec;
    if (fs::is_directory(path, ec))
        return;
    const auto before = ::umask(0077);
    fs::create_directories(path, ec);
    ::umask(before);
    if (ec)
        throw run_error(path.string() + ": " + ec.message());
}

std::string read_text(const fs::path& path, const std::string& remedy)
{
    std::string why;
    auto text = config::read_whole_file(path.string(), why);
    if (!text)
        throw config::usage_error(
            "cannot read " + path.string() + ": " + why + " (" + remedy + ")"
        );
    return std::move(*text);
}

}  // namespace penstock::app
