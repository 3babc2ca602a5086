"""The link between the two ends breaks; no stream notices more than a pause."""

import random
import subprocess
import time

from breaking import BreakingNetwork
from case_ssh import Sshd, digest
from cases import case
from flows import Streams
from fronts import apache_front, caddy_front, haproxy_front, nginx_front, token_server
from harness import expect, expect_equal, wait_until


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
        before = gateway.count("lane.resumed")
        broken += dice.choice(kinds)()
        if dice.random() < 0.8:  # else the next one breaks while this one is being mended
            wait_until(lambda: gateway.count("lane.resumed") > before, 30, "the lane is resumed")
    stall = streams.finish(90)
    expect(broken >= 100, f"only {broken} links were broken")
    return f"{broken} links broken, {gateway.count('lane.resumed')} resumes, longest stall {stall:.2f} s"


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


def front_reloads(bed, front, token, reload, cuts=True):
    """Streams through a reverse proxy that is reloaded every 3 s: 4 times, with --full for 2 minutes."""
    front.listening()
    gateway = bed.gateway(front.port, "--token-file", token, credentials=False)
    streams = Streams(gateway, 20)
    wait_until(lambda: streams.target.accepted == 20, 60, "20 streams are open")
    wanted = 30 if bed.full else 3
    for _ in range(40 if bed.full else 4):
        reload()
        time.sleep(3)
    stall = streams.finish(90)
    lost = gateway.count("link.lost")
    if cuts:
        expect(lost >= wanted, f"only {lost} lines link.lost, so the reloads cut nothing")
    return f"{lost} links lost, longest stall {stall:.2f} s"


@case(limit=120)
def streams_outlive_reloads_of_nginx(bed):
    """worker_shutdown_timeout 1s, so that a reload cuts what is open."""
    server, token = token_server(bed)
    front = nginx_front(bed, server, "worker_shutdown_timeout 1s;")
    return front_reloads(bed, front, token, front.reload)


@case(limit=120)
def streams_outlive_reloads_of_haproxy(bed):
    """hard-stop-after 1s, so that a reload cuts what is open."""
    server, token = token_server(bed)
    front = haproxy_front(bed, server, "global\n    hard-stop-after 1s\n")
    return front_reloads(bed, front, token, front.reload)


@case(limit=120)
def streams_outlive_reloads_of_apache(bed):
    """`apachectl graceful`, which lets the old processes carry what is open."""
    server, token = token_server(bed)
    front = apache_front(bed, server)
    return front_reloads(bed, front, token, front.reload, cuts=False)


@case(limit=120)
def streams_outlive_restarts_of_apache(bed):
    """`apachectl restart`, which cuts what is open, and takes some two seconds for it."""
    server, token = token_server(bed)
    front = apache_front(bed, server)
    return front_reloads(bed, front, token, front.restart)


@case(limit=120)
def streams_outlive_reloads_of_caddy(bed):
    """Caddy ends every WebSocket when it is reloaded."""
    server, token = token_server(bed)
    front = caddy_front(bed, server)
    return front_reloads(bed, front, token, front.reload)
