#!/usr/bin/env python3
"""Measures penstock beside other tunnels: CPU seconds for each GB, throughput, connect rate, latency, memory.

Every round runs every case with every peer, one after the other, so that what else the machine does hits all alike;
the table holds medians. CPU is user + system time of both ends of the tunnel, without load generator and target.
Trust CPU seconds and ratios; rates move with the machine.

    tests/bench/run.py --build build/release --rounds 3 --peers penstock,haproxy,ssh
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import peers
import procfs

PEERS = ("penstock", "haproxy", "ssh", "direct")
CASES = ("down", "up", "connect", "latency", "idle", "verify")
FOREIGN_SHARE_MAX = 0.15
IDLE_SECONDS = 2  # what is borrowed for the first octets has been given back by then


def parse_arguments():
    here = os.path.dirname(os.path.abspath(__file__))
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", default=os.path.join(here, "../../build/release"), help="folder with the binaries")
    p.add_argument("--peers", default="penstock,haproxy,ssh", help="of " + ", ".join(PEERS))
    p.add_argument("--cases", default="down,up,connect,latency,idle", help="of " + ", ".join(CASES))
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--streams", type=int, default=4, help="of down, up and latency")
    p.add_argument("--megabytes", type=int, default=2000, help="moved in one run of down or up, all streams together")
    p.add_argument("--connects", type=int, default=3000)
    p.add_argument("--concurrency", type=int, default=16, help="of connect")
    p.add_argument("--exchanges", type=int, default=2000, help="of latency, on each stream")
    p.add_argument("--idle-streams", type=int, default=1000)
    p.add_argument("--verify-streams", type=int, default=64)
    p.add_argument("--verify-megabytes", type=int, default=16, help="each way on each stream")
    p.add_argument("--threads", type=int, default=1, help="of penstock and haproxy, at each end")
    p.add_argument("--timeout", type=int, default=120, help="seconds for one run; then it has failed")
    p.add_argument("--keep", action="store_true", help="keep keys and logs")
    p.add_argument("--json", help="also write every single run to this file, one JSON object a line")
    arguments = p.parse_args()
    for known, given in ((PEERS, arguments.peers), (CASES, arguments.cases)):
        for name in given.split(","):
            if name not in known:
                p.error(f"unknown: {name} (known: {', '.join(known)})")
    return arguments


class Target:
    """The far end of every stream."""

    def __init__(self, bench):
        self.process = subprocess.Popen([bench, "target"], stdout=subprocess.PIPE, text=True)
        self.address = json.loads(self.process.stdout.readline())["listening"]

    def stop(self):
        self.process.terminate()
        self.process.communicate()


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments
        self.binary = os.path.join(arguments.build, "penstock_bench")
        if not os.access(self.binary, os.X_OK):
            sys.exit(f"{self.binary} is missing (cmake --build {arguments.build} --target penstock_bench)")
        self.folder = tempfile.mkdtemp(prefix="penstock-bench-")
        self.runs = []

    def load_arguments(self, case):
        a = self.arguments
        octets = a.megabytes * 1_000_000 // a.streams
        return {
            "down": ["down", "--streams", a.streams, "--octets", octets],
            "up": ["up", "--streams", a.streams, "--octets", octets],
            "connect": ["connect", "--streams", a.concurrency, "--count", a.connects],
            "latency": ["latency", "--streams", a.streams, "--count", a.exchanges],
            "idle": ["idle", "--streams", a.idle_streams],
            "warm": ["connect", "--streams", 16, "--count", 100],  # what the first streams cost once is not of interest
            "verify": ["verify", "--streams", a.verify_streams, "--octets", a.verify_megabytes * 1_000_000],
        }[case]

    def command(self, peer, case):
        command = [self.binary, *map(str, self.load_arguments(case)), "--target", peer.address]
        command += ["--timeout", str(self.arguments.timeout)]
        return command + (["--via", peer.via] if peer.via else [])

    def run_load(self, peer, case):
        pids = peer.pids()
        own = pids + [self.target.process.pid]
        begun, busy = time.monotonic(), procfs.machine_busy_seconds()
        cpu, own_cpu = procfs.cpu_seconds(pids), procfs.cpu_seconds(own)
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(self.command(peer, case), stdout=subprocess.PIPE, text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        load_cpu = after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
        result = json.loads(done.stdout.splitlines()[-1])
        result["cpu_s"] = procfs.cpu_seconds(pids) - cpu
        foreign = procfs.machine_busy_seconds() - busy - (procfs.cpu_seconds(own) - own_cpu) - load_cpu
        result["foreign_share"] = max(0.0, foreign) / (time.monotonic() - begun) / os.cpu_count()
        result["cpu_s_per_gb"] = result["cpu_s"] / max(1e-9, (result["received"] + result["sent"]) / 1e9)
        return result

    def run_idle(self, peer):
        """Anonymous memory of both ends with the streams open, less that before, for one stream."""
        subprocess.run(self.command(peer, "warm"), stdout=subprocess.DEVNULL, check=False)
        before = {pid: procfs.anonymous_bytes(pid) for pid in peer.pids()}
        holder = subprocess.Popen(self.command(peer, "idle"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        first = json.loads(holder.stdout.readline())
        if not first.get("ready"):
            holder.communicate()
            return {"failed": 1, "problem": first.get("problem", "no stream was opened")}
        time.sleep(IDLE_SECONDS)
        grown = [(procfs.anonymous_bytes(pid) - was) / first["ready"] for pid, was in before.items()]
        result = json.loads(holder.communicate()[0])
        result["bytes_per_stream"] = [round(g) for g in grown]
        return result

    def run(self, peer, case):
        result = self.run_idle(peer) if case == "idle" else self.run_load(peer, case)
        result.update(peer=peer.name, case=case)
        self.runs.append(result)
        if result.get("problem"):
            print(f"# {peer.name} {case}: {result['problem']}", file=sys.stderr)

    def make_peers(self, only=None):
        a = self.arguments
        folder = tempfile.mkdtemp(dir=self.folder)
        makers = {
            "direct": lambda: peers.Direct(folder, self.target.address),
            "penstock": lambda: peers.Penstock(
                folder, self.target.address, os.path.join(a.build, "penstock"), a.threads),
            "haproxy": lambda: peers.Haproxy(folder, self.target.address, a.threads),
            "ssh": lambda: peers.Ssh(folder, self.target.address),
        }
        started = []
        for name in only or a.peers.split(","):
            try:
                started.append(makers[name]())
            except (RuntimeError, OSError, subprocess.CalledProcessError) as problem:
                print(f"# {name} is left out: {problem}", file=sys.stderr)
        return started

    def run_rounds(self, started):
        for case in self.arguments.cases.split(","):
            for _ in range(self.arguments.rounds if case != "idle" else 0):
                for peer in started:
                    self.run(peer, case)

    def run_idle_cases(self):
        """With processes of their own: a heap that has been in use has room, and would not show what streams take."""
        for name in self.arguments.peers.split(","):
            for peer in self.make_peers([name]):
                try:
                    self.run(peer, "idle")
                finally:
                    peer.stop()

    def run_all(self):
        self.target = Target(self.binary)
        started = []
        try:
            if "idle" in self.arguments.cases.split(","):
                self.run_idle_cases()
            started = self.make_peers()
            self.run_rounds(started)
        finally:
            for peer in started:
                peer.stop()
            self.target.stop()
            if self.arguments.keep:
                print(f"# keys and logs are in {self.folder}", file=sys.stderr)
            else:
                shutil.rmtree(self.folder)
        return [peer.name for peer in started]

    def cell(self, peer, case, key, form):
        values = [r[key] for r in self.runs if r["peer"] == peer and r["case"] == case and key in r]
        if not values:
            return "-"
        if isinstance(values[0], list):
            return " + ".join(format(v, form) for v in values[-1]) or "-"
        return format(statistics.median(values), form)

    def print_table(self, names):
        columns = [
            ("down CPU-s/GB", "down", "cpu_s_per_gb", ".2f"), ("down MB/s", "down", "mb_per_s", ".0f"),
            ("up CPU-s/GB", "up", "cpu_s_per_gb", ".2f"), ("up MB/s", "up", "mb_per_s", ".0f"),
            ("connects/s", "connect", "per_s", ".0f"), ("p50 us", "latency", "p50_us", ".0f"),
            ("p99 us", "latency", "p99_us", ".0f"), ("idle B/stream", "idle", "bytes_per_stream", "d"),
            ("verify MB/s", "verify", "mb_per_s", ".0f"),
        ]
        shown = [c for c in columns if c[1] in self.arguments.cases.split(",")]
        rows = [["", *(c[0] for c in shown)]]
        rows += [[name, *(self.cell(name, *c[1:]) for c in shown)] for name in names]
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        for row in rows:
            print("  ".join(text.rjust(width) for text, width in zip(row, widths)).rstrip())
        print(f"\nMedians of {self.arguments.rounds} interleaved rounds. CPU: user + system of both ends. Idle: growth of"
              " resident anonymous memory of\nthe far end + the near end, for one of"
              f" {self.arguments.idle_streams} streams, kernel memory not included.")
        shares = [r["foreign_share"] for r in self.runs if "foreign_share" in r]
        if shares and max(shares) > FOREIGN_SHARE_MAX:
            busy = sum(share > FOREIGN_SHARE_MAX for share in shares)
            print(f"In {busy} of {len(shares)} runs other programs took more than {FOREIGN_SHARE_MAX:.0%} of the machine"
                  f" (at most {max(shares):.0%}): do not trust the rates.")


def main():
    arguments = parse_arguments()
    bench = Bench(arguments)
    names = bench.run_all()
    bench.print_table(names)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as f:
            f.writelines(json.dumps(r) + "\n" for r in bench.runs)
    return 1 if any(r.get("failed") or r.get("problem") for r in bench.runs) else 0


if __name__ == "__main__":
    sys.exit(main())
