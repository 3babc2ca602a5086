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
from harness import Failed, expect, expect_equal, wait_until
from peers import Target, connect, echo, read_exactly, read_to_end, socks5

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


def replaced_under_load(start, gateway_port):
    """`start()` makes the next process that takes over; three times, under load. Returns what was seen."""
    clients = Clients(gateway_port, 32)
    clients.more(32)
    streams = Streams(clients, 8)
    wait_until(lambda: streams.target.accepted == 8, 30, "the long transfers are open")
    former = []
    for _ in range(3):
        clients.more(400)
        new = start()
        former.append(new.before)
        new.before.wait_line(r"\.handed_over to=%d" % new.pid)
        expect(new.before.alive(), "the old process ended under its streams")
    clients.more(400)
    clients.finish()
    stall = streams.finish(60)
    for process in former:
        expect_equal(process.wait(20), 0, "exit status of a process that was replaced")
    return (f"{clients.fetched} streams and 8 long ones, none failed; the longest took {clients.longest:.2f} s, "
            f"the longest stall {stall:.2f} s")


def succession(first, make):
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
    start = succession(server, lambda: bed.server(*options, listen=server.address))
    told = replaced_under_load(start, gateway.port)
    for trouble in ("link.failed", "link.refused", "lane.failed", " warning ", " error "):
        expect(trouble not in gateway.text(), f"the gateway says {trouble!r}")
    return told


@case(alone=True, limit=240)
def a_gateway_is_replaced_three_times_under_load(bed):
    """The same where clients connect: not one connection to the proxy port is refused or reset."""
    path = bed.path("gateway.sock")
    options = ["--hand-over", path, *HELD]
    server = bed.server()
    gateway = bed.gateway(server.port, *options)
    start = succession(gateway, lambda: bed.gateway(server.port, *options, listen=gateway.address))
    return replaced_under_load(start, gateway.port)


# -- what may go wrong ------------------------------------------------------------------------------------------------


def works(gateway, port):
    """A stream through this gateway to an echo on `port`."""
    client, reply = socks5(gateway, "127.0.0.1", port)
    with client:
        expect_equal(reply, 0, "reply")
        client.sendall(b"still there")
        expect_equal(read_exactly(client, 11), b"still there", "echo")


def one_line(finished, status, *parts):
    """A program that ended with this status and one line that has all of `parts`."""
    lines = finished.stderr.splitlines()
    expect_equal(finished.returncode, status, f"exit status, having said {lines}")
    expect_equal(len([line for line in lines if line.startswith("penstock ")]), 1, f"lines of {lines}")
    for part in parts:
        expect(part in lines[-1], f"{part!r} is not in {lines[-1]!r}")


def asks(path):
    """A connection to a process that may hand over."""
    asking = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    asking.settimeout(10)
    asking.connect(path)
    return asking


def server_arguments(bed, listen, path, cert="server.crt"):
    keys = bed.keys()
    return ["server", "--listen", listen, "--hand-over", path, "--cert", keys / cert, "--key", keys / "server.key",
            "--client-ca", keys / "ca.crt", "--allow", "127.0.0.0/8"]


@case()
def a_hand_over_that_fails_changes_nothing(bed):
    """Broken configuration, a port in use, death before it is ready, silence, nonsense: the old process goes on."""
    target = Target(echo)
    path, name = bed.path("server.sock"), bed.path("listens.sock")
    unix = ["--listen", "unix:" + name]
    server = bed.server("--hand-over", path, *unix)
    gateway = bed.gateway(server.port)
    works(gateway, target.port)

    one_line(bed.penstock(*server_arguments(bed, server.address, path, cert="none.crt")), 2, "none.crt")
    expect("hand_over" not in server.text(), "the old process was asked by one that cannot run")

    with socket.create_server(("127.0.0.1", 0)) as taken:
        more = [*unix, "--listen", f"127.0.0.1:{taken.getsockname()[1]}"]
        one_line(bed.penstock(*server_arguments(bed, server.address, path), *more), 1, "is in use by another program")
    server.wait_line(r"server\.hand_over_failed .*ended before it was ready")
    expect(os.path.exists(name), "the new process has removed the path that the old one listens on")

    with asks(path) as asking:  # dies with the sockets in its hands
        asking.send(b"penstock hand-over 1 server")
        text, descriptors, _, _ = socket.recv_fds(asking, 100, 10)
        expect_equal((text, len(descriptors)), (b"sockets fo", 2), "the answer")
        for descriptor in descriptors:
            os.close(descriptor)
    wait_until(lambda: server.text().count("ended before it was ready") == 2, 10, "the old process notices it")

    with asks(path) as asking:
        asking.send(b"GET / HTTP/1.1")
        expect_equal(asking.recv(100), b"no this is a penstock server", "the answer to nonsense")
    one_line(bed.penstock("gateway", "--listen", "127.0.0.1:0", "--hand-over", path, "--ca", bed.keys() / "ca.crt",
                          "--server", f"wss://127.0.0.1:{server.port}/penstock"), 1, "this is a penstock server")

    with asks(path):  # says nothing, and keeps nobody from taking over
        successor = bed.server("--hand-over", path, *unix, listen=server.address)
        server.wait_line(r"server\.handed_over to=%d" % successor.pid)
        expect_equal(server.wait(10), 0, "exit status of the old process")
    works(gateway, target.port)
    expect(os.path.exists(name), "the old process has removed the path that the new one listens on")
    successor.signal(signal.SIGTERM)
    expect_equal(successor.wait(10), 0, "exit status")
    expect(not os.path.exists(name), "a path stays behind")


OLD = """
import os, socket, sys
path, ending = sys.argv[1:]
listens = socket.create_server(("127.0.0.1", 0))
notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notified.bind(path + ".notify")
asked = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
asked.bind(path)
asked.listen()
print("listens on 127.0.0.1:%d." % listens.getsockname()[1], flush=True)
asking = asked.accept()[0]
asking.recv(100)
socket.send_fds(asking, [b"sockets f"], [listens.fileno()])
if ending == "gives up":
    asking.close()
else:
    assert asking.recv(100) == b"ready"
    told = notified.recv(200, socket.MSG_DONTWAIT)
    print("it is ready, and the service manager knows %r" % told, flush=True)
    if ending == "dies":
        os._exit(0)
    asking.send(b"bye") if ending == "lets go" else asking.close()
asked.close()
while True:
    print("told %r" % notified.recv(200), flush=True)
"""


class Old:
    """A process that hands over as it likes; it lives on afterwards, unless it `dies`."""

    def __init__(self, bed, ending):
        self.path = bed.path(f"{ending}.sock")
        self.process = bed.start("old", sys.executable, "-c", OLD, self.path, ending)
        self.address = self.process.wait_line(r"listens on (\S+)\.")[1]
        self.env = {"NOTIFY_SOCKET": self.path + ".notify"}


@case()
def one_of_two_processes_serves(bed):
    """The new process goes on if the old one has said "bye" or is dead, and else ends, so that the old one is alone."""
    for ending in ("gives up", "says nothing"):
        old = Old(bed, ending)
        ended = bed.penstock(*server_arguments(bed, old.address, old.path), env=old.env, seconds=30)
        one_line(ended, 1, "did not let go", "try again")
        expect(old.process.alive(), "the old process has ended")
        old.process.wait_line(r"told b'MAINPID=%d\\nREADY=1'" % old.process.pid)
    for ending in ("lets go", "dies"):
        old = Old(bed, ending)
        new = bed.server("--hand-over", old.path, listen=old.address, env=old.env)
        old.process.wait_line(r"manager knows b'MAINPID=%d\\nREADY=1'" % new.pid)
        new.wait_line(r"server\.took_over from=%d" % old.process.pid)
        with asks(old.path):
            pass


@case()
def a_process_that_is_ended_while_it_hands_over_lets_go(bed):
    """SIGTERM to the old process after it has given its sockets away: the new one has them, and the path."""
    path, name = bed.path("server.sock"), bed.path("listens.sock")
    server = bed.server("--hand-over", path, "--listen", "unix:" + name)
    with asks(path) as asking:
        asking.send(b"penstock hand-over 1 server")
        text, descriptors, _, _ = socket.recv_fds(asking, 100, 10)
        expect_equal((text, len(descriptors)), (b"sockets fo", 2), "the answer")
        for descriptor in descriptors:
            os.close(descriptor)
        server.signal(signal.SIGTERM)
        expect_equal(server.wait(10), 0, "exit status")
        expect_equal(asking.recv(100), b"bye", "the last word")
    expect(os.path.exists(name), "the path of the socket that was given away is removed")


@case()
def a_path_that_nobody_answers_on_is_taken(bed):
    """Left by a process that was killed; a file or another program's socket is left alone, and told in one line."""
    path = bed.path("server.sock")
    server = bed.server("--hand-over", path)
    server.expected_exit = -signal.SIGKILL
    server.signal(signal.SIGKILL)
    server.wait(10)
    expect(os.path.exists(path), "a killed process leaves its path behind")
    second = bed.server("--hand-over", path, listen=server.address)
    expect_equal(os.stat(path).st_mode & 0o777, 0o600, "mode")
    third = bed.server("--hand-over", path, listen=server.address)
    expect_equal(second.wait(10), 0, "exit status of the one that was replaced")
    third.signal(signal.SIGTERM)
    expect_equal(third.wait(10), 0, "exit status")
    expect(not os.path.exists(path), "a path stays behind")

    bed.write("precious", "data")
    one_line(bed.penstock(*server_arguments(bed, "127.0.0.1:0", bed.path("precious"))), 1, "exists and is not a socket")
    expect_equal((bed.folder / "precious").read_text(), "data", "the file")
    stream, packets = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with stream, packets:
        stream.bind(bed.path("stream"))
        stream.listen()
        one_line(bed.penstock(*server_arguments(bed, "127.0.0.1:0", bed.path("stream"))), 1, "another program's socket")
        packets.bind(bed.path("packets"))
        packets.listen()
        threading.Thread(target=lambda: packets.accept()[0].send(b"220 ready"), daemon=True).start()
        one_line(bed.penstock(*server_arguments(bed, "127.0.0.1:0", bed.path("packets"))), 1, "does not answer as a penstock")


NOBODY = 65534


def as_nobody(action):
    """Runs `action` in a process of that user; returns the octets that it returned."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os.write(writing, action())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as answer:
        os.waitpid(child, 0)
        return answer.read()


@case()
def another_user_gets_no_sockets(bed):
    """Even where the permissions of the path would let him: neither side deals with a process of another user."""
    if os.geteuid() != 0:
        return "only root can show it: one user has no process of another"
    path = bed.path("server.sock")
    server = bed.server("--hand-over", path)
    bed.folder.chmod(0o777)
    os.chmod(path, 0o666)

    def ask():
        with asks(path) as asking:
            return asking.recv(100)  # said before we have asked

    expect_equal(as_nobody(ask), b"no this process is another user's", "the answer")
    server.wait_line(r"hand_over_failed .*user 65534")

    held = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    held.bind(bed.path("his.sock"))

    def listen():
        held.listen()  # whose process does that is who the other side sees
        return b"listens"

    expect_equal(as_nobody(listen), b"listens", "another user's socket")
    told = bed.penstock(*server_arguments(bed, "127.0.0.1:0", bed.path("his.sock")))
    held.close()
    one_line(told, 1, "is held by a process of user 65534")
    return None


# -- sockets of a service manager -------------------------------------------------------------------------------------

LAUNCHER = """
import os, sys
count = int(sys.argv[1])
os.environ["LISTEN_FDS"] = str(count)
os.environ["LISTEN_PID"] = str(os.getpid() + int(sys.argv[2]))
for n in range(count):
    os.set_inheritable(3 + n, True)
os.execv(sys.argv[3], sys.argv[3:])
"""

PASSING = """
import os, socket, sys
sockets = [socket.socket(fileno=int(fd)) for fd in sys.argv[1].split(",")]
spare = [os.dup(s.fileno()) for s in sockets]
high = [os.dup2(fd, 100 + n) for n, fd in enumerate(spare)]
for n, fd in enumerate(high):
    os.dup2(fd, 3 + n)
os.execv(sys.executable, [sys.executable, "-c", sys.argv[2], str(len(high)), *sys.argv[3:]])
"""


class Launcher:
    """Listens, like a service manager, and starts a gateway that gets the sockets."""

    def __init__(self, bed, server):
        self.bed, self.server = bed, server
        self.tcp = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.tcp.getsockname()[1]
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind(bed.path("proxy.sock"))
        self.unix.listen()
        self.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notified.bind(bed.path("notify.sock"))
        self.notified.settimeout(20)

    def arguments(self, *options, other_pid=0):
        """How to run it; with `other_pid` the sockets are somebody else's."""
        passed = [self.tcp.fileno(), self.unix.fileno()]
        keys = self.bed.keys()
        return passed, [sys.executable, "-c", PASSING, ",".join(map(str, passed)), LAUNCHER, other_pid, self.bed.binary,
                        "gateway", "--server", f"wss://127.0.0.1:{self.server.port}/penstock", "--ca", keys / "ca.crt",
                        "--cert", keys / "laptop.crt", "--key", keys / "laptop.key", "--drain-timeout", "1s", *options]

    def start(self, *options):
        passed, argv = self.arguments(*options)
        for descriptor in passed:
            os.set_inheritable(descriptor, True)
        return self.bed.start("penstock-gateway", *argv, env={"NOTIFY_SOCKET": self.bed.path("notify.sock")},
                              pass_fds=passed)

    def refused(self, *options, other_pid=0):
        passed, argv = self.arguments(*options, other_pid=other_pid)
        return subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=30, env=self.bed.env,
                              pass_fds=passed)


@case()
def a_gateway_listens_on_the_sockets_that_a_service_manager_passes(bed):
    """All of them without `listen`; those it names with it; while it is restarted, clients wait instead of being refused."""
    target = Target(echo)
    server = bed.server()
    launcher = Launcher(bed, server)
    first = launcher.start()
    first.wait_line(r"gateway\.listening address=127\.0\.0\.1:%d" % launcher.port)
    first.wait_line(r"gateway\.listening address=unix:%s" % bed.path("proxy.sock"))
    expect_equal(launcher.notified.recv(200), b"MAINPID=%d\nREADY=1" % first.pid, "what the service manager was told")
    works(launcher, target.port)
    first.signal(signal.SIGTERM)
    expect_equal(launcher.notified.recv(200), b"STOPPING=1", "what it was told then")
    expect_equal(first.wait(10), 0, "exit status")

    waiting = connect(launcher, 30)  # nobody accepts now
    waiting.sendall(b"\x05\x01\x00")
    path = bed.path("gateway.sock")
    second = launcher.start("--listen", f"127.0.0.1:{launcher.port}", "--listen", "unix:" + bed.path("proxy.sock"),
                            "--hand-over", path)
    expect_equal(read_exactly(waiting, 2), b"\x05\x00", "the answer of the next process")
    waiting.close()
    works(launcher, target.port)

    third = bed.start("penstock-gateway", *launcher.arguments("--hand-over", path)[1][6:])  # no sockets but those
    second.wait_line(r"gateway\.handed_over to=%d" % third.pid)
    expect_equal(second.wait(10), 0, "exit status of the one that was replaced")
    third.wait_line(r"gateway\.listening address=unix:%s" % bed.path("proxy.sock"))
    works(launcher, target.port)
    third.signal(signal.SIGTERM)
    expect_equal(third.wait(10), 0, "exit status")
    expect(os.path.exists(bed.path("proxy.sock")), "the service manager's socket was removed")


@case()
def a_service_manager_that_is_busy_is_told_all_the_same(bed):
    """Its queue is full when the process is ready: the process waits for it to be read."""
    launcher = Launcher(bed, bed.server())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as others:
        others.setblocking(False)
        try:
            while True:
                others.sendto(b"X=1", bed.path("notify.sock"))
        except BlockingIOError:
            pass
    first = launcher.start()
    first.wait_line(r"gateway\.listening address=unix:")
    told = b"X=1"
    while told == b"X=1":
        told = launcher.notified.recv(200)
    expect_equal(told, b"MAINPID=%d\nREADY=1" % first.pid, "what the service manager was told")


@case()
def a_passed_socket_that_no_listen_names_is_told(bed):
    """One line, exit status 2; sockets that are meant for another process are none of ours."""
    server = bed.server()
    launcher = Launcher(bed, server)
    one_line(launcher.refused("--listen", f"127.0.0.1:{launcher.port}"), 2, "proxy.sock was passed to us")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        elsewhere = f"127.0.0.1:{taken.getsockname()[1]}"
        one_line(launcher.refused("--listen", elsewhere, other_pid=1), 1, f"{elsewhere} is in use")
    launcher.tcp.close()
    launcher.tcp = socket.create_connection(("127.0.0.1", server.port))
    one_line(launcher.refused(), 2, "LISTEN_FDS", "does not listen")
