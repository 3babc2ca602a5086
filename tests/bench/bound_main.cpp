// What no tunnel of this kind can beat: one leg of TLS and one relay, each alone (MUX.md, part 6).
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "bound.hpp"

namespace {

constexpr char usage[] = "penstock_bound tls [SECONDS [CONGESTION]]\n"
                         "penstock_bound relay LISTEN-ADDRESS:PORT TARGET-ADDRESS:PORT\n";

int run(int argc, char** argv)
{
    const std::string_view mode = argc > 1 ? argv[1] : "";
    if (mode == "tls" && argc <= 4) {
        bound::tls_options options;
        if (argc > 2)
            options.seconds = std::atof(argv[2]);
        if (argc > 3)
            options.congestion = argv[3];
        return bound::run_tls(options);
    }
    if (mode == "relay" && argc == 4)
        return bound::run_relay(argv[2], argv[3]);
    std::fputs(usage, stderr);
    return 2;
}

}  // namespace

int main(int argc, char** argv)
{
    try {
        return run(argc, argv);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "penstock_bound: %s\n", e.what());
        return 1;
    }
}
