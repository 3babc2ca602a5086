"""The examples in conf/ in front of a server that leaves TLS to them."""

import os

from breaking import BreakingNetwork
from cases import case
from harness import ROOT, expect, expect_equal, find, free_port, need, wait_until
from peers import Target, echo, http_get, listens, socks5, web


def token_files(bed):
    """A fresh token: returns (the gateway's file, the server's)."""
    made = bed.penstock("keys", "token", "laptop")
    expect_equal(made.returncode, 0, made.stderr)
    token = bed.write("token", next(w for w in made.stdout.split() if w.startswith("pst_")) + "\n")
    line = next(text for text in made.stdout.splitlines() if text.strip().startswith("laptop:token:"))
    return token, bed.write("users", line.strip() + "\n")


def token_server(bed, *options, files=None):
    """A server without TLS that admits one token; returns (server, the gateway's token file)."""
    token, users = files or token_files(bed)
    server = bed.start("penstock-server", bed.binary, "server", "--listen", "127.0.0.1:0", "--plain", "--users-file", users,
                       "--drain-timeout", "1s", "--allow", "127.0.0.0/8", *options)
    server.port = int(server.wait_line(r"server\.listening address=\S+:(\d+)")[1])
    return server, token


def example(name, changes):
    """The text of an example with each of the words replaced; every one must be there."""
    text = (ROOT / "conf" / name).read_text()
    for old, new in changes.items():
        expect(old in text, f"conf/{name} has no {old!r} any more")
        text = text.replace(old, str(new))
    return text


def serves(bed, front, port, token):
    wait_until(lambda: listens(port), 20, f"{front.name} listens:\n{front.tail()}")
    gateway = bed.gateway(port, "--token-file", token, credentials=False)
    site = web()
    got = bed.curl("--proxy", f"socks5h://{gateway.address}", f"http://127.0.0.1:{site.port}/hello")
    expect_equal((got.returncode, got.stdout), (0, f"GET /hello at 127.0.0.1:{site.port}\n"), got.stderr)
    status = http_get(gateway, f"http://127.0.0.1:{site.port}/bytes/20000000", 60)
    expect_equal(len(status[2]), 20_000_000, "octets of a download")


def nginx_front(bed, server, settings=""):
    """conf/nginx/penstock.conf in a process of its own, with more `settings` of the main context; returns (it, port)."""
    need("nginx")
    keys, port = bed.keys(), free_port()
    bed.write("penstock.conf", example("nginx/penstock.conf", {
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;", "listen [::]:443 ssl;": "",
        "/etc/penstock/fullchain.pem": keys / "server.crt", "/etc/penstock/privkey.pem": keys / "server.key",
        "127.0.0.1:8080": f"127.0.0.1:{server.port}",
    }))
    temporary = "\n".join(f"{kind}_temp_path {bed.path(kind)};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    bed.write("nginx.conf", f"""
        {"user root;" if os.getuid() == 0 else ""}
        daemon off; worker_processes 1; {settings} pid {bed.path('nginx.pid')}; error_log stderr;
        events {{ }}
        http {{ access_log off; {temporary} include {bed.path('penstock.conf')}; }}
    """)
    return bed.start("nginx", find("nginx"), "-e", "stderr", "-c", bed.path("nginx.conf")), port


def haproxy_front(bed, server, *options, settings=""):
    """conf/haproxy/terminate.cfg in a process of its own, with more `settings` before it; returns (it, port)."""
    need("haproxy")
    keys, port = bed.keys(), free_port()
    pair = bed.write("pair.pem", (keys / "server.crt").read_text() + (keys / "server.key").read_text())
    bed.write("haproxy.cfg", settings + example("haproxy/terminate.cfg", {
        "bind :::443 v4v6 ssl crt /etc/penstock/pair.pem": f"bind 127.0.0.1:{port} ssl crt {pair}",
        "127.0.0.1:8080": f"127.0.0.1:{server.port}",
    }))
    return bed.start("haproxy", find("haproxy"), *options, "-f", bed.path("haproxy.cfg")), port


@case()
def nginx_in_front_passes_the_tunnel(bed):
    """conf/nginx/penstock.conf, TLS ended by nginx."""
    server, token = token_server(bed)
    serves(bed, *nginx_front(bed, server), token)


@case()
def haproxy_in_front_passes_the_tunnel(bed):
    """conf/haproxy/terminate.cfg, TLS ended by haproxy."""
    server, token = token_server(bed)
    serves(bed, *haproxy_front(bed, server, "-db"), token)


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
