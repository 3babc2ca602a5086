"""What all peers have in common: programs to find, processes to start and to end, a certificate."""

import copy
import os
import shutil
import subprocess
import tempfile

from places import free_port, wait_until_listening

SECRET = "bench-only-3f1c9a7e5d2b8460"
NAME = "bench"  # in the certificate; what clients ask for where they can be told
LOCAL = "127.0.0.1"


class PeerMissing(Exception):
    """A program of the peer is not there; the text says where to get it."""


class Setting:
    """Where peers are started and what they lead to."""

    def __init__(self, folder, targets, near, far, threads, binaries):
        self.folder = folder
        self.targets = targets  # addresses by what they are for, "bulk" and "echo"
        self.near = near
        self.far = far
        self.threads = threads
        self.binaries = binaries  # program: path, where it is not the one in PATH
        self._certificate = None

    def certificate(self):
        """Files of the certificate, ECDSA P-256 and its own authority, and of its key."""
        if not self._certificate:
            files = tuple(os.path.join(self.folder, name) for name in ("certificate.pem", "key.pem"))
            names = f"subjectAltName=DNS:{NAME},IP:{self.far.address}"
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                 "2", "-subj", f"/CN={NAME}", "-addext", names, "-out", files[0], "-keyout", files[1]],
                check=True, stderr=subprocess.DEVNULL)
            self._certificate = files
        return self._certificate


class Peer:
    """A near end, which programs talk to, and a far end, which talks to the target. start() starts both.

    After that `via` is the proxy (ADDRESS for SOCKS5, http://ADDRESS for HTTP CONNECT), or None if `addresses` lead
    straight to the targets.
    """

    name = ""
    programs = {}  # program: where it comes from, for the reader of a message
    by_path = False  # only with --binary
    tunnel = True  # carries streams encrypted from a near to a far end
    over_link = False  # differs from others only over a link between namespaces
    via = None

    def __init__(self, setting):
        self.setting = setting
        self.addresses = setting.targets
        self.near_processes = []
        self.far_processes = []
        missing = [program for program in self.programs if not self.program(program)]
        if missing:
            hints = sorted({self.programs[program] for program in missing})
            raise PeerMissing(f"{', '.join(missing)} not found ({', '.join(hints)})")
        self.folder = tempfile.mkdtemp(prefix=f"{self.name}-", dir=setting.folder)

    def start(self):
        """Starts both ends and returns when they listen."""
        raise NotImplementedError

    def version(self):
        """One line for the record; asked without starting anything."""
        return ""

    def another(self, threads):
        """The same peer with so many threads at each end, not started."""
        setting = copy.copy(self.setting)
        setting.threads = threads
        return type(self)(setting)

    def program(self, name):
        return self.setting.binaries.get(name) or shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")

    def first_line(self, *command, containing=""):
        """Of what the command prints: most programs tell their version so."""
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=10, check=False)
        lines = [line.strip() for line in done.stdout.splitlines() if line.strip() and containing in line]
        return lines[0] if lines else ""

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o600):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def _spawn(self, place, processes, log, program, *arguments):
        command = place.command([self.program(program), *arguments])
        with open(self.path(log), "w", encoding="utf-8") as out:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.folder)
        processes.append(process)
        return process

    def start_near(self, log, program, *arguments, port=None):
        """Starts a program of the near end; with a port, waits until it listens there."""
        process = self._spawn(self.setting.near, self.near_processes, log, program, *arguments)
        if port:
            wait_until_listening(process, port)
        return process

    def start_far(self, log, program, *arguments, port=None):
        """Starts a program of the far end; with a port, waits until it listens there."""
        process = self._spawn(self.setting.far, self.far_processes, log, program, *arguments)
        if port:
            wait_until_listening(process, port)
        return process

    def ports(self):
        """A port for the near end's proxy and one for the far end's listener, which is at the far address."""
        return free_port(), free_port()

    def near_pids(self):
        return [p.pid for p in self.near_processes]

    def far_pids(self):
        return [p.pid for p in self.far_processes]

    def pids(self):
        return self.near_pids() + self.far_pids()

    def is_alive(self):
        return all(p.poll() is None for p in self.near_processes + self.far_processes)

    def stop(self):
        """Near end first; what does not end by itself is ended."""
        for process in self.near_processes + self.far_processes:
            process.terminate()
        for process in self.near_processes + self.far_processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.near_processes, self.far_processes = [], []
