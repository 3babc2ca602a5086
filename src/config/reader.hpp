#pragma once

#include <penstock/config/given_values.hpp>
#include <penstock/config/read_file.hpp>

#include <chrono>
#include <concepts>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace penstock::config {

template <class T>
struct bounds {
    T min;
    T max;
};

/// Typed access to what was given. Everything that it throws is a usage_error that names the
/// option.
class reader {
public:
    explicit reader(given_values values) : values_(std::move(values)) {}

    [[nodiscard]] const given_values& values() const noexcept { return values_; }
    [[nodiscard]] const given* one(std::string_view name) const { return values_.one(name); }
    [[nodiscard]] bool has(std::string_view name) const { return values_.one(name) != nullptr; }

    /// Leaves `out` as it is if the option is not given.
    void read(
        std::string_view name,
        std::chrono::milliseconds& out,
        bounds<std::chrono::milliseconds> allowed
    ) const;
    [[nodiscard]] bool read_switch(std::string_view name) const;

    template <std::unsigned_integral T>
    void read_number(std::string_view name, T& out, bounds<T> allowed) const
    {
        if (const auto value = number(name, allowed.min, allowed.max))
            out = static_cast<T>(*value);
    }
    void read_size(std::string_view name, std::size_t& out, bounds<std::size_t> allowed) const;

    /// One of a few words.
    template <class T>
    void read_word(
        std::string_view name, T& out, std::span<const std::pair<std::string_view, T>> words
    ) const
    {
        const auto* const g = one(name);
        if (g == nullptr)
            return;
        std::string known;
        for (const auto& [word, value] : words) {
            if (word == g->value) {
                out = value;
                return;
            }
            known += (known.empty() ? "" : ", ") + std::string(word);
        }
        throw wrong(*g, "unknown value '" + g->value + "' (one of: " + known + ")");
    }

    /// The path of a file as it is to be opened.
    [[nodiscard]] std::string path(const given& g) const;

    /// The content of the file that the option names; nothing if it is not given. `remedy` is said
    /// if it cannot be read.
    [[nodiscard]] std::optional<std::string>
    read_file(std::string_view name, std::string_view remedy) const;

private:
    [[nodiscard]] std::optional<std::uint64_t>
    number(std::string_view name, std::uint64_t min, std::uint64_t max) const;

    given_values values_;
};

}  // namespace penstock::config
