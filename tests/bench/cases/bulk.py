"""Bulk data: how much CPU time it takes, and whether it arrives unharmed."""

import time

from loads import rate

from .base import Case, Column, problem_of

MB_PER_S = Column("mb_per_s", "MB/s", less_is_better=False)
SETTLE_SECONDS = 1


def bulk_mark(lab, bulk, direction):
    """What has arrived: downloads are counted by the load generator, uploads by the target."""
    return bulk.mark() if direction == "down" else lab.target.mark()


def bulk_rate(before, after):
    return rate(before, after, "received")


def measure_bulk(lab, peer, direction, streams, settle_seconds, seconds):
    """Octets a second once streams are under way, the CPU seconds of an octet, and what a meter and the load say."""
    with lab.load(peer, direction, streams) as bulk:
        lab.open(bulk, streams)
        time.sleep(settle_seconds)
        with lab.meter(peer) as meter:
            before = bulk_mark(lab, bulk, direction)
            time.sleep(seconds)
            after = bulk_mark(lab, bulk, direction)
        ended = bulk.stop()
    moved = after.received - before.received
    cost = (meter.near + meter.far) / moved if moved else None
    return bulk_rate(before, after), cost, {**meter.values(), **problem_of(ended)}


class Bulk(Case):
    """Streams that have no end, as fast as they go, for --seconds after the first second."""

    columns = (Column("cpu_s_per_gb", "CPU s/GB", ".2f"), MB_PER_S)

    def __init__(self, direction, streams):
        self.direction, self.streams = direction, streams
        self.name = f"{direction}-{streams}"
        self.about = f"{streams} {direction}load{'s' if streams > 1 else ''}; CPU time is that of both ends together"

    def run(self, lab, peer):
        octets_per_s, cost, values = measure_bulk(
            lab, peer, self.direction, self.streams, SETTLE_SECONDS, lab.options.seconds)
        if cost is None:
            return {**values, "problem": values.get("problem") or "nothing arrived"}
        return {"cpu_s_per_gb": cost * 1e9, "mb_per_s": octets_per_s / 1e6, **values}


class Verify(Case):
    """Pseudo-random octets both ways at once on many streams; both ends compare SHA-256 of what went and came."""

    name = "verify"
    about = "random octets both ways on 64 streams, half-close, SHA-256 compared at both ends"
    columns = (MB_PER_S,)
    streams = 64

    def run(self, lab, peer):
        with lab.meter(peer) as meter:
            result = lab.run(peer, "verify", self.streams, octets=lab.options.verify_megabytes * 1_000_000)
        if result["problem"]:
            return {**meter.values(), **problem_of(result)}  # how fast the wrong octets came says nothing
        return {"mb_per_s": result["mb_per_s"], **meter.values()}
