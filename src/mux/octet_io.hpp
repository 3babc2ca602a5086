#pragma once

#include <penstock/base/result.hpp>

#include <boost/endian/conversion.hpp>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace penstock::mux {

/// Reads big-endian fields from the front. Reading past the end sets failed() and yields zeros, so
/// that a decoder checks once, at its end.
class octet_reader {
public:
    explicit octet_reader(byte_view source) noexcept : rest_(source) {}

    [[nodiscard]] bool failed() const noexcept { return failed_; }
    [[nodiscard]] byte_view rest() const noexcept { return rest_; }
    /// Everything was there and nothing is left.
    [[nodiscard]] bool complete() const noexcept { return !failed_ && rest_.empty(); }

    byte_view take(std::size_t count) noexcept
    {
        if (rest_.size() < count) {
            failed_ = true;
            rest_ = {};
            return {};
        }
        const auto taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }
    std::uint8_t u8() noexcept { return load<std::uint8_t>(); }
    std::uint16_t u16() noexcept { return load<std::uint16_t>(); }
    std::uint32_t u32() noexcept { return load<std::uint32_t>(); }
    std::uint64_t u64() noexcept { return load<std::uint64_t>(); }
    std::string text(std::size_t count)
    {
        const auto taken = take(count);
        return {taken.begin(), taken.end()};
    }
    template <std::size_t Count>
    std::array<std::uint8_t, Count> array() noexcept
    {
        std::array<std::uint8_t, Count> out{};
        if (const auto taken = take(Count); !taken.empty())
            std::memcpy(out.data(), taken.data(), Count);
        return out;
    }

private:
    template <class Value>
    Value load() noexcept
    {
        const auto taken = take(sizeof(Value));
        if (taken.empty())
            return 0;
        return boost::endian::endian_load<Value, sizeof(Value), boost::endian::order::big>(
            taken.data()
        );
    }

    byte_view rest_;
    bool failed_ = false;
};

/// Appends big-endian fields.
class octet_writer {
public:
    explicit octet_writer(octets& out) noexcept : out_(out) {}

    octet_writer& u8(std::uint8_t value) { return store(value); }
    octet_writer& u16(std::uint16_t value) { return store(value); }
    octet_writer& u32(std::uint32_t value) { return store(value); }
    octet_writer& u64(std::uint64_t value) { return store(value); }
    octet_writer& raw(byte_view source)
    {
        out_.insert(out_.end(), source.begin(), source.end());
        return *this;
    }
    octet_writer& text(std::string_view source)
    {
        out_.insert(out_.end(), source.begin(), source.end());
        return *this;
    }

private:
    template <class Value>
    octet_writer& store(Value value)
    {
        std::uint8_t bytes[sizeof(Value)];
        boost::endian::endian_store<Value, sizeof(Value), boost::endian::order::big>(bytes, value);
        return raw(bytes);
    }

    octets& out_;
};

}  // namespace penstock::mux
