"""The JSON file of a measurement: one object with the machine, the versions, the parameters and every single run."""

import datetime
import json
import os
import platform
import statistics

SYSCTLS = ("net.ipv4.tcp_congestion_control", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem")


def describe_machine(near, far):
    """What figures depend on, without what says whose machine it is."""
    models, memory = set(), 0
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        models = {line.split(":", 1)[1].strip() for line in f if line.startswith("model name")}
    with open("/proc/meminfo", encoding="ascii") as f:
        memory = int(f.readline().split()[1])
    return {
        "processor": ", ".join(sorted(models)), "cores": os.cpu_count(), "memory_mib": memory // 1024,
        "kernel": platform.release(), "system": os_name(),
        "near": {name: near.sysctl(name) for name in SYSCTLS}, "far": {name: far.sysctl(name) for name in SYSCTLS}}


def os_name():
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return ""


class Results:
    """Runs by case and peer, from this measurement or from a file."""

    def __init__(self, about, runs):
        self.about = about  # machine, date, versions, parameters
        self.runs = runs

    @classmethod
    def load(cls, file):
        with open(file, encoding="utf-8") as f:
            content = json.load(f)
        runs = content.pop("runs")
        return cls(content, runs)

    @classmethod
    def load_all(cls, files):
        """Several measurements as one: more rounds of a case, or more cases. What the first says of the machine counts."""
        first, *others = [cls.load(file) for file in files]
        for other in others:
            done = {name: first.rounds(name) for name in other.cases()}
            first.runs += [{**run, "round": done[run["case"]] + run["round"]} for run in other.runs]
            first.about["versions"] |= other.about["versions"]
        return first

    def save(self, file):
        with open(f"{file}.new", "w", encoding="utf-8") as f:
            json.dump({**self.about, "runs": self.runs}, f, indent=1)
            f.write("\n")
        os.replace(f"{file}.new", file)

    def peers(self, case=None):
        """In the order in which they were named."""
        seen = {run["peer"] for run in self.runs if case in (None, run["case"])}
        return [name for name in self.about["versions"] if name in seen]

    def cases(self):
        return list(dict.fromkeys(run["case"] for run in self.runs))

    def rounds(self, case):
        return 1 + max((run["round"] for run in self.runs if run["case"] == case), default=-1)

    def median(self, peer, case, key):
        """Of all rounds that gave the value; None if none did."""
        values = [run[key] for run in self.runs if run["peer"] == peer and run["case"] == case and key in run]
        return statistics.median(values) if values else None

    def problems(self, peer, case=None):
        """What went wrong, each only once."""
        found = [run["problem"] for run in self.runs
                 if run["peer"] == peer and case in (None, run["case"]) and run.get("problem")]
        return list(dict.fromkeys(found))


def describe(options, near, far, versions):
    hidden = ("json", "chart", "markdown", "keep", "load", "build", "binary", "namespaces", "list")
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": describe_machine(near, far), "versions": versions,
        "parameters": {name: value for name, value in vars(options).items() if name not in hidden}}
