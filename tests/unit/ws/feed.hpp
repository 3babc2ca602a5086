#pragma once

#include <penstock/ws/codec.hpp>

#include <algorithm>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

namespace ws_test {

namespace ws = penstock::ws;
using penstock::octets;

inline octets to_octets(std::string_view text) { return {text.begin(), text.end()}; }

/// What a decoder made of an input: whole messages and control frames, in order, as text.
struct transcript {
    std::vector<std::string> events;
    std::size_t data_pieces = 0;
    penstock::error_code failed;

    friend bool operator==(const transcript& a, const transcript& b)
    {
        return a.events == b.events && a.failed == b.failed;
    }
    friend std::ostream& operator<<(std::ostream& os, const transcript& t)
    {
        for (const auto& e : t.events)
            os << e.substr(0, 60) << '|';
        return os << t.failed.message();
    }
};

inline std::string text_of(penstock::byte_view payload) { return {payload.begin(), payload.end()}; }

/// Feeds `input` in steps of `step` octets, each in memory of its own so that a read past it shows.
inline transcript decode(
    ws::role local,
    const octets& input,
    std::size_t step = std::numeric_limits<std::size_t>::max(),
    std::size_t message_octets_max = 1 << 20
)
{
    ws::decoder decoder(local, message_octets_max);
    transcript seen;
    std::string message;
    for (std::size_t at = 0; at < input.size();) {
        const auto taken = std::min(step, input.size() - at);
        octets chunk(&input[at], &input[at] + taken);
        at += taken;
        penstock::mutable_bytes left(chunk);
        for (;;) {
            const auto event = decoder.next(left);
            if (!event) {
                seen.failed = event.error();
                return seen;
            }
            if (!*event)
                break;
            if (const auto* const data = std::get_if<ws::data_piece>(&**event)) {
                ++seen.data_pieces;
                message += text_of(data->payload);
                if (data->message_end)
                    seen.events.push_back("data:" + std::exchange(message, {}));
            } else if (const auto* const ping = std::get_if<ws::ping>(&**event)) {
                seen.events.push_back("ping:" + text_of(ping->payload));
            } else if (const auto* const pong = std::get_if<ws::pong>(&**event)) {
                seen.events.push_back("pong:" + text_of(pong->payload));
            } else {
                const auto& close = std::get<ws::close>(**event);
                seen.events.push_back(
                    "close:" + std::to_string(close.code) + ":" + std::string(close.reason)
                );
            }
        }
        if (!left.empty())
            seen.events.emplace_back("decoder left octets");
    }
    return seen;
}

/// A frame written by hand: `first` is FIN, RSV and opcode.
inline octets
frame(std::uint8_t first, std::string_view payload, std::optional<ws::mask_key> key = std::nullopt)
{
    octets out{first};
    const auto mask_bit = key ? 0x80U : 0U;
    if (payload.size() < 126) {
        out.push_back(static_cast<std::uint8_t>(mask_bit | payload.size()));
    } else if (payload.size() <= 0xffff) {
        out.push_back(static_cast<std::uint8_t>(mask_bit | 126U));
        for (int shift = 8; shift >= 0; shift -= 8)
            out.push_back(static_cast<std::uint8_t>(payload.size() >> shift));
    } else {
        out.push_back(static_cast<std::uint8_t>(mask_bit | 127U));
        for (int shift = 56; shift >= 0; shift -= 8)
            out.push_back(static_cast<std::uint8_t>(payload.size() >> shift));
    }
    if (key)
        out.insert(out.end(), key->begin(), key->end());
    for (std::size_t i = 0; i < payload.size(); ++i) {
        const auto octet = static_cast<std::uint8_t>(payload[i]);
        out.push_back(key ? static_cast<std::uint8_t>(octet ^ (*key)[i % 4]) : octet);
    }
    return out;
}

inline octets operator+(octets a, const octets& b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

}  // namespace ws_test
