"""curl, proxychains and git through the proxy."""

from cases import case
from harness import expect, expect_equal, free_port, need
from peers import Target, connect, read_exactly, read_head, socks5, web

SCHEMES = ("socks5h", "socks5", "socks4a", "socks4", "http")


def fetches(bed, gateway, host, url, *options):
    """Fetches `url` with every kind of proxy that curl knows."""
    for scheme in SCHEMES:
        proxy = f"{scheme}://{gateway.address}"
        got = bed.curl("--proxy", proxy, *options, url)
        expect_equal(got.returncode, 0, f"curl --proxy {proxy} {url}: {got.stderr.strip()}")
        expect_equal(got.stdout, f"GET /hello at {host}\n", f"what {scheme} brought")


@case()
def curl_fetches_http_by_every_scheme(bed):
    """socks5h, socks5, socks4a, socks4 and http (absolute form), and CONNECT for http."""
    gateway, _ = bed.pair()
    site = web()
    host = f"127.0.0.1:{site.port}"
    fetches(bed, gateway, host, f"http://{host}/hello")
    got = bed.curl("--proxytunnel", "--proxy", f"http://{gateway.address}", f"http://{host}/hello")
    expect_equal((got.returncode, got.stdout), (0, f"GET /hello at {host}\n"), "CONNECT for an http URL")


@case()
def curl_fetches_https_by_every_scheme(bed):
    gateway, _ = bed.pair()
    site_keys = bed.keys(folder="site")
    site = web(certificate=(site_keys / "server.crt", site_keys / "server.key"))
    host = f"127.0.0.1:{site.port}"
    fetches(bed, gateway, host, f"https://{host}/hello", "--cacert", site_keys / "ca.crt")


@case()
def curl_fetches_names_resolved_by_the_server(bed):
    """The name travels through the tunnel: `localhost` of the server."""
    gateway, _ = bed.pair()
    site = web()
    for scheme in ("socks5h", "socks4a", "http"):
        got = bed.curl("--proxy", f"{scheme}://{gateway.address}", f"http://localhost:{site.port}/hello")
        expect_equal((got.returncode, got.stdout), (0, f"GET /hello at localhost:{site.port}\n"), scheme)


@case()
def curl_reaches_an_ipv6_target(bed):
    gateway, _ = bed.pair()
    site = web("::1")
    host = f"[::1]:{site.port}"
    for scheme in ("socks5h", "socks5", "http"):
        got = bed.curl("--proxy", f"{scheme}://{gateway.address}", f"http://{host}/hello")
        expect_equal((got.returncode, got.stdout), (0, f"GET /hello at {host}\n"), f"{scheme} to ::1 {got.stderr}")
    got = bed.curl("--proxytunnel", "--proxy", f"http://{gateway.address}", f"http://{host}/hello")
    expect_equal((got.returncode, got.stdout), (0, f"GET /hello at {host}\n"), "CONNECT to ::1")


@case()
def curl_uploads_what_comes_back(bed):
    """A POST of 3 MB, forwarded and tunnelled, with and without Expect: 100-continue."""
    gateway, _ = bed.pair()
    site = web()
    body = "".join(f"{n:07d}\n" for n in range(400_000))
    upload = bed.write("upload", body)
    for options in (["--proxy", f"http://{gateway.address}"], ["--proxy", f"socks5h://{gateway.address}"]):
        for expectation in ("Expect:", "Expect: 100-continue"):
            got = bed.curl(*options, "--data-binary", f"@{upload}", "-H", expectation, f"http://127.0.0.1:{site.port}/")
            expect_equal(got.returncode, 0, f"{options} {expectation}: {got.stderr}")
            expect(got.stdout == body, f"{options} {expectation}: another body came back ({len(got.stdout)} octets)")


@case()
def credentials_are_asked_for_and_checked(bed):
    """With users-file: the right password works by every scheme; none, or a wrong one, is told so."""
    users = bed.write("users", "# who may use this proxy\nann:password:plain$open:sesame\n")
    gateway, _ = bed.pair(gateway=["--users-file", users])
    site = web()
    url = f"http://127.0.0.1:{site.port}/hello"
    page = f"GET /hello at 127.0.0.1:{site.port}\n"
    for scheme in ("socks5h", "socks5", "http"):
        proxy = ["--proxy", f"{scheme}://{gateway.address}"]
        got = bed.curl(*proxy, "--proxy-user", "ann:open:sesame", url)
        expect_equal((got.returncode, got.stdout), (0, page), f"{scheme} with credentials {got.stderr}")
        for wrong in (["--proxy-user", "ann:open"], ["--proxy-user", "bob:open:sesame"], []):
            got = bed.curl(*proxy, *wrong, "--write-out", "%{http_code}", url)
            if scheme == "http":
                expect_equal(got.stdout[-3:], "407", f"status with {wrong}")
            else:
                expect_equal(got.returncode, 97, f"exit status of curl with {scheme} {wrong}")
    got = bed.curl("--proxytunnel", "--proxy", f"http://{gateway.address}", "--proxy-user", "ann:open:sesame", url)
    expect_equal((got.returncode, got.stdout), (0, page), "CONNECT with credentials")
    expect(all("Proxy-Authorization" not in fields for _, fields in site.seen), "credentials reached the target")
    # SOCKS4 knows no passwords, so it is refused.
    expect(bed.curl("--proxy", f"socks4a://{gateway.address}", url).returncode != 0, "SOCKS4 got in without credentials")


@case()
def a_407_names_its_scheme_and_keeps_the_connection(bed):
    """Clients that wait for a challenge retry with credentials on the same connection; the line is of `keys password`."""
    made = bed.penstock("keys", "password", "ann", data="secret\n")
    expect(made.returncode == 0 and "secret" not in made.stdout, f"keys password: {made}")
    users = bed.write("users", made.stdout)
    gateway, _ = bed.pair(gateway=["--users-file", users])
    site = web()
    with connect(gateway) as client:
        request = f"GET http://127.0.0.1:{site.port}/hello HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n"
        client.sendall(f"{request}\r\n".encode())
        status, fields = read_head(client)
        expect_equal(status, 407, "status without credentials")
        expect(fields.get("proxy-authenticate", "").lower().startswith("basic"), f"no Basic challenge in {fields}")
        read_exactly(client, int(fields["content-length"]))
        client.sendall(f"{request}Proxy-Authorization: bAsIc YW5uOnNlY3JldA==\r\n\r\n".encode())
        expect_equal(read_head(client)[0], 200, "status with credentials")


@case()
def kept_alive_requests_go_to_different_hosts(bed):
    """One client connection, plain HTTP, four requests in turn to two servers; each gets its own."""
    gateway, _ = bed.pair()
    one, two = web(), web("127.0.0.2")
    urls = [f"http://127.0.0.1:{one.port}/a", f"http://127.0.0.2:{two.port}/b"] * 2
    got = bed.curl("--proxy", f"http://{gateway.address}", "--write-out", "%{num_connects} ", *urls)
    expect_equal(got.returncode, 0, got.stderr)
    expect_equal(got.stdout, f"GET /a at 127.0.0.1:{one.port}\n1 GET /b at 127.0.0.2:{two.port}\n0 "
                             f"GET /a at 127.0.0.1:{one.port}\n0 GET /b at 127.0.0.2:{two.port}\n0 ",
                 "the pages and the number of connections made for each")


@case()
def requests_may_arrive_octet_by_octet_and_all_at_once(bed):
    """A SOCKS5 greeting, request and payload in one packet, and in 60 packets."""
    gateway, _ = bed.pair()
    echo = Target(lambda c: c.sendall(read_exactly(c, 7)[::-1]))
    whole = b"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01" + echo.port.to_bytes(2, "big") + b"payload"
    for pieces in ([whole], [whole[n:n + 1] for n in range(len(whole))]):
        with connect(gateway) as client:
            client.setsockopt(6, 1, 1)  # TCP_NODELAY
            for piece in pieces:
                client.sendall(piece)
            expect_equal(read_exactly(client, 2), b"\x05\x00", "the choice of method")
            expect_equal(read_exactly(client, 4)[:2], b"\x05\x00", "the reply")
            read_exactly(client, 6)
            expect_equal(read_exactly(client, 7), b"daolyap", "the payload's answer")


@case()
def proxychains_runs_curl_and_git_clone(bed):
    need("proxychains4", "git", "curl")
    gateway, _ = bed.pair()
    site = web()
    conf = bed.write("proxychains.conf", f"strict_chain\nquiet_mode\nproxy_dns\n[ProxyList]\nsocks5 127.0.0.1 {gateway.port}\n")
    chained = ["proxychains4", "-f", conf]
    got = bed.run(*chained, "curl", "--disable", "-sS", f"http://127.0.0.1:{site.port}/hello")
    expect_equal((got.returncode, got.stdout), (0, f"GET /hello at 127.0.0.1:{site.port}\n"), f"curl: {got.stderr}")

    repository = bed.folder / "served" / "project.git"
    for argv in (
        ["git", "init", "-q", "-b", "main", "work"],
        ["git", "-C", "work", "-c", "user.name=t", "-c", "user.email=t@t.invalid", "commit", "-q", "--allow-empty", "-m", "one"],
        ["git", "clone", "-q", "--bare", "work", repository],
    ):
        made = bed.run(*argv)
        expect_equal(made.returncode, 0, f"{argv}: {made.stderr}")
    port = free_port()
    daemon = bed.start("git-daemon", "git", "daemon", "--verbose", "--listen=127.0.0.1", f"--port={port}", "--export-all",
                       f"--base-path={bed.folder / 'served'}")
    daemon.wait_line("Ready to rumble")
    cloned = bed.run(*chained, "git", "clone", "-q", f"git://127.0.0.1:{port}/project.git", "copy")
    expect_equal(cloned.returncode, 0, f"git clone: {cloned.stderr}")
    expect_equal(bed.run("git", "-C", "copy", "log", "--format=%s").stdout, "one\n", "the cloned history")


@case()
def commands_that_are_not_served_are_refused(bed):
    """SOCKS5 BIND and UDP ASSOCIATE get reply 07."""
    gateway, _ = bed.pair()
    for command in (2, 3):
        expect_equal(socks5(gateway, "127.0.0.1", 9, command=command)[1], 7, f"reply to command {command}")


@case()
def a_client_may_come_over_a_unix_socket(bed):
    server = bed.server()
    gateway = bed.gateway(server.port, listen=f"unix:{bed.path('proxy.sock')}")
    site = web()
    got = bed.curl("--proxy", f"socks5h://localhost{bed.path('proxy.sock')}", f"http://127.0.0.1:{site.port}/hello")
    expect_equal((got.returncode, got.stdout), (0, f"GET /hello at 127.0.0.1:{site.port}\n"), got.stderr)
    expect("unix:" in gateway.address, f"announced as {gateway.address}")


@case()
def demo_is_one_command(bed):
    demo = bed.start("penstock-demo", bed.binary, "demo", "--listen", "127.0.0.1:0")
    address = demo.wait_line(r"gateway\.listening address=(\S+)")[1]
    site = web()
    for scheme in SCHEMES:
        got = bed.curl("--proxy", f"{scheme}://{address}", f"http://127.0.0.1:{site.port}/hello")
        expect_equal((got.returncode, got.stdout), (0, f"GET /hello at 127.0.0.1:{site.port}\n"), f"{scheme}: {got.stderr}")
