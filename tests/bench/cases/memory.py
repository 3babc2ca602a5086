"""What streams and gateways take in memory."""

import time

import procfs
from loads import Failed

from .base import Case, Column, problem_of
from .beside import MOVING, SHARE, Stalled

SETTLE_SECONDS = 2  # what is borrowed for the first octets has been given back by then
GATEWAYS_AT_ONCE = 4
GATEWAYS_OF_IDENTITY = 32  # a server lets one identity have 64 sessions


class Unread(Stalled):
    """As stalled, with 1,000 streams that are never read."""

    name = "unread-1000"
    about = "8 downloads beside 1,000 streams that are never read; the peak of resident memory"
    columns = (SHARE, MOVING, Column("peak_mib", "peak MiB"))
    unread = 1000

    def more(self, peer):
        near, far = (procfs.peak_resident_bytes(pids) / 2**20 for pids in (peer.near_pids(), peer.far_pids()))
        return {"peak_mib": near + far, "peak_mib_near": near, "peak_mib_far": far}


class Idle(Case):
    """Growth of anonymous memory with --idle-streams open, each of which has carried an octet both ways."""

    name = "idle"
    about = "memory of both ends for one of many idle streams: resident and anonymous, without the kernel's"
    columns = (Column("bytes_per_stream", "octets/stream"), Column("bytes_near", "near"), Column("bytes_far", "far"))
    fresh = True  # a heap that has been in use has room, and would not show what streams take

    def run(self, lab, peer):
        streams = lab.options.idle_streams
        lab.warm_up(peer)
        ends = (peer.near_pids(), peer.far_pids())
        before = [procfs.anonymous_bytes(pids) for pids in ends]
        with lab.load(peer, "idle", streams) as holder:
            opened = holder.opened(lab.options.timeout)
            if not opened:
                ended = holder.stop() or {}
                raise Failed(ended.get("problem") or "no stream was opened")
            time.sleep(SETTLE_SECONDS)
            near, far = ((procfs.anonymous_bytes(pids) - was) / opened for pids, was in zip(ends, before))
            ended = holder.stop()
        return {"bytes_per_stream": near + far, "bytes_near": near, "bytes_far": far, "streams": opened,
                **problem_of(ended)}


class Gateways(Case):
    """Growth of the server's anonymous memory with --gateways more gateways linked to it."""

    name = "gateways"
    about = "memory of a server for each idle gateway: resident and anonymous, without the kernel's"
    columns = (Column("bytes_per_gateway", "octets/gateway"),)
    fresh = True
    only = "penstock"

    def run(self, lab, peer):
        lab.warm_up(peer)
        before = procfs.anonymous_bytes(peer.far_pids())
        wanted, begun = lab.options.gateways, []
        for number in range(wanted):
            log = f"gateway-{number}.log"
            identity = f"bench-{number // GATEWAYS_OF_IDENTITY}"
            begun.append((log, peer.begin_gateway(log, identity=identity)))
            if len(begun) == GATEWAYS_AT_ONCE:
                peer.await_gateway(*begun.pop(0))
        for one in begun:
            peer.await_gateway(*one)
        time.sleep(SETTLE_SECONDS)
        grown = procfs.anonymous_bytes(peer.far_pids()) - before
        return {"bytes_per_gateway": grown / wanted, "gateways": wanted}
