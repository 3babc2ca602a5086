"""Not tunnels, for orientation: no proxy at all, and a plain proxy of one hop."""

from .base import Peer


class Direct(Peer):
    """No proxy: what load generator, target and link can do by themselves."""

    name = "direct"
    tunnel = False

    def start(self):
        pass


class Microsocks(Peer):
    """A SOCKS5 proxy beside the target, without encryption: one hop of the two that a tunnel has."""

    name = "microsocks"
    tunnel = False
    programs = {"microsocks": "Debian package microsocks"}

    def start(self):
        _, port = self.ports()
        where = self.setting.far.address
        self.start_far("microsocks.log", "microsocks", "-i", where, "-p", port, port=port)
        self.via = f"{where}:{port}"

    def version(self):
        return self.first_line("dpkg-query", "--show", "microsocks").replace("\t", " ")
