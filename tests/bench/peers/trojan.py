"""Debian's trojan: SOCKS5 at the near end, a TLS connection for each stream. Settings are those of its examples."""

import json

from .base import LOCAL, NAME, SECRET, Peer

CIPHERS = {  # both lists are from its examples
    "cipher": "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384",
    "cipher_tls13": "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384",
}
TCP = {"no_delay": True, "keep_alive": True, "reuse_port": False, "fast_open": False, "fast_open_qlen": 20}


class Trojan(Peer):
    """SOCKS5, then a TLS connection for each stream.

    The far end hands what is not trojan to a web server; here that would be the target, and does not happen.
    """

    name = "trojan"
    programs = {"trojan": "Debian package trojan"}

    def start(self):
        certificate, key = self.setting.certificate()
        near, far = self.ports()
        where = self.setting.far.address
        target, _, target_port = self.setting.targets["bulk"].rpartition(":")
        server = {
            "run_type": "server", "local_addr": where, "local_port": far, "remote_addr": target,
            "remote_port": int(target_port), "password": [SECRET], "log_level": 1, "tcp": TCP,
            "ssl": {"cert": certificate, "key": key, **CIPHERS, "prefer_server_cipher": True, "alpn": ["http/1.1"],
                    "reuse_session": True, "session_ticket": False, "session_timeout": 600},
        }
        client = {
            "run_type": "client", "local_addr": LOCAL, "local_port": near, "remote_addr": where, "remote_port": far,
            "password": [SECRET], "log_level": 1, "tcp": TCP,
            "ssl": {"verify": True, "verify_hostname": True, "cert": certificate, **CIPHERS, "sni": NAME,
                    "alpn": ["h2", "http/1.1"], "reuse_session": True, "session_ticket": False},
        }
        server_file = self.write("server.json", json.dumps(server, indent=1))
        client_file = self.write("client.json", json.dumps(client, indent=1))
        self.start_far("server.log", "trojan", "-c", server_file, port=far)
        self.start_near("client.log", "trojan", "-c", client_file, port=near)
        self.via = f"{LOCAL}:{near}"

    def version(self):
        return self.first_line(self.program("trojan"), "-v", containing="trojan")
