#pragma once

#include <penstock/tls/engine.hpp>

#include <string>

#include "context_parts.hpp"

namespace penstock::tls {

/// Lives on the heap, so that OpenSSL's pointers to it survive a move of the engine.
struct engine::state {
    std::shared_ptr<const context::parts> shared;  // before ssl: destroyed after it
    ssl_ptr ssl;

    byte_view input;                ///< fed and not yet taken
    flat_buffer* output = nullptr;  ///< of the running call

    std::string server_name;  ///< whom a client wants
    error_code failure;       ///< the first one; final
    std::string failure_detail;

    // Of the first thing that was wrong with the peer's certificate.
    int verify_error = 0;
    int verify_depth = 0;
    certificate refused;

    /// The BIO between SSL and input/output. Null: out of memory.
    [[nodiscard]] static BIO* make_bio(state* owner);

    /// Keeps what OpenSSL's error queue says about the call that just failed, and empties it.
    error_code fail(int ssl_error);
};

/// Notes what is wrong with a certificate; OpenSSL asks for it at each step of the verification.
int on_verify(int ok, X509_STORE_CTX* store);

}  // namespace penstock::tls
