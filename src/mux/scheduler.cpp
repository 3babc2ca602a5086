#include <penstock/mux/scheduler.hpp>

namespace penstock::mux {

void scheduler::activate(stream& s) noexcept
{
    if (static_cast<auto_hook<schedule_tag>&>(s).is_linked())
        return;
    s.deficit = quantum(s);
    s.is_new = true;
    fresh_.push_back(s);
}

/// A stream with nothing to send leaves the new ones through the old ones, or it could come back as
/// new at once and starve them (RFC 8290 section 4.1).
void scheduler::retire(stream& s) noexcept
{
    if (s.is_new && !old_.empty())
        move_to_old(s);
    else
        static_cast<auto_hook<schedule_tag>&>(s).unlink();
}

void scheduler::move_to_old(stream& s) noexcept
{
    static_cast<auto_hook<schedule_tag>&>(s).unlink();
    s.is_new = false;
    old_.push_back(s);
}

}  // namespace penstock::mux
