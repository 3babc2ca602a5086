"""Reverse proxies before a server that leaves TLS to them: the examples in conf/, each in a process of its own.

Every front has a free port and ends with the bed. `changes` are further words of the example to be replaced.
"""

import os
import signal

from harness import ROOT, expect, expect_equal, find, free_port, need, wait_until
from peers import listens


def token_files(bed):
    """A fresh token: returns (the gateway's file, the server's)."""
    made = bed.penstock("keys", "token", "laptop")
    expect_equal(made.returncode, 0, made.stderr)
    number = len(bed.processes)
    token = bed.write(f"token-{number}", next(w for w in made.stdout.split() if w.startswith("pst_")) + "\n")
    line = next(text for text in made.stdout.splitlines() if text.strip().startswith("laptop:token:"))
    return token, bed.write(f"users-{number}", line.strip() + "\n")


def token_server(bed, *options, files=None):
    """A server without TLS that admits one token; returns (server, the gateway's token file)."""
    token, users = files or token_files(bed)
    server = bed.start("penstock-server", bed.binary, "server", "--listen", "127.0.0.1:0", "--plain", "--users-file", users,
                       "--drain-timeout", "1s", "--allow", "127.0.0.0/8", *options)
    server.port = int(server.wait_line(r"server\.listening address=\S+:(\d+)")[1])
    return server, token


def example(name, changes):
    """The text of an example with each of the words replaced; every one must be there."""
    text = (ROOT / "conf" / name).read_text()
    for old, new in changes.items():
        expect(old in text, f"conf/{name} has no {old!r} any more")
        text = text.replace(old, str(new))
    return text


class Front:
    """`start` starts the process, `reload` has it reload; both are done again and again."""

    def __init__(self, port, start, reload):
        self.port = port
        self.process = start()
        self._start = start
        self._reload = reload

    def listening(self):
        wait_until(lambda: listens(self.port), 20, f"{self.process.name} listens:\n{self.process.tail()}")
        return self

    def reload(self):
        self._reload(self.process)

    def start(self):
        self.process = self._start()


class Apache(Front):
    def restart(self):
        """`apachectl restart`: the configuration is read again, what is open is cut."""
        self.process.signal(signal.SIGHUP)


def folder(bed, port):
    """A folder for this front alone: there may be several of one kind."""
    made = bed.folder / f"front-{port}"
    made.mkdir()
    return made


def nginx_front(bed, server, settings="", changes=()):
    """conf/nginx/penstock.conf, with more `settings` of the main context."""
    need("nginx")
    keys, port = bed.keys(), free_port()
    home = folder(bed, port)
    (home / "penstock.conf").write_text(example("nginx/penstock.conf", {
        **dict(changes),
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;", "listen [::]:443 ssl;": "",
        "/etc/penstock/fullchain.pem": keys / "server.crt", "/etc/penstock/privkey.pem": keys / "server.key",
        "127.0.0.1:8080": f"127.0.0.1:{server.port}",
    }))
    temporary = "\n".join(f"{kind}_temp_path {home / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (home / "nginx.conf").write_text(f"""
        {"user root;" if os.getuid() == 0 else ""}
        daemon off; worker_processes 1; {settings} pid {home / 'nginx.pid'}; error_log stderr;
        events {{ }}
        http {{ access_log off; {temporary} include {home / 'penstock.conf'}; }}
    """)
    return Front(port, lambda: bed.start("nginx", find("nginx"), "-e", "stderr", "-c", home / "nginx.conf"),
                 lambda process: process.signal(signal.SIGHUP))


def haproxy_front(bed, server, settings="", changes=()):
    """conf/haproxy/terminate.cfg, with more `settings` before it."""
    need("haproxy")
    keys, port = bed.keys(), free_port()
    home = folder(bed, port)
    pair = home / "pair.pem"
    pair.write_text((keys / "server.crt").read_text() + (keys / "server.key").read_text())
    (home / "haproxy.cfg").write_text(settings + example("haproxy/terminate.cfg", {
        **dict(changes),
        "bind :::443 v4v6 ssl crt /etc/penstock/pair.pem": f"bind 127.0.0.1:{port} ssl crt {pair}",
        "127.0.0.1:8080": f"127.0.0.1:{server.port}",
    }))
    return Front(port, lambda: bed.start("haproxy", find("haproxy"), "-W", "-f", home / "haproxy.cfg"),
                 lambda process: process.signal(signal.SIGUSR2))


def apache_front(bed, server, changes=()):
    """conf/apache/penstock.conf. A reload is `apachectl graceful`."""
    need("apache2")
    keys, port = bed.keys(), free_port()
    home = folder(bed, port)
    (home / "penstock.conf").write_text(example("apache/penstock.conf", {
        **dict(changes),
        "<VirtualHost *:443>": f"<VirtualHost 127.0.0.1:{port}>",
        "/etc/penstock/fullchain.pem": keys / "server.crt", "/etc/penstock/privkey.pem": keys / "server.key",
        "http://127.0.0.1:8080/": f"http://127.0.0.1:{server.port}/",
    }))
    modules = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so"
                        for name in ("mpm_event", "authz_core", "alias", "ssl", "proxy", "proxy_http"))
    (home / "apache2.conf").write_text(f"""
        {modules}
        {"User www-data" if os.getuid() == 0 else ""}
        {"Group www-data" if os.getuid() == 0 else ""}
        ServerRoot {home}
        DefaultRuntimeDir {home}
        PidFile {home / 'apache2.pid'}
        ErrorLog /dev/stderr
        Listen 127.0.0.1:{port}
        ServerName 127.0.0.1
        Include {home / 'penstock.conf'}
    """)
    return Apache(port, lambda: bed.start("apache2", find("apache2"), "-DFOREGROUND", "-f", home / "apache2.conf"),
                  lambda process: process.signal(signal.SIGUSR1))


def caddy_front(bed, server, changes=()):
    """conf/caddy/Caddyfile, without a listener on port 80."""
    need("caddy")
    keys, port = bed.keys(), free_port()
    home = folder(bed, port)
    admin = f"unix/{home / 'admin.sock'}"
    config = home / "Caddyfile"
    config.write_text(f"{{\n admin {admin}\n auto_https disable_redirects\n}}\n" + example("caddy/Caddyfile", {
        **dict(changes),
        "tunnel.example.com {": f"https://127.0.0.1:{port} {{\n bind 127.0.0.1",
        "/etc/penstock/fullchain.pem": keys / "server.crt", "/etc/penstock/privkey.pem": keys / "server.key",
        "127.0.0.1:8080": f"127.0.0.1:{server.port}",
    }))

    def reload(_):
        done = bed.run(find("caddy"), "reload", "--force", "--config", config, "--address", admin)
        expect_equal(done.returncode, 0, f"caddy reload: {done.stderr}")

    return Front(port, lambda: bed.start("caddy", find("caddy"), "run", "--config", config), reload)


FRONTS = {"nginx": nginx_front, "haproxy": haproxy_front, "apache": apache_front, "caddy": caddy_front}
