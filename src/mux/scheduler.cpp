#include <penstock/mux/scheduler.hpp>

namespace penstock::mux {

void scheduler::activate(stream& s) noexcept
{
    if (static_cast<auto_hook<schedule_tag>&>(s).is_linked()) {
        if (!s.resting || s.deficit <= 0)
            return;
        static_cast<auto_hook<schedule_tag>&>(s).unlink();
    } else {
        s.deficit = quantum(s);
    }
    s.is_new = true;
    s.resting = false;
    fresh_.push_back(s);
}

/// A new stream with nothing left to send rests among the old ones until its turn there: what it
/// sends before that comes out of the same quantum, or it could come back as new for ever and
/// starve them. RFC 8290 section 4.1 lets it wait for that turn with what it has to send; but a
/// turn of ours is 16 KiB and more, and a keystroke behind ten downloads would wait for ten of
/// them.
void scheduler::retire(stream& s) noexcept
{
    if (s.is_new && !old_.empty()) {
        move_to_old(s);
        s.resting = true;
    } else {
        static_cast<auto_hook<schedule_tag>&>(s).unlink();
    }
}

void scheduler::move_to_old(stream& s) noexcept
{
    static_cast<auto_hook<schedule_tag>&>(s).unlink();
    s.is_new = false;
    s.resting = false;
    old_.push_back(s);
}

}  // namespace penstock::mux
