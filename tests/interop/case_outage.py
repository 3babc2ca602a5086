"""What happens while there is no link, and what a server leaves behind that dies."""

import collections
import datetime
import queue
import re
import signal
import socket
import ssl
import threading
import time

from breaking import BreakingNetwork
from cases import case
from harness import expect, expect_equal, free_port, wait_until
from peers import LINGER_RST, Target, read_exactly, read_to_end, socks5


def count(process, words):
    return len(re.findall(words, process.text()))


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


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RST)
    connection.close()


def ended_by_reset(connection):
    """Reads on; whether the end is a reset, and what came before it."""
    try:
        return False, read_to_end(connection)
    except ConnectionResetError:
        return True, b""


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
        lost = [count(end, "link.lost") for end in (gateway, server)]

        def both_noticed():
            return all(count(end, "link.lost") > had for end, had in zip((gateway, server), lost))

        expect_equal(network.lose(), 1, "links")
        if noticed:
            wait_until(both_noticed, 30, "both ends notice that the link is gone")
        for scene, pair in acts:
            scene.inside(pair)
        wait_until(both_noticed, 30, "both ends notice that the link is gone")
        network.restore()
        for _ in range(2):
            before = count(gateway, "lane.resumed")
            wait_until(lambda: network.links, 30, "there is a link to break")
            network.reset()
            wait_until(lambda: count(gateway, "lane.resumed") > before, 30, "the lane is resumed")
        for scene, pair in acts:
            scene.after(pair)
            expect_equal(pair.target.accepted, 1, "connections that the target saw")
        streams += len(acts)
        for end in (gateway, server):
            wait_until(lambda: count(end, "stream.closed") >= streams, 20, "every stream has ended")
            expect_equal(count(end, "stream.closed"), streams, f"ends of streams in the log of {end.name}")


# -- a server that dies -----------------------------------------------------------------------------------------------


def kill(process):
    process.expected_exit = -signal.SIGKILL
    process.signal(signal.SIGKILL)
    process.wait(10)


def moment(line):
    """The time of a line of the log, in seconds since the epoch."""
    text = line.split()[0].replace("Z", "+00:00")
    return datetime.datetime.fromisoformat(text).timestamp()


def moments(process, words):
    return [moment(line) for line in process.text().splitlines() if re.search(words, line)]


class Watcher:
    """Holds a stream, and waits for how it ends."""

    def __init__(self, gateway, target, half_closed):
        self.client, reply = socks5(gateway, "127.0.0.1", target.port, seconds=90)
        expect_equal(reply, 0, "reply")
        self.client.sendall(b"x")
        expect_equal(read_exactly(self.client, 1), b"x", "echo")
        if half_closed:
            self.client.shutdown(socket.SHUT_WR)
        self.reset = None
        self.at = None
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self):
        self.reset = ended_by_reset(self.client)[0]
        self.at = time.time()


def echo_once(connection):
    connection.sendall(read_exactly(connection, 1))
    threading.Event().wait()  # holds the stream, whatever its client does


@case(limit=120)
def a_server_that_was_killed_leaves_resets_and_no_ends(bed):
    """Killed with SIGKILL and started again: every stream of the old one is reset, new ones work."""
    address = f"127.0.0.1:{free_port()}"
    server = bed.server(listen=address)
    gateway = bed.gateway(server.port, "--link-wait", "30s")
    target = Target(echo_once)
    watchers = [Watcher(gateway, target, half_closed=n % 4 == 0) for n in range(20)]
    kill(server)
    time.sleep(3)
    expect(all(watcher.reset is None for watcher in watchers), "a stream ended while its server might have come back")
    fresh = queue.Queue()

    def ask():
        Watcher(gateway, target, half_closed=False)
        fresh.put(time.time())

    threading.Thread(target=ask, daemon=True).start()
    again = bed.server(listen=address)
    began = moments(again, "server.listening")[0]
    for watcher in watchers:
        watcher.thread.join(60)
    expect_equal([watcher.reset for watcher in watchers], [True] * len(watchers), "streams that were reset")
    works = fresh.get(timeout=60) - began
    learned = moments(gateway, "the session is not known here")[0]
    last = max(watcher.at for watcher in watchers)
    return f"reset {last - learned:.3f} s after the gateway learned of it, a new stream {works:.2f} s after the restart"


def histogram(seconds):
    buckets = collections.Counter(int(s * 4) for s in seconds)
    return ", ".join(f"{n / 4:.2f} s: {buckets[n]}" for n in range(min(buckets), max(buckets) + 1))


def longest_answer(server, keys, over):
    """Asks the server for a page, again and again until `over` says so; the longest that it took."""
    context = ssl.create_default_context(cafile=str(keys / "ca.crt"))
    context.load_cert_chain(keys / "laptop.crt", keys / "laptop.key")
    longest = 0.0
    while not over():
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", server.port), 30) as raw:
            with context.wrap_socket(raw, server_hostname="127.0.0.1") as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
                expect(client.recv(100).startswith(b"HTTP/1.1 404"), "an answer of the server")
        longest = max(longest, time.monotonic() - began)
    return longest


@case(alone=True, limit=180)
def gateways_of_a_restarted_server_come_back_spread_out(bed):
    """Forty of them, with --full 200, of ten users; the server is away for 5 s."""
    number = 200 if bed.full else 40
    keys = bed.keys()
    for user in range(10):
        made = bed.penstock("keys", "client", keys, f"user{user}")
        expect_equal(made.returncode, 0, made.stderr)
    address = f"127.0.0.1:{free_port()}"
    server = bed.server("--threads", "2", listen=address)
    gateways = [
        bed.gateway(server.port, "--lanes", "1", "--threads", "1", "--cert", keys / f"user{n % 10}.crt",
                    "--key", keys / f"user{n % 10}.key", credentials=False)
        for n in range(number)
    ]
    wait_until(lambda: all(count(g, "link.up") == 1 for g in gateways), 60, "every gateway has its link")
    memory = sum(g.memory_kib() for g in gateways) // number
    kill(server)
    time.sleep(5)
    again = bed.server("--threads", "2", listen=address)
    back = lambda: all(count(g, "link.up") >= 2 for g in gateways)  # noqa: E731
    until = time.monotonic() + 90
    longest = longest_answer(again, keys, lambda: back() or time.monotonic() > until)
    expect(back(), f"only {sum(count(g, 'link.up') >= 2 for g in gateways)} of {number} gateways came back within 90 s")
    began = moments(again, "server.listening")[0]
    took = [moments(g, "link.up")[1] - began for g in gateways]
    ticks = sorted(again.thread_ticks().values())
    for gateway in gateways:
        gateway.signal(signal.SIGTERM)
    return (f"{number} gateways of {memory} KiB back within {max(took):.2f} s ({histogram(took)}); "
            f"meanwhile a page took {longest:.2f} s at most; CPU ticks of the server's threads {ticks}")
