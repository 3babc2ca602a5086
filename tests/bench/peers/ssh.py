"""`ssh -D` to an sshd of its own, with aes128-gcm: on processors with AES instructions the fastest of its ciphers."""

import os
import shutil
import subprocess

from .base import LOCAL, Peer


class Ssh(Peer):
    """SOCKS5, one SSH connection for all streams; its keys are Ed25519, as ssh-keygen makes them."""

    name = "ssh"
    programs = {
        "ssh": "Debian package openssh-client", "ssh-keygen": "Debian package openssh-client",
        "sshd": "Debian package openssh-server",
    }

    def start(self):
        for name in ("host", "user"):
            subprocess.run([self.program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", self.path(name)],
                           check=True)
        shutil.copy(self.path("user.pub"), self.path("authorized"))
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)  # sshd's own folder, which its service would have made
        near, far = self.ports()
        where = self.setting.far.address
        config = self.write(
            "sshd_config", f"Port {far}\nListenAddress {where}\nHostKey {self.path('host')}\n"
            f"AuthorizedKeysFile {self.path('authorized')}\nStrictModes no\nUsePAM no\nPidFile none\n"
            "PermitRootLogin yes\nPasswordAuthentication no\nMaxSessions 10000\n")
        self.start_far("sshd.log", "sshd", "-D", "-e", "-f", config, port=far)
        self.start_near(
            "ssh.log", "ssh", "-N", "-F", "none", "-D", f"{LOCAL}:{near}", "-p", far, "-i", self.path("user"), "-c",
            "aes128-gcm@openssh.com", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
            "BatchMode=yes", where, port=near)
        self.via = f"{LOCAL}:{near}"

    def version(self):
        return self.first_line(self.program("ssh"), "-V")
