#!/usr/bin/env python3
"""Black-box tests: other people's programs against the shipped binary.

    tests/interop/run.py [--binary PATH] [--full] [--jobs N] [--list] [CASE...]

Every case starts its own processes on loopback ports that are free, with keys made for it, and ends only those. It
prints ok, FAIL or skip with a reason; the last line is `N passed, N failed, N skipped`, the exit status 1 after a
failure. CASE is the name of a case or a part of it.
"""

import sys

sys.dont_write_bytecode = True  # the source tree stays as it is

import argparse
import concurrent.futures
import importlib
import os
import signal
import subprocess
import threading
import time
import traceback
from pathlib import Path

from cases import CASES
from harness import ROOT, Bed, Failed, Skip

for module in (
    "clients", "ssh", "exact", "flow", "load", "wrong_input", "lifecycle", "noticing", "resume", "outage", "restart",
    "settings", "front", "proxy", "leaving",
):
    importlib.import_module(f"case_{module}")

OK, FAIL, SKIP = 0, 1, 77  # exit status of one case


def run_inside(case, binary, full):
    """Runs the case in this process; the outcome's text goes to stdout."""
    def overdue(*_):
        raise Failed(f"took longer than {case.seconds(full)} s")

    signal.signal(signal.SIGALRM, overdue)
    signal.alarm(case.seconds(full))
    if case.isolated:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    threading.excepthook = lambda *_: None  # targets and helpers of a case that is over; cases collect what matters
    bed = Bed(binary, full)
    outcome, told = OK, ""
    try:
        told = case.function(bed) or ""
    except Skip as reason:
        outcome, told = SKIP, str(reason)
    except Failed as failure:
        where = traceback.extract_tb(failure.__traceback__)
        place = [frame for frame in where if "/case_" in frame.filename]
        outcome, told = FAIL, f"{failure}\n(line {place[-1].lineno} of {place[-1].name})" if place else str(failure)
    except Exception:
        outcome, told = FAIL, traceback.format_exc()
    signal.alarm(0)
    if outcome == FAIL:
        told += "".join(f"\n-- log of {p.name}:\n{p.tail()}" for p in bed.processes if p.name.startswith("penstock"))
    complaints = bed.close()
    if complaints and outcome != SKIP:
        outcome, told = FAIL, "\n".join([told, *complaints])
    sys.stdout.write(told)
    sys.stdout.flush()
    os._exit(outcome)


def isolate():
    """The command that gives a child network and mount tables of its own, or None where that is not allowed."""
    for command in (["unshare", "--net", "--mount"], ["unshare", "--map-root-user", "--net", "--mount"]):
        probe = subprocess.run([*command, "ip", "link", "set", "lo", "up"], capture_output=True)
        if probe.returncode == 0:
            return command
    return None


def run_outside(case, arguments, isolation):
    """Runs the case in a process group of its own; returns (outcome, text, seconds)."""
    began = time.monotonic()
    if case.isolated and isolation is None:
        return SKIP, "network namespaces cannot be made here (needs root, or user namespaces)", 0
    argv = [*(isolation if case.isolated else []), sys.executable, __file__, "--inside", case.name]
    argv += ["--binary", arguments.binary] + (["--full"] if arguments.full else [])
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, errors="replace", start_new_session=True)
    try:
        text, _ = child.communicate(timeout=case.seconds(arguments.full) + 60)
        status = child.returncode
    except subprocess.TimeoutExpired:
        text, status = "hangs", FAIL
    try:
        os.killpg(child.pid, signal.SIGKILL)  # what a client program may have left; the group is the case's own
    except ProcessLookupError:
        pass
    child.wait()
    return status if status in (OK, SKIP) else FAIL, text, time.monotonic() - began


def show(case, outcome, text, seconds):
    word = {OK: "ok  ", FAIL: "FAIL", SKIP: "skip"}[outcome]
    first, *rest = (text.strip() or "").splitlines() or [""]
    print(f"{word} {case.name} ({seconds:.1f} s){': ' if first else ''}{first}")
    for line in rest:
        print("       " + line)
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary")
    parser.add_argument("--full", action="store_true", help="full sizes, and the long cases")
    parser.add_argument("--jobs", type=int, default=2, help="cases at once; those that measure run alone")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--inside", metavar="CASE", help=argparse.SUPPRESS)
    parser.add_argument("cases", nargs="*")
    arguments = parser.parse_args()
    if arguments.binary is None:
        built = [ROOT / "build" / preset / "penstock" for preset in ("release", "dev")]
        arguments.binary = next((str(path) for path in built if path.exists()), None)
        if arguments.binary is None and not arguments.list:
            sys.exit("run.py: there is no build/release/penstock and no build/dev/penstock (build one, or --binary PATH)")
    elif not os.access(arguments.binary, os.X_OK):
        sys.exit(f"run.py: {arguments.binary} is not a program (build it first)")
    else:
        arguments.binary = str(Path(arguments.binary).resolve())

    if arguments.inside:
        run_inside(CASES[arguments.inside], arguments.binary, arguments.full)
    chosen = [c for c in CASES.values() if not arguments.cases or any(part in c.name for part in arguments.cases)]
    chosen = [c for c in chosen if arguments.full or not c.long]
    if arguments.list:
        for case in chosen:
            print(f"{case.name}: {case.function.__doc__ or ''}".strip().splitlines()[0])
        return
    if not chosen:
        sys.exit("run.py: no such case (see --list)")

    counts = {OK: 0, FAIL: 0, SKIP: 0}
    isolation = isolate()

    def note(case, result):
        show(case, *result)
        counts[result[0]] += 1

    with concurrent.futures.ThreadPoolExecutor(max(1, arguments.jobs)) as pool:
        shared = {pool.submit(run_outside, c, arguments, isolation): c for c in chosen if not c.alone}
        for future in concurrent.futures.as_completed(shared):
            note(shared[future], future.result())
    for case in (c for c in chosen if c.alone):
        note(case, run_outside(case, arguments, isolation))
    print(f"\n{counts[OK]} passed, {counts[FAIL]} failed, {counts[SKIP]} skipped")
    sys.exit(1 if counts[FAIL] else 0)


if __name__ == "__main__":
    main()
