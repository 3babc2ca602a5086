// Whoever asks for a lane that is not his, or in a way that cannot be, is refused; its owner
// notices nothing.
#include <penstock/observe/log.hpp>
#include <penstock/tunnel/session_registry.hpp>

#include <cstdio>
#include <functional>
#include <unistd.h>

#include "raw_gateway.hpp"

using namespace integration;

namespace {

/// What is logged while it lives.
class captured_log {
public:
    captured_log()
    {
        BOOST_REQUIRE(file_ != nullptr);
        ::dup2(::fileno(file_), STDERR_FILENO);
        sink_ = std::make_unique<observe::log_sink>(observe::log_settings{});
    }
    ~captured_log() { (void)text(); }
    captured_log(const captured_log&) = delete;
    captured_log& operator=(const captured_log&) = delete;

    /// Ends it.
    std::string text()
    {
        std::string out;
        if (file_ == nullptr)
            return out;
        sink_.reset();
        ::dup2(before_, STDERR_FILENO);
        ::close(before_);
        std::rewind(file_);
        for (int c = std::fgetc(file_); c != EOF; c = std::fgetc(file_))
            out += static_cast<char>(c);
        std::fclose(file_);
        file_ = nullptr;
        return out;
    }

private:
    std::FILE* file_ = std::tmpfile();
    int before_ = ::dup(STDERR_FILENO);
    std::unique_ptr<observe::log_sink> sink_;
};

std::size_t count(const std::string& text, std::string_view words)
{
    std::size_t found = 0;
    for (auto at = text.find(words); at != text.npos; at = text.find(words, at + 1))
        ++found;
    return found;
}

/// What a thief may know: a ticket for the lane, and the attach that carried it on last.
struct loot {
    tunnel::lane_ticket ticket;
    mux::attach seen;
    std::uint64_t recv_seq;
};

mux::attach join(tunnel::lane_ticket ticket)
{
    mux::attach wanted;
    wanted.mode = mux::attach_mode::join;
    wanted.session = ticket.session;
    wanted.epoch = 1;
    wanted.proof = tunnel::make_proof(wanted, ticket.key);
    return wanted;
}

struct theft {
    std::string_view what;
    std::string_view who;
    std::function<mux::attach(loot)> ask;
    mux::refusal answer;
};

const theft thefts[] = {
    {"the session's id without its key",
     "owner",
     [](loot l) {
         l.ticket.key = {};
         return l.ticket.resume(l.recv_seq);
     },
     mux::refusal::not_yours},
    {"id and key, by another principal",
     "thief",
     [](loot l) { return l.ticket.resume(l.recv_seq); },
     mux::refusal::not_yours},
    {"a proof that was used before", "owner", [](loot l) { return l.seen; }, mux::refusal::lane_lost
    },
    {"the same by another principal",
     "thief",
     [](loot l) { return l.seen; },
     mux::refusal::not_yours},
    {"the same with a higher epoch",
     "owner",
     [](loot l) {
         l.seen.epoch += 5;
         return l.seen;
     },
     mux::refusal::not_yours},
    {"an epoch from before, with a proof of its own",
     "owner",
     [](loot l) {
         l.ticket.epoch = 0;
         return l.ticket.resume(l.recv_seq);
     },
     mux::refusal::lane_lost},
    {"a count that the proof is not for",
     "owner",
     [](loot l) {
         auto wanted = l.ticket.resume(l.recv_seq);
         ++wanted.recv_seq;
         return wanted;
     },
     mux::refusal::not_yours},
    {"a lane that the session does not have",
     "owner",
     [](loot l) {
         l.ticket.lane = 7;
         return l.ticket.resume(l.recv_seq);
     },
     mux::refusal::lane_lost},
    {"a session that is not there",
     "owner",
     [](loot l) {
         l.ticket.session[3] ^= 1;
         return l.ticket.resume(l.recv_seq);
     },
     mux::refusal::unknown_session},
    {"joining another principal's session",
     "thief",
     [](loot l) { return join(l.ticket); },
     mux::refusal::not_yours},
    {"joining with a number in use",
     "owner",
     [](loot l) { return join(l.ticket); },
     mux::refusal::limit_reached},
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_lane_is_given_to_nobody_but_its_owner)
{
    const world w;
    target_server target(echo);  // outlives the server, which keeps lanes whose owner is gone
    server::server far(w.server_settings());
    far.start();
    gateway::gateway beside(w.gateway_settings(port_of(far)));
    beside.start();
    socks_client bystander(port_of(beside), target.port());
    raw_gateway home(w, port_of(far));
    raw_lane owner(home, "owner", {});
    owner.open(target.port());
    BOOST_TEST(owner.ask("before") == "before");

    loot l{.ticket = owner.ticket(), .seen = {}, .recv_seq = 0};
    l.seen = l.ticket.resume(owner.driver().lane().recv_seq());
    owner.carry_on(l.seen);
    BOOST_TEST(owner.ask("carried on") == "carried on");
    l.recv_seq = owner.driver().lane().recv_seq();

    captured_log log;
    for (const auto& attempt : thefts) {
        BOOST_TEST_CONTEXT(attempt.what)
        {
            raw_lane thief(home, std::string(attempt.who), attempt.ask(l));
            BOOST_TEST(thief.refused() == static_cast<std::uint16_t>(attempt.answer));
            BOOST_TEST(thief.lost());
            BOOST_TEST(owner.ask(std::string(attempt.what)) == attempt.what);
            BOOST_TEST(!owner.lost());
        }
    }
    BOOST_TEST(bystander.ask("beside") == "beside");
    const auto lines = log.text();
    BOOST_TEST(count(lines, "link.refused") == std::size(thefts));
    BOOST_TEST(count(lines, R"(user="thief" why="the session is another's")") == 3U);
    BOOST_TEST(count(lines, R"(user="owner" why="the session is another's")") == 3U);
    BOOST_TEST(count(lines, R"(user="owner" why="the lane is not kept any more")") == 3U);

    // Its owner can still carry it on.
    auto later = l.ticket;
    owner.carry_on(later.resume(owner.driver().lane().recv_seq()));
    BOOST_TEST(owner.ask("after") == "after");
    BOOST_TEST(owner.driver().lane().counters().resumes == 2U);
}

// Only the owner can prove such a count, so it is his own lane that ends.
BOOST_AUTO_TEST_CASE(a_count_beyond_what_was_sent_ends_the_lane_of_whoever_proves_it)
{
    const world w;
    target_server target(echo);  // outlives the server, which keeps lanes whose owner is gone
    server::server far(w.server_settings());
    far.start();
    gateway::gateway beside(w.gateway_settings(port_of(far)));
    beside.start();
    socks_client bystander(port_of(beside), target.port());
    raw_gateway home(w, port_of(far));
    for (const std::uint64_t beyond : {1'000ULL, ~0ULL}) {
        raw_lane owner(home, "owner", {});
        owner.open(target.port());
        BOOST_TEST(owner.ask("before") == "before");
        auto ticket = owner.ticket();
        raw_lane other(home, "owner", ticket.resume(beyond));
        BOOST_TEST(other.refused() == static_cast<std::uint16_t>(mux::refusal::lane_lost));
        home.run_until([&] { return owner.lost(); });
        raw_lane again(home, "owner", ticket.resume(0));
        BOOST_TEST(again.refused() == static_cast<std::uint16_t>(mux::refusal::unknown_session));
        BOOST_TEST(bystander.ask("beside") == "beside");
    }
}
