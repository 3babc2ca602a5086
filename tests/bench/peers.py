"""The programs that are measured: each is started on free loopback ports with throw-away keys."""

import os
import re
import shutil
import socket
import subprocess
import time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, process, seconds=10):
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with status {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{process.args[0]} does not listen on port {port}")


class Peer:
    """A pair of processes; `via` is the SOCKS5 address, or None if `address` leads straight to the target."""

    name = ""
    via = None

    def __init__(self, folder, target):
        self.folder = os.path.join(folder, self.name.split()[0])
        os.makedirs(self.folder, exist_ok=True)
        self.address = target
        self.processes = []

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o600):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def spawn(self, log, *arguments):
        with open(self.path(log), "w", encoding="utf-8") as out:
            process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.processes.append(process)
        return process

    def pids(self):
        return [p.pid for p in self.processes]

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Direct(Peer):
    """No proxy at all: what load generator and target can do by themselves."""

    name = "direct"


class Penstock(Peer):
    name = "penstock"

    def __init__(self, folder, target, binary, threads, extra=()):
        super().__init__(folder, target)
        keys = self.path("keys")
        for arguments in (["init", keys, "--name", "127.0.0.1"], ["client", keys, "bench"]):
            subprocess.run([binary, "keys", *arguments], check=True, stdout=subprocess.DEVNULL)
        common = ["--threads", str(threads), "--log-level", "info", *extra]
        self.server = self.spawn(
            "server.log", binary, "server", "--listen", "127.0.0.1:0", "--cert", f"{keys}/server.crt", "--key",
            f"{keys}/server.key", "--client-ca", f"{keys}/ca.crt", "--allow", "127.0.0.0/8", *common)
        link = self.listening("server")
        self.gateway = self.spawn(
            "gateway.log", binary, "gateway", "--listen", "127.0.0.1:0", "--server", f"wss://{link}/penstock", "--ca",
            f"{keys}/ca.crt", "--cert", f"{keys}/bench.crt", "--key", f"{keys}/bench.key", *common)
        self.via = self.listening("gateway")

    def listening(self, role):
        """The address in the line that scripts wait for."""
        give_up = time.monotonic() + 10
        while time.monotonic() < give_up and self.processes[-1].poll() is None:
            with open(self.path(f"{role}.log"), encoding="utf-8") as f:
                found = re.search(rf"{role}\.listening address=(\S+)", f.read())
            if found:
                return found.group(1)
            time.sleep(0.02)
        with open(self.path(f"{role}.log"), encoding="utf-8") as f:
            raise RuntimeError(f"penstock {role} does not listen:\n{f.read()}")


class Haproxy(Peer):
    """Client side `mode tcp` to TLS, server side TLS to TCP in front of the target: no SOCKS, no multiplexing."""

    name = "haproxy"

    def __init__(self, folder, target, threads):
        super().__init__(folder, target)
        key, certificate = self.path("key.pem"), self.path("certificate.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
            check=True, stderr=subprocess.DEVNULL)
        with open(certificate, encoding="ascii") as c, open(key, encoding="ascii") as k:
            both = self.write("both.pem", c.read() + k.read())
        outer, inner = free_port(), free_port()
        suite = "TLS_AES_128_GCM_SHA256"
        common = (f"global\n nbthread {threads}\n maxconn 8000\n ssl-default-server-ciphersuites {suite}\n"
                  f" ssl-default-bind-ciphersuites {suite}\ndefaults\n mode tcp\n timeout connect 10s\n"
                  " timeout client 1h\n timeout server 1h\n")
        near = self.write("near.cfg", common + f"listen near\n bind 127.0.0.1:{outer}\n"
                          f" server far 127.0.0.1:{inner} ssl verify required ca-file {certificate}\n")
        far = self.write("far.cfg", common + f"listen far\n bind 127.0.0.1:{inner} ssl crt {both}\n"
                         f" server target {target}\n")
        wait_for_port(inner, self.spawn("far.log", "haproxy", "-db", "-f", far))
        wait_for_port(outer, self.spawn("near.log", "haproxy", "-db", "-f", near))
        self.address = f"127.0.0.1:{outer}"


class Ssh(Peer):
    """`ssh -D` with aes128-gcm to an sshd of its own."""

    name = "ssh -D"

    def __init__(self, folder, target):
        super().__init__(folder, target)
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path(name)], check=True)
        shutil.copy(self.path("user.pub"), self.path("authorized"))
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)  # sshd's own folder, which its service would have made
        port, socks = free_port(), free_port()
        config = self.write("sshd_config", f"Port {port}\nListenAddress 127.0.0.1\nHostKey {self.path('host')}\n"
                            f"AuthorizedKeysFile {self.path('authorized')}\nStrictModes no\nUsePAM no\nPidFile none\n"
                            "PermitRootLogin yes\nPasswordAuthentication no\nMaxSessions 10000\n")
        wait_for_port(port, self.spawn("sshd.log", shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-e", "-f", config))
        client = self.spawn(
            "ssh.log", "ssh", "-N", "-F", "none", "-D", f"127.0.0.1:{socks}", "-p", str(port), "-i", self.path("user"),
            "-c", "aes128-gcm@openssh.com", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "BatchMode=yes", "127.0.0.1")
        wait_for_port(socks, client)
        self.via = f"127.0.0.1:{socks}"
