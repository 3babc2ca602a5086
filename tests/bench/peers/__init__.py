"""The programs that are measured, each as it is shipped, with throw-away keys of the same type."""

from .base import PeerMissing, Setting
from .direct import Direct, Microsocks
from .haproxy import Haproxy
from .named import Chisel, Gost, Wstunnel
from .nghttpx import Nghttpx
from .penstock import Penstock, PenstockReno
from .shadowsocks import Shadowsocks
from .ssh import Ssh
from .trojan import Trojan
from .v2ray import V2ray

ALL = {peer.name: peer for peer in (
    Penstock, PenstockReno, Haproxy, Ssh, Trojan, Nghttpx, V2ray, Shadowsocks, Chisel, Gost, Wstunnel, Microsocks,
    Direct)}
BY_PATH = [name for name, peer in ALL.items() if peer.by_path]

__all__ = ["ALL", "BY_PATH", "PeerMissing", "Setting"]
