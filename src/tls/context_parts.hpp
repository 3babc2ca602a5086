#pragma once

#include <penstock/tls/context.hpp>

#include "openssl.hpp"

namespace penstock::tls {

struct context::parts {
    ssl_ctx_ptr ctx;
    keylog_sink keylog;
    std::optional<certificate> own;
    bool is_server = false;
};

}  // namespace penstock::tls
