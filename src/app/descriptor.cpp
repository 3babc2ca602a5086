#include "descriptor.hpp"

#include <unistd.h>

namespace penstock::app {

descriptor::~descriptor()
{
    if (fd_ >= 0)
        ::close(fd_);
}

}  // namespace penstock::app
