"""What the cases work with: loads through a peer, the target, and meters of CPU time."""

import os
import time

import procfs
from loads import Failed, Load, Target

QUIET_SECONDS, QUIET_SECONDS_MAX = 0.3, 30
QUIET_OCTETS = 10_000  # not counted: keep-alives and acknowledgements may go on
START_SECONDS = 30


class Meter:
    """CPU seconds of a peer's ends, and of programs that do not belong to the measurement, within a `with` block."""

    def __init__(self, peer):
        self.peer = peer

    def _read(self):
        return (time.monotonic(), procfs.machine_busy_seconds(), procfs.own_cpu_seconds(),
                procfs.cpu_seconds(self.peer.near_pids()), procfs.cpu_seconds(self.peer.far_pids()))

    def __enter__(self):
        self.before = self._read()
        return self

    def __exit__(self, *_):
        wall, busy, own, self.near, self.far = (now - was for now, was in zip(self._read(), self.before))
        self.foreign_share = max(0.0, busy - own) / wall / os.cpu_count()

    def values(self):
        return {"cpu_s": round(self.near + self.far, 3), "cpu_s_near": round(self.near, 3),
                "cpu_s_far": round(self.far, 3), "foreign_share": round(self.foreign_share, 3)}


class Lab:
    """Starts loads at the near end; owns the targets at the far one.

    There are two: an exchange is not to wait for a target that is busy with bulk.
    """

    def __init__(self, options, near, far):
        self.options = options
        self.near = near
        self.far = far
        self.binary = os.path.join(options.build, "penstock_bench")
        self.target = self._start_target()
        self.echo = self._start_target()
        self.targets = {"bulk": self.target.address, "echo": self.echo.address}

    def _start_target(self):
        return Target(self.far.command([self.binary, "target", "--listen", f"{self.far.address}:0"]))

    def meter(self, peer):
        return Meter(peer)

    def load(self, peer, mode, streams, **more):
        """Starts a load through the peer; `more` are options of the load generator."""
        o = self.options
        given = {"timeout": o.timeout + o.warm_up + max(o.seconds, o.wan_seconds), **more}
        target = peer.addresses["echo" if mode == "latency" else "bulk"]
        arguments = [self.binary, mode, "--target", target, "--streams", streams]
        for name, value in given.items():
            arguments += [f"--{name}", value]
        if peer.via:
            arguments += ["--via", peer.via]
        return Load(self.near.command(arguments))

    def run(self, peer, mode, streams, **more):
        """A load that ends by itself; its result."""
        with self.load(peer, mode, streams, **more) as load:
            return load.result(self.options.timeout + START_SECONDS)

    def open(self, load, streams):
        """Returns when all streams of the load are open."""
        opened = load.opened(START_SECONDS)
        if opened != streams:
            ended = load.stop() or {}
            raise Failed(f"{opened or 0} of {streams} streams were opened: {ended.get('problem') or 'no answer'}")

    def warm_up(self, peer):
        """What the first streams cost once is not of interest."""
        result = self.run(peer, "connect", 8, count=100)
        if result["problem"]:
            raise Failed(result["problem"])

    def be_quiet(self, seconds=QUIET_SECONDS):
        """Returns when nothing has moved for so long: what an earlier load has left in queues would slow the next."""
        give_up = time.monotonic() + QUIET_SECONDS_MAX
        last = self._moved()
        while time.monotonic() < give_up:
            time.sleep(seconds)
            now = self._moved()
            if now - last < QUIET_OCTETS:
                return
            last = now

    def _moved(self):
        """By the target; over a link also by the link, where tunnels go on sending what they hold."""
        moved = self.target.mark().octets()
        return moved + procfs.link_octets(self.target.process.pid) if self.far.namespace else moved

    def stop(self):
        self.target.stop()
        self.echo.stop()
