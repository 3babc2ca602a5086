"""How near a tunnel is to what it cannot beat: one leg of TLS, and one relay of the streams, each alone."""

import json
import subprocess

from loads import Failed
from peers.relay import Relay

from .base import Case, Column
from .bulk import SETTLE_SECONDS, measure_bulk

LOSS_BASED = "cubic"  # BBR over loopback makes rates swing, and so what a batch costs


class Bound(Case):
    """R = (TLS engine + relay) / (gateway + server), in CPU seconds for a GB, all three in the same round."""

    columns = (Column("r", "R", ".2f", less_is_better=False), Column("tls", "TLS s/GB", ".2f"),
               Column("relay", "relay s/GB", ".2f"), Column("cpu_s_per_gb", "penstock s/GB", ".2f"))
    only = "penstock"
    streams = 16

    def __init__(self, direction):
        self.direction = direction
        self.name = f"bound-{direction}"
        self.about = f"R = (TLS engine + relay, each alone) / (gateway + server), {self.streams} {direction}loads"

    def run(self, lab, peer):
        tls = self.tls(lab, peer)
        relay = Relay(peer.setting)
        try:
            relay.start()
            relayed, _ = self.bulk(lab, relay)
        finally:
            relay.stop()
        lab.be_quiet()
        whole, values = self.bulk(lab, peer)
        return {"r": (tls["cpu_s_per_gb"] + relayed) / whole, "tls": tls["cpu_s_per_gb"], "relay": relayed,
                "cpu_s_per_gb": whole, "tls_congestion": tls["congestion"], **values}

    def bulk(self, lab, peer):
        _, cost, values = measure_bulk(
            lab, peer, self.direction, self.streams, SETTLE_SECONDS, lab.options.seconds)
        if cost is None:
            raise Failed(values.get("problem") or "nothing arrived")
        return cost * 1e9, values

    def tls(self, lab, peer):
        """What the program for it prints; without the right to choose the congestion control, with the default."""
        for congestion in ([LOSS_BASED], []):
            command = [peer.program("penstock_bound"), "tls", str(lab.options.seconds), *congestion]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
            if done.returncode == 0:
                return json.loads(done.stdout)
        raise Failed("penstock_bound tls has failed")
