"""Small things: round trips and short connections."""

from .base import Case, Column, problem_of


class Latency(Case):
    """64 octets there and back on each stream, one exchange after the other, for --seconds."""

    def __init__(self, streams):
        self.streams = streams
        self.name = f"latency-{streams}"
        self.about = f"64 octets there and back on {streams} stream{'s at once' if streams > 1 else ''}"
        self.columns = (Column("p50_us", "p50 us"), Column("p99_us", "p99 us"))
        if streams > 1:
            self.columns += (Column("samples_per_s", "round trips/s", less_is_better=False),)

    def run(self, lab, peer):
        with lab.meter(peer) as meter:
            result = lab.run(peer, "latency", self.streams, seconds=lab.options.seconds)
        if "p50_us" not in result:
            return problem_of(result) or {"problem": "no round trip was completed"}
        return {
            **{key: result[key] for key in ("p50_us", "p99_us", "max_us", "samples_per_s")}, **meter.values(),
            **problem_of(result)}


class Connect(Case):
    """Connections with one octet there and back, 32 at a time, for --seconds."""

    name = "connect"
    about = "new streams, 32 at a time: handshake with the proxy, one octet there and back, close"
    columns = (Column("per_s", "streams/s", less_is_better=False), Column("p50_us", "p50 us"),
               Column("p99_us", "p99 us"))
    streams = 32

    def run(self, lab, peer):
        with lab.meter(peer) as meter:
            result = lab.run(peer, "connect", self.streams, seconds=lab.options.seconds)
        if "p50_us" not in result:
            return problem_of(result) or {"problem": "no stream was completed"}
        return {**{key: result[key] for key in ("per_s", "p50_us", "p99_us", "max_us", "done")}, **meter.values(),
                **problem_of(result)}
