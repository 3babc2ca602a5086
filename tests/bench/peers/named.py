"""Tunnels that Debian does not have: used if --binary names the path of one."""

from .base import LOCAL, NAME, SECRET, Peer


class Named(Peer):
    """Both ends are one program."""

    by_path = True

    def version(self):
        for argument in ("--version", "-V", "version"):
            line = self.first_line(self.program(self.name), argument)
            if any(c.isdigit() for c in line):
                return line if self.name in line else f"{self.name} {line}"
        return self.name


class Chisel(Named):
    """SSH inside a WebSocket over TLS, with SOCKS5 at the far end."""

    name = "chisel"
    programs = {"chisel": "give its path with --binary chisel=PATH"}

    def start(self):
        certificate, key = self.setting.certificate()
        near, far = self.ports()
        where = self.setting.far.address
        self.start_far("server.log", "chisel", "server", "--host", where, "--port", far, "--socks5", "--tls-cert",
                       certificate, "--tls-key", key, "--auth", f"bench:{SECRET}", port=far)
        self.start_near("client.log", "chisel", "client", "--tls-ca", certificate, "--auth", f"bench:{SECRET}",
                        f"https://{where}:{far}", f"{LOCAL}:{near}:socks", port=near)
        self.via = f"{LOCAL}:{near}"


class Gost(Named):
    """SOCKS5, then its mwss: smux in a WebSocket over TLS. Version 2 and version 3 differ in names."""

    name = "gost"
    programs = {"gost": "give its path with --binary gost=PATH"}

    def start(self):
        certificate, key = self.setting.certificate()
        near, far = self.ports()
        where = self.setting.far.address
        if "gost 2" in self.version():
            server = f"mwss://{where}:{far}?cert={certificate}&key={key}"
            link = f"mwss://{where}:{far}?secure=true&ca={certificate}"
        else:
            server = f"relay+mwss://{where}:{far}?certFile={certificate}&keyFile={key}"
            link = f"relay+mwss://{where}:{far}?secure=true&caFile={certificate}&serverName={NAME}"
        self.start_far("server.log", "gost", "-L", server, port=far)
        self.start_near("client.log", "gost", "-L", f"socks5://{LOCAL}:{near}", "-F", link, port=near)
        self.via = f"{LOCAL}:{near}"


class Wstunnel(Named):
    """SOCKS5, then a WebSocket over TLS for each stream. As shipped it does not verify the server's certificate."""

    name = "wstunnel"
    programs = {"wstunnel": "give its path with --binary wstunnel=PATH"}

    def start(self):
        certificate, key = self.setting.certificate()
        near, far = self.ports()
        link = f"wss://{self.setting.far.address}:{far}"
        self.start_far("server.log", "wstunnel", "server", link, "--tls-certificate", certificate, "--tls-private-key",
                       key, port=far)
        self.start_near("client.log", "wstunnel", "client", "-L", f"socks5://{LOCAL}:{near}", link, port=near)
        self.via = f"{LOCAL}:{near}"
