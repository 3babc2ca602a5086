"""What is measured. Each case is an object with a name, its columns, and what it does with a peer."""

from .base import Column
from .beside import Beside, Stalled
from .bound import Bound
from .bulk import Bulk, Verify
from .memory import Gateways, Idle, Unread
from .small import Connect, Latency
from .threads import Threads
from .wan import WanBeside, WanBulk, WanFirstOctet

LOOPBACK = [
    *(Bulk(direction, streams) for direction in ("down", "up") for streams in (1, 4, 16)),
    Latency(1), Latency(50), Connect(),
    Beside("down"), Beside("up"), Beside("down", paced=True),
    Stalled(), Unread(), Idle(), Gateways(), Verify(),
    Bound("down"), Bound("up"), Threads("down"), Threads("up"),
]
WAN = [
    *(WanBulk(direction, streams) for direction in ("down", "up") for streams in (1, 8)),
    WanFirstOctet(), WanBeside("down"), WanBeside("up"),
]
ALL = {case.name: case for case in LOOPBACK + WAN}
# Those that end soon, and say most.
USUAL = [name for name in ALL if name not in ("beside-paced", "unread-1000", "gateways", "verify")
         and not name.startswith(("wan-", "bound-", "threads-"))]

__all__ = ["ALL", "Column", "LOOPBACK", "USUAL", "WAN"]
