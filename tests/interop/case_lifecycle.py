"""Starting, stopping, losing the link and finding it again."""

import signal
import socket
import threading

from cases import case
from harness import expect, expect_equal, wait_until
from peers import Target, connect, echo, established, http_get, read_exactly, read_to_end, socks5, web


@case()
def sigterm_and_sigint_end_cleanly(bed):
    """Idle, and with a link: exit status 0 within 5 s, for both ends."""
    for number in (signal.SIGTERM, signal.SIGINT):
        gateway, server = bed.pair()
        wait_until(lambda: established(server.port) >= 1, 20, "the link is up")
        for process in (gateway, server):
            process.signal(number)
            expect_equal(process.wait(5), 0, f"exit status of {process.name} after {number.name}")


def held_stream(bed, gateway):
    """A stream whose target answers when told to; returns (client, event)."""
    release = threading.Event()

    def hold(connection):
        connection.sendall(b"first ")
        release.wait(60)
        connection.sendall(b"last" * 50_000)

    target = Target(hold)
    client, reply = socks5(gateway, "127.0.0.1", target.port)
    expect_equal(reply, 0, "reply")
    expect_equal(read_exactly(client, 6), b"first ", "what came before the signal")
    return client, release


def stops_accepting(gateway):
    def refused():
        try:
            connect(gateway, 5).close()
        except ConnectionRefusedError:
            return True
        except ConnectionResetError:
            pass  # it was in the queue when the listening socket was closed
        return False

    wait_until(refused, 10, "new connections are refused")


@case()
def sigterm_lets_streams_end(bed):
    """New connections are refused, the open stream is delivered whole, then the exit status is 0."""
    far = bed.server("--drain-timeout", "30s")
    gateway = bed.gateway(far.port, "--drain-timeout", "30s")
    client, release = held_stream(bed, gateway)
    gateway.signal(signal.SIGTERM)
    stops_accepting(gateway)
    expect(gateway.alive(), "the gateway ended under an open stream")
    release.set()
    expect_equal(len(read_to_end(client)), 200_000, "octets after the signal")
    client.close()
    expect_equal(gateway.wait(10), 0, "exit status")


@case()
def drain_timeout_ends_what_does_not_end(bed):
    """A stream that stays open is cut after drain-timeout (1 s here); the exit status is still 0."""
    gateway, _ = bed.pair()
    client, release = held_stream(bed, gateway)
    gateway.signal(signal.SIGTERM)
    expect_equal(gateway.wait(10), 0, "exit status")
    release.set()
    client.close()


@case()
def a_second_sigterm_ends_at_once(bed):
    far = bed.server()
    gateway = bed.gateway(far.port, "--drain-timeout", "60s")
    client, release = held_stream(bed, gateway)
    gateway.signal(signal.SIGTERM)
    stops_accepting(gateway)
    gateway.signal(signal.SIGTERM)
    gateway.expected_exit = gateway.wait(5)
    expect(gateway.expected_exit in (0, -signal.SIGTERM), f"exit status {gateway.expected_exit}")
    release.set()
    client.close()


@case()
def a_server_that_was_replaced_resets_the_streams_it_does_not_know(bed):
    """The server is killed and started again on its port: streams wait for it, then are reset; new ones work."""
    gateway, server = bed.pair()
    client, release = held_stream(bed, gateway)
    server.expected_exit = -signal.SIGKILL
    server.signal(signal.SIGKILL)
    server.wait(5)
    gateway.wait_line(r"link\.lost lane=0 streams=1 kept_s=600")
    bed.server(listen=server.address)
    try:
        expect(False, f"the client read {client.recv(1)!r} instead of a reset")
    except ConnectionResetError:
        pass
    release.set()
    site = web()
    expect_equal(http_get(gateway, f"http://127.0.0.1:{site.port}/hello", 60)[0], 200, "a request after the restart")
    expect(gateway.alive(), "the gateway ended")


@case()
def a_request_waits_for_the_link(bed):
    """A request that comes before the server is there is served once it is (link-wait)."""
    probe = bed.server()
    address, port = probe.address, probe.port
    probe.signal(signal.SIGTERM)
    probe.wait(10)
    gateway = bed.gateway(port, "--link-wait", "30s")
    echoed = []

    def ask():
        client, reply = socks5(gateway, "127.0.0.1", target.port, seconds=60)
        client.sendall(b"hello")
        client.shutdown(socket.SHUT_WR)
        echoed.append((reply, read_to_end(client)))

    target = Target(echo)
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    gateway.wait_line(r"(?i)refused")
    bed.server(listen=address)
    asking.join(40)
    expect_equal(echoed, [(0, b"hello")], "what the early request got")


@case()
def listening_lines_are_printed_at_any_log_level(bed):
    """One for each listener, with the port that was chosen; other lines are not printed."""
    far = bed.server("--log-level", "error")
    gateway = bed.gateway(far.port, "--log-level", "error", "--listen", f"unix:{bed.path('second.sock')}")
    gateway.wait_line(rf"gateway\.listening address=unix:{bed.path('second.sock')}")
    site = web()
    expect_equal(http_get(gateway, f"http://127.0.0.1:{site.port}/hello")[0], 200, "a request")
    for process, count in ((far, 1), (gateway, 2)):
        expect_equal(len(process.text().splitlines()), count, f"lines of {process.name}:\n{process.text()}")
