"""A complete simulated board for belld, written from docs/board-protocol.md alone: an example and a test.

    python3 -m belldriver.example_board --node alice --listen ipc:///tmp/alice
    python3 -m belldriver.example_board --both --listen ipc:///tmp/alice --listen ipc:///tmp/bob

Two processes share a trigger with --trigger ipc:///tmp/trigger on both; alice is its master. See trigger.py for what
is simulated. All records carry the flag simulated.
"""
import argparse
import signal
import sys

import numpy

from . import frames
from .board import Batch, Board, serve
from .trigger import TriggerLine

SEPARATION, NOISE = 3000, 1000      # codes: an outcome is misread in 0.13 % of the trials


class ExampleBoard(Board):
    """Plays programs on a TriggerLine: settings from a PRNG, outcomes from the line, time tags from a counter."""

    model, firmware, simulated, channels, ticks_per_sample = "belldriver example board", "0.1.0", True, 4, 4

    def __init__(self, node, line, seed=1, spool=65536, drift_ppb=0, master=None):
        super().__init__(node, f"EXAMPLE-{node.upper()}", (8_000_000_000, 1), spool)
        self.trigger_master = node == "alice" if master is None else master
        self.line = line
        line.boards.append(self)
        self._random = numpy.random.default_rng([seed, 2 + self.node])
        # A counter starts anywhere at boot, and runs a little fast or slow.
        self._offset = int(self._random.integers(0, 2**45))
        self._rate = (self.tick_rate[0] * (10**9 + drift_ppb), self.tick_rate[1] * 10**21)
        self._batches, self._order, self._bits, self._first = [], None, None, None

    # What belld asks for.

    def load_program(self, program):
        if program.weight_i == program.weight_q == 0:
            raise frames.Refused(frames.BAD_PROGRAM, "its discriminator has no direction")
        if program.period * 10**12 // self.tick_rate[0] == 0:
            raise frames.Refused(frames.BAD_PROGRAM, "its trial period is below a picosecond")

    def arm(self, order, bits):
        self._batches, self._order, self._bits, self._first = [], order, bits, None

    def start(self):
        self.line.go(self._order.count, self.program.period * 10**12 * self.tick_rate[1] // self.tick_rate[0])

    def poll_records(self):
        if self.trigger_master:
            self.line.poll()
        batches, self._batches = self._batches, []
        return batches

    def stop(self):
        self._order = None
        if self.trigger_master:
            self.line.halt()

    def safe(self):
        self.stop()

    def tick(self):
        return self._tick(self.line.now())

    def raw_random(self, count):
        return self._random.integers(0, 2, count, "u1")

    def shots(self, count):
        return numpy.stack(self._points(self._random.integers(0, 2, count, "u1"))[:2], 1)

    # What the trigger line asks for.

    def choose(self, pulses):
        """The input bits of the next trials, latched; None when no arm waits for pulses."""
        if self._order is None:
            return None
        self._first = pulses.first if self._first is None else self._first
        place = pulses.first - self._first
        count = min(pulses.count, self._order.count - place)
        if place < 0 or count <= 0:
            return None
        if self._bits is None:
            return self._random.integers(0, 2, count, "u1")
        return self._bits[place:place + count].astype("u1")

    def measure(self, pulses, settings, states):
        """Makes the records of trials whose qubits were found in `states`."""
        start, stop = self.program.first(frames.INPUT_BIT).tick, self.program.last(frames.STOP_EVENT).tick
        ticks = numpy.array([self._tick(pulses.time + place * pulses.period) for place in range(len(states))], "u8")
        records = numpy.zeros(len(states), frames.RECORD)
        records["start_tick"], records["stop_delta"] = ticks + numpy.uint64(start), stop - start
        records["i"], records["q"], clipped = self._points(states)
        records["setting"] = settings
        records["outcome"] = self.program.outcomes(records["i"], records["q"])
        records["flags"] = clipped * frames.SATURATED
        self._batches.append(Batch(pulses.first, ticks, records))

    def _points(self, states):
        """I and Q about two points on either side of the program's line, and whether they were clipped."""
        weights = numpy.array([self.program.weight_i, self.program.weight_q], float)
        length = numpy.hypot(*weights)
        along = self.program.threshold / length + SEPARATION * (2.0 * states - 1)
        points = numpy.outer(weights / length, along) + self._random.normal(0, NOISE, (2, len(states)))
        rounded = numpy.rint(points)
        clipped = (numpy.abs(rounded) > 32767).any(axis=0)
        rounded = numpy.clip(rounded, -32768, 32767).astype("<i2")
        return rounded[0], rounded[1], clipped.astype("<u2")

    def _tick(self, time):
        """The counter at a laboratory time in ps; exact."""
        return (self._offset + time * self._rate[0] // self._rate[1]) % 2**64


def main():
    parser = argparse.ArgumentParser(description="Simulated boards for belld.")
    parser.add_argument("--node", choices=("alice", "bob"))
    parser.add_argument("--both", action="store_true", help="serve both boards; two --listen, alice's first")
    parser.add_argument("--listen", action="append", required=True, metavar="ENDPOINT")
    parser.add_argument("--trigger", metavar="ENDPOINT", help="where two processes share the trigger; alice binds it")
    parser.add_argument("--local", action="store_true", help="hidden variables only, also with --both: S = 2 at most")
    parser.add_argument("--visibility", type=float, default=0.85)
    parser.add_argument("--pace", type=float, default=1.0, help="laboratory seconds a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--spool", type=int, default=65536, metavar="RECORDS")
    options = parser.parse_args()
    if options.both == bool(options.node):
        parser.error("give --node or --both")
    nodes = ("alice", "bob") if options.both else (options.node,)
    if len(options.listen) != len(nodes):
        parser.error(f"give --listen {len(nodes)} times")
    if not 0 < options.pace <= 100 or not 1 <= options.spool <= 1 << 24:
        parser.error("the pace is over 0 and at most 100, the spool 1 to 2^24 records")
    master = "alice" in nodes
    line = TriggerLine(
        options.pace, options.seed, options.visibility, publish=options.trigger if master else None,
        subscribe=None if master else options.trigger, local=options.local)
    boards = [ExampleBoard(node, line, options.seed, options.spool) for node in nodes]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("ready", flush=True)
    try:
        serve(list(zip(boards, options.listen)), [(line.socket, line.receive)] if line.socket else [], pause_ms=5)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
