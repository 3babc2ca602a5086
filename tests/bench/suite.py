"""Rounds: every case with every peer, one after the other, so that what else the machine does hits all alike."""

import os
import shutil
import subprocess
import sys
import tempfile

import cases
import peers
from lab import Lab
from loads import Failed

START_FAILURES = (RuntimeError, OSError, subprocess.SubprocessError)


def say(text):
    print(f"# {text}", file=sys.stderr, flush=True)


class Suite:
    """run() returns the runs: dicts with peer, case, round, and either values or a problem."""

    def __init__(self, options, near, far):
        self.options = options
        self.cases = [cases.ALL[name] for name in options.cases]
        self.folder = tempfile.mkdtemp(prefix="penstock-bench-")
        self.versions = {}
        self.runs = []
        self.running = {}  # name: peer, those that go on from case to case
        try:
            self.lab = Lab(options, near, far)
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        own = {name: os.path.join(options.build, name) for name in ("penstock", "penstock_bound")}
        binaries = {**own, **options.binary}
        self.setting = peers.Setting(self.folder, self.lab.targets, near, far, options.threads, binaries)

    def find_peers(self):
        """Leaves out, with one line each, those that are not installed. Returns the names of the others."""
        found = []
        for name in self.options.peers:
            try:
                self.versions[name] = peers.ALL[name](self.setting).version()
                found.append(name)
            except peers.PeerMissing as why:
                say(f"{name} is left out: {why}")
        return found

    def start(self, name):
        peer = peers.ALL[name](self.setting)
        try:
            peer.start()
        except BaseException:
            peer.stop()
            raise
        return peer

    def standing(self, name):
        """The peer's processes that earlier cases have used, or new ones if those have ended."""
        if name in self.running and not self.running[name].is_alive():
            self.drop(name)
        if name not in self.running:
            peer = self.start(name)
            self.running[name] = peer
            self.lab.warm_up(peer)
        return self.running[name]

    def drop(self, name):
        if name in self.running:
            self.running.pop(name).stop()

    def measure(self, case, name):
        """One run; a problem is a result too, and makes the next run begin with new processes."""
        peer = None
        try:
            peer = self.start(name) if case.fresh else self.standing(name)
            self.lab.be_quiet()
            result = case.run(self.lab, peer)
        except (Failed, *START_FAILURES) as why:
            result = {"problem": str(why) or type(why).__name__}
        finally:
            if peer and case.fresh:
                peer.stop()
        if result.get("problem"):
            say(f"{name} {case.name}: {result['problem']}")
            self.drop(name)
        return result

    def run_round(self, number, names):
        # Another one begins each time: who comes after whom is not always the same.
        turn = number % max(1, len(names))
        for case in self.cases:
            for name in names[turn:] + names[:turn]:
                if case.only in (None, name):
                    result = self.measure(case, name)
                    self.runs.append({"peer": name, "case": case.name, "round": number, **result})

    def run(self, after_round=lambda: None):
        """All rounds; `after_round` is called after each, and however they end."""
        try:
            names = self.find_peers()
            for number in range(self.options.rounds if names else 0):
                self.run_round(number, names)
                say(f"round {number + 1} of {self.options.rounds} is done")
                after_round()
        finally:
            for name in list(self.running):
                self.drop(name)
            self.lab.stop()
            if self.runs:
                after_round()
            if self.options.keep:
                say(f"keys, settings and logs are in {self.folder}")
            else:
                shutil.rmtree(self.folder)
        return self.runs
