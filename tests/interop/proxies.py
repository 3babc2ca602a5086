"""Other people's proxies for a gateway to go out through, each a process of the case on a loopback port."""

import os
import pwd
import textwrap
from types import SimpleNamespace

from harness import expect_equal, find, free_port, need, wait_until
from peers import listens

USER, PASSWORD = "laptop", "Geh:eim 1"
HELPERS = "/usr/lib/squid"


def started(process, port):
    process.port = port
    wait_until(lambda: listens(port), 20, f"{process.name} listens:\n{process.tail()}")
    return process


def squid(bed, *settings, env=None):
    """Debian's squid; `requests()` is what it logged: (port of the client, status)."""
    need("squid")
    port = free_port()
    home = bed.folder / f"squid-{port}"
    home.mkdir()
    if os.getuid() == 0:  # it becomes the user `proxy`, and reads the files of the case as that
        bed.folder.chmod(0o755)
        home.chmod(0o777)
    log = home / "access.log"
    config = bed.write(f"squid-{port}.conf", "\n".join([
        f"http_port 127.0.0.1:{port}", "pid_filename none", f"cache_log {home}/cache.log", f"coredump_dir {home}",
        "logformat own %>p %>Hs", f"access_log stdio:{log} own", "cache deny all", "shutdown_lifetime 1 second",
        "visible_hostname proxy.example", *settings, "",
    ]), 0o644)
    process = bed.start("squid", find("squid"), "-N", "-f", config, env=env)
    process.requests = lambda: [tuple(map(int, line.split())) for line in log.read_text().splitlines()]
    return started(process, port)


def needs_login(kind, program, *more):
    return (f"auth_param {kind} program {program}", *more, "acl known proxy_auth REQUIRED",
            "http_access allow known", "http_access deny all")


def squid_with_basic(bed):
    hashed = bed.run("openssl", "passwd", "-apr1", PASSWORD).stdout.strip()
    users = bed.write("squid-users", f"{USER}:{hashed}\n", 0o644)
    return squid(bed, *needs_login("basic", f"{HELPERS}/basic_ncsa_auth {users}"))


def squid_with_negotiate(bed, realm):
    helper = f"{HELPERS}/negotiate_kerberos_auth -k {realm.keytab} -s HTTP/localhost"
    return squid(bed, *needs_login("negotiate", helper), env=realm.env)


def squid_with_digest(bed):
    users = bed.write("squid-users", f"{USER}:Geheim1\n", 0o644)  # the helper takes no colon in a password
    return squid(bed, *needs_login("digest", f"{HELPERS}/digest_file_auth {users}", "auth_param digest realm proxy"))


def tinyproxy(bed, *settings):
    need("tinyproxy")
    port = free_port()
    config = bed.write("tinyproxy.conf", "\n".join([
        f"Port {port}", "Listen 127.0.0.1", "Timeout 600", "MaxClients 100", "LogLevel Connect", *settings, "",
    ]))
    return started(bed.start("tinyproxy", find("tinyproxy"), "-d", "-c", config), port)


def kerberos(bed):
    """A realm on loopback, with the user and a proxy on localhost; returns env, keytab (the proxy's), log_in(), and the server."""
    need("krb5kdc", "kdb5_util", "kadmin.local", "kinit")
    port, realm = free_port(), "TEST.EXAMPLE"
    home = bed.folder / "kerberos"
    home.mkdir()
    (home / "krb5.conf").write_text(textwrap.dedent(f"""\
        [libdefaults]
        default_realm = {realm}
        dns_lookup_kdc = false
        dns_canonicalize_hostname = false
        udp_preference_limit = 1
        [realms]
        {realm} = {{
            kdc = 127.0.0.1:{port}
        }}
        [domain_realm]
        localhost = {realm}
    """))
    (home / "kdc.conf").write_text(textwrap.dedent(f"""\
        [realms]
        {realm} = {{
            database_name = {home}/principal
            key_stash_file = {home}/stash
            kdc_listen = 127.0.0.1:{port}
            kdc_tcp_listen = 127.0.0.1:{port}
        }}
    """))
    env = {"KRB5_CONFIG": f"{home}/krb5.conf", "KRB5_KDC_PROFILE": f"{home}/kdc.conf",
           "KRB5CCNAME": f"FILE:{home}/tickets", "KRB5RCACHETYPE": "none"}

    def run(*argv, data=None):
        made = bed.run(*argv, env=env, data=data)
        expect_equal(made.returncode, 0, f"{argv[0]}: {made.stdout}{made.stderr}")

    run("kdb5_util", "create", "-s", "-r", realm, "-P", "master")
    run("kadmin.local", "addprinc", "-pw", PASSWORD, USER)
    run("kadmin.local", "addprinc", "-randkey", "HTTP/localhost")
    run("kadmin.local", "ktadd", "-k", home / "keytab", "HTTP/localhost")
    (home / "keytab").chmod(0o644)
    server = started(bed.start("krb5kdc", find("krb5kdc"), "-n", env=env), port)
    return SimpleNamespace(env=env, keytab=home / "keytab", server=server,
                           log_in=lambda: run("kinit", USER, data=PASSWORD + "\n"))


def microsocks(bed, *options):
    need("microsocks")
    port = free_port()
    return started(bed.start("microsocks", find("microsocks"), "-i", "127.0.0.1", "-p", port, *options), port)


def danted(bed):
    need("danted")
    user = pwd.getpwuid(os.getuid()).pw_name
    port = free_port()
    config = bed.write("danted.conf", f"""
        logoutput: stderr
        internal: 127.0.0.1 port = {port}
        external: lo
        clientmethod: none
        socksmethod: none
        user.privileged: {user}
        user.unprivileged: {"nobody" if user == "root" else user}
        client pass {{ from: 0/0 to: 0/0 }}
        socks block {{ from: 0/0 to: 0/0 port = 1 }}
        socks pass {{ from: 0/0 to: 0/0 }}
    """)
    return started(bed.start("danted", find("danted"), "-f", config), port)
