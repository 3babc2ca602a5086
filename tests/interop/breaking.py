"""A network that breaks: stands between a gateway and its server and does to their connections what networks do."""

import selectors
import socket
import threading

from peers import LINGER_RST


class Link:
    def __init__(self, near, far):
        self.near, self.far = near, far
        self.held = False  # what the server sends is not read
        self.devours = False  # what the gateway sends is read and forgotten

    def reset(self, *sides):
        for side in sides or (self.near, self.far):
            try:
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RST)
                side.close()
            except OSError:
                pass


class BreakingNetwork:
    """Carries each connection to `port` on to the server. One thread; what is under way when a link breaks is lost."""

    def __init__(self, server_port):
        self.server_port = server_port
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.links = []
        self.left = []  # broken in a way that leaves sockets open
        self.down = False
        self.to_server = 0  # octets that the gateway sent
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ, None)
        threading.Thread(target=self._run, daemon=True).start()

    def reset(self):
        """Both ends are told. Returns how many links there were; so do the others."""
        return self._break(lambda link: link.reset())

    def reset_near(self):
        """Only the gateway is told: the server keeps a link that is half open."""
        return self._break(lambda link: link.reset(link.near))

    def reset_far(self):
        """Only the server is told."""
        return self._break(lambda link: link.reset(link.far))

    def silence(self):
        """Nobody is told: nothing arrives any more, though it can still be sent."""
        return self._break(lambda link: None)

    def lose(self):
        """No link until restore(): those that are open fall silent, new ones are not even answered."""
        with self.lock:
            self.down = True
        return self.silence()

    def restore(self):
        with self.lock:
            self.down = False

    def hold_answers(self):
        """Nothing that the server says arrives, on another link neither, until release_answers(). Nothing is lost."""
        with self.lock:
            self.down = True
            for link in self.links:
                self.selector.unregister(link.far)
                link.held = True
            return len(self.links)

    def release_answers(self):
        with self.lock:
            self.down = False
            for link in (link for link in self.links if link.held):
                self.selector.register(link.far, selectors.EVENT_READ, (link, link.far, link.near))
                link.held = False

    def devour(self):
        """What the gateway sends goes nowhere, though it can be sent. Such a link is only good for being broken."""
        with self.lock:
            for link in self.links:
                link.devours = True

    def _break(self, how):
        with self.lock:
            broken, self.links = self.links, []
            for link in broken:
                self._forget(link)
                how(link)
            self.left += broken
        return len(broken)

    def _forget(self, link):
        self.selector.unregister(link.near)
        if not link.held:
            self.selector.unregister(link.far)

    def _run(self):
        while True:
            for key, _ in self.selector.select(0.05):
                with self.lock:
                    if key.data is None:
                        self._accept()
                    elif key.data[0] in self.links:
                        self._carry(*key.data)

    def _accept(self):
        near, _ = self.listener.accept()
        if self.down:
            self.left.append(Link(near, socket.socket()))
            return
        try:
            far = socket.create_connection(("127.0.0.1", self.server_port))
        except OSError:
            near.close()
            return
        link = Link(near, far)
        self.links.append(link)
        self.selector.register(near, selectors.EVENT_READ, (link, near, far))
        self.selector.register(far, selectors.EVENT_READ, (link, far, near))

    def _carry(self, link, source, sink):
        try:
            data = source.recv(65536)
            if data:
                if sink is link.near or not link.devours:
                    sink.sendall(data)
                self.to_server += len(data) if sink is link.far else 0
                return
        except OSError:
            pass
        self.links.remove(link)
        self._forget(link)
        link.near.close()
        link.far.close()
