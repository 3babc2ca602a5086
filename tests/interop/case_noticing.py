"""Dead links are noticed: what the network tells, and what it does not."""

import time

from cases import case
from harness import expect_equal, wait_until
from network import OtherHost, configure
from peers import Target, echo, socks5


def wire(bed, *options):
    """A gateway here, its server at the other end of a wire, a target here that the server reaches by another address."""
    there = OtherHost(bed)
    keys = bed.keys("192.0.2.2")
    server = bed.server(keys=keys, listen="192.0.2.2:0", allow=("198.51.100.1/32",), within=there.within)
    gateway = bed.gateway(server.port, *options, keys=keys, server_host="192.0.2.2")
    return gateway, server, Target(echo, host="198.51.100.1")


def ask(connection, text):
    connection.settimeout(60)
    connection.sendall(text)
    expect_equal(connection.recv(100), text, "what came back")


@case(isolated=True)
def a_link_whose_address_is_gone_is_replaced_at_once(bed):
    """As when a laptop changes its network; no time-out could have noticed it."""
    gateway, _, target = wire(bed, "--suspect-timeout", "1h", "--link-timeout", "1h")
    client, _ = socks5(gateway, "198.51.100.1", target.port)
    ask(client, b"before")
    began = time.monotonic()
    configure("ip addr del 192.0.2.1/24 dev wire0", "ip addr add 192.0.2.7/24 dev wire0")
    ask(client, b"after")
    took = time.monotonic() - began
    gateway.wait_line(r"link\.suspect .*192\.0\.2\.1 .*gone")
    gateway.wait_line(r"lane\.resumed")
    return f"the stream goes on after {took:.2f} s"


@case(isolated=True)
def a_silent_wire_is_noticed_by_both_ends(bed):
    """Default time-outs; nobody is told anything, and writing still succeeds."""
    gateway, server, target = wire(bed)
    client, _ = socks5(gateway, "198.51.100.1", target.port)
    ask(client, b"before")
    began = time.monotonic()
    # Frames go to a station that is not there, both ways.
    configure("ip neigh replace 192.0.2.2 lladdr 02:00:00:00:00:09 dev wire0")
    client.sendall(b"during")
    told = {}

    def noticed(process, what):
        if process not in told and what in process.text():
            told[process] = time.monotonic() - began
        return process in told

    wait_until(lambda: noticed(gateway, "link.suspect"), 60, "the gateway notices")
    suspect = told.pop(gateway)
    wait_until(lambda: noticed(gateway, "link.lost") & noticed(server, "link.lost"), 90, "both ends give the link up")
    configure("ip neigh del 192.0.2.2 dev wire0")
    client.settimeout(60)
    expect_equal(client.recv(100), b"during", "what came back")
    ask(client, b"after")
    return f"suspect after {suspect:.1f} s; lost after {told[gateway]:.1f} s at the gateway, {told[server]:.1f} s at the server"
