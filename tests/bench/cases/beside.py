"""One stream beside others: whether those that take all leave something."""

import time

from loads import Failed

from .base import Case, Column, problem_of
from .bulk import SETTLE_SECONDS, bulk_mark, bulk_rate

FILL_SECONDS = 2  # unread streams take octets until all buffers on their way are full
SHARE = Column("share", "share kept", ".2f", less_is_better=False)
MOVING = Column("moving", "of 8 still move", less_is_better=False)  # one alone may have the rate of all


class Beside(Case):
    """Round trips of 64 octets while a second process keeps bulk streams busy."""

    streams = 4
    paced_octets_per_s = 10_000_000
    columns = (Column("p50_us", "p50 us"), Column("p99_us", "p99 us"),
               Column("bulk_mb_per_s", "bulk MB/s", less_is_better=False))

    def __init__(self, direction, paced=False):
        self.direction = direction
        self.name = "beside-paced" if paced else f"beside-{direction}"
        self.about = f"64 octets there and back on one stream beside {self.streams} {direction}loads"
        self.more = {}
        if paced:
            self.about += " whose readers take 10 MB/s each"
            self.more = {"rate": self.paced_octets_per_s}

    def run(self, lab, peer):
        with lab.load(peer, self.direction, self.streams, **self.more) as bulk:
            lab.open(bulk, self.streams)
            time.sleep(SETTLE_SECONDS)
            before = bulk_mark(lab, bulk, self.direction)
            with lab.meter(peer) as meter:
                result = lab.run(peer, "latency", 1, seconds=lab.options.seconds)
            after = bulk_mark(lab, bulk, self.direction)
            ended = bulk.stop()
        if "p50_us" not in result:
            return problem_of(result) or {"problem": "no round trip was completed"}
        return {
            **{key: result[key] for key in ("p50_us", "p99_us", "max_us", "samples_per_s")},
            "bulk_mb_per_s": bulk_rate(before, after) / 1e6, **meter.values(), **problem_of(ended),
            **problem_of(result)}


def downloads(lab, peer, streams):
    """Octets a second of new downloads once they are under way, and how many of them move at all."""
    with lab.load(peer, "down", streams) as bulk:
        bulk.opened(SETTLE_SECONDS * 5)  # those that do not even open do not count
        time.sleep(SETTLE_SECONDS)
        try:
            before = bulk.mark()
            time.sleep(lab.options.seconds)
            after = bulk.mark()
        except Failed:
            return 0.0, 0  # all of them have failed
        return bulk_rate(before, after), after.moving


class Stalled(Case):
    """Downloads alone, then again beside one that was opened before and is never read."""

    name = "stalled"
    about = "8 downloads beside one stream that is never read: the share of their rate that they keep"
    columns = (SHARE, MOVING)
    fresh = True
    streams = 8
    unread = 1

    def run(self, lab, peer):
        lab.warm_up(peer)
        with lab.meter(peer) as meter:
            alone, _ = downloads(lab, peer, self.streams)
            if alone == 0:
                raise Failed("the downloads alone did not go either")
            with lab.load(peer, "stall", self.unread) as unread:
                opened = unread.opened(30)
                lab.be_quiet(FILL_SECONDS)
                beside, moving = downloads(lab, peer, self.streams)
                ended = unread.stop()
        return {
            "share": beside / alone, "moving": moving, "alone_mb_per_s": alone / 1e6, "beside_mb_per_s": beside / 1e6,
            "unread_opened": opened or 0, **self.more(peer), **meter.values(), **problem_of(ended)}

    def more(self, peer):
        """Values that a case built on this one adds."""
        del peer
        return {}
