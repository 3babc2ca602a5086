"""What a server leaves behind that dies, and how its gateways come back."""

import collections
import datetime
import queue
import re
import signal
import socket
import ssl
import threading
import time

from cases import case
from flows import ended_by_reset
from harness import expect, expect_equal, free_port, wait_until
from peers import Target, read_exactly, socks5


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
    wait_until(lambda: all(g.count("link.up") == 1 for g in gateways), 60, "every gateway has its link")
    memory = sum(g.memory_kib() for g in gateways) // number
    kill(server)
    time.sleep(5)
    again = bed.server("--threads", "2", listen=address)
    back = lambda: all(g.count("link.up") >= 2 for g in gateways)  # noqa: E731
    until = time.monotonic() + 90
    longest = longest_answer(again, keys, lambda: back() or time.monotonic() > until)
    expect(back(), f"only {sum(g.count('link.up') >= 2 for g in gateways)} of {number} gateways came back within 90 s")
    began = moments(again, "server.listening")[0]
    took = [moments(g, "link.up")[1] - began for g in gateways]
    expect(max(took) < 20, f"the last gateway came back after {max(took):.1f} s")
    ticks = sorted(again.thread_ticks().values())
    for gateway in gateways:
        gateway.signal(signal.SIGTERM)
    return (f"{number} gateways of {memory} KiB back within {max(took):.2f} s ({histogram(took)}); "
            f"meanwhile a page took {longest:.2f} s at most; CPU ticks of the server's threads {ticks}")
