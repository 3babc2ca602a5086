"""Not a tunnel: one relay on one thread with one lent buffer, the project's own. The case bound compares with it."""

from places import free_port, wait_until_listening

from .base import LOCAL, Peer


class Relay(Peer):
    """A port of its own, as with haproxy, and no encryption; leads to the target for bulk only."""

    name = "relay"
    programs = {"penstock_bound": "build the target penstock_bound"}

    def start(self):
        address = f"{LOCAL}:{free_port()}"
        process = self.start_near("relay.log", "penstock_bound", "relay", address, self.setting.targets["bulk"])
        wait_until_listening(process, int(address.rpartition(":")[2]))
        self.addresses = {"bulk": address}
