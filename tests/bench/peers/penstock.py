"""penstock: the gateway is the near end, the server the far one."""

import os
import re
import subprocess
import time

from .base import LOCAL, Peer

IDENTITY = "bench"


def wait_for_line(file, pattern, process, seconds=10):
    """The match of the pattern in a log that the process writes."""
    give_up = time.monotonic() + seconds
    text = ""
    while time.monotonic() < give_up:
        running = process.poll() is None
        with open(file, encoding="utf-8") as f:
            text = f.read()
        found = re.search(pattern, text)
        if found:
            return found
        if not running:
            break
        time.sleep(0.02)
    last = (text.splitlines() or ["which is empty"])[-1]
    raise RuntimeError(f"no {pattern} in the log of {os.path.basename(process.args[0])}, at last: {last}")


class Penstock(Peer):
    """Gateway and server with default settings; --threads is the only one that is given."""

    name = "penstock"
    programs = {"penstock": "build the target penstock"}
    both_ends = ()  # more options of gateway and server
    near_end = ()  # of the gateway alone

    def start(self):
        far = self.setting.far.address
        keys, common = self.keys(), ["--threads", self.setting.threads, *self.both_ends]
        server = self.start_far(
            "server.log", "penstock", "server", "--listen", f"{far}:0", "--cert", f"{keys}/server.crt", "--key",
            f"{keys}/server.key", "--client-ca", f"{keys}/ca.crt", "--allow", f"{far}/32", *common)
        self.link = wait_for_line(self.path("server.log"), r"server\.listening address=(\S+)", server).group(1)
        self.via = self.start_gateway("gateway.log", *common, *self.near_end)

    def keys(self, identity=IDENTITY):
        """The folder with the server's keys and those of the identity, made when they are first asked for."""
        folder = os.path.join(self.setting.folder, "penstock-keys")
        for arguments, made in ((["init", folder, "--name", self.setting.far.address], "server.crt"),
                                (["client", folder, identity], f"{identity}.crt")):
            if not os.path.exists(os.path.join(folder, made)):
                subprocess.run([self.program("penstock"), "keys", *arguments], check=True, stdout=subprocess.DEVNULL)
        return folder

    def begin_gateway(self, log, *more, identity=IDENTITY):
        """Starts a gateway without waiting for anything."""
        keys = self.keys(identity)
        return self.start_near(
            log, "penstock", "gateway", "--listen", f"{LOCAL}:0", "--server", f"wss://{self.link}/penstock", "--ca",
            f"{keys}/ca.crt", "--cert", f"{keys}/{identity}.crt", "--key", f"{keys}/{identity}.key", *more)

    def await_gateway(self, log, process):
        """Returns the gateway's address once its link is up."""
        wait_for_line(self.path(log), r"link\.up", process, 30)
        return wait_for_line(self.path(log), r"gateway\.listening address=(\S+)", process).group(1)

    def start_gateway(self, log, *more):
        return self.await_gateway(log, self.begin_gateway(log, *more))

    def version(self):
        return self.first_line(self.program("penstock"), "--version")


class PenstockReno(Penstock):
    """penstock where the kernel allows no BBR: Reno at both ends, and so 8 lanes."""

    name = "penstock-reno"
    both_ends = ("--congestion", "reno")
    over_link = True
