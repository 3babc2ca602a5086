#include <penstock/tunnel/memory_limit.hpp>

#include <algorithm>
#include <unistd.h>

namespace penstock::tunnel {

std::size_t memory_limit(const settings& config) noexcept
{
    constexpr std::size_t most = 512UL * 1024 * 1024;
    constexpr std::size_t least = 16UL * 1024 * 1024;
    if (config.memory_budget_bytes > 0)
        return config.memory_budget_bytes;
    const auto pages = ::sysconf(_SC_PHYS_PAGES);
    const auto page_bytes = ::sysconf(_SC_PAGESIZE);
    if (pages <= 0 || page_bytes <= 0)
        return most;
    return std::clamp(
        static_cast<std::size_t>(pages) / 4 * static_cast<std::size_t>(page_bytes), least, most
    );
}

}  // namespace penstock::tunnel
