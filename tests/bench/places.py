"""Where the two ends of a tunnel run: on this machine, or in network namespaces of it."""

import os
import socket
import subprocess
import time

import procfs


class Place:
    """One side of the link: how to start a program there, and at what address it is reached from the other side."""

    def __init__(self, namespace=None, address="127.0.0.1"):
        self.namespace = namespace
        self.address = address

    def command(self, arguments):
        """`ip netns exec` becomes the program that it starts: the process id is the program's."""
        inside = ["ip", "netns", "exec", self.namespace] if self.namespace else []
        return [*inside, *map(str, arguments)]

    def problem(self):
        """Why nothing can be started here; None if nothing is wrong."""
        if not self.namespace:
            return None
        if os.geteuid() != 0:
            return "network namespaces need root"
        if not os.path.exists(f"/run/netns/{self.namespace}"):
            return f"there is no network namespace {self.namespace} (ip netns list)"
        return None

    def has_address(self):
        shown = subprocess.run(self.command(["ip", "-o", "address"]), stdout=subprocess.PIPE, text=True, check=True)
        return f" {self.address}/" in shown.stdout

    def use_congestion_control(self, name):
        """For all sockets whose program does not choose: the routes name it, since that needs no leave of the host."""
        shown = subprocess.run(self.command(["ip", "-4", "route", "show"]), stdout=subprocess.PIPE, text=True, check=True)
        for route in shown.stdout.splitlines():
            words = route.split()
            if "congctl" in words:
                at = words.index("congctl")
                del words[at:at + 2]
            subprocess.run(self.command(["ip", "route", "change", *words, "congctl", name]), check=True)

    def sysctl(self, name):
        """The value in force here; None if the kernel does not say."""
        shown = subprocess.run(self.command(["cat", "/proc/sys/" + name.replace(".", "/")]), stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True, check=False)
        return shown.stdout.strip() or None


def free_port():
    """A port that nothing listens on; a namespace made for a measurement has no others than ours anyway."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until_listening(process, port, seconds=10):
    """Without connecting: a connection would be the first that a tunnel sees."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with status {process.returncode}")
        if procfs.is_listening(process.pid, port):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{process.args[0]} does not listen on port {port}")
