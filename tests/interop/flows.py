"""Streams that carry something in both directions all the time, compared octet for octet; and how streams end."""

import hashlib
import random
import socket
import threading
import time

from harness import expect_equal, wait_until
from peers import LINGER_RST, Target, read_exactly, read_to_end, socks5


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RST)
    connection.close()


def ended_by_reset(connection):
    """Reads on; whether the end is a reset, and what came before it."""
    try:
        return False, read_to_end(connection)
    except ConnectionResetError:
        return True, b""


class Flow:
    """One direction of a stream: blocks until `done`, then the end; what was sent and what came have to be equal."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.sent = hashlib.sha256()
        self.came = hashlib.sha256()
        self.bytes = 0
        self.last = time.monotonic()
        self.longest = 0.0
        self.ended = False

    def send(self, connection, done):
        while not done.is_set():
            block = self.random.randbytes(self.random.randrange(1, 20_000))
            connection.sendall(block)
            self.sent.update(block)
            time.sleep(self.random.random() / 50)
        connection.shutdown(socket.SHUT_WR)

    def receive(self, connection):
        self.last = time.monotonic()
        while part := connection.recv(65536):
            self.came.update(part)
            self.bytes += len(part)
            now = time.monotonic()
            self.longest, self.last = max(self.longest, now - self.last), now
        self.ended = True

    def exact(self):
        return self.ended and self.bytes > 0 and self.sent.digest() == self.came.digest()


class Streams:
    """`count` streams that carry something in both directions all the time."""

    def __init__(self, gateway, count):
        self.done = threading.Event()
        self.up = [Flow(2 * n) for n in range(count)]
        self.down = [Flow(2 * n + 1) for n in range(count)]
        self.target = Target(self._serve)
        self.threads = [threading.Thread(target=self._client, args=(gateway, n), daemon=True) for n in range(count)]
        for thread in self.threads:
            thread.start()

    def _client(self, gateway, number):
        client, reply = socks5(gateway, "127.0.0.1", self.target.port, seconds=120)
        expect_equal(reply, 0, "reply")
        client.sendall(b"%04d" % number)
        self._both(client, self.up[number], self.down[number])
        client.close()

    def _serve(self, connection):
        number = int(read_exactly(connection, 4))
        self._both(connection, self.down[number], self.up[number])

    def _both(self, connection, outward, inward):
        sender = threading.Thread(target=outward.send, args=(connection, self.done), daemon=True)
        sender.start()
        inward.receive(connection)
        sender.join()

    def finish(self, seconds):
        self.done.set()
        until = time.monotonic() + seconds
        for thread in self.threads:
            thread.join(max(0.0, until - time.monotonic()))
        flows = self.up + self.down
        wait_until(lambda: all(flow.ended for flow in flows), seconds, "every direction of every stream has ended")
        broken = sum(not flow.exact() for flow in flows)
        expect_equal(broken, 0, f"directions of {len(flows)} that are not exact")
        expect_equal(self.target.accepted, len(self.up), "connections that the target saw")
        return max(flow.longest for flow in flows)
