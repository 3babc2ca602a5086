"""Options from the command line, the environment and a file; and the commands that only print."""

import re

from cases import case
from harness import ROOT, expect, expect_equal
from peers import http_get, web


def gateway_file(bed, server, listen):
    keys = bed.keys()
    return bed.write("gateway.conf", f"""
# a comment
[gateway]
listen = {listen}
server = wss://{server.address}/penstock
ca = {keys / 'ca.crt'}
cert = {keys / 'laptop.crt'}
key = {keys / 'laptop.key'}
link-wait = 5s
""")


def announced(process):
    process.address = process.wait_line(r"gateway\.listening address=(\S+)")[1]
    tail = process.address.rpartition(":")[2]
    process.port = int(tail) if tail.isdigit() else None
    return process


@case()
def a_gateway_runs_from_a_file_alone(bed):
    server, site = bed.server(), web()
    config = gateway_file(bed, server, "127.0.0.1:0")
    gateway = announced(bed.start("penstock-gateway", bed.binary, "gateway", "--config", config))
    expect_equal(http_get(gateway, f"http://127.0.0.1:{site.port}/hello")[0], 200, "a request")


@case()
def the_command_line_beats_the_environment_beats_the_file(bed):
    """Shown by `listen`, which is replaced as a whole."""
    server = bed.server()
    config = gateway_file(bed, server, f"unix:{bed.path('file.sock')}")
    environment = {"PENSTOCK_LISTEN": f"unix:{bed.path('one.sock')},unix:{bed.path('two.sock')}", "PENSTOCK_PORT_1080_TCP": "x"}
    start = [bed.binary, "gateway", "--config", config]
    gateway = announced(bed.start("penstock-gateway", *start))
    expect_equal(gateway.address, f"unix:{bed.path('file.sock')}", "from the file")
    gateway = announced(bed.start("penstock-gateway", *start, env=environment))
    expect_equal(gateway.address, f"unix:{bed.path('one.sock')}", "from the environment, first")
    gateway.wait_line(rf"address=unix:{bed.path('two.sock')}")
    line = ["--listen", f"unix:{bed.path('line.sock')}"]
    gateway = announced(bed.start("penstock-gateway", *start, *line, env=environment))
    expect_equal(gateway.address, f"unix:{bed.path('line.sock')}", "from the command line")
    expect_equal(gateway.text().count("gateway.listening"), 1, "listeners")


@case()
def a_wrong_file_is_refused_by_line_and_name(bed):
    server = "[gateway]\nserver = wss://127.0.0.1:1/penstock\n"
    for text, word in (("[gateway]\nlanse = 3\n", "lanse"), ("[gatway]\nlanes = 3\n", "gatway"), (f"{server}lanes = many\n", "lanes")):
        config = bed.write("wrong.conf", text)
        got = bed.penstock("gateway", "--config", config)
        expect_equal(got.returncode, 2, f"exit status for {text!r}: {got.stderr}")
        expect(word in got.stderr and len(got.stderr.strip().splitlines()) == 1, f"the line for {text!r}: {got.stderr}")
        expect_equal(bed.penstock("check", config).returncode, 2, f"exit status of check for {text!r}")
    expect_equal(bed.penstock("gateway", "--config", bed.path("none.conf")).returncode, 2, "exit status for a missing file")


@case()
def check_prints_what_is_in_force_and_opens_nothing(bed):
    server = bed.server()
    config = gateway_file(bed, server, "127.0.0.1:1080")
    got = bed.penstock("check", config)
    expect_equal(got.returncode, 0, got.stderr)
    for word in ("127.0.0.1:1080", server.address, "link-wait"):
        expect(word in got.stdout, f"{word} is not in:\n{got.stdout}")


@case()
def version_and_help_are_for_people(bed):
    got = bed.penstock("version")
    expect((got.returncode, got.stderr) == (0, "") and got.stdout.startswith("penstock "), f"version: {got}")
    everything = bed.penstock("help")
    expect_equal(everything.returncode, 0, "exit status of help")
    for command in ("gateway", "server", "demo", "nc", "keys", "check", "version"):
        expect(command in everything.stdout, f"help does not name {command}")
        got = bed.penstock("help", command)
        expect(got.returncode == 0 and len(got.stdout) > 40, f"help {command}: {got}")
    expect("--listen" in bed.penstock("help", "gateway").stdout, "help gateway does not name --listen")
    expect_equal(bed.penstock().returncode, 2, "exit status without a command")


@case()
def readme_names_only_options_that_exist(bed):
    """Every `--option` that README.md gives to a penstock command is one of that command's."""
    known = {command: bed.penstock("help", command).stdout for command in ("gateway", "server", "demo", "nc", "keys", "check")}
    for line in (ROOT / "README.md").read_text().replace("\\\n", " ").splitlines():
        words = line.replace("`", " ").replace("'", " ").replace('"', " ").split()
        command = None
        for before, word in zip(["", *words], words):
            if before.endswith("penstock") and word in known:
                command = word
            elif command and re.match("--[a-z]", word) and command != "keys":
                expect(word in known[command], f"README.md: penstock {command} has no {word}")
