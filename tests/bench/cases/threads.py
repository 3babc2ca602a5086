"""Whether two threads move twice as much as one."""

import subprocess

from loads import Failed
from procfs import threads_named

from .base import Case, Column
from .bulk import SETTLE_SECONDS, measure_bulk

# Gateway, server, load generator and target share the machine, which is full before one thread of a gateway is. So each
# thread gets a slice of a core: then threads are what is short, and the cores are not.
SLICE_US, PERIOD_US = 2_000, 10_000
DATA_THREADS = "penstock/"


class Threads(Case):
    """Rates with one and with two threads at both ends; every thread may use a fifth of a core, by SCHED_DEADLINE."""

    columns = (Column("ratio", "2 threads / 1", ".2f", less_is_better=False),
               Column("one_mb_per_s", "1: MB/s", less_is_better=False),
               Column("two_mb_per_s", "2: MB/s", less_is_better=False),
               Column("one_cpu_s_per_gb", "1: CPU s/GB", ".2f"), Column("two_cpu_s_per_gb", "2: CPU s/GB", ".2f"))
    only = "penstock"
    streams = 16

    def __init__(self, direction):
        self.direction = direction
        self.name = f"threads-{direction}"
        self.about = f"{self.streams} {direction}loads, each thread of gateway and server limited to" \
                     f" {SLICE_US / PERIOD_US:.0%} of a core: rate of 2 threads at each end over that of 1"

    def run(self, lab, peer):
        values, rates = {}, {}
        for threads, name in ((1, "one"), (2, "two")):
            limited = peer.another(threads)
            limited.near_end = ("--lanes", threads)  # so that the reserve thread has none
            try:
                limited.start()
                lab.warm_up(limited)
                for pid in limited.pids():
                    limit_threads(pid, threads)
                rates[name], cost, more = measure_bulk(
                    lab, limited, self.direction, self.streams, SETTLE_SECONDS, lab.options.seconds)
            finally:
                limited.stop()
            if more.get("problem") or cost is None:
                raise Failed(more.get("problem") or "nothing arrived")
            values |= {f"{name}_mb_per_s": rates[name] / 1e6, f"{name}_cpu_s_per_gb": cost * 1e9,
                       f"{name}_cpu_s": more["cpu_s"]}
        return {"ratio": rates["two"] / rates["one"], **values, "foreign_share": more["foreign_share"]}


def limit_threads(pid, count):
    found = threads_named(pid, DATA_THREADS)
    if len(found) != count + 1:
        raise Failed(f"{len(found)} threads can move data instead of {count} and the reserve")
    for thread in found:
        done = subprocess.run(
            ["chrt", "--deadline", "--sched-runtime", str(SLICE_US * 1000), "--sched-deadline", str(PERIOD_US * 1000),
             "--sched-period", str(PERIOD_US * 1000), "--pid", "0", str(thread)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise Failed(f"a thread cannot be limited: {done.stderr.strip()}")
