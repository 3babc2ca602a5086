"""What a case works with: a folder of its own, processes that it starts and that end with it, and ways to wait.

A case gets a `Bed`. When the case ends, every process of the bed is sent SIGTERM; a penstock that then does not exit
with 0, that had died before, or that a sanitizer complained about, fails the case.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SANITIZER = re.compile(r"ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:")


class Skip(Exception):
    """The machine cannot show this; the reason is the text."""


class Failed(Exception):
    """Something was not as it must be."""


def expect(condition, what):
    if not condition:
        raise Failed(what)


def expect_equal(got, wanted, what):
    expect(got == wanted, f"{what}: got {got!r}, wanted {wanted!r}")


def wait_until(condition, seconds, what):
    """Polls until the condition holds, and returns what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        outcome = condition()
        if outcome:
            return outcome
        expect(time.monotonic() < deadline, f"did not happen within {seconds} s: {what}")
        time.sleep(0.02)


def free_port(host="127.0.0.1"):
    """A port that was free a moment ago, for programs that cannot choose one themselves."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def need(*programs):
    for program in programs:
        if not find(program):
            raise Skip(f"{program} is not installed")


def find(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


class Process:
    """A child process whose output goes to a file that can be waited on."""

    def __init__(self, name, argv, env, log, stdin=None):
        self.name = name
        self.log = log
        self.expected_exit = 0 if name.startswith("penstock") else None
        with open(log, "wb") as out:
            self.child = subprocess.Popen(argv, stdin=stdin or subprocess.DEVNULL, stdout=out, stderr=out, env=env)

    @property
    def pid(self):
        return self.child.pid

    def text(self):
        return Path(self.log).read_text(errors="replace")

    def wait_line(self, pattern, seconds=20):
        """The match of the first line that fits; fails at once if the process is gone."""
        compiled = re.compile(pattern)

        def look():
            alive = self.child.poll() is None
            found = compiled.search(self.text())
            expect(found or alive, f"{self.name} exited with {self.child.returncode} and said:\n{self.tail()}")
            return found

        try:
            return wait_until(look, seconds, f"{self.name} prints {pattern}")
        except Failed as failure:
            raise Failed(f"{failure}\n{self.tail()}") from None

    def tail(self, lines=25):
        return "\n".join("    | " + line for line in self.text().splitlines()[-lines:])

    def alive(self):
        return self.child.poll() is None

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self, seconds):
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} did not exit within {seconds} s\n{self.tail()}") from None

    def stop(self):
        """Ends it with SIGTERM and complains if a penstock was not there any more or did not exit cleanly."""
        complaint = None
        if not self.alive() and self.expected_exit is not None and self.child.returncode != self.expected_exit:
            complaint = f"{self.name} had exited with {self.child.returncode}"
        elif self.alive():
            self.signal(signal.SIGTERM)
            try:
                status = self.child.wait(20)
                if self.expected_exit is not None and status != self.expected_exit:
                    complaint = f"{self.name} exited with {status} after SIGTERM"
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
                if self.expected_exit is not None:
                    complaint = f"{self.name} did not exit within 20 s after SIGTERM"
        if self.expected_exit is not None and SANITIZER.search(self.text()):
            complaint = f"a sanitizer found something in {self.name}"
        return complaint and f"{complaint}\n{self.tail(60)}"

    def memory_kib(self):
        """Resident memory that is not backed by files."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"^RssAnon:\s+(\d+) kB", status, re.MULTILINE)[1])

    def thread_ticks(self):
        """CPU ticks used so far, by thread id."""
        ticks = {}
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            fields = (task / "stat").read_text().rpartition(")")[2].split()
            ticks[int(task.name)] = int(fields[11]) + int(fields[12])
        return ticks


class Bed:
    def __init__(self, binary, full):
        self.binary = str(binary)
        self.full = full
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
        return subprocess.run(
            [str(a) for a in argv], input=data, capture_output=True, text=True, errors="replace", timeout=seconds,
            env={**self.env, **(env or {})}, cwd=self.folder, stdin=subprocess.DEVNULL if data is None else None,
        )

    def penstock(self, *argv, **options):
        return self.run(self.binary, *argv, **options)

    def start(self, name, *argv, env=None, stdin=None):
        log = self.path(f"{name}-{len(self.processes)}.log")
        process = Process(name, [str(a) for a in argv], {**self.env, **(env or {})}, log, stdin)
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
               listen="127.0.0.1:0"):
        """Starts a server that admits our client certificate; returns the process, with its `port`."""
        keys = keys or self.keys()
        argv = [self.binary, "server", "--listen", listen, *self._drain(options)]
        argv += ["--cert", keys / "server.crt", "--key", keys / "server.key"]
        argv += ["--client-ca", keys / "ca.crt"] if credentials else []
        for pattern in allow:
            argv += ["--allow", pattern]
        process = self.start("penstock-server", *argv, *options, env=env)
        process.address = process.wait_line(r"server\.listening address=(\S+)")[1]
        process.port = int(process.address.rpartition(":")[2])
        return process

    def gateway(self, server_port, *options, keys=None, env=None, credentials=True, listen="127.0.0.1:0"):
        """Starts a gateway that uses our client certificate; returns the process, with its `address` and `port`."""
        keys = keys or self.keys()
        argv = [self.binary, "gateway", "--listen", listen, *self._drain(options)]
        argv += ["--server", f"wss://127.0.0.1:{server_port}/penstock", "--ca", keys / "ca.crt"]
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
