#include "libcurl.hpp"

#include <dlfcn.h>
#include <mutex>
#include <optional>

namespace penstock::transport {
namespace {

/// Both have the same interface; which TLS they were built with does not matter here.
constexpr const char* file_names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};

template <class Function>
bool find(void* library, const char* name, Function& into) noexcept
{
    into = reinterpret_cast<Function>(::dlsym(library, name));
    return into != nullptr;
}

bool find_all(void* from, libcurl& to) noexcept
{
    return find(from, "curl_global_init", to.global_init) &&
           find(from, "curl_easy_init", to.easy_init) &&
           find(from, "curl_easy_cleanup", to.easy_cleanup) &&
           find(from, "curl_easy_setopt", to.easy_setopt) &&
           find(from, "curl_easy_getinfo", to.easy_getinfo) &&
           find(from, "curl_easy_strerror", to.easy_strerror) &&
           find(from, "curl_multi_init", to.multi_init) &&
           find(from, "curl_multi_cleanup", to.multi_cleanup) &&
           find(from, "curl_multi_add_handle", to.multi_add_handle) &&
           find(from, "curl_multi_remove_handle", to.multi_remove_handle) &&
           find(from, "curl_multi_perform", to.multi_perform) &&
           find(from, "curl_multi_poll", to.multi_poll) &&
           find(from, "curl_multi_wakeup", to.multi_wakeup) &&
           find(from, "curl_multi_info_read", to.multi_info_read) &&
           find(from, "curl_slist_append", to.slist_append) &&
           find(from, "curl_slist_free_all", to.slist_free_all);
}

/// Never unloaded: a thread may be in it when the process ends.
std::optional<libcurl> load() noexcept
{
    for (const auto* const name : file_names) {
        auto* const library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
        libcurl table{};
        if (library != nullptr && find_all(library, table) &&
            table.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
            return table;
    }
    return std::nullopt;
}

}  // namespace

const libcurl* libcurl::get() noexcept
{
    static std::mutex mutex;
    static std::optional<libcurl> loaded;
    const std::lock_guard lock(mutex);
    if (!loaded)
        loaded = load();  // it may have been installed since the last time
    return loaded ? &*loaded : nullptr;
}

}  // namespace penstock::transport
