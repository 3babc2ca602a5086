"""Over a link between two network namespaces: rates after the ramp-up, first octets, round trips beside bulk."""

import time

from .base import Case, Column, problem_of
from .bulk import bulk_mark, bulk_rate, measure_bulk

MBIT = 8e-6
FIRST_OCTETS = 20


class WanBulk(Case):
    """Bulk streams for --wan-seconds after --warm-up; octets count where they arrive."""

    columns = (Column("mbit_per_s", "Mbit/s", ".1f", less_is_better=False),)

    def __init__(self, direction, streams):
        self.direction, self.streams = direction, streams
        self.name = f"wan-{direction}-{streams}"
        self.about = f"{streams} {direction}load{'s' if streams > 1 else ''} over the link, after the ramp-up"

    def run(self, lab, peer):
        octets_per_s, _, values = measure_bulk(
            lab, peer, self.direction, self.streams, lab.options.warm_up, lab.options.wan_seconds)
        return {"mbit_per_s": octets_per_s * MBIT, **values}


class WanFirstOctet(Case):
    """From connect() to the first octet from the target, on fresh streams, one after the other."""

    name = "wan-ttfb"
    about = "from connect() to the first octet from the target, on a fresh stream"
    columns = (Column("p50_ms", "p50 ms", ".1f"),)

    def run(self, lab, peer):
        result = lab.run(peer, "connect", 1, count=FIRST_OCTETS)
        if "p50_us" not in result:
            return problem_of(result) or {"problem": "no stream was completed"}
        return {"p50_ms": result["p50_us"] / 1e3, "max_ms": result["max_us"] / 1e3, **problem_of(result)}


class WanBeside(Case):
    """Round trips of 64 octets beside 4 bulk streams that fill the link."""

    columns = (Column("p50_ms", "p50 ms", ".1f"), Column("p99_ms", "p99 ms", ".1f"),
               Column("bulk_mbit_per_s", "bulk Mbit/s", ".1f", less_is_better=False))
    streams = 4

    def __init__(self, direction):
        self.direction = direction
        self.name = f"wan-beside-{direction}"
        self.about = f"64 octets there and back beside {self.streams} {direction}loads that fill the link"

    def run(self, lab, peer):
        with lab.load(peer, self.direction, self.streams) as bulk:
            lab.open(bulk, self.streams)
            time.sleep(lab.options.warm_up)
            before = bulk_mark(lab, bulk, self.direction)
            result = lab.run(peer, "latency", 1, seconds=lab.options.wan_seconds)
            after = bulk_mark(lab, bulk, self.direction)
            ended = bulk.stop()
        if "p50_us" not in result:
            return problem_of(result) or {"problem": "no round trip was completed"}
        return {"p50_ms": result["p50_us"] / 1e3, "p99_ms": result["p99_us"] / 1e3,
                "bulk_mbit_per_s": bulk_rate(before, after) * MBIT, **problem_of(ended), **problem_of(result)}
