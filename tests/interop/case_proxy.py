"""Out through other people's proxies: gateway -> proxy -> server, with every way to authenticate that they know."""

import re
import signal
import socket
import threading
import time

from breaking import BreakingNetwork
from cases import case
from harness import expect, expect_equal, find, free_port, need, wait_until
from network import make_routes
from peers import Target, echo, established, http_get, read_exactly, socks5, web
from proxies import (HELPERS, PASSWORD, USER, danted, kerberos, microsocks, needs_login, squid, squid_with_basic,
                     squid_with_digest, squid_with_negotiate, started, tinyproxy)

def login_file(bed, password=PASSWORD):
    return bed.write("proxy-login", f"{USER}:{password}\n")


def fetch(bed, gateway):
    site = web()
    got = bed.curl("--proxy", f"socks5h://{gateway.address}", f"http://127.0.0.1:{site.port}/hello")
    expect_equal((got.returncode, got.stdout), (0, f"GET /hello at 127.0.0.1:{site.port}\n"), got.stderr)
    body = http_get(gateway, f"http://127.0.0.1:{site.port}/bytes/3000000", 60)[2]
    expect_equal(len(body), 3_000_000, "octets of a download")


def goes_through(bed, proxy, *options, scheme="http", env=None):
    """A gateway that reaches its server by the proxy only."""
    server = bed.server()
    gateway = bed.gateway(server.port, "--upstream-proxy", f"{scheme}://127.0.0.1:{proxy.port}", *options, env=env)
    gateway.wait_line(rf'link\.up .*peer="127\.0\.0\.1:{proxy.port} \(proxy\)"')
    fetch(bed, gateway)
    return gateway


def says(gateway, text):
    gateway.wait_line(r"link\.failed .*" + re.escape(text))
    expect("eim" not in gateway.text(), f"the password is in the log:\n{gateway.tail()}")


def same_connection(proxy, gateway):
    """The gateway has gone; every connection that squid refused at first was let in later."""
    gateway.signal(signal.SIGTERM)
    gateway.wait(20)
    wait_until(lambda: any(status == 200 for _, status in proxy.requests()), 20, "squid logs the end of its tunnels")
    refused = {port for port, status in proxy.requests() if status == 407}
    let_in = {port for port, status in proxy.requests() if status == 200}
    expect(refused and let_in <= refused, f"a 407 and its 200 were on two connections: {proxy.requests()}")


def end(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def carry(source, sink):
    try:
        while octets := source.recv(1 << 16):
            sink.sendall(octets)
    except OSError:
        pass
    finally:
        for each in (source, sink):
            end(each)


@case()
def squid_lets_us_out(bed):
    """CONNECT without a password; and what squid says when it will not, or cannot."""
    closed = free_port()
    proxy = squid(bed, f"acl forbidden port {free_port()}", "http_access deny forbidden", "http_access allow all")
    goes_through(bed, proxy)
    lost = bed.gateway(closed, "--upstream-proxy", f"127.0.0.1:{proxy.port}")
    says(lost, f"proxy: the proxy 127.0.0.1:{proxy.port} does not connect to 127.0.0.1:{closed}: 503")
    strict = squid(bed, "http_access deny all")
    refused = bed.gateway(closed, "--upstream-proxy", f"127.0.0.1:{strict.port}")
    says(refused, f"does not connect to 127.0.0.1:{closed}: 403")
    refused.wait_line(rf"ask who runs it to allow CONNECT to 127\.0\.0\.1:{closed}")


@case()
def squid_with_basic_authentication(bed):
    """The password is asked for and sent on one connection; a wrong one and none are told."""
    proxy = squid_with_basic(bed)
    same_connection(proxy, goes_through(bed, proxy, "--upstream-proxy-auth-file", login_file(bed)))
    where = f"http://127.0.0.1:{proxy.port}"
    wrong = bed.gateway(free_port(), "--upstream-proxy", where, "--upstream-proxy-auth-file", login_file(bed, "Unheimlich"))
    says(wrong, f"the proxy 127.0.0.1:{proxy.port} refused user and password (check the file that")
    none = bed.gateway(free_port(), "--upstream-proxy", where)
    says(none, f"the proxy 127.0.0.1:{proxy.port} wants Basic credentials (put user:password into a file and name it with "
               "--upstream-proxy-auth-file)")


@case()
def squid_with_digest_authentication(bed):
    """The same, and the password is not on the wire."""
    proxy = squid_with_digest(bed)
    login = login_file(bed, "Geheim1")
    same_connection(proxy, goes_through(bed, proxy, "--upstream-proxy-auth-file", login))
    wrong = bed.gateway(free_port(), "--upstream-proxy", f"http://127.0.0.1:{proxy.port}",
                        "--upstream-proxy-auth-file", login_file(bed, "Unheimlich"))
    says(wrong, "refused user and password")


@case()
def squid_with_ntlm_authentication(bed):
    """Its three messages on one connection. The helper of squid's own tests lets every user in."""
    proxy = squid(bed, *needs_login("ntlm", f"{HELPERS}/ntlm_fake_auth"))
    same_connection(proxy, goes_through(bed, proxy, "--upstream-proxy-auth-file", login_file(bed)))


@case()
def squid_with_negotiate_authentication(bed):
    """A Kerberos ticket of the user is enough; without one the remedy is to get it."""
    realm = kerberos(bed)
    proxy = squid_with_negotiate(bed, realm)
    server = bed.server()
    options = (server.port, "--upstream-proxy", f"http://localhost:{proxy.port}")
    without = bed.gateway(*options, env=realm.env)
    says(without, f"the proxy localhost:{proxy.port} wants Negotiate credentials (get a ticket with kinit, for the user "
                  "who runs the gateway)")
    realm.log_in()
    without.wait_line(r"link\.up", 60)
    gateway = bed.gateway(*options, env=realm.env)
    gateway.wait_line(r'link\.up .*\(proxy\)"')
    fetch(bed, gateway)
    same_connection(proxy, gateway)


@case()
def a_silent_kerberos_server_holds_up_nothing_else(bed):
    """GSSAPI blocks: clients are served meanwhile, the dial ends in time, and SIGTERM ends the gateway."""
    realm = kerberos(bed)
    realm.log_in()
    proxy = squid_with_negotiate(bed, realm)
    realm.server.signal(signal.SIGKILL)
    realm.server.wait(5)
    asked = []
    Target(asked.append, port=realm.server.port, keep=True)
    gateway = bed.gateway(free_port(), "--upstream-proxy", f"http://localhost:{proxy.port}", "--rule", "127.0.0.1 direct",
                          env=realm.env)
    wait_until(lambda: asked, 20, "the Kerberos server is asked")
    fetch(bed, gateway)
    says(gateway, f"the proxy localhost:{proxy.port} did not answer within 10 s")
    gateway.signal(signal.SIGTERM)
    expect_equal(gateway.wait(5), 0, "exit status")


@case()
def tinyproxy_lets_us_out(bed):
    """Without a password and with one; it closes after its 407."""
    goes_through(bed, tinyproxy(bed))
    proxy = tinyproxy(bed, f"BasicAuth {USER} Geheim1")
    goes_through(bed, proxy, "--upstream-proxy-auth-file", login_file(bed, "Geheim1"))
    wrong = bed.gateway(free_port(), "--upstream-proxy", f"http://127.0.0.1:{proxy.port}",
                        "--upstream-proxy-auth-file", login_file(bed, "Unheimlich"))
    says(wrong, "refused user and password")


@case()
def microsocks_lets_us_out(bed):
    """SOCKS5 without a password and with one; what it says to a wrong one, and of a server that is not there."""
    open_proxy = microsocks(bed)
    goes_through(bed, open_proxy, scheme="socks5")
    closed = free_port()
    lost = bed.gateway(closed, "--upstream-proxy", f"socks5://127.0.0.1:{open_proxy.port}")
    says(lost, f"proxy: the proxy 127.0.0.1:{open_proxy.port} does not connect to 127.0.0.1:{closed}: connection refused")

    proxy = microsocks(bed, "-u", USER, "-P", PASSWORD)
    goes_through(bed, proxy, "--upstream-proxy-auth-file", login_file(bed), scheme="socks5h")
    where = f"socks5://127.0.0.1:{proxy.port}"
    wrong = bed.gateway(closed, "--upstream-proxy", where, "--upstream-proxy-auth-file", login_file(bed, "Unheimlich"))
    says(wrong, "refused user and password")
    none = bed.gateway(closed, "--upstream-proxy", where)
    says(none, "takes only passwords (put user:password into a file")


@case()
def dante_lets_us_out(bed):
    """SOCKS5 by Dante, and what its rules refuse."""
    proxy = danted(bed)
    goes_through(bed, proxy, scheme="socks5")
    refused = bed.gateway(1, "--upstream-proxy", f"socks5://127.0.0.1:{proxy.port}")
    says(refused, "does not connect to 127.0.0.1:1: not allowed by the rules (ask who runs it to allow that)")


@case()
def streams_outlive_a_link_through_a_proxy(bed):
    """The link is reset behind the proxy's back; the lane is carried on through it, and a stream with it."""
    proxy = squid_with_basic(bed)
    network = BreakingNetwork(proxy.port)
    server = bed.server()
    gateway = bed.gateway(server.port, "--upstream-proxy", f"http://127.0.0.1:{network.port}",
                          "--upstream-proxy-auth-file", login_file(bed), "--lanes", "1")
    gateway.wait_line(r"link\.up")
    client, reply = socks5(gateway, "127.0.0.1", Target(echo).port)
    expect_equal(reply, 0, "SOCKS5 reply")
    for round_number in range(3):
        client.sendall(b"before")
        expect_equal(read_exactly(client, 6), b"before", "echo")
        expect_equal(network.reset(), 1, "links that went through the proxy")
        client.sendall(b"after")
        expect_equal(read_exactly(client, 5), b"after", f"echo over another link, round {round_number}")
    expect_equal(len(re.findall(r"lane\.resumed", gateway.text())), 3, "lanes carried on")
    client.close()


@case()
def streams_outlive_a_link_through_a_proxy_that_is_slow(bed):
    """It takes longer for a CONNECT than a network in order takes for anything; the lane is carried on all the same."""
    server = bed.server()

    def slow_proxy(near):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += read_exactly(near, 1)
        time.sleep(4)
        far = socket.create_connection(("127.0.0.1", server.port))
        near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        threading.Thread(target=carry, args=(far, near), daemon=True).start()
        carry(near, far)

    network = BreakingNetwork(Target(slow_proxy).port)
    gateway = bed.gateway(server.port, "--upstream-proxy", f"http://127.0.0.1:{network.port}", "--lanes", "1")
    gateway.wait_line(r"link\.up", 30)
    client, reply = socks5(gateway, "127.0.0.1", Target(echo).port)
    expect_equal(reply, 0, "SOCKS5 reply")
    expect_equal(network.reset(), 1, "links that went through the proxy")
    client.sendall(b"after")
    expect_equal(read_exactly(client, 5), b"after", "echo over another link")
    client.close()


@case()
def a_proxy_that_comes_later_is_found(bed):
    """A wrong proxy is said and tried again like any other trouble."""
    need("microsocks")
    server, port = bed.server(), free_port()
    gateway = bed.gateway(server.port, "--upstream-proxy", f"socks5://127.0.0.1:{port}")
    says(gateway, f"proxy: the proxy cannot be reached: 127.0.0.1:{port}: Connection refused")
    started(bed.start("microsocks", find("microsocks"), "-i", "127.0.0.1", "-p", port), port)
    gateway.wait_line(r"link\.up", 60)
    fetch(bed, gateway)


@case()
def a_gateway_leaves_while_its_proxy_is_silent(bed):
    """SIGTERM in the middle of a conversation with the proxy: exit status 0, at once."""
    for scheme in ("http", "socks5"):
        proxy = Target(lambda connection: connection.recv(1) and connection.recv(1 << 16) and connection.recv(1))
        for _ in range(3):
            gateway = bed.gateway(free_port(), "--upstream-proxy", f"{scheme}://127.0.0.1:{proxy.port}")
            wait_until(lambda: established(proxy.port), 20, "the proxy is asked")
            gateway.signal(signal.SIGTERM)
            expect_equal(gateway.wait(5), 0, "exit status")
            wait_until(lambda: not established(proxy.port), 20, "the connection to the proxy ends")


@case(isolated=True)
def the_environment_names_the_proxy(bed):
    """https_proxy with its password and NO_PROXY, as every program has them; none switches them off."""
    make_routes()
    keys = bed.keys("192.0.2.1")
    server = bed.server(keys=keys, listen="192.0.2.1:0")
    proxy = squid_with_basic(bed)
    password = PASSWORD.replace(":", "%3A").replace(" ", "%20")
    env = {"https_proxy": f"http://{USER}:{password}@127.0.0.1:{proxy.port}/", "no_proxy": "10.0.0.0/8,.example"}

    def gateway(*options, more=None):
        return bed.gateway(server.port, *options, keys=keys, env={**env, **(more or {})}, server_host="192.0.2.1")

    through = gateway()
    through.wait_line(rf'gateway\.upstream_proxy proxy="http://127\.0\.0\.1:{proxy.port}" from="https_proxy"')
    through.wait_line(r'link\.up .*\(proxy\)"')
    fetch(bed, through)
    expect("eim" not in through.text(), "the password is in the log")
    for direct in (gateway(more={"no_proxy": "192.0.2.0/24"}), gateway("--no-proxy", "192.0.2.1"),
                   gateway("--upstream-proxy", "none")):
        direct.wait_line(rf'link\.up .*peer="192\.0\.2\.1:{server.port}"')
        expect("upstream_proxy" not in direct.text(), f"a proxy where there is none:\n{direct.tail()}")
