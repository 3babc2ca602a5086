#pragma once

#include <penstock/net/resolver.hpp>

#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

namespace penstock::net {

/// Recent answers, at most so many; the oldest goes first. Knows no clock.
class answer_cache {
public:
    explicit answer_cache(std::size_t names_max) : names_max_(names_max) {}

    /// Null if there is none, or none that is fresh. Lifetime: until the next call of a non-const
    /// function.
    [[nodiscard]] const lookup_result*
    find(const std::string& name, io::clock::time_point now) const
    {
        const auto found = answers_.find(name);
        return found == answers_.end() || found->second.expires <= now ? nullptr
                                                                       : &found->second.result;
    }

    void store(const std::string& name, const lookup_result& result, io::clock::time_point expires)
    {
        if (names_max_ == 0)
            return;
        const auto [place, is_new] = answers_.insert_or_assign(name, answer{result, expires});
        if (!is_new)
            return;  // keeps its place in the order
        if (order_.size() == names_max_) {
            answers_.erase(order_.front());
            order_.pop_front();
        }
        order_.push_back(name);
    }

    [[nodiscard]] std::size_t size() const noexcept { return answers_.size(); }

private:
    struct answer {
        lookup_result result;
        io::clock::time_point expires;
    };
    std::size_t names_max_;
    std::unordered_map<std::string, answer> answers_;
    std::deque<std::string> order_;
};

}  // namespace penstock::net
