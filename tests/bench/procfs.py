"""What /proc says about processes: CPU seconds, memory, and how busy the machine is with other things."""

import os

TICKS = os.sysconf("SC_CLK_TCK")


def _stat_fields(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
        return f.read().rpartition(")")[2].split()


def descendants(pid):
    """pid and all its children, theirs included: sshd works in children of the process that was started."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parents.setdefault(int(_stat_fields(name)[1]), []).append(int(name))
            except (FileNotFoundError, ProcessLookupError):
                pass
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        todo += parents.get(one, [])
    return found


def cpu_seconds(pids):
    """User and system time of these processes and their descendants, all threads."""
    ticks = 0
    for root in pids:
        for pid in descendants(root):
            try:
                fields = _stat_fields(pid)
                ticks += int(fields[11]) + int(fields[12])
            except (FileNotFoundError, ProcessLookupError):
                pass
    return ticks / TICKS


def anonymous_bytes(root):
    """Resident anonymous memory of a process and its descendants: heap, stacks, private mappings; no files."""
    total = 0
    for pid in descendants(root):
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                total += sum(int(line.split()[1]) * 1024 for line in f if line.startswith("Anonymous:"))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


def machine_busy_seconds():
    """CPU seconds that the whole machine has worked, including what the hypervisor gave to others."""
    with open("/proc/stat", encoding="ascii") as f:
        fields = [int(n) for n in f.readline().split()[1:]]
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields[:8]
    return (user + nice + system + irq + softirq + steal) / TICKS
