"""The command line of run.py."""

import argparse
import os

import cases
import peers

USUAL_PEERS = ["penstock", "haproxy", "ssh"]
EXAMPLES = """
    run.py --rounds 15 --peers all --cases all --json results.json --chart charts
    run.py --from results.json --markdown
    run.py --rate 50 --cases wan-beside-down,wan-beside-up
    run.py --namespaces NEAR,FAR --far-address 10.0.0.2 --peers penstock,ssh,direct
"""


def names_of(known, text, groups):
    """The names in a list with commas; `groups` has names that stand for several."""
    names = []
    for name in text.split(","):
        names += groups.get(name, [name])
    for name in names:
        if name not in known:
            raise ValueError(f"unknown: {name} (known: {', '.join([*groups, *known])})")
    return list(dict.fromkeys(names))


def binary(text):
    name, _, path = text.partition("=")
    if name not in peers.ALL or name == "penstock":
        raise argparse.ArgumentTypeError(f"NAME=PATH, not {text} (names: {', '.join(peers.BY_PATH)})")
    if not os.access(path, os.X_OK) or os.path.isdir(path):
        raise argparse.ArgumentTypeError(f"{path or 'nothing'} is not a program")
    return name, os.path.abspath(path)


def at_least(least, kind):
    def parse(text):
        value = kind(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"at least {least}, not {text}")
        return value
    parse.__name__ = kind.__name__  # argparse's message names it
    return parse


def make_parser(about):
    here = os.path.dirname(os.path.abspath(__file__))
    count, seconds = at_least(1, int), at_least(0.1, float)
    p = argparse.ArgumentParser(description=about + EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", default=os.path.normpath(os.path.join(here, "../../build/release")),
                   help="folder with penstock and penstock_bench")
    p.add_argument("--peers", help=f"with commas between them, or all (default: usual, {', '.join(USUAL_PEERS)})")
    p.add_argument("--cases", help="with commas between them, or all (default: usual; see --list)")
    p.add_argument("--list", action="store_true", help="print peers and cases, and end")
    p.add_argument("--rounds", type=count, default=3)
    p.add_argument("--binary", type=binary, action="append", default=[], metavar="NAME=PATH",
                   help=f"a peer that is not in PATH: {', '.join(peers.BY_PATH)}, or any other but penstock")

    size = p.add_argument_group("how much")
    size.add_argument("--seconds", type=seconds, default=3.0, help="of one run (%(default)s)")
    size.add_argument("--idle-streams", type=count, default=1000, help="up to 10000 (%(default)s)")
    size.add_argument("--gateways", type=count, default=1000, help="of the case gateways (%(default)s)")
    size.add_argument("--verify-megabytes", type=count, default=4, help="each way on each stream (%(default)s)")
    size.add_argument("--threads", type=count, default=1, help="of penstock, haproxy and nghttpx, at each end")
    size.add_argument("--timeout", type=count, default=120, help="seconds for one run; then it has failed")

    wan = p.add_argument_group("over a link between two network namespaces (needs root)")
    wan.add_argument("--rate", type=at_least(1, int), metavar="MBIT",
                     help="make them, with a link of this rate and no delay; or else they exist:")
    wan.add_argument("--namespaces", metavar="NEAR,FAR", help="where the near and the far ends run")
    wan.add_argument("--far-address", metavar="ADDRESS", help="IPv4 address of the link's far end")
    wan.add_argument("--congestion", metavar="NAME", help="of all sockets on the link whose program does not choose")
    wan.add_argument("--warm-up", type=at_least(0, float), default=5.0, help="seconds left out of a rate (%(default)s)")
    wan.add_argument("--wan-seconds", type=seconds, default=10.0, help="of bulk and round trips (%(default)s)")

    out = p.add_argument_group("results")
    out.add_argument("--json", metavar="FILE", help="every run of every peer; written after each round")
    out.add_argument("--chart", metavar="FOLDER", help="an SVG bar chart for each case")
    out.add_argument("--markdown", action="store_true", help="also print one table in Markdown")
    out.add_argument("--from", dest="load", nargs="+", metavar="FILE",
                     help="print and draw such files again, together and measuring nothing; --json writes them as one")
    out.add_argument("--keep", action="store_true", help="keep keys, settings and logs of the peers")
    return p


def parse(about):
    """The options, complete and consistent; ends the program if they are not."""
    p = make_parser(about)
    o = p.parse_args()
    o.binary = dict(o.binary)
    if bool(o.namespaces) != bool(o.far_address):
        p.error("--namespaces and --far-address go together")
    if o.rate and o.namespaces:
        p.error("--rate makes namespaces of its own")
    over_link = bool(o.rate or o.namespaces)
    if o.congestion and not over_link:
        p.error("--congestion needs a link between namespaces")
    o.build = os.path.abspath(o.build)
    loopback, wan = ([case.name for case in group] for group in (cases.LOOPBACK, cases.WAN))
    groups = {"usual": wan, "all": wan + loopback} if over_link else {"usual": cases.USUAL, "all": loopback}
    installed = [name for name, peer in peers.ALL.items()
                 if not peer.by_path and (over_link or not peer.over_link)]
    try:
        o.cases = names_of(cases.ALL, o.cases or "usual", groups)
        o.peers = names_of(peers.ALL, o.peers or "usual", {"usual": USUAL_PEERS, "all": installed})
    except ValueError as why:
        p.error(str(why))
    o.peers += [name for name in o.binary if name not in o.peers]
    if not over_link and any(name in wan for name in o.cases):
        p.error("the cases wan-... need --rate, or --namespaces and --far-address")
    if o.namespaces:
        o.namespaces = o.namespaces.split(",")
        if len(o.namespaces) != 2 or "" in o.namespaces:
            p.error("--namespaces wants two names: NEAR,FAR")
    return o
