"""Wrong input of every kind: one clear line, the right exit status, and everything else goes on."""

import socket
import ssl
from pathlib import Path

from cases import case
from harness import expect, expect_equal, free_port
from peers import connect, http_get, read_head, read_to_end, web


def refused(bed, status, words, *argv):
    """Expects the exit status and one line on stderr that starts with the program and has all the words."""
    got = bed.penstock(*argv, seconds=20)
    shown = " ".join(str(word) for word in argv)
    expect_equal(got.returncode, status, f"exit status of penstock {shown}\n{got.stderr}")
    lines = got.stderr.strip().splitlines()
    expect_equal(len(lines), 1, f"lines on stderr of penstock {shown}:\n{got.stderr}")
    expect(lines[0].startswith(f"penstock {argv[0]}: "), f"the line of penstock {shown}: {lines[0]}")
    for word in words:
        expect(str(word).lower() in lines[0].lower(), f"no {word!r} in the line of penstock {shown}: {lines[0]}")


def certified(keys, who):
    return ["--cert", keys / f"{who}.crt", "--key", keys / f"{who}.key"]


@case()
def files_that_are_missing_or_do_not_fit_are_named(bed):
    """Missing certificate, key of another certificate, a file that is no certificate: exit status 2."""
    keys = bed.keys()
    junk = bed.write("junk.crt", "this is no certificate\n")
    server = ["server", "--listen", "127.0.0.1:0", "--client-ca", keys / "ca.crt"]
    gateway = ["gateway", "--listen", "127.0.0.1:0", "--server", "wss://127.0.0.1:1/penstock"]
    refused(bed, 2, ["none.crt"], *server, "--cert", bed.path("none.crt"), "--key", keys / "server.key")
    refused(bed, 2, ["none.key"], *server, "--cert", keys / "server.crt", "--key", bed.path("none.key"))
    refused(bed, 2, ["laptop.key"], *server, "--cert", keys / "server.crt", "--key", keys / "laptop.key")
    refused(bed, 2, ["junk.crt"], *server, "--cert", junk, "--key", keys / "server.key")
    refused(bed, 2, ["none.crt"], *gateway, "--ca", bed.path("none.crt"))
    refused(bed, 2, ["server.key"], *gateway, "--ca", keys / "ca.crt", "--cert", keys / "laptop.crt", "--key", keys / "server.key")
    refused(bed, 2, ["none.token"], *gateway, "--ca", keys / "ca.crt", "--token-file", bed.path("none.token"))


@case()
def options_that_are_wrong_are_named(bed):
    """Unknown, out of range, or not to be combined: exit status 2, with the nearest known name."""
    keys = bed.keys()
    gateway = ["gateway", "--server", "wss://127.0.0.1:1/penstock", "--listen", "127.0.0.1:0"]
    server = ["server", "--listen", "127.0.0.1:0", *certified(keys, "server")]
    refused(bed, 2, ["--lanse", "lanes"], *gateway, "--lanse", "2")
    refused(bed, 2, ["threads"], *gateway, "--threads", "two")
    refused(bed, 2, ["link-wait", "soon"], *gateway, "--link-wait", "soon")
    refused(bed, 2, ["server"], "gateway", "--listen", "127.0.0.1:0")
    refused(bed, 2, ["server", "http"], "gateway", "--server", "http://127.0.0.1:1/penstock")
    refused(bed, 2, ["users-file"], *gateway, "--listen", "0.0.0.0:0")
    refused(bed, 2, ["client-ca", "users-file"], *server)
    refused(bed, 2, ["allow"], *server, "--client-ca", keys / "ca.crt", "--allow", "10.0.0.0/33")
    refused(bed, 2, ["insecure-skip-verify"], *gateway, "--insecure-skip-verify", *certified(keys, "laptop"))
    got = bed.penstock("gatewya")
    expect_equal(got.returncode, 2, "exit status for an unknown command")
    expect("gateway" in got.stderr, f"no suggestion in: {got.stderr}")


@case()
def a_port_in_use_is_said(bed):
    """A second gateway, and a second server, on the same port: exit status 1."""
    gateway, server = bed.pair()
    keys = bed.keys()
    refused(bed, 1, ["in use", gateway.address], "gateway", "--listen", gateway.address, "--server",
            f"wss://{server.address}/penstock", "--ca", keys / "ca.crt", *certified(keys, "laptop"))
    refused(bed, 1, ["in use", server.address], "server", "--listen", server.address, *certified(keys, "server"),
            "--client-ca", keys / "ca.crt")


def keeps_saying(gateway, pattern):
    """A gateway that cannot get its link says why and lives on."""
    said = gateway.wait_line(pattern, 20)[0]
    expect(gateway.alive(), "the gateway ended")
    return said.strip()


@case()
def a_server_that_is_not_there_is_said(bed):
    gateway = bed.gateway(free_port())
    return keeps_saying(gateway, r"(?i).*(refused).*")


@case()
def an_expired_server_certificate_is_said(bed):
    """Made with openssl from our own CA, valid until yesterday."""
    keys = bed.keys()
    bed.write("openssl.cnf", f"""
        [ca]
        default_ca = here
        [here]
        database = {bed.path('index.txt')}
        new_certs_dir = {bed.folder}
        serial = {bed.path('serial')}
        certificate = {keys / 'ca.crt'}
        private_key = {keys / 'ca.key'}
        default_md = sha256
        policy = any
        x509_extensions = leaf
        [any]
        commonName = optional
        [leaf]
        subjectAltName = IP:127.0.0.1
        extendedKeyUsage = serverAuth
        [req]
        distinguished_name = none
        [none]
    """)
    bed.write("index.txt", "")
    bed.write("serial", "77\n")
    config = ["-config", bed.path("openssl.cnf")]
    for argv in (
        ["req", "-new", *config, "-key", keys / "server.key", "-subj", "/CN=127.0.0.1", "-out", "old.csr"],
        ["ca", "-batch", *config, "-notext", "-in", "old.csr", "-out", "old.crt",
         "-startdate", "20200101000000Z", "-enddate", "20200201000000Z"],
    ):
        made = bed.run("openssl", *argv)
        expect_equal(made.returncode, 0, f"openssl {argv[0]}: {made.stderr}")
    (keys / "server.crt").write_bytes(Path(bed.path("old.crt")).read_bytes())
    server = bed.server(keys=keys)
    return keeps_saying(bed.gateway(server.port, keys=keys), r"(?i).*expired.*")


@case()
def a_server_with_another_name_is_said(bed):
    keys = bed.keys(name="elsewhere.example")
    server = bed.server(keys=keys)
    said = keeps_saying(bed.gateway(server.port, keys=keys), r"(?i).*link\S* .*(name|match|address).*")
    gateway = bed.gateway(server.port, "--server-name", "elsewhere.example", keys=keys)
    site = web()
    expect_equal(http_get(gateway, f"http://127.0.0.1:{site.port}/hello")[0], 200, "with --server-name")
    return said


@case()
def a_server_of_another_authority_is_said(bed):
    server = bed.server()
    other = bed.keys(folder="other")
    return keeps_saying(bed.gateway(server.port, keys=other), r"(?i).*(verif|issuer|trust|self.signed|unknown ca).*")


@case()
def a_client_of_another_authority_is_turned_away(bed):
    """The gateway trusts the server, but its own certificate is of another CA."""
    server = bed.server()
    keys, other = bed.keys(), bed.keys(folder="other")
    gateway = bed.gateway(server.port, "--cert", other / "laptop.crt", "--key", other / "laptop.key", credentials=False)
    expect(keys != other, "the folders")
    return keeps_saying(gateway, r"(?i).*link\S* .*(refused|certificate|unknown ca|401|404).*")


@case()
def tokens_work_and_wrong_ones_are_said(bed):
    """`keys token` makes a token and its line; the right one opens the tunnel, a wrong one is a 401 in the log."""
    made = bed.penstock("keys", "token", "laptop")
    expect_equal(made.returncode, 0, made.stderr)
    token = next(word for word in made.stdout.split() if word.startswith("pst_"))
    line = next(text for text in made.stdout.splitlines() if text.strip().startswith("laptop:token:"))
    users = bed.write("users", line.strip() + "\n")
    right, wrong = bed.write("right", token + "\n"), bed.write("wrong", token[:-2] + ("xx" if token[-2:] != "xx" else "yy") + "\n")
    server = bed.server("--users-file", users, credentials=False)
    site = web()
    gateway = bed.gateway(server.port, "--token-file", right, credentials=False)
    expect_equal(http_get(gateway, f"http://127.0.0.1:{site.port}/hello")[0], 200, "with the right token")
    loser = bed.gateway(server.port, "--token-file", wrong, "--link-wait", "300ms", credentials=False)
    said = keeps_saying(loser, r"(?i).*(401|token).*")
    expect_equal(http_get(loser, f"http://127.0.0.1:{site.port}/hello")[0], 503, "with a wrong token")
    for process in (server, gateway, loser):
        expect(token[4:40] not in process.text(), f"{process.name} logged the token")
    return said


@case()
def garbage_on_the_proxy_port_ends_that_client_only(bed):
    gateway, _ = bed.pair()
    site = web()
    for garbage in (b"\x00" * 64, b"\xff\xfe\xfd", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x05\x00",
                    b"\x05\x01\x02", b"\x05\x01\x00\x05\x09\x00\x01\x7f\x00\x00\x01\x00\x50", b"\x04\x07" + b"a" * 600,
                    b"GET " + b"a" * 200_000, b"\r\n" * 40_000):
        with connect(gateway, seconds=15) as client:
            try:
                client.sendall(garbage)
                client.shutdown(socket.SHUT_WR)
                read_to_end(client)
            except (ConnectionResetError, BrokenPipeError):
                pass
    expect_equal(http_get(gateway, f"http://127.0.0.1:{site.port}/hello")[0], 200, "a request afterwards")


def stranger(server):
    """A TLS connection to the server that verifies nothing and shows no certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=15)
    return context.wrap_socket(plain)


@case()
def strangers_at_the_server_get_the_fallback(bed):
    """Any HTTP request, and a WebSocket client without our subprotocol or our path: 404, nothing that tells who it is."""
    gateway, server = bed.pair()
    upgrade = ("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
    for request in (
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /penstock HTTP/1.1\r\nHost: a\r\n\r\n",
        f"GET /penstock HTTP/1.1\r\nHost: a\r\n{upgrade}\r\n",
        f"GET /penstock HTTP/1.1\r\nHost: a\r\n{upgrade}Sec-WebSocket-Protocol: chat\r\n\r\n",
        f"GET /other HTTP/1.1\r\nHost: a\r\n{upgrade}Sec-WebSocket-Protocol: penstock.v1\r\n\r\n",
    ):
        with stranger(server) as client:
            client.sendall(request.encode())
            status, fields = read_head(client)
            expect_equal(status, 404, f"status for {request!r}")
            expect("penstock" not in str(fields).lower(), f"the answer names the program: {fields}")
    with stranger(server) as client:
        client.sendall(f"GET /penstock HTTP/1.1\r\nHost: a\r\n{upgrade}Sec-WebSocket-Protocol: penstock.v1\r\n"
                       "Authorization: Bearer pst_wrong\r\n\r\n".encode())
        expect_equal(read_head(client)[0], 401, "status for our subprotocol with a wrong token")
    expect(gateway.alive() and server.alive(), "one of them ended")


@case()
def garbage_on_the_server_port_ends_that_connection_only(bed):
    """Plain HTTP, random octets, a TLS connection that talks no HTTP, one that says nothing and goes."""
    gateway, server = bed.pair()
    site = web()
    for garbage in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x00" * 1000, b"\x16\x03\x01\xff\xff" + b"\x01" * 70_000, b""):
        with socket.create_connection(("127.0.0.1", server.port), timeout=15) as client:
            try:
                client.sendall(garbage)
                client.shutdown(socket.SHUT_WR)
                read_to_end(client)
            except (ConnectionResetError, BrokenPipeError):
                pass
    with stranger(server) as client:
        client.sendall(b"\x00\x01\x02\r\n\r\n" * 1000)
        try:
            answer = read_to_end(client)
            expect(not answer or b" 40" in answer[:16], f"the answer to octets that are no HTTP: {answer[:80]!r}")
        except (OSError, ssl.SSLError):
            pass
    expect_equal(http_get(gateway, f"http://127.0.0.1:{site.port}/hello")[0], 200, "a request afterwards")
