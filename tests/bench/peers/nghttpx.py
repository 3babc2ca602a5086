"""A pair of nghttpx with HTTP/2 between them: HTTP/1 CONNECT at the near end, a forward proxy behind the far one.

nghttpx dials no targets itself: its --http2-proxy wants a forward proxy as its backend, here tinyproxy. That belongs to
the far end and is counted with it.
"""

from places import free_port

from .base import LOCAL, NAME, Peer

# The default of 8 streams to one host at a time would leave most of every case waiting; likewise tinyproxy's 100.
STREAMS_MAX = 16384
TINYPROXY = """Port {port}
Listen {address}
Timeout 600
MaxClients {streams}
LogLevel Error
DisableViaHeader Yes
"""


class Nghttpx(Peer):
    """HTTP/1 CONNECT, then HTTP/2 over TLS, then tinyproxy.

    Everything else as shipped, so 100 streams share a connection, with windows of 64 KiB. Against floods of resets the
    far end gives up a connection on which too many streams were reset at a time; clients that close first cause that.
    """

    name = "nghttpx"
    programs = {"nghttpx": "Debian package nghttp2-proxy", "tinyproxy": "Debian package tinyproxy-bin"}

    def start(self):
        certificate, key = self.setting.certificate()
        near, far = self.ports()
        forward = free_port()
        where = self.setting.far.address
        common = ["--conf=/dev/null", "--http2-proxy", f"--backend-connections-per-host={STREAMS_MAX}",
                  f"--workers={self.setting.threads}", "--accesslog-file=/dev/null", "--errorlog-file=/dev/stderr"]
        forward_file = self.write(
            "tinyproxy.conf", TINYPROXY.format(port=forward, address=LOCAL, streams=STREAMS_MAX))
        self.start_far("tinyproxy.log", "tinyproxy", "-d", "-c", forward_file, port=forward)
        self.start_far(
            "far.log", "nghttpx", *common, f"--frontend={where},{far}", f"--backend={LOCAL},{forward}", key,
            certificate, port=far)
        self.start_near(
            "near.log", "nghttpx", *common, f"--frontend={LOCAL},{near};no-tls",
            f"--backend={where},{far};;proto=h2;tls;sni={NAME}", f"--cacert={certificate}", port=near)
        self.via = f"http://{LOCAL}:{near}"

    def version(self):
        both = self.first_line(self.program("nghttpx"), "-v"), self.first_line(self.program("tinyproxy"), "-v")
        return ", ".join(both)
