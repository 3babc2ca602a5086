"""The link between the two ends breaks; no stream notices more than a pause."""

import hashlib
import random
import re
import signal
import socket
import subprocess
import threading
import time

from breaking import BreakingNetwork
from case_front import haproxy_front, nginx_front, token_server
from case_ssh import Sshd, digest
from cases import case
from harness import expect, expect_equal, wait_until
from peers import Target, listens, read_exactly, socks5


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


def resumes(process):
    return len(re.findall(r"lane\.resumed", process.text()))


@case(alone=True, limit=240)
def fifty_streams_outlive_a_hundred_broken_links(bed):
    """Reset, half open at the server, half open at the gateway, silent: 50 of 50 exact, one connection to each target."""
    server = bed.server()
    network = BreakingNetwork(server.port)
    gateway = bed.gateway(network.port, "--link-timeout", "2s")
    streams = Streams(gateway, 50)
    wait_until(lambda: streams.target.accepted == 50, 60, "50 streams are open")
    dice = random.Random(1)
    broken = 0
    for _ in range(100):
        time.sleep(dice.random() / 5)
        wait_until(lambda: network.links, 30, "there is a link to break")
        slow = dice.random() < 0.1
        kinds = (network.silence, network.reset_far) if slow else (network.reset, network.reset_near)
        before = resumes(gateway)
        broken += dice.choice(kinds)()
        if dice.random() < 0.8:  # else the next one breaks while this one is being mended
            wait_until(lambda: resumes(gateway) > before, 30, "the lane is resumed")
    stall = streams.finish(90)
    expect(broken >= 100, f"only {broken} links were broken")
    return f"{broken} links broken, {resumes(gateway)} resumes, longest stall {stall:.2f} s"


@case(alone=True, limit=180)
def ssh_and_scp_go_on_after_an_outage(bed):
    """Typed before, during and after it; the network is gone for 5 s, with --full 20 s."""
    sshd = Sshd(bed)
    server = bed.server()
    network = BreakingNetwork(server.port)
    gateway = bed.gateway(network.port, "--link-timeout", "2s")
    command = f"ProxyCommand={bed.binary} nc --via {gateway.address} %h %p"
    outage = 20 if bed.full else 5
    session = subprocess.Popen(
        ["ssh", *sshd.options, "-o", command, "-p", str(sshd.port), f"{sshd.user}@127.0.0.1", "cat"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=bed.env, cwd=bed.folder)
    bed.at_end(session.kill)

    def typed(text):
        session.stdin.write(text)
        session.stdin.flush()

    typed(b"before\n")
    expect_equal(session.stdout.readline(), b"before\n", "what ssh printed")

    source = bed.folder / "source"
    source.write_bytes(random.Random(7).randbytes(30_000_000))
    copied = bed.folder / "copied"
    copy = subprocess.Popen(
        ["scp", "-q", *sshd.options, "-l", "80000", "-o", command, "-P", str(sshd.port), source,
         f"{sshd.user}@127.0.0.1:{copied}"], env=bed.env, cwd=bed.folder)
    bed.at_end(copy.kill)
    wait_until(lambda: copied.exists() and copied.stat().st_size > 1_000_000, 30, "scp has begun")

    expect(network.lose() > 0, "there was no link")
    typed(b"during\n")
    time.sleep(outage)
    expect(copied.stat().st_size < 30_000_000, "scp had finished before the outage was over")
    network.restore()
    expect_equal(session.stdout.readline(), b"during\n", "what ssh printed")
    typed(b"after\n")
    expect_equal(session.stdout.readline(), b"after\n", "what ssh printed")
    session.stdin.close()
    expect_equal(session.wait(20), 0, "exit status of ssh")
    expect_equal(copy.wait(90), 0, "exit status of scp")
    expect_equal(digest(copied), digest(source), "SHA-256 of the copy")


def front_reloads(bed, front, reload, port, token):
    """Streams through a reverse proxy that is reloaded every 3 s: 4 times, with --full for 2 minutes."""
    wait_until(lambda: listens(port), 20, f"{front.name} listens:\n{front.tail()}")
    gateway = bed.gateway(port, "--token-file", token, credentials=False)
    streams = Streams(gateway, 20)
    wait_until(lambda: streams.target.accepted == 20, 60, "20 streams are open")
    wanted = 30 if bed.full else 3
    for _ in range(40 if bed.full else 4):
        reload()
        time.sleep(3)
    stall = streams.finish(90)
    lost = len(re.findall(r"link\.lost", gateway.text()))
    expect(lost >= wanted, f"only {lost} lines link.lost, so the reloads cut nothing")
    return f"{lost} links lost, longest stall {stall:.2f} s"


@case(limit=120)
def streams_outlive_reloads_of_nginx(bed):
    """worker_shutdown_timeout 1s, so that a reload cuts what is open."""
    server, token = token_server(bed)
    front, port = nginx_front(bed, server, "worker_shutdown_timeout 1s;")
    return front_reloads(bed, front, lambda: front.signal(signal.SIGHUP), port, token)


@case(limit=120)
def streams_outlive_reloads_of_haproxy(bed):
    """hard-stop-after 1s, so that a reload cuts what is open."""
    server, token = token_server(bed)
    front, port = haproxy_front(bed, server, "-W", settings="global\n    hard-stop-after 1s\n")
    return front_reloads(bed, front, lambda: front.signal(signal.SIGUSR2), port, token)
