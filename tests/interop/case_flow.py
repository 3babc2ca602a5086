"""How octets and ends travel: half-close, resets, back-pressure."""

import hashlib
import random
import socket
import threading
import time

import network
from cases import case
from harness import expect, expect_equal, wait_until
from peers import (LINGER_RST, Target, answer_after_eof, echo, http_connect, late_answer, read_exactly, read_to_end, socks4,
                   socks5, web)


@case()
def half_close_keeps_the_whole_answer(bed):
    """A target that answers only after EOF, through SOCKS5, SOCKS4 and CONNECT."""
    gateway, _ = bed.pair()
    target = Target(answer_after_eof)
    for how in (socks5, socks4, http_connect):
        client, status = how(gateway, "127.0.0.1", target.port)[:2]
        expect(status in (0, 0x5A, 200), f"{how.__name__} was told {status}")
        client.sendall(b"a question")
        client.shutdown(socket.SHUT_WR)
        answer = read_to_end(client)
        expect(answer == late_answer(b"a question"), f"{how.__name__}: {len(answer)} octets of the answer")


@case()
def the_target_may_close_first(bed):
    """A target's FIN ends one direction only; what the client sends afterwards still arrives."""
    arrived = []

    def fin_then_listen(connection):
        connection.sendall(b"done")
        connection.shutdown(socket.SHUT_WR)
        arrived.append(read_to_end(connection))

    gateway, _ = bed.pair()
    target = Target(fin_then_listen)
    client, _ = socks5(gateway, "127.0.0.1", target.port)
    expect_equal(read_to_end(client), b"done", "what the target said")
    client.sendall(b"x" * 300_000)
    client.shutdown(socket.SHUT_WR)
    wait_until(lambda: arrived, 10, "the target reads to the end")
    expect_equal(len(arrived[0]), 300_000, "octets that arrived after the target's FIN")


@case()
def a_reset_by_the_target_is_no_clean_end(bed):
    """curl sees a reset or a short body (exit 18 or 56), never 0; a raw client sees ECONNRESET."""
    gateway, _ = bed.pair()
    site = web()
    for proxy in (f"socks5h://{gateway.address}", f"http://{gateway.address}"):
        got = bed.curl("--proxy", proxy, "--output", "/dev/null", f"http://127.0.0.1:{site.port}/reset")
        expect(got.returncode in (18, 56), f"exit status of curl through {proxy}: {got.returncode} {got.stderr}")
    got = bed.curl("--proxytunnel", "--proxy", f"http://{gateway.address}", "--output", "/dev/null",
                   f"http://127.0.0.1:{site.port}/reset")
    expect(got.returncode in (18, 56), f"exit status of curl through CONNECT: {got.returncode} {got.stderr}")

    def reset(connection):
        read_exactly(connection, 2)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RST)

    client, _ = socks5(gateway, "127.0.0.1", Target(reset).port)
    client.sendall(b"go")
    try:
        expect(False, f"the client read {client.recv(1)!r} instead of a reset")
    except ConnectionResetError:
        pass


@case()
def a_reset_by_the_client_reaches_the_target(bed):
    seen = []

    def watch(connection):
        try:
            seen.append(read_to_end(connection))
        except ConnectionResetError:
            seen.append("reset")

    gateway, _ = bed.pair()
    client, _ = socks5(gateway, "127.0.0.1", Target(watch).port)
    client.sendall(b"half a request")
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RST)
    client.close()
    wait_until(lambda: seen, 10, "the target notices that the client is gone")
    expect_equal(seen, ["reset"], "what the target saw")


class Flood:
    """A target that sends for ever, as fast as it is read, and counts."""

    def __init__(self):
        self.sent = 0
        self.target = Target(self._send)
        self.port = self.target.port

    def _send(self, connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        block = bytes(65536)
        while True:
            self.sent += connection.send(block)


def settled(flood):
    """Waits until the flood has not moved for a second, and returns how far it came."""
    seen = [(-1, 0.0)]

    def still():
        if flood.sent != seen[0][0]:
            seen[0] = (flood.sent, time.monotonic())
        return flood.sent > 0 and time.monotonic() - seen[0][1] > 1

    wait_until(still, 30, "the target is not read any more")
    return flood.sent


@case()
def a_stream_that_is_not_read_stops_its_target(bed):
    """The server reads no further than the window; the tunnel goes on for others, and memory stays bounded."""
    gateway, server = bed.pair()
    flood, site = Flood(), web()
    before = gateway.memory_kib() + server.memory_kib()
    client, reply = socks5(gateway, "127.0.0.1", flood.port, receive_octets=65536)
    expect_equal(reply, 0, "reply")
    sent = settled(flood)
    expect(sent <= 12 << 20, f"the target could send {sent >> 10} KiB to a client that reads nothing")
    expect_equal(bed.curl("--proxy", f"http://{gateway.address}", f"http://127.0.0.1:{site.port}/hello").returncode, 0,
                 "another request meanwhile")
    growth = gateway.memory_kib() + server.memory_kib() - before
    client.close()
    return f"the target could send {sent >> 10} KiB; both processes together grew by {growth} KiB"


@case(alone=True, limit=240)
def an_upload_that_is_not_read_stops_its_client(bed):
    """The same in the other direction: the gateway stops reading a client whose target does not read."""
    release = threading.Event()
    gateway, _ = bed.pair()
    target = Target(lambda connection: release.wait(60), receive_octets=65536)
    client, _ = socks5(gateway, "127.0.0.1", target.port)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    client.settimeout(2)
    sent, block = 0, bytes(65536)
    try:
        while sent < 64 << 20:
            sent += client.send(block)
    except TimeoutError:
        pass
    release.set()
    expect(sent <= 12 << 20, f"the client could send {sent >> 10} KiB to a target that reads nothing")
    return f"the client could send {sent >> 10} KiB"


@case(isolated=True, limit=180)
def a_name_without_answer_delays_nothing_else(bed):
    """A resolver that is silent for 10 s holds up its own request only: not other names, and not SIGTERM."""
    server_names = network.NameServer(bed, {"www.test": "127.0.0.1", "other.test": "127.0.0.1"})
    gateway, server = bed.pair()
    site = web()
    waiting = []
    for n in range(4):
        thread = threading.Thread(target=lambda n=n: waiting.append(quietly(gateway, f"{n}.silent")), daemon=True)
        thread.start()
    wait_until(lambda: sum(name.endswith("silent") for _, name in server_names.asked) >= 4, 10, "the names are looked up")
    began = time.monotonic()
    for name in ("www.test", "other.test", "127.0.0.1"):
        got = bed.curl("--proxy", f"socks5h://{gateway.address}", f"http://{name}:{site.port}/hello", seconds=30)
        expect_equal(got.returncode, 0, f"{name} meanwhile: {got.stderr}")
    fetched = time.monotonic() - began
    expect_equal(waiting, [], "replies for the silent names, while the others were served")
    began = time.monotonic()
    server.signal(15)
    expect_equal(server.wait(8), 0, "exit status of the server")
    return f"three others took {fetched:.2f} s, SIGTERM {time.monotonic() - began:.2f} s (drain time-out 1 s)"


def quietly(gateway, name):
    try:
        return socks5(gateway, name, 80, 60)[1]
    except Exception as gone:  # its gateway ends before the answer
        return str(gone)


@case()
def many_small_exchanges_stay_apart(bed):
    """Two hundred echoes at once, each with octets of its own; none sees another's."""
    gateway, _ = bed.pair()
    target = Target(echo)
    wrong = []

    def exchange(n):
        data = random.Random(n).randbytes(n * 97 + 1)
        client, reply = socks5(gateway, "127.0.0.1", target.port)
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        if reply != 0 or hashlib.sha256(read_to_end(client)).digest() != hashlib.sha256(data).digest():
            wrong.append(n)

    threads = [threading.Thread(target=exchange, args=(n,), daemon=True) for n in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        expect(not thread.is_alive(), "an exchange hangs")
    expect(not wrong, f"{len(wrong)} of 200 exchanges went wrong")
