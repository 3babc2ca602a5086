#pragma once

// The library's own macros would stand in the way of pointers to its functions.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

namespace penstock::transport {

/// The few functions of libcurl that are used, found when they are first wanted: it brings two
/// dozen libraries with it (6 MiB of memory, 4 ms of start), which only a gateway behind an HTTP
/// proxy needs, and no server should have.
struct libcurl {
    /// Null if it is not installed. Executor: any thread; may block on the disk.
    [[nodiscard]] static const libcurl* get() noexcept;

    decltype(&::curl_global_init) global_init;
    decltype(&::curl_easy_init) easy_init;
    decltype(&::curl_easy_cleanup) easy_cleanup;
    decltype(&::curl_easy_setopt) easy_setopt;
    decltype(&::curl_easy_getinfo) easy_getinfo;
    decltype(&::curl_easy_strerror) easy_strerror;
    decltype(&::curl_multi_init) multi_init;
    decltype(&::curl_multi_cleanup) multi_cleanup;
    decltype(&::curl_multi_add_handle) multi_add_handle;
    decltype(&::curl_multi_remove_handle) multi_remove_handle;
    decltype(&::curl_multi_perform) multi_perform;
    decltype(&::curl_multi_poll) multi_poll;
    decltype(&::curl_multi_wakeup) multi_wakeup;
    decltype(&::curl_multi_info_read) multi_info_read;
    decltype(&::curl_slist_append) slist_append;
    decltype(&::curl_slist_free_all) slist_free_all;
};

}  // namespace penstock::transport
