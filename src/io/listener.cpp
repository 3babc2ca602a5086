#include <penstock/io/listener.hpp>
#include <penstock/io/socket.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <exception>
#include <fcntl.h>
#include <optional>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "bind.hpp"

namespace penstock::io {
namespace {

/// What there is to do after a failed accept.
enum class accept_failure : std::uint8_t { again, no_descriptor, no_memory };

accept_failure classify(int error) noexcept
{
    switch (error) {
    case EMFILE:
    case ENFILE:
        return accept_failure::no_descriptor;
    case ENOBUFS:
    case ENOMEM:
        return accept_failure::no_memory;
    default:
        // The connection's own errors (ECONNABORTED and those that Linux passes on from the
        // network, see accept(2)): the next one may be sound.
        return accept_failure::again;
    }
}

unique_descriptor open_reserve() noexcept
{
    return unique_descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

using accepted_hook = std::function<void(asio::io_context&, stream_socket)>;

}  // namespace

struct listener::state {
    state(asio::io_context& c, bound_socket b, listener_hooks h, listener_settings s)
        : context(c), hooks(std::move(h)),
          accepted(std::make_shared<const accepted_hook>(std::move(hooks.accepted))), settings(s),
          address(b.address), unix_path(std::move(b.path)), acceptor(c), pause(c)
    {
        acceptor.assign(asio::generic::stream_protocol(b.family, 0), b.descriptor.release());
    }

    asio::io_context& context;
    listener_hooks hooks;
    /// Shared with the hand-overs under way, which may outlive the listener.
    std::shared_ptr<const accepted_hook> accepted;
    listener_settings settings;
    listen_address address;
    std::optional<unix_socket_path> unix_path;
    asio::basic_socket_acceptor<asio::generic::stream_protocol> acceptor;
    asio::steady_timer pause;
    unique_descriptor reserve = open_reserve();
    accept_trouble trouble;
    clock::time_point report_after{};
    std::chrono::milliseconds back_off{};
    bool closed = false;

    static asio::awaitable<void> accept_loop(std::shared_ptr<state> self);
    [[nodiscard]] bool accept_ready();
    void hand_over(unique_descriptor connection);
    void refuse_one(int error);
    void close() noexcept;
};

// 1. wait for a connection, 2. accept what is there, 3. on lack of descriptors or memory pause,
// then go on.
asio::awaitable<void> listener::state::accept_loop(std::shared_ptr<state> self)
{
    while (!self->closed) {
        auto [ec] = co_await self->acceptor.async_wait(asio::socket_base::wait_read, as_result);
        if (ec)
            co_return;  // closed
        if (self->accept_ready()) {
            self->back_off = {};
            continue;
        }
        self->back_off = std::clamp(
            self->back_off * 2, self->settings.back_off_min, self->settings.back_off_max
        );
        self->pause.expires_after(self->back_off);
        co_await self->pause.async_wait(as_result);
    }
}

/// False if there was no descriptor or memory for the next connection.
bool listener::state::accept_ready()
{
    for (unsigned i = 0; i < settings.accepts_per_turn_max && !closed; ++i) {
        unique_descriptor connection(
            ::accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)
        );
        if (connection) {
            hand_over(std::move(connection));
            continue;
        }
        const int error = errno;
        if (error == EAGAIN || error == EWOULDBLOCK)
            return true;
        if (classify(error) == accept_failure::again)
            continue;
        refuse_one(error);
        return false;
    }
    return true;
}

/// Moves the connection to the thread that shall own it before anything is read from it.
void listener::state::hand_over(unique_descriptor connection)
{
    auto& owner = hooks.choose();
    const int family = std::holds_alternative<tcp::endpoint>(address)
                           ? std::get<tcp::endpoint>(address).protocol().family()
                           : AF_UNIX;
    auto arrive = [&owner, family, told = accepted, arrived = std::move(connection)]() mutable {
        stream_socket socket(owner);
        error_code ec;
        socket.assign(asio::generic::stream_protocol(family, 0), arrived.get(), ec);
        if (ec)
            return;  // no memory in the reactor; the descriptor is closed here
        static_cast<void>(arrived.release());
        set_no_delay(socket);
        (*told)(owner, std::move(socket));
    };
    if (&owner == &context)
        arrive();
    else
        asio::post(owner, std::move(arrive));
}

/// Takes one connection with the reserve descriptor and closes it, so that its client is not left
/// waiting and the backlog does not stay ready for ever.
void listener::state::refuse_one(int error)
{
    trouble.ec = error_code(error, boost::system::system_category());
    if (classify(error) == accept_failure::no_descriptor && reserve) {
        reserve = {};
        const unique_descriptor refused(
            ::accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC)
        );
        if (refused)
            ++trouble.refused;
    }
    if (!reserve)
        reserve = open_reserve();
    const auto now = clock::now();
    if (now < report_after)
        return;
    report_after = now + settings.report_interval;
    const auto report = std::exchange(trouble, accept_trouble{});
    if (hooks.trouble)
        hooks.trouble(report);
}

void listener::state::close() noexcept
{
    closed = true;
    error_code ignored;  // nothing can be done about a descriptor that does not close
    // Not acceptor.close(): Asio trusts it to take the socket out of epoll, which it does only when
    // no other process has the same socket.
    if (acceptor.is_open())
        ::close(acceptor.release(ignored));
    pause.cancel();
    unix_path.reset();
}

listener::listener(
    asio::io_context& context,
    const listen_address& address,
    listener_hooks hooks,
    listener_settings settings
)
    : state_(std::make_shared<state>(
          context, bind_exclusively(address, settings.backlog), std::move(hooks), settings
      ))
{
}

listener::listener(
    asio::io_context& context,
    inherited_socket inherited,
    listener_hooks hooks,
    listener_settings settings
)
    : state_(std::make_shared<state>(
          context, take_over(std::move(inherited)), std::move(hooks), settings
      ))
{
}

listener::~listener() { close(); }

listener::listener(listener&&) noexcept = default;

listener& listener::operator=(listener&& other) noexcept
{
    if (this != &other) {
        close();
        state_ = std::move(other.state_);
    }
    return *this;
}

const listen_address& listener::address() const noexcept { return state_->address; }

shared_socket listener::shared() const noexcept
{
    return {state_->acceptor.native_handle(), state_->unix_path.has_value()};
}

void listener::give_up() noexcept
{
    own_path(false);
    close();
}

void listener::own_path(bool ours) noexcept
{
    if (state_ && state_->unix_path)
        state_->unix_path->own(ours);
}

void listener::start()
{
    // An exception of the owner's hooks ends in the thread's exception handler; accepting goes on.
    asio::co_spawn(
        state_->context,
        state::accept_loop(state_),
        [again = state_](std::exception_ptr failed) {
            if (!failed)
                return;
            if (!again->closed)
                asio::co_spawn(again->context, state::accept_loop(again), [](std::exception_ptr) {
                });
            std::rethrow_exception(failed);
        }
    );
}

void listener::close() noexcept
{
    if (state_)
        state_->close();
}

}  // namespace penstock::io
