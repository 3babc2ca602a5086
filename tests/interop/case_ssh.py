"""ssh and scp through the proxy, and nc as it is used for that."""

import getpass
import hashlib
import os
import subprocess

from cases import case
from harness import expect, expect_equal, find, free_port, need, wait_until
from peers import Target, answer_after_eof, echo, late_answer, listens


class Sshd:
    """A real sshd on a high port with keys made for it, and a client configuration that trusts it."""

    def __init__(self, bed):
        need("sshd", "ssh", "scp", "ssh-keygen")
        for name in ("host_key", "user_key"):
            made = bed.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", name)
            expect_equal(made.returncode, 0, f"ssh-keygen: {made.stderr}")
        if os.getuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # sshd as root insists on it
        self.port = free_port()
        bed.write("sshd_config", f"""
            Port {self.port}
            ListenAddress 127.0.0.1
            HostKey {bed.path('host_key')}
            AuthorizedKeysFile {bed.path('user_key.pub')}
            PidFile none
            UsePAM no
            StrictModes no
            PermitRootLogin prohibit-password
            PasswordAuthentication no
            Subsystem sftp internal-sftp
            LogLevel ERROR
        """)
        self.process = bed.start("sshd", find("sshd"), "-D", "-e", "-f", bed.path("sshd_config"))
        wait_until(lambda: listens(self.port), 20, f"sshd listens:\n{self.process.tail()}")
        host_key = (bed.folder / "host_key.pub").read_text()
        bed.write("known_hosts", f"[127.0.0.1]:{self.port} {host_key}")
        self.options = [
            "-F", "none", "-i", bed.path("user_key"), "-o", f"UserKnownHostsFile={bed.path('known_hosts')}",
            "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes",
        ]
        self.user = getpass.getuser()


def ways(bed, gateway):
    return {
        "nc -X 5": f"nc.openbsd -X 5 -x {gateway.address} %h %p",
        "nc -X connect": f"nc.openbsd -X connect -x {gateway.address} %h %p",
        "ncat --proxy, socks5": f"ncat --proxy {gateway.address} --proxy-type socks5 %h %p",
        "ncat --proxy, http": f"ncat --proxy {gateway.address} --proxy-type http %h %p",
        "penstock nc": f"{bed.binary} nc --via {gateway.address} %h %p",
    }


@case(limit=180)
def ssh_runs_a_command_by_every_proxy_command(bed):
    """And 2 MB come through in each direction, and the remote exit status."""
    need("nc.openbsd", "ncat")
    sshd = Sshd(bed)
    gateway, _ = bed.pair()
    data = "".join(f"{n:07d}\n" for n in range(250_000))
    for name, command in ways(bed, gateway).items():
        got = bed.run("ssh", *sshd.options, "-o", f"ProxyCommand={command}", "-p", sshd.port, f"{sshd.user}@127.0.0.1",
                      "cat; exit 42", data=data)
        expect_equal(got.returncode, 42, f"exit status of ssh through {name}: {got.stderr}")
        expect(got.stdout == data, f"through {name}: {len(got.stdout)} of {len(data)} octets came back")


@case(limit=240)
def scp_copies_a_hundred_megabytes(bed):
    """There and back, through `penstock nc` and through nc -X 5, with equal SHA-256."""
    need("nc.openbsd")
    sshd = Sshd(bed)
    gateway, _ = bed.pair()
    source = bed.folder / "source"
    with open(source, "wb") as out:
        subprocess.run(["head", "-c", "100000000", "/dev/urandom"], stdout=out, check=True)
    wanted = digest(source)
    there, back = bed.folder / "there", bed.folder / "back"
    every = ways(bed, gateway)
    for name in ("penstock nc", "nc -X 5"):
        options = [*sshd.options, "-o", f"ProxyCommand={every[name]}", "-P", sshd.port]
        for origin, destination, made in (
            (source, f"{sshd.user}@127.0.0.1:{there}", there), (f"{sshd.user}@127.0.0.1:{there}", back, back),
        ):
            got = bed.run("scp", "-q", *options, origin, destination, seconds=120)
            expect_equal(got.returncode, 0, f"scp through {name}: {got.stderr}")
            expect_equal(digest(made), wanted, f"SHA-256 of {made.name} through {name}")
        there.unlink()
        back.unlink()


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@case()
def nc_keeps_half_close(bed):
    """A target that answers only after EOF delivers its whole answer through `penstock nc`."""
    gateway, _ = bed.pair()
    target = Target(answer_after_eof)
    got = bed.penstock("nc", "--via", gateway.address, "127.0.0.1", target.port, data="a question")
    expect_equal(got.returncode, 0, f"exit status: {got.stderr}")
    expect(got.stdout.encode() == late_answer(b"a question"), f"{len(got.stdout)} octets of the answer")


@case()
def nc_ends_when_the_target_ends(bed):
    """It prints the answer while stdin is still open, and exits with 0 as soon as that ends too."""
    gateway, _ = bed.pair()
    target = Target(lambda connection: connection.sendall(b"bye\n"))
    nc = bed.start("penstock-nc", bed.binary, "nc", "--via", gateway.address, "127.0.0.1", target.port, stdin=subprocess.PIPE)
    nc.wait_line("bye")
    nc.child.stdin.close()
    expect_equal(nc.wait(10), 0, "exit status")


@case()
def nc_says_why_in_one_line(bed):
    """A closed port, and a gateway that is not there: exit status 1 and one line on stderr."""
    gateway, _ = bed.pair()
    closed = free_port()
    for via, cause in ((gateway.address, "refused"), (f"127.0.0.1:{free_port()}", "refused")):
        got = bed.penstock("nc", "--via", via, "127.0.0.1", closed, data="")
        expect_equal(got.returncode, 1, f"exit status: {got.stderr}")
        expect_equal(len(got.stderr.splitlines()), 1, f"lines on stderr: {got.stderr}")
        expect(cause in got.stderr, f"no {cause!r} in: {got.stderr}")


@case()
def nc_goes_through_a_unix_socket_and_with_credentials(bed):
    users = bed.write("users", "ann:password:plain$secret\n")
    login = bed.write("login", "ann:secret\n")
    server = bed.server()
    socket_path = f"unix:{bed.path('proxy.sock')}"
    bed.gateway(server.port, "--users-file", users, listen=socket_path)
    target = Target(echo)
    got = bed.penstock("nc", "--via", socket_path, "--via-auth-file", login, "127.0.0.1", target.port, data="hello")
    expect_equal((got.returncode, got.stdout), (0, "hello"), got.stderr)
    got = bed.penstock("nc", "--via", socket_path, "127.0.0.1", target.port, data="hello")
    expect_equal((got.returncode, got.stdout), (1, ""), "without credentials")
