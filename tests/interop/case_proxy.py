"""Out through other people's proxies: gateway -> proxy -> server, with every way to authenticate that they know."""

import os
import pwd
import re
import signal
import textwrap

from breaking import BreakingNetwork
from cases import case
from harness import Bed, expect, expect_equal, find, free_port, need, wait_until
from network import make_routes
from peers import Target, echo, http_get, listens, read_exactly, socks5, web

USER, PASSWORD = "laptop", "Geh:eim 1"
HELPERS = "/usr/lib/squid"


def login_file(bed, password=PASSWORD):
    return bed.write("proxy-login", f"{USER}:{password}\n")


def fetch(bed, gateway):
    site = web()
    got = bed.curl("--proxy", f"socks5h://{gateway.address}", f"http://127.0.0.1:{site.port}/hello")
    expect_equal((got.returncode, got.stdout), (0, f"GET /hello at 127.0.0.1:{site.port}\n"), got.stderr)
    body = http_get(gateway, f"http://127.0.0.1:{site.port}/bytes/3000000", 60)[2]
    expect_equal(len(body), 3_000_000, "octets of a download")


def goes_through(bed, proxy, *options, scheme="http", env=None):
    """A gateway that reaches its server by the proxy only."""
    server = bed.server()
    gateway = bed.gateway(server.port, "--upstream-proxy", f"{scheme}://127.0.0.1:{proxy.port}", *options, env=env)
    gateway.wait_line(rf'link\.up .*peer="127\.0\.0\.1:{proxy.port} \(proxy\)"')
    fetch(bed, gateway)
    return gateway


def says(gateway, text):
    gateway.wait_line(r"link\.failed .*" + re.escape(text))
    expect("eim" not in gateway.text(), f"the password is in the log:\n{gateway.tail()}")


# -- the proxies ------------------------------------------------------------------------------------------------------


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
    """A realm on loopback, with the user and a proxy on localhost; returns (environment, the proxy's keytab)."""
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
    started(bed.start("krb5kdc", find("krb5kdc"), "-n", env=env), port)
    return env, home / "keytab", lambda: run("kinit", USER, data=PASSWORD + "\n")


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


def same_connection(proxy, gateway):
    """The gateway has gone; every connection that squid refused at first was let in later."""
    gateway.signal(signal.SIGTERM)
    gateway.wait(20)
    wait_until(lambda: any(status == 200 for _, status in proxy.requests()), 20, "squid logs the end of its tunnels")
    refused = {port for port, status in proxy.requests() if status == 407}
    let_in = {port for port, status in proxy.requests() if status == 200}
    expect(refused and let_in <= refused, f"a 407 and its 200 were on two connections: {proxy.requests()}")


# -- cases ------------------------------------------------------------------------------------------------------------


@case()
def squid_lets_us_out(bed):
    """CONNECT without a password; and what squid says when it will not, or cannot."""
    closed = free_port()
    proxy = squid(bed, f"acl forbidden port {free_port()}", "http_access deny forbidden", "http_access allow all")
    goes_through(bed, proxy)
    lost = bed.gateway(closed, "--upstream-proxy", f"127.0.0.1:{proxy.port}")
    says(lost, f"proxy: the proxy 127.0.0.1:{proxy.port} does not connect to 127.0.0.1:{closed}: 503")
    strict = squid(bed, "http_access deny all")
    refused = bed.gateway(closed, "--upstream-proxy", f"127.0.0.1:{strict.port}")
    says(refused, f"does not connect to 127.0.0.1:{closed}: 403")
    refused.wait_line(rf"ask who runs it to allow CONNECT to 127\.0\.0\.1:{closed}")


@case()
def squid_with_basic_authentication(bed):
    """The password is asked for and sent on one connection; a wrong one and none are told."""
    proxy = squid_with_basic(bed)
    same_connection(proxy, goes_through(bed, proxy, "--upstream-proxy-auth-file", login_file(bed)))
    where = f"http://127.0.0.1:{proxy.port}"
    wrong = bed.gateway(free_port(), "--upstream-proxy", where, "--upstream-proxy-auth-file", login_file(bed, "Unheimlich"))
    says(wrong, f"the proxy 127.0.0.1:{proxy.port} refused user and password (check the file that")
    none = bed.gateway(free_port(), "--upstream-proxy", where)
    says(none, f"the proxy 127.0.0.1:{proxy.port} wants Basic credentials (put user:password into a file and name it with "
               "--upstream-proxy-auth-file)")


@case()
def squid_with_digest_authentication(bed):
    """The same, and the password is not on the wire."""
    proxy = squid_with_digest(bed)
    login = login_file(bed, "Geheim1")
    same_connection(proxy, goes_through(bed, proxy, "--upstream-proxy-auth-file", login))
    wrong = bed.gateway(free_port(), "--upstream-proxy", f"http://127.0.0.1:{proxy.port}",
                        "--upstream-proxy-auth-file", login_file(bed, "Unheimlich"))
    says(wrong, "refused user and password")


@case()
def squid_with_ntlm_authentication(bed):
    """Its three messages on one connection. The helper of squid's own tests lets every user in."""
    proxy = squid(bed, *needs_login("ntlm", f"{HELPERS}/ntlm_fake_auth"))
    same_connection(proxy, goes_through(bed, proxy, "--upstream-proxy-auth-file", login_file(bed)))


@case()
def squid_with_negotiate_authentication(bed):
    """A Kerberos ticket of the user is enough; without one the remedy is to get it."""
    env, keytab, log_in = kerberos(bed)
    proxy = squid(bed, *needs_login("negotiate", f"{HELPERS}/negotiate_kerberos_auth -k {keytab} -s HTTP/localhost"),
                  env=env)
    server = bed.server()
    options = (server.port, "--upstream-proxy", f"http://localhost:{proxy.port}")
    without = bed.gateway(*options, env=env)
    says(without, f"the proxy localhost:{proxy.port} wants Negotiate credentials (get a ticket with kinit, for the user "
                  "who runs the gateway)")
    log_in()
    without.wait_line(r"link\.up", 60)
    gateway = bed.gateway(*options, env=env)
    gateway.wait_line(r'link\.up .*\(proxy\)"')
    fetch(bed, gateway)
    same_connection(proxy, gateway)


@case()
def tinyproxy_lets_us_out(bed):
    """Without a password and with one; it closes after its 407."""
    goes_through(bed, tinyproxy(bed))
    proxy = tinyproxy(bed, f"BasicAuth {USER} Geheim1")
    goes_through(bed, proxy, "--upstream-proxy-auth-file", login_file(bed, "Geheim1"))
    wrong = bed.gateway(free_port(), "--upstream-proxy", f"http://127.0.0.1:{proxy.port}",
                        "--upstream-proxy-auth-file", login_file(bed, "Unheimlich"))
    says(wrong, "refused user and password")


@case()
def microsocks_lets_us_out(bed):
    """SOCKS5 without a password and with one; what it says to a wrong one, and of a server that is not there."""
    open_proxy = microsocks(bed)
    goes_through(bed, open_proxy, scheme="socks5")
    closed = free_port()
    lost = bed.gateway(closed, "--upstream-proxy", f"socks5://127.0.0.1:{open_proxy.port}")
    says(lost, f"proxy: the proxy 127.0.0.1:{open_proxy.port} does not connect to 127.0.0.1:{closed}: connection refused")

    proxy = microsocks(bed, "-u", USER, "-P", PASSWORD)
    goes_through(bed, proxy, "--upstream-proxy-auth-file", login_file(bed), scheme="socks5h")
    where = f"socks5://127.0.0.1:{proxy.port}"
    wrong = bed.gateway(closed, "--upstream-proxy", where, "--upstream-proxy-auth-file", login_file(bed, "Unheimlich"))
    says(wrong, "refused user and password")
    none = bed.gateway(closed, "--upstream-proxy", where)
    says(none, "takes only passwords (put user:password into a file")


@case()
def dante_lets_us_out(bed):
    """SOCKS5 by Dante, and what its rules refuse."""
    proxy = danted(bed)
    goes_through(bed, proxy, scheme="socks5")
    refused = bed.gateway(1, "--upstream-proxy", f"socks5://127.0.0.1:{proxy.port}")
    says(refused, "does not connect to 127.0.0.1:1: not allowed by the rules (ask who runs it to allow that)")


@case()
def streams_outlive_a_link_through_a_proxy(bed):
    """The link is reset behind the proxy's back; the lane is carried on through it, and a stream with it."""
    proxy = squid_with_basic(bed)
    network = BreakingNetwork(proxy.port)
    server = bed.server()
    gateway = bed.gateway(server.port, "--upstream-proxy", f"http://127.0.0.1:{network.port}",
                          "--upstream-proxy-auth-file", login_file(bed), "--lanes", "1")
    gateway.wait_line(r"link\.up")
    client, reply = socks5(gateway, "127.0.0.1", Target(echo).port)
    expect_equal(reply, 0, "SOCKS5 reply")
    for round_number in range(3):
        client.sendall(b"before")
        expect_equal(read_exactly(client, 6), b"before", "echo")
        expect_equal(network.reset(), 1, "links that went through the proxy")
        client.sendall(b"after")
        expect_equal(read_exactly(client, 5), b"after", f"echo over another link, round {round_number}")
    expect_equal(len(re.findall(r"lane\.resumed", gateway.text())), 3, "lanes carried on")
    client.close()


@case()
def a_proxy_that_comes_later_is_found(bed):
    """A wrong proxy is said and tried again like any other trouble."""
    need("microsocks")
    server, port = bed.server(), free_port()
    gateway = bed.gateway(server.port, "--upstream-proxy", f"socks5://127.0.0.1:{port}")
    says(gateway, f"proxy: the proxy cannot be reached: 127.0.0.1:{port}: Connection refused")
    started(bed.start("microsocks", find("microsocks"), "-i", "127.0.0.1", "-p", port), port)
    gateway.wait_line(r"link\.up", 60)
    fetch(bed, gateway)


@case(isolated=True)
def the_environment_names_the_proxy(bed):
    """https_proxy with its password and NO_PROXY, as every program has them; none switches them off."""
    make_routes()
    keys = bed.keys("192.0.2.1")
    server = bed.server(keys=keys, listen="192.0.2.1:0")
    proxy = squid_with_basic(bed)
    password = PASSWORD.replace(":", "%3A").replace(" ", "%20")
    env = {"https_proxy": f"http://{USER}:{password}@127.0.0.1:{proxy.port}/", "no_proxy": "10.0.0.0/8,.example"}

    def gateway(*options, more=None):
        process = bed.start("penstock-gateway", bed.binary, "gateway", "--listen", "127.0.0.1:0", *Bed._drain(()),
                            "--server", f"wss://192.0.2.1:{server.port}", "--ca", keys / "ca.crt", "--cert",
                            keys / "laptop.crt", "--key", keys / "laptop.key", *options, env={**env, **(more or {})})
        process.address = process.wait_line(r"gateway\.listening address=(\S+)")[1]
        process.port = int(process.address.rpartition(":")[2])
        return process

    through = gateway()
    through.wait_line(rf'gateway\.upstream_proxy proxy="http://127\.0\.0\.1:{proxy.port}" from="https_proxy"')
    through.wait_line(r'link\.up .*\(proxy\)"')
    fetch(bed, through)
    expect("eim" not in through.text(), "the password is in the log")
    for direct in (gateway(more={"no_proxy": "192.0.2.0/24"}), gateway("--no-proxy", "192.0.2.1"),
                   gateway("--upstream-proxy", "none")):
        direct.wait_line(rf'link\.up .*peer="192\.0\.2\.1:{server.port}"')
        expect("upstream_proxy" not in direct.text(), f"a proxy where there is none:\n{direct.tail()}")
