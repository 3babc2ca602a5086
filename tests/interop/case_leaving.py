"""A process is replaced by another one, and nobody is cut: listening sockets are handed over or passed by a launcher."""

import hashlib
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from case_resume import Streams
from cases import case
from harness import Failed, expect, expect_equal, free_port, need, wait_until
from peers import Target, connect, echo, listens, read_exactly, read_to_end, socks5

POOL = random.Random(7).randbytes(1 << 20)
BODY_MAX = 200_000


def slice_of_pool(connection):
    """Eight octets say which part of the pool is wanted; the connection ends behind it."""
    offset, length = struct.unpack(">II", read_exactly(connection, 8))
    connection.sendall(POOL[offset:offset + length])


class Clients:
    """`count` clients that open one stream after the other, and compare what each brings."""

    def __init__(self, port, count):
        self.port = port
        self.target = Target(slice_of_pool)
        self.done = threading.Event()
        self.fetched = 0
        self.troubles = []
        self.longest = 0.0
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._fetch_on, args=(n,), daemon=True) for n in range(count)]
        for thread in self.threads:
            thread.start()

    def _fetch_on(self, number):
        dice = random.Random(number)
        while not self.done.is_set():
            began = time.monotonic()
            trouble = None
            try:
                self._fetch(dice)
            except (OSError, Failed) as failure:
                trouble = f"{type(failure).__name__}: {failure}"
            with self.lock:
                self.fetched += 1
                self.longest = max(self.longest, time.monotonic() - began)
                if trouble:
                    self.troubles.append(trouble)

    def _fetch(self, dice):
        offset, length = dice.randrange(len(POOL) - BODY_MAX), dice.randrange(1, BODY_MAX)
        client, reply = socks5(self, "127.0.0.1", self.target.port, seconds=60)
        with client:
            expect_equal(reply, 0, "reply")
            client.sendall(struct.pack(">II", offset, length))
            came = read_to_end(client)
        wanted = POOL[offset:offset + length]
        expect_equal(hashlib.sha256(came).hexdigest(), hashlib.sha256(wanted).hexdigest(), f"hash of {len(came)} octets")

    def more(self, count, seconds=60):
        """Waits until so many more streams have come to their end."""
        goal = self.fetched + count
        wait_until(lambda: self.fetched >= goal, seconds, f"{count} more streams")

    def finish(self):
        self.done.set()
        for thread in self.threads:
            thread.join(90)
            expect(not thread.is_alive(), "a client does not end")
        expect_equal(self.troubles[:5], [], f"{len(self.troubles)} failures of {self.fetched} streams")


HELD = ["--drain-timeout", "60s"]


def replaced_under_load(bed, start, gateway_port, seconds):
    """`start()` makes the next process that takes over; three times, under load. Returns what was seen."""
    clients = Clients(gateway_port, 32)
    clients.more(32)
    streams = Streams(clients, 8)
    wait_until(lambda: streams.target.accepted == 8, 30, "the long transfers are open")
    former = []
    for _ in range(3):
        clients.more(60)
        new = start()
        former.append(new.before)
        new.before.wait_line(r"\.handed_over to=%d" % new.pid)
        expect(new.before.alive(), "the old process ended under its streams")
    clients.more(120)
    clients.finish()
    stall = streams.finish(60)
    for process in former:
        expect_equal(process.wait(20), 0, "exit status of a process that was replaced")
    return (f"{clients.fetched} streams and 8 long ones, none failed; the longest took {clients.longest:.2f} s, "
            f"the longest stall {stall:.2f} s")


def succession(bed, first, make):
    """A function that starts the next process of a line of them."""
    line = [first]

    def start():
        new = make()
        new.before = line[-1]
        line.append(new)
        return new

    return start


@case(alone=True, limit=240)
def a_server_is_replaced_three_times_under_load(bed):
    """By hand-over: 32 clients that keep opening streams and 8 long transfers see nothing of it."""
    path = bed.path("server.sock")
    options = ["--hand-over", path, *HELD]
    server = bed.server(*options)
    gateway = bed.gateway(server.port)
    start = succession(bed, server, lambda: bed.server(*options, listen=server.address))
    return replaced_under_load(bed, start, gateway.port, 60)


@case(alone=True, limit=240)
def a_gateway_is_replaced_three_times_under_load(bed):
    """The same where clients connect: not one connection to the proxy port is refused or reset."""
    path = bed.path("gateway.sock")
    options = ["--hand-over", path, *HELD]
    server = bed.server()
    gateway = bed.gateway(server.port, *options)
    start = succession(bed, gateway, lambda: bed.gateway(server.port, *options, listen=gateway.address))
    return replaced_under_load(bed, start, gateway.port, 60)
