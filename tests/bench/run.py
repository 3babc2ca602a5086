#!/usr/bin/env python3
"""Measures penstock beside other tunnels: CPU seconds for each GB, rates, round trips, connections, memory.

Every round runs every case with every peer, one after the other, so that what else the machine does hits all alike;
the tables hold medians. CPU is user + system time of both ends of the tunnel, without load generator and target.
Trust CPU seconds and ratios; rates move with the machine. Peers run as they are shipped; those that are not installed
are left out.
"""

import resource
import signal
import sys

import cases
import charts
import options
import peers
import report
import results
from links import RatedLink
from loads import Failed
from places import Place
from suite import Suite, say


def print_list():
    print("peers")
    for name, peer in peers.ALL.items():
        print(f"  {name:14} {peer.__doc__.splitlines()[0]}")
    print("cases")
    for name, case in cases.ALL.items():
        print(f"  {name:16} {case.about}")


def places(o):
    """The near and the far place; ends the program if one of them cannot be used."""
    if not o.namespaces:
        return Place(), Place()
    near, far = Place(o.namespaces[0]), Place(o.namespaces[1], o.far_address)
    problem = near.problem() or far.problem()
    if not problem and not far.has_address():
        problem = f"{o.far_address} is not an address of namespace {far.namespace}"
    if problem:
        sys.exit(f"run.py: {problem}")
    if o.congestion:
        for place in (near, far):
            place.use_congestion_control(o.congestion)
    return near, far


def raise_descriptor_limit():
    """Inherited by everything that is started: many streams need many descriptors."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def measure(o):
    if not o.rate:
        return measure_at(o, *places(o))
    try:
        with RatedLink(o.rate) as link:
            o.namespaces, o.far_address = link.namespaces, link.far_address
            return measure_at(o, *places(o))
    except (OSError, RuntimeError) as why:
        sys.exit(f"run.py: {why}")


def measure_at(o, near, far):
    descriptors = raise_descriptor_limit()
    if "idle" in o.cases and 2 * o.idle_streams + 100 > descriptors:
        say(f"{descriptors} descriptors are the limit here, too few where an end has two for each of"
            f" {o.idle_streams} streams")
    try:
        suite = Suite(o, near, far)
    except (Failed, OSError) as why:
        sys.exit(f"run.py: {why} (cmake --build {o.build} --target penstock penstock_bench penstock_bound)")
    found = results.Results(results.describe(o, near, far, suite.versions), suite.runs)
    suite.run(lambda: found.save(o.json) if o.json else None)
    return found


def read(o):
    try:
        found = results.Results.load_all(o.load)
    except (OSError, ValueError, KeyError) as why:
        sys.exit(f"run.py: {', '.join(o.load)}: no results: {why}")
    if o.json:
        found.save(o.json)
    return found


def main():
    o = options.parse(__doc__)
    if o.list:
        print_list()
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that whatever was started is ended
    found = read(o) if o.load else measure(o)
    if not found.runs:
        sys.exit("run.py: nothing was measured")
    report.print_tables(found)
    if o.markdown:
        report.print_markdown(found)
    if o.chart:
        print(f"\n{len(charts.write_charts(found, o.chart))} charts are in {o.chart}")
    # A peer that cannot do a case is a result; penstock has to.
    return 1 if found.problems(report.REFERENCE) else 0


if __name__ == "__main__":
    sys.exit(main())
