#pragma once

#include <string>
#include <sys/types.h>
#include <unistd.h>
#include <utility>

namespace penstock::io {

/// Closes its descriptor when it goes.
class unique_descriptor {
public:
    unique_descriptor() = default;
    explicit unique_descriptor(int fd) noexcept : fd_(fd) {}
    unique_descriptor(unique_descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    unique_descriptor& operator=(unique_descriptor&& other) noexcept
    {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~unique_descriptor()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    explicit operator bool() const noexcept { return fd_ >= 0; }

private:
    int fd_ = -1;
};

/// The name of a unix socket in the file system. Removes it when it goes, if it is still the one
/// that was bound.
class unix_socket_path {
public:
    explicit unix_socket_path(std::string path);
    unix_socket_path(unix_socket_path&& other) noexcept;
    unix_socket_path& operator=(unix_socket_path&&) = delete;
    ~unix_socket_path();

    /// False: it is somebody else's, and stays when this goes.
    void own(bool ours) noexcept { ours_ = ours; }

private:
    std::string path_;
    bool ours_ = true;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace penstock::io
