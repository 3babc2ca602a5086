#include <sys/resource.h>

#include "load.hpp"
#include "options.hpp"
#include "target.hpp"

int main(int argc, char** argv)
{
    const auto options = bench::parse_options(argc, argv);
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    return options.command == "target" ? bench::serve(options) : bench::load(options);
}
