"""A QICK (RFSoC) board for belld: runs on the board as root, owns QickSoc, speaks the board protocol.

    python3 -m belldriver.qick_bridge --node alice --listen tcp://10.0.0.1:5701 --programs programs.json

docs/qick.md says what the gateware and the program must do, what was tested, and why a plain fabric clock is too coarse
for a space-like margin of 2 ns. Nothing here has met an RFSoC.
"""
import argparse
import pathlib
import signal
import sys
import time
from fractions import Fraction

import numpy

from . import frames
from .board import Batch, Board, Health, serve
from .frames import Refused
from .qick_programs import BadMapping, choose, read_dump, read_mapping

WORDS = 3                       # data-memory words a trial: setting and flags, pulse, time
UNWRITTEN = 0xFFFFFFFF          # what they hold before the program has written them
LATE, GENERATOR = 2, 4          # flags beside the setting in bit 0
OVERFLOW = "Overflowed the averages buffer"


def exact_hz(megahertz):
    """A clock of QickConfig, in MHz as a float, as an exact rate: to a millihertz."""
    rate = Fraction(round(megahertz * 1_000_000_000), 1000)
    return rate.numerator, rate.denominator


def text_of(failure):
    """An exception and what caused it."""
    words = []
    while failure is not None and len(words) < 4:
        words.append(str(failure))
        failure = failure.__cause__
    return ": ".join(words)


def is_simulated(soc):
    """What the soc says of itself. One that says nothing is real only if it is the qick package's QickSoc, which drives
    the gateware; a stand-in that keeps silent is refused, so that it never passes for hardware."""
    said = getattr(soc, "simulated", None)
    if isinstance(said, bool):
        return said
    if any(one.__name__ == "QickSoc" and one.__module__.partition(".")[0] == "qick" for one in type(soc).__mro__):
        return False
    raise TypeError(f"{type(soc).__name__} is not qick's QickSoc and does not say whether it is simulated: "
                    "set its attribute simulated to True or False")


class QickBoard(Board):
    """One tProc with one readout. `make` turns a dump into a program object of the qick package."""

    has_generator = True        # in the gateware; its bit is latched in the trial and comes back with the outcome
    ticks_per_sample = 1

    def __init__(self, node, soc, entries, make=None, spool=65536, unknown=None, serial=None):
        config = soc.get_cfg()
        tproc = config["tprocs"][0]
        # The tick is the tProc's time unit, and nothing finer is claimed.
        # The package knows the board's type and nothing that tells two of one type apart.
        super().__init__(node, serial or str(config.get("board", "unknown")), exact_hz(tproc["f_time"]), spool)
        self.model = f"QICK {config.get('board', '')} ({tproc['type']} revision {tproc.get('revision', '?')})"
        self.firmware = f"qick {config.get('sw_version', '?')}, {config.get('fw_timestamp', 'no time stamp')}"
        self.simulated = is_simulated(soc)
        self._soc, self._config, self._entries = soc, config, entries
        self._unknown = unknown             # where a PROGRAM without a dump is left for the compiler; the last one only
        self._make = make or self._make_program
        self._entry = self._prog = None
        self._order = None
        self._points, self._have = [], 0
        self._last_tick = 0
        self._checked, self._locked = 0.0, True

    # What belld asks for.

    def load_program(self, program):
        if program.host_bits:
            raise Refused(frames.BAD_PROGRAM, "this bridge takes settings from the gateware's input, not from the host")
        try:
            entry = choose(self._entries, program.data)
        except Refused:
            if self._unknown:
                self._unknown.write_bytes(program.data)
            raise
        prog = self._make(self._soc, read_dump(entry))
        readout = prog.ro_chs.get(entry.readout)
        if readout is None or readout["trigs"] != 1:
            raise Refused(frames.BAD_PROGRAM, f"the dump does not read channel {entry.readout} exactly once a trial")
        if prog.counter_addr is None or not prog.loop_dims:
            raise Refused(frames.BAD_PROGRAM, "the dump has no shot counter")
        if program.period >= 1 << 31:
            raise Refused(frames.BAD_PROGRAM, "trial periods from 2^31 ticks on cannot be told from a 32-bit time")
        prog.config_all(self._soc)
        self._entry, self._prog = entry, prog

    def arm(self, order, bits):
        limit = self._largest_arm()
        if order.count > limit:
            raise Refused(frames.HARDWARE, f"an arm has at most {limit} trials here, {order.count} are wanted; set the "
                                           "plan's trials_per_arm")
        soc, prog, entry = self._soc, self._prog, self._entry
        soc.start_src("internal")
        soc.stop_tproc(lazy=False)
        prog.config_bufs(soc, enable_avg=True, enable_buf=False)
        soc.reload_mem()
        soc.load_mem(numpy.full(WORDS * order.count, -1, "i4"), "dmem", entry.words_address)
        # Stale data after an external start without a pulse came from a counter that was not zeroed.
        soc.clear_tproc_counter(addr=prog.counter_addr)
        left = int(soc.get_tproc_counter(addr=prog.counter_addr))
        if left != 0:
            raise Refused(frames.HARDWARE, f"the shot counter is {left} after it was zeroed")
        soc.start_src("external")
        soc.start_readout(order.count, counter_addr=prog.counter_addr, ch_list=[entry.readout], reads_per_shot=[1])
        self._order, self._points, self._have = order, [], 0

    def pulses_seen(self):
        if self._order is None:
            return 0
        return min(int(self._soc.get_tproc_counter(addr=self._prog.counter_addr)), self._order.count)

    def poll_records(self):
        """The arm's records, all at once when its last trial is over or it was stopped."""
        if self._order is None:
            return []
        try:
            for count, (buffers, _) in self._soc.poll_data(totaltime=0.002, timeout=0.001):
                if count:
                    self._points.append(numpy.asarray(buffers[0]).reshape(-1, 2))
                    self._have += count
        except RuntimeError as failure:
            return self._lose(text_of(failure))
        if self._have < self._order.count:
            return []
        return self._finish(self._order.count)

    def stop(self):
        """Ends the arm; what the buffers hold comes out of the next poll_records."""
        if self._order is None:
            return
        soc, prog = self._soc, self._prog
        soc.stop_tproc(lazy=False)
        done = min(int(soc.get_tproc_counter(addr=prog.counter_addr)), self._order.count)
        soc.streamer.stop_readout()
        soc.streamer.done_flag.wait(2)
        soc.start_src("internal")
        # The streamer drops what it holds when it is stopped, so the rest is read straight from the buffer.
        size = self._config["readouts"][self._entry.readout]["avg_maxlen"]
        if done - self._have >= size:
            done = self._have   # overwritten
        while self._have < done:
            count = min(done - self._have, size - self._have % size)
            data = soc.get_accumulated(ch=self._entry.readout, address=self._have % size, length=count)
            self._points.append(numpy.asarray(data).reshape(-1, 2))
            self._have += count
        self._order = self._order._replace(count=max(done, 0))

    def safe(self):
        self._order = None
        self._soc.start_src("internal")
        self._soc.stop_tproc(lazy=False)
        self._soc.reset_gens()

    def tick(self):
        return max(self._last_tick, super().tick())

    def health(self):
        if time.monotonic() - self._checked > 1:
            self._checked, self._locked = time.monotonic(), bool(self._soc.clocks_locked())
        return Health(self._locked, True)

    def shots(self, count):
        raise Refused(frames.UNSUPPORTED, "calibrate with the qick package's own tools; this bridge plays only arms")

    # How it is done.

    @staticmethod
    def _make_program(soc, dump):
        if soc["tprocs"][0]["type"] == "qick_processor":
            from qick.asm_v2 import AcquireProgramV2 as Program
        else:
            from qick.asm_v1 import AcquireProgram as Program
        program = Program(soc)
        program.load_prog(dump)
        return program

    def _largest_arm(self):
        words = self._config["tprocs"][0]["dmem_size"] - self._entry.words_address
        return min(max(words // WORDS, 0), int(numpy.prod(self._prog.loop_dims)))

    def _lose(self, words):
        """Readings are gone: the arm ends here, loudly, with none of its records."""
        self._order = None
        self._soc.start_src("internal")
        self._soc.stop_tproc(lazy=False)
        code = frames.SPOOL_MEMORY if OVERFLOW in words else frames.FIRMWARE
        self.report(code, f"readings were lost: {words}", severity=2)
        return []

    def _finish(self, count):
        """Joins readings and words to records."""
        order, self._order = self._order, None
        if count == 0:
            return []
        words = numpy.asarray(self._soc.read_mem(WORDS * count, "dmem", self._entry.words_address))
        words = words.astype("u4", casting="unsafe").reshape(count, WORDS)
        if (words[:, 0] == UNWRITTEN).any() or (words[:, 0] >> 3).any():
            return self._lose("the program has not written the words of every trial")
        points = numpy.concatenate(self._points)[:count]
        pulses, ticks = self._unwrap(words[:, 1], 1), self._unwrap(words[:, 2], self.program.period)
        # A reset between arms zeroes the tProc's time; the processor's clock bridges that gap, and only that gap.
        ticks = ticks - ticks[0] + numpy.uint64(self.tick())
        self._last_tick = int(ticks[-1]) + 1
        records = self._records(words[:, 0], points, ticks)
        cuts = numpy.flatnonzero(numpy.diff(pulses) != 1) + 1
        return [Batch(int(part[0]), ticks[place], records[place]) for part, place in
                ((pulses[place], place) for place in map(numpy.array, numpy.split(numpy.arange(count), cuts)))]

    def _records(self, latched, points, ticks):
        start, stop = self.program.first(frames.INPUT_BIT).tick, self.program.last(frames.STOP_EVENT).tick
        length = self._prog.ro_chs[self._entry.readout]["length"]
        mean = numpy.rint(points / length)
        clipped = (numpy.abs(mean) > 32767).any(axis=1)
        mean = numpy.clip(mean, -32768, 32767).astype("<i2")
        records = numpy.zeros(len(ticks), frames.RECORD)
        records["start_tick"], records["stop_delta"] = ticks + numpy.uint64(start), stop - start
        records["i"], records["q"] = mean[:, 0], mean[:, 1]
        records["setting"] = latched & 1
        records["outcome"] = self.program.outcomes(records["i"], records["q"])
        records["flags"] = (
            clipped * frames.SATURATED | ((latched & LATE) != 0) * frames.LATE_LATCH
            | ((latched & GENERATOR) != 0) * frames.GENERATOR_BAD
            | (0 if self.health().clock_locked else frames.UNLOCKED))
        return records

    def _unwrap(self, values, step):
        """Counts of 32 bits as 64; each is after the one before, by less than 2^32."""
        values = values.astype("u8")
        steps = numpy.diff(values) & numpy.uint64(0xFFFFFFFF)
        if len(steps) and int(steps.min()) == 0:
            raise RuntimeError("two trials have the same pulse or time")
        return values[0] + numpy.concatenate([numpy.zeros(1, "u8"), numpy.cumsum(steps, dtype="u8")])


def is_open(endpoint):
    """Whether everybody who reaches the machine reaches this endpoint."""
    return endpoint.startswith(("tcp://*", "tcp://0.0.0.0", "tcp://[::]"))


def serial_number(words):
    """A serial number as a person gives it."""
    if not (1 <= len(words) <= 64 and words.isascii() and words.isprintable() and words.strip() == words):
        raise argparse.ArgumentTypeError(f"{words[:64]!r} is not 1 to 64 printable ASCII characters")
    return words


def main(arguments=None, make_soc=None):
    parser = argparse.ArgumentParser(description="Serves a QICK board to belld.")
    parser.add_argument("--node", choices=("alice", "bob"), required=True)
    parser.add_argument("--listen", required=True, metavar="ENDPOINT")
    parser.add_argument("--programs", required=True, metavar="FILE", help="the mapping file, see docs/qick.md")
    parser.add_argument("--serial", type=serial_number, help="tells this board from others of its type; 1 to 64 printable "
                                                            "ASCII characters; the type without it")
    parser.add_argument("--bitfile", help="as QickSoc's; the package's own for this board without it")
    parser.add_argument("--start", choices=("external", "internal"), default="external")
    parser.add_argument("--settings", choices=("input", "lfsr"), default="input")
    parser.add_argument("--internal-clock", action="store_true", help="do not lock to the external reference")
    options = parser.parse_args(arguments)
    if options.start == "internal":
        parser.error("Bell trials start with the shared external pulse: without it the two nodes' trials cannot be "
                     "paired. Use the qick package itself for other measurements.")
    if options.settings == "lfsr":
        parser.error("the tProc's LFSR is a PRNG: whoever knows its state knows every setting. Settings come from the "
                     "gateware's input and return with the outcome.")
    if is_open(options.listen):
        parser.error("this endpoint is open to everybody, and the process is root: name the address of a link that "
                     "only belld's host shares")
    try:
        entries = read_mapping(options.programs)
    except BadMapping as bad:
        parser.error(str(bad))
    if make_soc is None:
        from qick import QickSoc  # only on the board, with PYNQ
        make_soc = lambda: QickSoc(bitfile=options.bitfile, external_clk=not options.internal_clock)
    board = QickBoard(
        options.node, make_soc(), entries, unknown=pathlib.Path(options.programs).parent / "unknown.program",
        serial=options.serial)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("ready", flush=True)
    try:
        serve([(board, options.listen)], pause_ms=5)
    except KeyboardInterrupt:
        pass
    finally:
        board.safe()


if __name__ == "__main__":
    main()
