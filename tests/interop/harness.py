"""What a case works with: a folder of its own, processes that it starts and that end with it, and ways to wait.

A case gets a `Bed`. When the case ends, every process of the bed is sent SIGTERM; a penstock that then does not exit
with 0, that had died before, or that a sanitizer complained about, fails the case.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from process import Failed, Process, Skip, expect, expect_equal, find, free_port, need, wait_until  # noqa: F401

ROOT = Path(__file__).resolve().parents[2]


class Bed:
    def __init__(self, binary, full):
        self.binary = str(binary)
        self.full = full
        # What a sanitizer keeps aside says nothing about the program's own memory and speed.
        self.sanitized = any(name in Path(binary).read_bytes() for name in (b"__asan_init", b"__tsan_init"))
        self.folder = Path(tempfile.mkdtemp(prefix="penstock-interop-"))
        self.processes = []
        self.closing = []
        self.env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin",
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "LANG": "C.UTF-8",
        }
        for name in ("ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]

    def path(self, name):
        return str(self.folder / name)

    def write(self, name, text, mode=0o600):
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return str(path)

    def run(self, *argv, seconds=60, data=None, env=None):
        """Runs a program to its end; output is text."""
        try:
            return subprocess.run(
                [str(a) for a in argv], capture_output=True, text=True, errors="replace", timeout=seconds,
                env={**self.env, **(env or {})}, cwd=self.folder,
                **({"stdin": subprocess.DEVNULL} if data is None else {"input": data}),
            )
        except subprocess.TimeoutExpired as overdue:
            raise Failed(f"{' '.join(map(str, argv))} did not end within {seconds} s: {overdue.stderr!r}") from None

    def penstock(self, *argv, **options):
        return self.run(self.binary, *argv, **options)

    def start(self, name, *argv, env=None, stdin=None, pass_fds=()):
        log = self.path(f"{name}-{len(self.processes)}.log")
        process = Process(name, [str(a) for a in argv], {**self.env, **(env or {})}, log, stdin, pass_fds)
        self.processes.append(process)
        return process

    def at_end(self, action):
        self.closing.append(action)

    def close(self):
        """Ends what was started, newest first; returns what is to be complained about."""
        complaints = [c for c in (p.stop() for p in reversed(self.processes)) if c]
        for action in reversed(self.closing):
            action()
        shutil.rmtree(self.folder, ignore_errors=True)
        return complaints

    # -- penstock's two ends ------------------------------------------------------------------------------------------

    def keys(self, name="127.0.0.1", folder="keys"):
        """A folder with a fresh CA, a server's certificate for `name` and a client's called `laptop`."""
        directory = self.folder / folder
        if not directory.exists():
            for argv in (("keys", "init", directory, "--name", name), ("keys", "client", directory, "laptop")):
                made = self.penstock(*argv)
                expect_equal(made.returncode, 0, f"penstock {argv[1]}: {made.stderr}")
        return directory

    @staticmethod
    def _drain(options):
        """Streams that a case leaves open do not hold up its end."""
        return [] if "--drain-timeout" in options else ["--drain-timeout", "1s"]

    def server(self, *options, keys=None, allow=("127.0.0.0/8", "::1/128"), env=None, credentials=True,
               listen="127.0.0.1:0", within=()):
        """Starts a server that admits our client certificate; returns the process, with its `port`.

        `within`: the command that starts it elsewhere, such as in another network namespace.
        """
        keys = keys or self.keys()
        argv = [*within, self.binary, "server", "--listen", listen, *self._drain(options)]
        argv += ["--cert", keys / "server.crt", "--key", keys / "server.key"]
        argv += ["--client-ca", keys / "ca.crt"] if credentials else []
        for pattern in allow:
            argv += ["--allow", pattern]
        process = self.start("penstock-server", *argv, *options, env=env)
        process.address = process.wait_line(r"server\.listening address=(\S+)")[1]
        process.port = int(process.address.rpartition(":")[2])
        return process

    def gateway(self, server_port, *options, keys=None, env=None, credentials=True, listen="127.0.0.1:0",
                server_host="127.0.0.1"):
        """Starts a gateway that uses our client certificate; returns the process, with its `address` and `port`."""
        keys = keys or self.keys()
        argv = [self.binary, "gateway", "--listen", listen, *self._drain(options)]
        argv += ["--server", f"wss://{server_host}:{server_port}/penstock", "--ca", keys / "ca.crt"]
        argv += ["--cert", keys / "laptop.crt", "--key", keys / "laptop.key"] if credentials else []
        process = self.start("penstock-gateway", *argv, *options, env=env)
        process.address = process.wait_line(r"gateway\.listening address=(\S+)")[1]
        tail = process.address.rpartition(":")[2]
        process.port = int(tail) if tail.isdigit() else None
        return process

    def pair(self, server=(), gateway=(), **server_options):
        """Both ends in two processes: returns (gateway, server)."""
        far = self.server(*server, **server_options)
        return self.gateway(far.port, *gateway), far

    def curl(self, *options, seconds=60):
        """curl with nothing of the user's configuration; exit status in `returncode`, body in `stdout`."""
        return self.run("curl", "--disable", "--silent", "--show-error", "--noproxy", "", "--max-time", str(seconds - 5),
                        *options, seconds=seconds)
