"""What a client is told when a target cannot be reached: the SOCKS reply octet, the HTTP status, and Proxy-Status."""

import re

import network
from cases import case
from harness import expect, expect_equal, free_port
from peers import connect, http_connect, http_get, read_exactly, read_head, socks4, socks5, web


def told(gateway, host, port, reply, status, error, seconds=30):
    """Asks by SOCKS5, SOCKS4a, CONNECT and a forwarded GET, and compares what each is told."""
    where = f"{host} port {port}"
    client, got = socks5(gateway, host, port, seconds)
    expect_equal(got, reply, f"SOCKS5 reply for {where}")
    expect_equal(client.recv(1), b"", f"after the SOCKS5 refusal for {where} the connection")
    if ":" not in host:
        expect_equal(socks4(gateway, host, port, seconds)[1], 0x5B, f"SOCKS4 reply for {where}")

    client, got, fields = http_connect(gateway, host, port, seconds)
    checked(f"CONNECT {where}", got, fields, read_exactly(client, int(fields["content-length"])), status, error)
    literal = f"[{host}]" if ":" in host else host
    checked(f"GET {where}", *http_get(gateway, f"http://{literal}:{port}/", seconds), status, error)


def checked(what, got, fields, page, status, error):
    expect_equal(got, status, f"{what}: HTTP status (Proxy-Status: {fields.get('proxy-status')})")
    proxy_status = fields.get("proxy-status", "")
    expect(re.search(rf"(^|[;\s])error={error}($|[;,\s])", proxy_status), f"{what}: Proxy-Status is {proxy_status!r}")
    expect(len(page.strip()) > 20, f"{what}: no page for a person, only {page!r}")
    if status == 503 and error == "connection_limit_reached":
        expect("retry-after" in fields, f"{what}: no Retry-After")


@case()
def a_closed_port_is_refused(bed):
    """Reply 05; 502 connection_refused; IPv4 and IPv6; curl --socks5-hostname exits 97."""
    gateway, _ = bed.pair()
    told(gateway, "127.0.0.1", free_port(), 5, 502, "connection_refused")
    told(gateway, "::1", free_port("::1"), 5, 502, "connection_refused")
    got = bed.curl("--socks5-hostname", gateway.address, f"http://127.0.0.1:{free_port()}/")
    expect_equal(got.returncode, 97, f"exit status of curl: {got.stderr}")


@case()
def a_denied_address_is_forbidden(bed):
    """Reply 02; 403 destination_ip_prohibited: guarded without a rule, in every disguise, and the server's own port."""
    gateway, server = bed.pair(allow=())
    site = web()
    for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "169.254.169.254"):
        told(gateway, host, site.port, 2, 403, "destination_ip_prohibited")
    told(gateway, "127.0.0.1", server.port, 2, 403, "destination_ip_prohibited")
    expect_equal(site.seen, [], "what the guarded target saw")


@case()
def a_denied_port_is_forbidden_and_order_counts(bed):
    """`deny` before `allow`: the first match wins; and the server's own listener needs its exact address and port."""
    site, other = web(), web()
    far = bed.server("--deny", f"127.0.0.0/8:{site.port}", "--allow", "127.0.0.0/8", allow=())
    gateway = bed.gateway(far.port)
    told(gateway, "127.0.0.1", site.port, 2, 403, "destination_ip_prohibited")
    expect_equal(http_get(gateway, f"http://127.0.0.1:{other.port}/")[0], 200, "the port that is allowed")
    told(gateway, "127.0.0.1", far.port, 2, 403, "destination_ip_prohibited")


@case(isolated=True)
def networks_and_hosts_out_of_reach_are_told_apart(bed):
    """No route: reply 03, 502 destination_ip_unroutable. Host unreachable: 04, 502 destination_unavailable."""
    network.make_routes()
    gateway, _ = bed.pair(allow=("0.0.0.0/0",))
    told(gateway, network.UNREACHABLE_NETWORK, 80, 3, 502, "destination_ip_unroutable")
    told(gateway, network.UNREACHABLE_HOST, 80, 4, 502, "destination_unavailable")


@case(isolated=True, limit=240)
def a_target_that_does_not_answer_times_out(bed):
    """Reply 06; 504 connection_timeout."""
    network.make_routes()
    gateway, _ = bed.pair(server=["--dial-timeout", "2s"], allow=("0.0.0.0/0",))
    told(gateway, network.SILENT_HOST, 80, 6, 504, "connection_timeout", seconds=60)


@case(isolated=True)
def unknown_names_are_told_from_unanswered_ones(bed):
    """NXDOMAIN: reply 04, 502 dns_error. No answer: reply 04, 504 dns_timeout."""
    network.NameServer(bed, {"known.test": "127.0.0.1"})
    gateway, _ = bed.pair()
    site = web()
    expect_equal(http_get(gateway, f"http://known.test:{site.port}/hello")[0], 200, "a name that exists")
    told(gateway, "unknown.test", 80, 4, 502, "dns_error")
    told(gateway, "never.silent", 80, 4, 504, "dns_timeout", seconds=60)


@case()
def a_missing_tunnel_is_told_after_link_wait(bed):
    """Reply 03; 503 destination_unavailable; the gateway goes on and serves once the server is there."""
    port = free_port()
    gateway = bed.gateway(port, "--link-wait", "300ms")
    told(gateway, "127.0.0.1", 80, 3, 503, "destination_unavailable")
    expect(gateway.alive(), "the gateway ended without its server")


@case()
def origin_form_and_garbage_get_400_and_nothing_happens(bed):
    """Also the guard against pages that post to the proxy port."""
    gateway, _ = bed.pair()
    for request in (
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        b"HELLO\r\n\r\n",
        b"GET http://127.0.0.1/ HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET http://127.0.0.1/ HTTP/1.1\r\nHost : a\r\n\r\n",
    ):
        with connect(gateway) as client:
            client.sendall(request)
            expect_equal(read_head(client)[0], 400, f"status for {request!r}")
