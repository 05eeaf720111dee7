"""A board's end of the ZeroMQ transport: one ROUTER, one host at a time ("Transports" of the protocol)."""
from collections import deque

import zmq

from . import frames

WAITING = 1 << 17           # messages that wait for a slow host before it is taken for gone; the spool keeps the data


class HostLink:
    """Numbers what goes to the peer that greeted last, and keeps it while that peer has no room."""

    def __init__(self, context, endpoint):
        self.host = None                    # the peer whose HELLO came last
        self._sequence = 0
        self._outbox = deque()
        self.socket = context.socket(zmq.ROUTER)
        self.socket.linger = 0
        self.socket.sndhwm = self.socket.rcvhwm = 1000
        self.socket.setsockopt(zmq.MAXMSGSIZE, 2 * frames.LARGEST)
        # A full or vanished peer is told apart from a sent message instead of dropped silently.
        self.socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self.socket.bind(endpoint)

    def receive(self):
        """The messages that have come, at most 64, as (peer, bytes)."""
        for _ in range(64):
            try:
                peer, *parts = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            yield peer, b"".join(parts)     # several parts are no frame: joined, they fail its checks

    def greet(self, peer):
        """Talks to `peer` from now on, and to no other."""
        if peer != self.host:
            self._sequence = 0
        self.host = peer
        self._outbox.clear()

    def send(self, kind, payload=b"", reply_to=0):
        """To the host, if there is one."""
        if self.host is None:
            return
        self._sequence = self._sequence % (2**32 - 1) + 1
        self._outbox.append(frames.encode(kind, payload, self._sequence, reply_to))
        if len(self._outbox) > WAITING:
            self._lose()
        else:
            self.flush()

    def refuse(self, peer, code, words, number):
        """ERROR to whoever asked; a stranger's takes no number of the conversation with the host."""
        payload = frames.error(code, words)
        if peer == self.host:
            return self.send(frames.ERROR, payload, number)
        try:
            self.socket.send_multipart([peer, frames.encode(frames.ERROR, payload, 1, number)], zmq.NOBLOCK)
        except zmq.ZMQError:
            pass  # it does not read, or has gone

    def flush(self):
        """Sends what waits, as far as there is room."""
        while self._outbox:
            try:
                self.socket.send_multipart([self.host, self._outbox[0]], zmq.NOBLOCK)
            except zmq.Again:
                return
            except zmq.ZMQError:
                return self._lose()  # it has gone
            self._outbox.popleft()

    def _lose(self):
        """The host will greet again; what is not acknowledged waits in the spool."""
        self.host = None
        self._outbox.clear()
