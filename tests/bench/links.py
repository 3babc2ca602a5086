"""A link with a rate between two network namespaces that are made for it, and removed."""

import os
import subprocess

NEAR_ADDRESS, FAR_ADDRESS = "10.201.0.1", "10.201.0.2"
QUEUE_MS = 30  # as in MUX.md 5.6
BURST_OCTETS = 16 * 1024  # what goes at once looks like a faster link to BBR
# The usual maxima would cap a stream on a fast long link, and be what is measured.
BUFFERS = ("net.ipv4.tcp_rmem=4096 131072 134217728", "net.ipv4.tcp_wmem=4096 65536 134217728")


class RatedLink:
    """A veth pair whose ends send at `mbit` Mbit/s (tbf) and queue QUEUE_MS; no delay but that of the queue."""

    def __init__(self, mbit):
        self.mbit = mbit
        self.namespaces = [f"bench-{os.getpid()}-{end}" for end in ("near", "far")]
        self.far_address = FAR_ADDRESS

    def __enter__(self):
        try:
            self._make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _make(self):
        near, far = self.namespaces
        for namespace in self.namespaces:
            run("ip", "netns", "add", namespace)
        run("ip", "link", "add", "link0", "netns", near, "type", "veth", "peer", "name", "link0", "netns", far)
        for namespace, address in zip(self.namespaces, (NEAR_ADDRESS, FAR_ADDRESS)):
            run("ip", "-n", namespace, "address", "add", f"{address}/24", "dev", "link0")
            for device in ("lo", "link0"):
                run("ip", "-n", namespace, "link", "set", device, "up")
            run("tc", "-n", namespace, "qdisc", "add", "dev", "link0", "root", "tbf", "rate", f"{self.mbit}mbit",
                "burst", BURST_OCTETS, "latency", f"{QUEUE_MS}ms")
            for setting in BUFFERS:
                run("ip", "netns", "exec", namespace, "sysctl", "-qw", setting)

    def __exit__(self, *_):
        for namespace in self.namespaces:
            subprocess.run(["ip", "netns", "delete", namespace], stderr=subprocess.DEVNULL, check=False)


def run(*command):
    done = subprocess.run([str(part) for part in command], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"no link: {' '.join(map(str, command))}: {done.stderr.strip()}")
