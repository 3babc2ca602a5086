"""shadowsocks-libev with its v2ray-plugin: SOCKS5 at the near end, then WebSocket over TLS with mux, the default."""

from .base import LOCAL, NAME, SECRET, Peer

METHOD = "aes-128-gcm"  # on processors with AES instructions faster than the default, chacha20-ietf-poly1305


class Shadowsocks(Peer):
    """SOCKS5, then its own encryption inside a WebSocket over TLS.

    mux is the plugin's default: 1 stream at a time on a connection, which is then used again.
    """

    name = "shadowsocks"
    programs = {
        "ss-local": "Debian package shadowsocks-libev", "ss-server": "Debian package shadowsocks-libev",
        "ss-v2ray-plugin": "Debian package shadowsocks-v2ray-plugin",
    }

    def start(self):
        certificate, key = self.setting.certificate()
        near, far = self.ports()
        where = self.setting.far.address
        common = ["-s", where, "-p", far, "-k", SECRET, "-m", METHOD, "-t", 3600, "-n", 20000, "--no-delay", "--plugin",
                  self.program("ss-v2ray-plugin"), "--plugin-opts"]
        self.start_far("server.log", "ss-server", *common, f"server;tls;host={NAME};cert={certificate};key={key}",
                       port=far)
        self.start_near("local.log", "ss-local", "-b", LOCAL, "-l", near, *common,
                        f"tls;host={NAME};cert={certificate}", port=near)
        self.via = f"{LOCAL}:{near}"

    def version(self):
        return self.first_line(self.program("ss-local"), "-h")
