"""What the two ends do while there is no link, or no word from the other."""

import hashlib
import queue
import random
import re
import socket
import time

from breaking import BreakingNetwork
from cases import case
from flows import ended_by_reset, reset
from harness import expect, expect_equal, wait_until
from peers import Target, read_exactly, read_to_end, socks5


# -- ends inside an outage --------------------------------------------------------------------------------------------


class Pair:
    """Both ends of one stream: `one` does something while there is no link, `other` sees it afterwards."""

    def __init__(self, gateway, client_acts):
        arrived = queue.Queue()
        self.target = Target(arrived.put, keep=True)
        client, reply = socks5(gateway, "127.0.0.1", self.target.port, seconds=60)
        expect_equal(reply, 0, "reply")
        far = arrived.get(timeout=20)
        far.settimeout(60)
        self.one, self.other = (client, far) if client_acts else (far, client)
        for source, sink in ((self.one, self.other), (self.other, self.one)):
            source.sendall(b"before")
            expect_equal(read_exactly(sink, 6), b"before", "what the other end got")


class HalfClose:
    """One direction ends, and the other still carries an answer."""

    def before(self, pair):
        pass

    def inside(self, pair):
        pair.one.sendall(b"last words")
        pair.one.shutdown(socket.SHUT_WR)

    def after(self, pair):
        expect_equal(read_to_end(pair.other), b"last words", "what came before the end")
        pair.other.sendall(b"answer")
        pair.other.close()
        expect_equal(read_to_end(pair.one), b"answer", "the answer to a half-closed stream")


class Fin:
    """All of it ends; what was sent arrives, and then the end."""

    def before(self, pair):
        pair.other.shutdown(socket.SHUT_WR)
        expect_equal(read_to_end(pair.one), b"", "what came before the end")

    def inside(self, pair):
        pair.one.sendall(b"last words")
        pair.one.close()

    def after(self, pair):
        expect_equal(read_to_end(pair.other), b"last words", "what came before the end")


class Reset:
    """A reset arrives as one."""

    def before(self, pair):
        pass

    def inside(self, pair):
        reset(pair.one)

    def after(self, pair):
        expect_equal(ended_by_reset(pair.other), (True, b""), "ended by a reset, octets")


class ResetOfHalfClosed(Reset):
    """The same where the other direction had ended long before."""

    def before(self, pair):
        pair.other.shutdown(socket.SHUT_WR)
        expect_equal(read_to_end(pair.one), b"", "what came before the end")


SCENES = (HalfClose, Fin, Reset, ResetOfHalfClosed)


@case(limit=120)
def ends_inside_an_outage_arrive_as_what_they_were(bed):
    """Half-close, FIN and RST of either end, before and after the loss of the link is noticed; then two more links break."""
    server = bed.server("--link-timeout", "2s", "--ping-interval", "1s")
    network = BreakingNetwork(server.port)
    gateway = bed.gateway(network.port, "--link-timeout", "2s", "--ping-interval", "1s", "--lanes", "1")
    streams = 0
    for noticed in (False, True):
        acts = [(scene(), Pair(gateway, client_acts)) for scene in SCENES for client_acts in (True, False)]
        for scene, pair in acts:
            scene.before(pair)
        lost = [end.count("link.lost") for end in (gateway, server)]

        def both_noticed():
            return all(end.count("link.lost") > had for end, had in zip((gateway, server), lost))

        expect_equal(network.lose(), 1, "links")
        if noticed:
            wait_until(both_noticed, 30, "both ends notice that the link is gone")
        for scene, pair in acts:
            scene.inside(pair)
        wait_until(both_noticed, 30, "both ends notice that the link is gone")
        network.restore()
        for _ in range(2):
            before = gateway.count("lane.resumed")
            wait_until(lambda: network.links, 30, "there is a link to break")
            network.reset()
            wait_until(lambda: gateway.count("lane.resumed") > before, 30, "the lane is resumed")
        for scene, pair in acts:
            scene.after(pair)
            expect_equal(pair.target.accepted, 1, "connections that the target saw")
        streams += len(acts)
        for end in (gateway, server):
            wait_until(lambda: end.count("stream.closed") >= streams, 20, "every stream has ended")
            expect_equal(end.count("stream.closed"), streams, f"ends of streams in the log of {end.name}")


# -- a peer that says nothing -----------------------------------------------------------------------------------------

MIB = 1 << 20


class Uploads:
    """Many streams, because each may send no more than a window ahead: together more than a lane keeps."""

    def __init__(self, gateway, number, octets):
        self.target = Target(self._digest)
        self.blocks = [random.Random(n).randbytes(octets) for n in range(number)]
        self.clients = []
        for _ in self.blocks:
            client, reply = socks5(gateway, "127.0.0.1", self.target.port, seconds=120)
            expect_equal(reply, 0, "reply")
            self.clients.append(client)

    @staticmethod
    def _digest(connection):
        connection.settimeout(120)
        connection.sendall(hashlib.sha256(read_to_end(connection)).digest())

    def send(self):
        for client, block in zip(self.clients, self.blocks):
            client.sendall(block)  # the kernel holds all of it
            client.shutdown(socket.SHUT_WR)

    def expect_exact(self):
        exact = sum(read_to_end(client) == hashlib.sha256(block).digest() for client, block in zip(self.clients, self.blocks))
        expect_equal(exact, len(self.blocks), f"streams of {len(self.blocks)} that arrived whole")
        expect_equal(self.target.accepted, len(self.blocks), "connections that the target saw")


def no_more_than_a_log(network, before, seconds):
    """Waits until no more is sent, and then for so long; returns how much it was."""
    sent, since = -1, time.monotonic()
    until = since + 120
    while time.monotonic() - since < seconds:
        if network.to_server != sent:
            sent, since = network.to_server, time.monotonic()
        expect(time.monotonic() < until, "the gateway goes on sending though nothing is acknowledged")
        time.sleep(0.1)
    return sent - before


@case(alone=True, limit=180)
def a_full_log_waits_for_the_peer(bed):
    """The server's words are held back, 3 s, with --full 30 s: then they come. The same where nothing reached the server."""
    server = bed.server("--link-timeout", "90s")
    network = BreakingNetwork(server.port)
    gateway = bed.gateway(network.port, "--link-timeout", "90s", "--lanes", "1")
    told = []
    for lost in (False, True):
        uploads = Uploads(gateway, 800, 100_000)
        idle = gateway.memory_kib()
        wait_until(lambda: network.links, 30, "there is a link")
        before = network.to_server
        expect_equal(network.hold_answers(), 1, "links")
        if lost:
            network.devour()
        uploads.send()
        sent = no_more_than_a_log(network, before, 30 if bed.full else 3)
        grown = gateway.memory_kib() - idle
        # The log is 32 MiB; what goes out besides are the headers of TLS and WebSocket, and heartbeats.
        expect(32 * MIB - 100_000 < sent < 34 * MIB, f"{sent} octets were sent, so the log was not what stopped them")
        expect(bed.sanitized or grown < 64 * 1024, f"the gateway grew by {grown} KiB")
        told.append(f"{sent / MIB:.1f} MiB sent, memory {grown / 1024:+.0f} MiB")
        if lost:
            network.reset()
            network.restore()
        else:
            network.release_answers()
        uploads.expect_exact()
        expect_equal(gateway.count("link.lost"), int(lost), "lost links")
    replayed = int(re.search(r"lane\.resumed .*replayed_bytes=(\d+)", gateway.text())[1])
    expect(replayed > 31 * MIB, f"only {replayed} octets were sent again")
    return f"{'; '.join(told)}; {replayed / MIB:.1f} MiB sent again"
