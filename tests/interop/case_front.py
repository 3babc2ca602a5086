"""The examples in conf/ in front of a server that leaves TLS to them."""

import re
import time

from breaking import BreakingNetwork
from cases import case
from flows import Streams
from fronts import FRONTS, apache_front, caddy_front, example, haproxy_front, nginx_front, token_files, token_server
from harness import expect, expect_equal, find, free_port, need, wait_until
from peers import Target, echo, http_get, listens, read_exactly, socks5, web


def serves(bed, front, server, token):
    """A page, a download, and eight streams both ways, by someone whom the server knows by the token."""
    front.listening()
    gateway = bed.gateway(front.port, "--token-file", token, credentials=False)
    site = web()
    got = bed.curl("--proxy", f"socks5h://{gateway.address}", f"http://127.0.0.1:{site.port}/hello")
    expect_equal((got.returncode, got.stdout), (0, f"GET /hello at 127.0.0.1:{site.port}\n"), got.stderr)
    status = http_get(gateway, f"http://127.0.0.1:{site.port}/bytes/20000000", 60)
    expect_equal(len(status[2]), 20_000_000, "octets of a download")
    streams = Streams(gateway, 8)
    wait_until(lambda: streams.target.accepted == 8, 60, "8 streams are open")
    time.sleep(1)
    streams.finish(60)
    expect(re.search(r'link\.up .*user="laptop"', server.text()), "the server's log does not name the user")
    expect_equal(gateway.count("link.lost"), 0, "lost links")
    stranger = bed.curl("--insecure", "--output", "/dev/null", "--write-out", "%{http_code}", f"https://127.0.0.1:{front.port}/")
    expect_equal(stranger.stdout, "404", "what everybody else gets")


@case()
def nginx_in_front_passes_the_tunnel(bed):
    """conf/nginx/penstock.conf, TLS ended by nginx."""
    server, token = token_server(bed)
    serves(bed, nginx_front(bed, server), server, token)


@case()
def haproxy_in_front_passes_the_tunnel(bed):
    """conf/haproxy/terminate.cfg, TLS ended by haproxy."""
    server, token = token_server(bed)
    serves(bed, haproxy_front(bed, server), server, token)


@case()
def apache_in_front_passes_the_tunnel(bed):
    """conf/apache/penstock.conf, TLS ended by Apache httpd."""
    server, token = token_server(bed)
    serves(bed, apache_front(bed, server), server, token)


@case()
def caddy_in_front_passes_the_tunnel(bed):
    """conf/caddy/Caddyfile, TLS ended by Caddy."""
    server, token = token_server(bed)
    serves(bed, caddy_front(bed, server), server, token)


@case()
def a_balancer_finds_the_server_that_has_the_streams(bed):
    """conf/haproxy/nodes.cfg: links break ten times, and each time round robin alone would choose the other server."""
    need("haproxy")
    keys, port, files = bed.keys(), free_port(), token_files(bed)
    pair = bed.write("pair.pem", (keys / "server.crt").read_text() + (keys / "server.key").read_text())
    nodes = [token_server(bed, "--node", name, files=files)[0] for name in "ab"]
    bed.write("haproxy.cfg", example("haproxy/nodes.cfg", {
        "bind :::443 v4v6 ssl crt /etc/penstock/pair.pem": f"bind 127.0.0.1:{port} ssl crt {pair}",
        "127.0.0.1:8080": f"127.0.0.1:{nodes[0].port}", "127.0.0.1:8081": f"127.0.0.1:{nodes[1].port}",
        " check": "",
    }))
    front = bed.start("haproxy", find("haproxy"), "-db", "-f", bed.path("haproxy.cfg"))
    wait_until(lambda: listens(port), 20, f"haproxy listens:\n{front.tail()}")
    network = BreakingNetwork(port)
    gateway = bed.gateway(network.port, "--token-file", files[0], credentials=False)
    target = Target(echo)
    client, _ = socks5(gateway, "127.0.0.1", target.port)
    for number in range(10):
        text = b"number %d" % number
        client.sendall(text)
        expect_equal(client.recv(100), text, "what came back")
        network.reset()
    expect_equal(target.accepted, 1, "connections that the target saw")


@case()
def haproxy_passes_tls_through_untouched(bed):
    """conf/haproxy/passthrough.cfg: by server name, so that client certificates still work."""
    need("haproxy")
    keys = bed.keys(name="tunnel.example.com")
    server = bed.server(keys=keys)
    port = free_port()
    bed.write("haproxy.cfg", example("haproxy/passthrough.cfg", {
        "bind :::443 v4v6": f"bind 127.0.0.1:{port}", "127.0.0.1:8443": f"127.0.0.1:{server.port}",
    }))
    front = bed.start("haproxy", find("haproxy"), "-db", "-f", bed.path("haproxy.cfg"))
    wait_until(lambda: listens(port), 20, f"haproxy listens:\n{front.tail()}")
    gateway = bed.gateway(port, "--server-name", "tunnel.example.com", keys=keys)
    site = web()
    expect_equal(http_get(gateway, f"http://127.0.0.1:{site.port}/hello")[0], 200, "a request")


# -- how long a link may be silent ------------------------------------------------------------------------------------

NEVER = ("--ping-interval", "1h")
OFTEN = ("--ping-interval", "1s")

# Each front's ways to end a link that is silent, after 5 s.
IMPATIENT = {
    "nginx": {"proxy_read_timeout 120s": "proxy_read_timeout 5s", "proxy_send_timeout 120s": "proxy_send_timeout 5s"},
    "haproxy": {"timeout tunnel 120s": "timeout tunnel 5s", "timeout client 60s": "timeout client 5s",
                "timeout server 60s": "timeout server 5s"},
    "apache": {"timeout=120": "timeout=5", "ServerName tunnel.example.com": "ServerName tunnel.example.com\nTimeout 5"},
    "caddy": {"reverse_proxy 127.0.0.1:8080":
              "reverse_proxy 127.0.0.1:8080 {\n transport http {\n read_timeout 5s\n write_timeout 5s\n }\n }"},
}

# The same with what each has when it is told nothing: 60 s, the client's and the server's, 60 s, for ever.
DEFAULTS = {
    "nginx": {"proxy_read_timeout 120s;": "", "proxy_send_timeout 120s;": ""},
    "haproxy": {"timeout tunnel 120s": "", "timeout client 60s": "timeout client 50s", "timeout server 60s": "timeout server 50s"},
    "apache": {" timeout=120": ""},
    "caddy": {},
}


class IdleStream:
    """A stream that is used once and then left alone."""

    def __init__(self, bed, front, token, *options):
        self.gateway = bed.gateway(front.port, "--token-file", token, *options, credentials=False)
        self.target = Target(echo)
        self.client, reply = socks5(self.gateway, "127.0.0.1", self.target.port)
        expect_equal(reply, 0, "reply")
        self.works()

    def works(self):
        self.client.sendall(b"hello")
        expect_equal(read_exactly(self.client, 5), b"hello", "echo")
        expect_equal(self.target.accepted, 1, "connections that the target saw")

    def lost(self):
        return self.gateway.count("link.lost")


def heartbeat_keeps_the_link_up(bed, name):
    """The heartbeat of either end alone does, and a link with none is cut."""
    silent_server, token = token_server(bed, *NEVER)
    silent = FRONTS[name](bed, silent_server, changes=IMPATIENT[name]).listening()
    lively_server, other = token_server(bed, *OFTEN)
    lively = FRONTS[name](bed, lively_server, changes=IMPATIENT[name]).listening()

    by_gateway = IdleStream(bed, silent, token, *OFTEN)
    by_server = IdleStream(bed, lively, other, *NEVER)
    by_nobody = IdleStream(bed, silent, token, *NEVER)
    wait_until(lambda: by_nobody.lost() >= 2, 60, "the link without a heartbeat is cut twice")
    expect_equal((by_gateway.lost(), by_server.lost()), (0, 0), "lost links, with the gateway's heartbeat and the server's")
    for stream in (by_gateway, by_server, by_nobody):
        stream.works()


@case()
def heartbeat_keeps_the_link_up_through_nginx(bed):
    """proxy_read_timeout and proxy_send_timeout of 5 s."""
    heartbeat_keeps_the_link_up(bed, "nginx")


@case()
def heartbeat_keeps_the_link_up_through_haproxy(bed):
    """Time-outs of client, server and tunnel of 5 s."""
    heartbeat_keeps_the_link_up(bed, "haproxy")


@case()
def heartbeat_keeps_the_link_up_through_apache(bed):
    """Timeout and that of ProxyPass of 5 s."""
    heartbeat_keeps_the_link_up(bed, "apache")


@case()
def heartbeat_keeps_the_link_up_through_caddy(bed):
    """read_timeout and write_timeout of 5 s."""
    heartbeat_keeps_the_link_up(bed, "caddy")


@case(long=True)
def idle_links_outlive_the_default_timeouts(bed):
    """All four at once with default settings at both ends, for 130 s: twice the longest."""
    server, token = token_server(bed)
    fronts = [make(bed, server, changes=DEFAULTS[name]).listening() for name, make in FRONTS.items()]
    idle = [IdleStream(bed, front, token) for front in fronts]
    time.sleep(130)
    expect_equal([stream.lost() for stream in idle], [0] * len(idle), f"lost links through {', '.join(FRONTS)}")
    for stream in idle:
        stream.works()
