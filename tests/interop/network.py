"""A network of our own, for cases that run with `isolated=True`: routes that fail as wanted, and a name server."""

import os
import socket
import subprocess
import threading
import time

from harness import Skip, wait_until

UNREACHABLE_NETWORK = "203.0.113.1"  # no route
UNREACHABLE_HOST = "198.51.100.1"    # a route that says so
SILENT_HOST = "192.0.2.9"            # on the wire, but nobody answers


def configure(*commands):
    for command in commands:
        made = subprocess.run(command.split(), capture_output=True, text=True)
        if made.returncode != 0:
            raise Skip(f"this kernel refuses `{command}`: {made.stderr.strip()}")


class OtherHost:
    """A second network namespace at the other end of a wire: 192.0.2.2 and 198.51.100.2 there, .1 of both here."""

    def __init__(self, bed):
        holder = subprocess.Popen(["unshare", "--net", "sleep", "600"])
        bed.at_end(holder.kill)
        self.within = ["nsenter", "--net", "--target", str(holder.pid)]
        ours = os.stat("/proc/self/ns/net").st_ino
        wait_until(lambda: os.stat(f"/proc/{holder.pid}/ns/net").st_ino != ours, 20, "the namespace is there")
        there = " ".join(self.within)
        configure(
            "ip link add wire0 type veth peer name wire1",
            f"ip link set wire1 netns {holder.pid}",
            "ip addr add 192.0.2.1/24 dev wire0",
            "ip addr add 198.51.100.1/24 dev wire0",
            "ip link set wire0 up",
            f"{there} ip addr add 192.0.2.2/24 dev wire1",
            f"{there} ip addr add 198.51.100.2/24 dev wire1",
            f"{there} ip link set wire1 up",
            f"{there} ip link set lo up",
        )


def make_routes():
    """Adds the two addresses above that need something; the third is what the namespace lacks."""
    configure(
        "ip link add wire0 type veth peer name wire1",
        "ip addr add 192.0.2.1/24 dev wire0",
        "ip link set wire0 up",
        "ip link set wire1 up",
        f"ip neigh replace {SILENT_HOST} lladdr 02:00:00:00:00:09 dev wire0",
        f"ip route add unreachable {UNREACHABLE_HOST}/32",
    )


class NameServer:
    """A name server for this mount and network namespace, in front of every resolver library.

    Knows the A records it is given; says that other names do not exist; and never answers for names under `silent`.
    """

    def __init__(self, bed, records):
        self.records = records
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        files = {
            "/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:10 attempts:1\n",
            "/etc/nsswitch.conf": "hosts: files dns\n",
        }
        for path, text in files.items():
            source = bed.write(path.rpartition("/")[2], text, 0o644)
            made = subprocess.run(["mount", "--bind", source, path], capture_output=True, text=True)
            if made.returncode != 0:
                raise Skip(f"cannot put a {path} of our own in place: {made.stderr.strip()}")
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            question, peer = self.socket.recvfrom(512)
            name, end = self._name(question)
            self.asked.append((time.monotonic(), name))
            if name == "silent" or name.endswith(".silent"):
                continue
            kind = question[end:end + 2]
            answers = b""
            if kind == b"\x00\x01" and name in self.records:
                answers = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04" + socket.inet_aton(self.records[name])
            code = 0 if name in self.records else 3  # 3: the name does not exist
            head = question[:2] + bytes([0x85, 0x80 | code]) + b"\x00\x01" + (b"\x00\x01" if answers else b"\x00\x00") + bytes(4)
            self.socket.sendto(head + question[12:end + 4] + answers, peer)

    @staticmethod
    def _name(question):
        labels, at = [], 12
        while length := question[at]:
            labels.append(question[at + 1:at + 1 + length].decode("latin-1"))
            at += 1 + length
        return ".".join(labels).lower(), at + 1
