"""The shared trigger line of the simulated boards, and the physics behind it.

Laboratory time is the machine's monotonic clock times the pace, in picoseconds: the same in every process, and it never
goes back. One process has the line's master; others hear of the pulses over ZeroMQ PUB.

Two boards in one process share the pair's quantum state: S = visibility times 2 sqrt 2. Boards in two processes cannot
know each other's settings; they share only hidden variables that come with the pulse, so that S is at most 2.
"""
import struct
import time
from typing import NamedTuple

import numpy
import zmq

LATE = 100 * 10**9      # ps of pulses that are caught up after a pause: 100 ms; pulses later than that are not made
AT_ONCE = 2048          # pulses of one message


class Pulses(NamedTuple):
    """Consecutive pulses."""
    first: int
    count: int
    time: int           # of the first, in ps of laboratory time
    period: int         # ps
    seed: int           # of the hidden variables

    LAYOUT = struct.Struct("<QIQQQ")


class TriggerLine:
    """Lets pulses go, or hears of them, and plays them on the boards of this process."""

    def __init__(self, pace=1.0, seed=1, visibility=0.85, publish=None, subscribe=None, local=False):
        self.pace, self.visibility, self.local = pace, visibility, local
        self.boards = []
        self._random = numpy.random.default_rng([seed, 1])
        self._seed = seed
        self._pulse = 0
        self._next = 0
        self._left = 0
        self._period = 1
        context = zmq.Context.instance()
        self._out = self.socket = None
        if publish:
            self._out = context.socket(zmq.PUB)
            self._out.linger = 0
            self._out.bind(publish)
        if subscribe:
            self.socket = context.socket(zmq.SUB)
            self.socket.linger = 0
            self.socket.setsockopt(zmq.MAXMSGSIZE, 1024)
            self.socket.subscribe(b"")
            self.socket.connect(subscribe)

    def now(self):
        """Laboratory time in ps."""
        return int(time.monotonic_ns() * 1000 * self.pace)

    def go(self, count, period):
        """Lets `count` pulses out, the first in a millisecond."""
        self._left, self._period, self._next = count, period, max(self._next, self.now() + 10**9)

    def halt(self):
        self._left = 0

    def poll(self):
        """Lets the pulses out that are due."""
        now = self.now()
        if self._left and now - self._next > LATE + self._period:
            self._next = now - LATE
        due = min(self._left, AT_ONCE, (now - self._next) // self._period + 1)
        if due <= 0:
            return
        pulses = Pulses(self._pulse, due, self._next, self._period, self._seed)
        self._pulse += due
        self._next += due * self._period
        self._left -= due
        if self._out:
            self._out.send(Pulses.LAYOUT.pack(*pulses))
        self.play(pulses)

    def receive(self):
        """Plays the pulses that another process's master let out."""
        while True:
            try:
                data = self.socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                return
            if len(data) != Pulses.LAYOUT.size:
                continue
            pulses = Pulses(*Pulses.LAYOUT.unpack(data))
            if 0 < pulses.count <= AT_ONCE and pulses.period > 0:
                self.play(pulses)

    def play(self, pulses):
        """Runs a trial a pulse on every armed board."""
        chosen = [(board, board.choose(pulses)) for board in self.boards]
        chosen = [(board, bits) for board, bits in chosen if bits is not None]
        if len(chosen) == 2 and not self.local:
            results = self._entangled(*(bits for _, bits in chosen))
        else:
            hidden = numpy.random.default_rng([pulses.seed, pulses.first]).integers(0, 2, pulses.count, "u1")
            results = [hidden[:len(bits)] for _, bits in chosen]
        for (board, bits), states in zip(chosen, results):
            board.measure(pulses, bits, states)

    def _entangled(self, x, y):
        """Draws both qubits: P(a = b) = (1 + E)/2, E = +-visibility/sqrt 2, minus where both settings are 1."""
        count = max(len(x), len(y))
        both = min(len(x), len(y))
        a = self._random.integers(0, 2, count, "u1")
        b = a.copy()
        correlation = self.visibility / numpy.sqrt(2) * numpy.where(x[:both] & y[:both], -1, 1)
        b[:both] ^= (self._random.random(both) > (1 + correlation) / 2).astype("u1")
        return a[:len(x)], b[:len(y)]
