"""What /proc says about processes: CPU seconds, memory, and how busy the machine is with other things."""

import os
import resource

TICKS = os.sysconf("SC_CLK_TCK")
GONE = (FileNotFoundError, ProcessLookupError)
TCP_LISTEN = "0A"


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
            except GONE:
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
            except GONE:
                pass
    return ticks / TICKS


def threads_named(pid, prefix):
    """Ids of the threads of a process whose names begin so."""
    found = []
    for name in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{name}/comm", encoding="utf-8", errors="replace") as f:
            if f.read().startswith(prefix):
                found.append(int(name))
    return found


def own_cpu_seconds():
    """CPU seconds of this process and of all that it has started, ended or not."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime + cpu_seconds([os.getpid()])


def _sum_kib(pids, file, key):
    total = 0
    for root in pids:
        for pid in descendants(root):
            try:
                with open(f"/proc/{pid}/{file}", encoding="utf-8", errors="replace") as f:
                    total += sum(int(line.split()[1]) * 1024 for line in f if line.startswith(key))
            except GONE:
                pass
    return total


def anonymous_bytes(pids):
    """Resident anonymous memory of processes and their descendants: heap, stacks, private mappings; no files."""
    return _sum_kib(pids, "smaps_rollup", "Anonymous:")


def peak_resident_bytes(pids):
    """The most that each of these processes and their descendants has had in memory, files included."""
    return _sum_kib(pids, "status", "VmHWM:")


def is_listening(pid, port):
    """True if something in the network namespace of the process listens on the TCP port."""
    for table in ("tcp", "tcp6"):
        try:
            with open(f"/proc/{pid}/net/{table}", encoding="ascii") as f:
                rows = [line.split() for line in f]
        except GONE:
            continue
        if any(row[3] == TCP_LISTEN and row[1].endswith(f":{port:04X}") for row in rows[1:]):
            return True
    return False


def link_octets(pid):
    """Sent and received by the network devices, loopback aside, of the process's network namespace."""
    total = 0
    with open(f"/proc/{pid}/net/dev", encoding="ascii") as f:
        for line in f:
            device, colon, counters = line.partition(":")
            if colon and device.strip() != "lo":
                total += int(counters.split()[0]) + int(counters.split()[8])
    return total


def machine_busy_seconds():
    """CPU seconds that the whole machine has worked, including what the hypervisor gave to others."""
    with open("/proc/stat", encoding="ascii") as f:
        fields = [int(n) for n in f.readline().split()[1:]]
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields[:8]
    return (user + nice + system + irq + softirq + steal) / TICKS
