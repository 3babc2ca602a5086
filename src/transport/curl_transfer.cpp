#include "curl_transfer.hpp"

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <sys/socket.h>
#include <utility>

namespace penstock::transport {
namespace {

/// All heads of a conversation; a page of an unfriendly proxy is the body, which libcurl discards.
constexpr std::size_t heard_octets_max = 64 * 1024;
constexpr std::size_t reason_octets_max = 120;

/// libcurl reads an answer octet by octet and tells of each: together with heard_octets_max that
/// bounds the page of a 407 that it discards, which takes a second of a core.
constexpr std::size_t steps_max = 1024 * 1024;

/// Nothing is expected from outside while nothing comes from the proxy; interrupt() wakes it.
constexpr int poll_ms = 1'000;

}  // namespace

struct curl_transfer::handles {
    explicit handles(const libcurl& c) : curl(c), easy(c.easy_init()), multi(c.multi_init()) {}
    handles(const handles&) = delete;
    handles& operator=(const handles&) = delete;
    ~handles()
    {
        if (added)
            curl.multi_remove_handle(multi, easy);
        if (easy != nullptr)
            curl.easy_cleanup(easy);
        if (multi != nullptr)
            curl.multi_cleanup(multi);
        curl.slist_free_all(resolved);
    }

    template <class T>
    void set(CURLoption option, T value)
    {
        ready = ready && curl.easy_setopt(easy, option, value) == CURLE_OK;
    }
    void set(CURLoption option, const std::string& value) { set(option, value.c_str()); }

    const libcurl& curl;
    CURL* easy;
    CURLM* multi;
    curl_slist* resolved = nullptr;
    bool added = false;
    bool ready = true;
};

curl_transfer::curl_transfer(
    const upstream_proxy& proxy,
    const server_url& server,
    const ip_address& address,
    io::unique_descriptor connected
)
    : proxy_(proxy), server_(server), address_(address), connected_(std::move(connected))
{
}

connect_answer curl_transfer::perform()
{
    const auto* const curl = libcurl::get();
    if (curl == nullptr) {
        answer_.why = connect_answer::problem::no_library;
        return std::move(answer_);
    }
    handles with(*curl);
    if (!prepare(with)) {
        answer_.why = connect_answer::problem::other;
        answer_.detail = "libcurl is too old";
        return std::move(answer_);
    }
    {
        const std::lock_guard lock(mutex_);
        running_ = with.multi;
    }
    run(with);
    const std::lock_guard lock(mutex_);
    running_ = nullptr;
    return std::move(answer_);
}

void curl_transfer::interrupt() noexcept
{
    interrupted_ = true;
    const std::lock_guard lock(mutex_);
    if (running_ != nullptr)
        libcurl::get()->multi_wakeup(running_);
}

bool curl_transfer::prepare(handles& with)
{
    if (with.easy == nullptr || with.multi == nullptr)
        return false;
    target destination;
    destination.host = *parse_host(server_.host);
    destination.port = server_.port;
    with.set(CURLOPT_NOSIGNAL, 1L);
    // TLS is ours: to libcurl it is a plain connection that it makes and leaves alone.
    with.set(CURLOPT_URL, "http://" + penstock::to_string(destination) + '/');
    with.set(CURLOPT_CONNECT_ONLY, 1L);
    with.set(CURLOPT_HTTPPROXYTUNNEL, 1L);
    with.set(CURLOPT_PROXY, to_string(proxy_));  // by its name, which Kerberos needs
    with.set(CURLOPT_NOPROXY, "");               // the environment's was asked by us
    with.set(CURLOPT_USERAGENT, "penstock");
    if (!std::holds_alternative<ip_address>(*parse_host(proxy_.host))) {
        auto address = address_.to_string();
        if (address_.is_v6())
            address = '[' + address + ']';
        const auto entry = proxy_.host + ':' + std::to_string(proxy_.port) + ':' + address;
        with.resolved = with.curl.slist_append(nullptr, entry.c_str());
        with.set(CURLOPT_RESOLVE, with.resolved);
    }
    if (proxy_.login) {
        with.set(CURLOPT_PROXYUSERNAME, proxy_.login->user);
        with.set(CURLOPT_PROXYPASSWORD, proxy_.login->password);
        // The first request has no password: the proxy says how it wants it.
        with.set(CURLOPT_PROXYAUTH, CURLAUTH_BASIC | CURLAUTH_DIGEST | CURLAUTH_NTLM);
    } else {
        with.set(CURLOPT_PROXYUSERPWD, ":");  // whoever the ticket says we are
        with.set(CURLOPT_PROXYAUTH, CURLAUTH_NEGOTIATE | CURLAUTH_ONLY);
    }
    with.set(CURLOPT_ERRORBUFFER, words_.data());
    with.set(CURLOPT_HEADERFUNCTION, &curl_transfer::on_header);
    with.set(CURLOPT_HEADERDATA, this);
    with.set(CURLOPT_NOPROGRESS, 0L);
    with.set(CURLOPT_XFERINFOFUNCTION, &curl_transfer::on_progress);
    with.set(CURLOPT_XFERINFODATA, this);
    with.set(CURLOPT_OPENSOCKETFUNCTION, &curl_transfer::on_open);
    with.set(CURLOPT_OPENSOCKETDATA, this);
    with.set(CURLOPT_SOCKOPTFUNCTION, &curl_transfer::on_opened);
    with.set(CURLOPT_SOCKOPTDATA, this);
    if (with.ready)
        with.added = with.curl.multi_add_handle(with.multi, with.easy) == CURLM_OK;
    return with.added;
}

void curl_transfer::run(handles& with)
{
    for (;;) {
        int unfinished = 0;
        if (with.curl.multi_perform(with.multi, &unfinished) != CURLM_OK)
            return read_result(with, CURLE_FAILED_INIT);
        int queued = 0;
        if (const auto* const message = with.curl.multi_info_read(with.multi, &queued))
            return read_result(with, message->data.result);
        if (interrupted_)
            return;
        // A wake-up that came in between is not lost.
        with.curl.multi_poll(with.multi, nullptr, 0, poll_ms, nullptr);
    }
}

void curl_transfer::read_result(handles& with, CURLcode result)
{
    if (result == CURLE_OK) {
        curl_socket_t fd = CURL_SOCKET_BAD;
        with.curl.easy_getinfo(with.easy, CURLINFO_ACTIVESOCKET, &fd);
        // libcurl closes its own when its handle goes.
        answer_.socket = io::unique_descriptor(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
        if (answer_.socket.get() >= 0)
            return;
    }
    long offered = 0;
    with.curl.easy_getinfo(with.easy, CURLINFO_PROXYAUTH_AVAIL, &offered);
    answer_.offered = static_cast<unsigned long>(offered);
    if (answer_.why != connect_answer::problem::none)
        return;
    answer_.why = connect_answer::problem::other;
    answer_.detail = words_[0] != '\0' ? words_.data() : with.curl.easy_strerror(result);
}

/// A line of the proxy's answers, its end included; false ends the conversation.
bool curl_transfer::hear(std::string_view line)
{
    heard_octets_ += line.size();
    const auto text = line.substr(0, std::min(line.find_first_of("\r\n"), line.size()));
    const bool begins = std::exchange(head_begins_, text.empty());
    if (heard_octets_ > heard_octets_max || (begins && !text.starts_with("HTTP/1."))) {
        answer_.why = connect_answer::problem::not_http;
        return false;
    }
    if (!begins)
        return true;
    // "HTTP/1.1 407 Proxy Authentication Required"
    const auto rest = text.substr(std::min(text.find(' '), text.size()));
    const auto status = rest.substr(std::min(rest.find_first_not_of(' '), rest.size()));
    const auto [at, error] =
        std::from_chars(status.data(), status.data() + status.size(), answer_.status);
    if (error != std::errc{}) {
        answer_.why = connect_answer::problem::not_http;
        return false;
    }
    const std::string_view reason(at, static_cast<std::size_t>(text.data() + text.size() - at));
    const auto word = std::min(reason.find_first_not_of(' '), reason.size());
    answer_.reason = reason.substr(word, reason_octets_max);
    return true;
}

std::size_t curl_transfer::on_header(char* data, std::size_t size, std::size_t count, void* self)
{
    const std::string_view line(data, size * count);
    return static_cast<curl_transfer*>(self)->hear(line) ? line.size() : 0;
}

/// multi_perform() does not return as long as there is something to discard: this ends it.
int curl_transfer::on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t)
{
    auto& transfer = *static_cast<curl_transfer*>(self);
    const bool endless = ++transfer.steps_ > steps_max;
    if (endless)
        transfer.answer_.why = connect_answer::problem::endless;
    return endless || transfer.interrupted_ ? 1 : 0;
}

curl_socket_t curl_transfer::on_open(void* self, curlsocktype, curl_sockaddr* address)
{
    auto& transfer = *static_cast<curl_transfer*>(self);
    transfer.answer_.status = 0;  // what was said before says nothing about this connection
    transfer.head_begins_ = true;
    transfer.opened_here_ = transfer.connected_.get() >= 0;
    if (transfer.opened_here_)
        return transfer.connected_.release();
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int curl_transfer::on_opened(void* self, curl_socket_t, curlsocktype)
{
    return static_cast<curl_transfer*>(self)->opened_here_ ? CURL_SOCKOPT_ALREADY_CONNECTED
                                                           : CURL_SOCKOPT_OK;
}

}  // namespace penstock::transport
