"""A pair of haproxy: TCP to TLS at the near end, TLS to TCP at the far one. The floor: no SOCKS, no multiplexing."""

from .base import LOCAL, Peer

# AES-128-GCM as with the others, where the default of both ends together would be AES-256.
COMMON = """global
    nbthread {threads}
    ssl-default-server-ciphersuites TLS_AES_128_GCM_SHA256
    ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256
defaults
    mode tcp
    timeout connect 10s
    timeout client 1h
    timeout server 1h
"""


class Haproxy(Peer):
    """A port for each target and no proxy protocol, so the load generator speaks to it as if it were the target."""

    name = "haproxy"
    programs = {"haproxy": "Debian package haproxy"}

    def start(self):
        certificate, key = self.setting.certificate()
        with open(certificate, encoding="ascii") as c, open(key, encoding="ascii") as k:
            both = self.write("both.pem", c.read() + k.read())
        near_text = far_text = COMMON.format(threads=self.setting.threads)
        addresses, ports = {}, []
        for name, target in self.setting.targets.items():
            near, far = self.ports()
            link = f"{self.setting.far.address}:{far}"
            near_text += (f"listen {name}\n    bind {LOCAL}:{near}\n"
                          f"    server far {link} ssl verify required ca-file {certificate}\n")
            far_text += f"listen {name}\n    bind {link} ssl crt {both}\n    server target {target}\n"
            addresses[name] = f"{LOCAL}:{near}"
            ports.append((near, far))
        near, far = ports[-1]  # listened to last
        self.start_far("far.log", "haproxy", "-db", "-f", self.write("far.cfg", far_text), port=far)
        self.start_near("near.log", "haproxy", "-db", "-f", self.write("near.cfg", near_text), port=near)
        self.addresses = addresses

    def version(self):
        return self.first_line(self.program("haproxy"), "-v")
