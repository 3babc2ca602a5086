"""The ends of a connection through the proxy: targets to reach, and raw clients that see every octet of a reply."""

import http.server
import os
import re
import socket
import ssl
import struct
import threading

from harness import expect

LINGER_RST = struct.pack("ii", 1, 0)


class Target:
    """Accepts on a loopback port and gives each connection to `handle(socket)`, on a thread of its own, and closes it.

    With `keep` there is no thread, and the connection is `handle`'s.
    """

    def __init__(self, handle, host="127.0.0.1", receive_octets=None, keep=False, port=0):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.socket(family)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_octets:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_octets)
        self.listener.bind((host, port))
        self.listener.listen(512)
        self.port = self.listener.getsockname()[1]
        self.accepted = 0
        self.handle = handle
        self.keep = keep
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            if self.keep:
                self.handle(connection)
            else:
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                self.handle(connection)
            except OSError:
                pass

    def close(self):
        self.listener.close()


def read_to_end(connection):
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def echo(connection):
    while part := connection.recv(65536):
        connection.sendall(part)


def answer_after_eof(connection):
    """Says nothing until the client has half-closed, then answers with 300,000 octets that depend on the question."""
    question = read_to_end(connection)
    connection.sendall(late_answer(question))


def late_answer(question):
    return (b"%d:" % len(question) + question[:64]) * 4096


class Page(http.server.BaseHTTPRequestHandler):
    """/bytes/N: N octets. /reset: promises a megabyte, sends half of it, then resets. Else: a line that names the port."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if match := re.fullmatch(r"/bytes/(\d+)", self.path):
            self._head(int(match[1]))
            self._fill(int(match[1]))
        elif self.path == "/reset":
            self._head(1 << 20)
            self._fill(1 << 19)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RST)
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()
        else:
            body = f"{self.command} {self.path} at {self.headers['Host']}\n".encode()
            self._head(len(body))
            self.wfile.write(body)
        self.server.seen.append((self.path, dict(self.headers)))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._head(len(body))
        self.wfile.write(body)

    def _head(self, length):
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _fill(self, length):
        block = bytes(range(256)) * 256
        while length > 0:
            self.wfile.write(block[:length])
            length -= len(block)

    def log_message(self, *_):
        pass


class _WebServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # clients that go away in the middle are part of the tests


def web(host="127.0.0.1", certificate=None):
    """A web server with the pages above; `certificate` is a (cert, key) pair of files for https."""
    server_type = type("WebServer", (_WebServer,), {
        "address_family": socket.AF_INET6 if ":" in host else socket.AF_INET})
    server = server_type((host, 0), Page)
    server.seen = []
    server.port = server.server_address[1]
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


# -- raw clients ------------------------------------------------------------------------------------------------------


def connect(gateway, seconds=30, receive_octets=None):
    client = socket.socket()
    if receive_octets:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_octets)
    client.settimeout(seconds)
    client.connect(("127.0.0.1", gateway.port))
    return client


def read_exactly(client, count):
    data = b""
    while len(data) < count:
        part = client.recv(count - len(data))
        expect(part, f"the proxy closed after {len(data)} of {count} octets: {data!r}")
        data += part
    return data


def socks5(gateway, host, port, seconds=30, receive_octets=None, command=1):
    """Asks for a name or an address; returns (socket, reply octet)."""
    client = connect(gateway, seconds, receive_octets)
    client.sendall(b"\x05\x01\x00")
    expect(read_exactly(client, 2) == b"\x05\x00", "SOCKS5 without credentials was not accepted")
    try:
        address = b"\x01" + socket.inet_pton(socket.AF_INET, host)
    except OSError:
        try:
            address = b"\x04" + socket.inet_pton(socket.AF_INET6, host)
        except OSError:
            address = b"\x03" + bytes([len(host)]) + host.encode()
    client.sendall(b"\x05" + bytes([command]) + b"\x00" + address + struct.pack(">H", port))
    version, reply, _, kind = read_exactly(client, 4)
    expect(version == 5, f"a SOCKS5 reply of version {version}")
    length = {1: 4, 4: 16}.get(kind)
    if kind == 3:
        length = read_exactly(client, 1)[0]
    expect(length is not None, f"a SOCKS5 reply with address type {kind}")
    read_exactly(client, length + 2)
    return client, reply


def socks4(gateway, host, port, seconds=30):
    """SOCKS4 for an address, 4a for a name; returns (socket, reply octet)."""
    client = connect(gateway, seconds)
    try:
        head, tail = socket.inet_pton(socket.AF_INET, host), b""
    except OSError:
        head, tail = b"\x00\x00\x00\x01", host.encode() + b"\x00"
    client.sendall(b"\x04\x01" + struct.pack(">H", port) + head + b"someone\x00" + tail)
    version, reply = read_exactly(client, 8)[:2]
    expect(version == 0, f"a SOCKS4 reply of version {version}")
    return client, reply


def read_head(client):
    """Reads one HTTP head octet by octet; returns (status, fields with lower-case names)."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += read_exactly(client, 1)
    lines = head.decode("latin-1").split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    return int(lines[0].split()[1]), {name.lower(): value for name, value in fields.items()}


def http_connect(gateway, host, port, seconds=30):
    """Returns (socket, status, fields)."""
    client = connect(gateway, seconds)
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    client.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
    status, fields = read_head(client)
    return client, status, fields


def http_get(gateway, url, seconds=30):
    """A forwarded GET on a connection of its own; returns (status, fields, body)."""
    with connect(gateway, seconds) as client:
        client.sendall(f"GET {url} HTTP/1.1\r\nHost: wrong.example\r\nConnection: close\r\n\r\n".encode())
        status, fields = read_head(client)
        return status, fields, read_to_end(client)


def tcp_rows():
    """(local port, state) of every TCP socket here; 01 is established, 0A listens."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if os.path.exists(table):
            with open(table) as rows:
                for row in list(rows)[1:]:
                    local, _, state = row.split()[1:4]
                    yield int(local.rpartition(":")[2], 16), state


def established(port):
    """How many TCP connections are open on this listening port, seen from its side."""
    return sum(row == (port, "01") for row in tcp_rows())


def listens(port):
    return (port, "0A") in tcp_rows()
