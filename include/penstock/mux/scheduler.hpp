#pragma once

#include <penstock/mux/stream.hpp>

#include <boost/intrusive/list.hpp>

namespace penstock::mux {

/// Who sends next: streams that became active go first, for one quantum; then deficit round robin
/// with weights (DRR++ as in RFC 8290 section 4.1). A stream with little to send is always among
/// the new ones, so a keystroke waits for no download.
class scheduler {
public:
    /// The stream has, or may have, something to send and credit to send it.
    void activate(stream& s) noexcept;

    /// The stream to serve, at the front of its list, with a positive deficit; nullptr: none.
    /// `sendable` is asked of every candidate; those that are not leave the lists here.
    template <class Sendable>
    [[nodiscard]] stream* next(Sendable&& sendable) noexcept
    {
        for (;;) {
            auto& list = fresh_.empty() ? old_ : fresh_;
            if (list.empty())
                return nullptr;
            stream& candidate = list.front();
            if (!sendable(candidate)) {
                retire(candidate);
                continue;
            }
            if (candidate.deficit > 0)
                return &candidate;
            candidate.deficit += quantum(candidate);
            move_to_old(candidate);
        }
    }

    /// `bytes` of the front stream were sent.
    void charge(stream& s, std::size_t bytes) noexcept
    {
        s.deficit -= static_cast<std::int32_t>(bytes);
    }

    /// Whether a stream that has just become active waits.
    [[nodiscard]] bool has_fresh() const noexcept { return !fresh_.empty(); }
    /// Whether any stream is in the lists; some of them may turn out to have nothing.
    [[nodiscard]] bool any() const noexcept { return !fresh_.empty() || !old_.empty(); }

private:
    using list_type = boost::intrusive::list<
        stream,
        boost::intrusive::base_hook<auto_hook<schedule_tag>>,
        boost::intrusive::constant_time_size<false>>;

    static std::int32_t quantum(const stream& s) noexcept { return 16 * 1024 * s.weight; }
    void retire(stream& s) noexcept;
    void move_to_old(stream& s) noexcept;

    list_type fresh_;
    list_type old_;
};

}  // namespace penstock::mux
