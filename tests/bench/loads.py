"""Processes of the load generator, penstock_bench: they say what happens in JSON lines."""

import json
import queue
import signal
import subprocess
import threading
import time

STOP_SECONDS = 10


class Failed(Exception):
    """A load did not do what a case needs; the case has failed, the suite goes on."""


class Mark:
    """What had been moved at a moment of the monotonic clock."""

    def __init__(self, line):
        self.at, self.received, self.sent = line["at"], line["received"], line["sent"]
        self.moving = line["moving"]  # streams that have moved anything since the mark before

    def octets(self):
        return self.received + self.sent


def rate(before, after, key="octets"):
    """Octets a second between two marks: of both directions, or only "received" or "sent"."""
    moved = [getattr(m, key) if key != "octets" else m.octets() for m in (before, after)]
    return (moved[1] - moved[0]) / (after.at - before.at)


class Load:
    """One process. It goes on until it is done or stop() is called; leaving a `with` block ends it."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._lines = queue.Queue()
        self._kept = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put(None)

    def expect(self, key, seconds):
        """The next line that has the key; None if there is none within so many seconds."""
        for line in self._kept:
            if key in line:
                self._kept.remove(line)
                return line
        give_up = time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, give_up - time.monotonic()))
            except queue.Empty:
                return None
            if line is None:
                self._lines.put(None)
                return None
            if key in line:
                return line
            self._kept.append(line)

    def opened(self, seconds):
        """How many streams are open when all are, or have failed; None if that takes longer."""
        line = self.expect("ready", seconds)
        return line["ready"] if line else None

    def mark(self):
        self.process.send_signal(signal.SIGUSR1)
        line = self.expect("at", STOP_SECONDS)
        if not line:
            raise Failed("the load generator has ended early")
        return Mark(line)

    def result(self, seconds):
        """The last line of a load that ends by itself."""
        line = self.expect("mode", seconds)
        if not line:
            raise Failed("the load generator gave no result")
        return line

    def stop(self):
        """Ends it; its last line, or None if it has none."""
        if self.process.poll() is None:
            self.process.terminate()
        line = self.expect("mode", STOP_SECONDS)
        self._close()
        return line

    def _close(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._close()


class Target(Load):
    """The far end of every stream."""

    def __init__(self, command):
        super().__init__(command)
        line = self.expect("listening", STOP_SECONDS)
        if not line:
            raise Failed("the target does not listen")
        self.address = line["listening"]
