"""A child process that can be waited for, and the ways in which a case ends."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

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

    def __init__(self, name, argv, env, log, stdin=None, pass_fds=()):
        self.name = name
        self.log = log
        self.expected_exit = 0 if name.startswith("penstock") else None  # None: any
        with open(log, "wb") as out:
            self.child = subprocess.Popen(argv, stdin=stdin or subprocess.DEVNULL, stdout=out, stderr=out, env=env,
                                          pass_fds=pass_fds)

    @property
    def pid(self):
        return self.child.pid

    def text(self):
        return Path(self.log).read_text(errors="replace")

    def count(self, words):
        """How often it has said so."""
        return len(re.findall(words, self.text()))

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
