"""Debian's v2ray: SOCKS5 at the near end, VMess over WebSocket over TLS, mux enabled."""

import json

from .base import LOCAL, NAME, Peer

USER = "b831381d-6324-4d53-ad4f-8cda48b30811"
PATH = "/bench"


class V2ray(Peer):
    """SOCKS5, then VMess over WebSocket over TLS, with mux as it is when enabled: 8 streams share a connection."""

    name = "v2ray"
    programs = {"v2ray": "Debian package v2ray"}

    def start(self):
        certificate, key = self.setting.certificate()
        near, far = self.ports()
        where = self.setting.far.address
        server = {
            "log": {"loglevel": "warning"},
            "inbounds": [{
                "listen": where, "port": far, "protocol": "vmess",
                "settings": {"clients": [{"id": USER, "alterId": 0}]},
                "streamSettings": {
                    "network": "ws", "wsSettings": {"path": PATH}, "security": "tls",
                    "tlsSettings": {"certificates": [{"certificateFile": certificate, "keyFile": key}]}},
            }],
            "outbounds": [{"protocol": "freedom"}],
        }
        client = {
            "log": {"loglevel": "warning"},
            "inbounds": [{"listen": LOCAL, "port": near, "protocol": "socks", "settings": {"udp": False}}],
            "outbounds": [{
                "protocol": "vmess",
                "settings": {"vnext": [{"address": where, "port": far, "users": [{"id": USER, "alterId": 0}]}]},
                "streamSettings": {
                    "network": "ws", "wsSettings": {"path": PATH}, "security": "tls",
                    "tlsSettings": {"serverName": NAME, "disableSystemRoot": True, "certificates": [
                        {"usage": "verify", "certificateFile": certificate}]}},
                "mux": {"enabled": True},
            }],
        }
        server_file = self.write("server.json", json.dumps(server, indent=1))
        client_file = self.write("client.json", json.dumps(client, indent=1))
        self.start_far("server.log", "v2ray", "-config", server_file, port=far)
        self.start_near("client.log", "v2ray", "-config", client_file, port=near)
        self.via = f"{LOCAL}:{near}"

    def version(self):
        return self.first_line(self.program("v2ray"), "-version")
