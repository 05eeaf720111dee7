"""A node's board for belld: the whole board protocol; a subclass plays programs and makes records.

    class MyBoard(Board):
        simulated = False                     # what it measures is real
        def load_program(self, program): ...      # to the hardware; raise Refused(frames.BAD_PROGRAM, why)
        def arm(self, order, bits): ...           # outputs wait for the pulse; bits: the host's, or None
        def start(self): ...                      # only on the trigger master: let the pulses go
        def poll_records(self): ...               # what has been measured: a list of Batch
        def stop(self): ...                       # end the arm; what was measured may still come out of poll_records
        def safe(self): ...                       # all outputs off

    serve([(MyBoard("alice", ...), "tcp://127.0.0.1:5701")])

Everything else is done here: greeting, replay, spool, acknowledgement, host bits, clock records, arms and their ends,
states, refusals. docs/board-protocol.md is the reference; its section titles are named below.
"""
import os
import struct
import time
import traceback
from collections import OrderedDict
from typing import NamedTuple, Optional

import numpy
import zmq

from . import frames
from .arm import Batch, RunningArm
from .crc32c import crc32c
from .frames import Refused
from .hostlink import HostLink
from .spool import Spool

NODES = ("alice", "bob")
ARMS_OF_BITS = 4            # arms whose host bits are kept; the protocol asks for two
PATIENCE = 1.0              # seconds; and ten trial periods: "Arms", 6


class Health(NamedTuple):
    clock_locked: bool = True
    generator_healthy: bool = True


class Board:
    """One board; see the module's text for what a subclass gives."""

    model, firmware = "belldriver board", "0.1.0"
    simulated = None            # True or False, said by each board: it goes into every record and the certificate
    has_generator = True        # the board makes input bits of its own
    trigger_master = False      # this board drives the shared trigger line
    ticks_per_sample = 1
    waveform_memory = 65536     # complex samples
    most_events = 256
    channels = 2

    def __init__(self, node, serial, tick_rate, spool=65536):
        self.node = NODES.index(node)
        self.serial = serial
        self.tick_rate = tick_rate          # numerator, denominator in Hz
        self.boot_id = int.from_bytes(os.urandom(8), "little")
        self.program: Optional[frames.Program] = None
        self.faulty = False
        self.spool = Spool(spool)
        self.__arm: Optional[RunningArm] = None
        self.__seen = 0                     # pulses of the arm, and since when there were no more
        self.__quiet_since = 0.0
        self.__bits = OrderedDict()
        self.__link: Optional[HostLink] = None

    # What a subclass gives.

    def load_program(self, program):
        """Puts a program that has passed all checks into the hardware."""

    def arm(self, order, bits):
        """Gets ready for `order.count` pulses; `bits` are the host's input bits, or None."""

    def start(self):
        """Lets the pulses go out; called on the trigger master after OK has been sent."""

    def poll_records(self):
        """The batches measured since the last call; must not block, and must not give an earlier arm's trials."""
        return []

    def pulses_seen(self):
        """Pulses of the current arm so far, for a board whose records come later than its trials."""
        return 0

    def stop(self):
        """Ends the arm in the hardware and switches the outputs off."""

    def safe(self):
        """Switches all outputs off."""

    def tick(self):
        """The free-running counter now."""
        return time.monotonic_ns() * self.tick_rate[0] // (1_000_000_000 * self.tick_rate[1])

    def health(self):
        return Health()

    def raw_random(self, count):
        """`count` bits of the generator, unprocessed, as an array of 0 and 1."""
        raise Refused(frames.UNSUPPORTED, "this board's generator cannot be read on its own")

    def shots(self, count):
        """Plays the program on the board's own trigger; rows of I and Q."""
        raise Refused(frames.UNSUPPORTED, "this board plays no calibration shots")

    # What a subclass may call.

    def report(self, code, words, severity=1):
        """FAULT; severity 2 ends the arm, and only SAFE leads on."""
        number = self.__arm.order.arm if self.__arm else 0
        if severity >= 2:
            self.faulty = True
            try:
                self.stop()
            except Exception:
                traceback.print_exc()
            self.__end_arm(frames.HARDWARE_FAULT)
        self.__link.send(frames.FAULT, frames.fault(code, severity, self.tick(), number, words))

    def end_arm(self, reason):
        """Ends the arm from the hardware's side, for example with frames.HARDWARE_FAULT."""
        self.__end_arm(reason)

    # Transport.

    def bind(self, context, endpoint):
        """Listens; returns the socket."""
        if not isinstance(self.simulated, bool):
            raise TypeError(f"{type(self).__name__} does not say whether it is simulated: set simulated to True or False")
        self.__link = HostLink(context, endpoint)
        return self.__link.socket

    def receive(self):
        """Handles the frames that have come."""
        for peer, data in self.__link.receive():
            self.__handle(peer, data)

    def poll(self):
        """Takes new records, ends arms that are over, sends what waits. Call it some hundred times a second."""
        try:
            for batch in () if self.faulty else self.poll_records():
                self.__take(batch)
            if self.__arm:
                self.__watch_pulses()
        except Exception as failure:
            traceback.print_exc()
            self.report(frames.FIRMWARE, f"{type(failure).__name__}: {failure}", severity=2)
        self.__link.flush()

    def __watch_pulses(self):
        """An arm whose pulses have ceased is over; "Arms", 6."""
        seen = max(self.__arm.made, self.pulses_seen())
        if seen != self.__seen:
            self.__seen, self.__quiet_since = seen, time.monotonic()
        period = self.program.period * self.tick_rate[1] / self.tick_rate[0]
        if seen and time.monotonic() - self.__quiet_since > PATIENCE + 10 * period:
            self.__cut(frames.NO_TRIGGER)

    def __cut(self, reason):
        """Ends the arm early, with what was measured until now."""
        self.stop()
        for batch in self.poll_records():
            self.__take(batch)
        self.__end_arm(reason)

    def __handle(self, peer, data):
        number = 0
        try:
            frame = frames.decode(data)
            number = frame.sequence
            if peer != self.__link.host and frame.type not in (frames.HELLO, frames.ERROR):
                raise Refused(frames.HELLO_REQUIRED, f"HELLO must come first; this is boot {self.boot_id:016x}")
            self.__answer(peer, frame)
        except frames.BadFrame as bad:
            code = frames.WRONG_VERSION if bad.version else frames.BAD_FRAME
            self.__link.refuse(peer, code, str(bad), bad.sequence)
        except Refused as refused:
            self.__link.refuse(peer, refused.code, str(refused), number)
        except Exception as failure:  # the subclass's hardware: the host is told, the process goes on
            traceback.print_exc()
            self.__link.refuse(peer, frames.HARDWARE, f"{type(failure).__name__}: {failure}", number)

    # Requests.

    def __answer(self, peer, frame):
        kind, payload = frame.type, frame.payload
        if kind == frames.HELLO:
            return self.__greet(peer, payload, frame.sequence)
        if kind in (frames.ERROR, frames.PONG):
            return None
        if kind == frames.ACK:
            campaign, _, following = frames.exactly(payload, "<16sQQ")
            return self.spool.acknowledge(campaign, following)
        handlers = {
            frames.PROGRAM: self.__load, frames.HOST_BITS: self.__take_bits, frames.ARM: self.__prepare,
            frames.START: self.__start, frames.STOP: self.__stop, frames.SAFE: self.__safe,
            frames.STATUS_REQUEST: self.__status, frames.PING: self.__ping, frames.SHOTS_REQUEST: self.__shots,
            frames.RAW_RNG_REQUEST: self.__raw, frames.NODE_KEY_REQUEST: self.__key}
        if kind not in handlers:
            raise Refused(frames.UNKNOWN_TYPE, f"type {kind:#06x} is not known here, or goes the other way")
        fixed = {frames.START: "<16sQ", frames.STOP: "<", frames.SAFE: "<", frames.STATUS_REQUEST: "<",
                 frames.PING: "<Q", frames.SHOTS_REQUEST: "<IB3x", frames.RAW_RNG_REQUEST: "<I",
                 frames.NODE_KEY_REQUEST: "<"}
        fields = frames.exactly(payload, fixed[kind]) if kind in fixed else (payload,)
        allowed = (frames.STATUS_REQUEST, frames.PING, frames.NODE_KEY_REQUEST, frames.SAFE)
        if self.faulty and kind not in allowed:
            raise Refused(frames.WRONG_STATE, "the board has a fault; only SAFE leads on")
        return handlers[kind](frame.sequence, *fields)

    def __greet(self, peer, payload, number):
        """ "Greeting and replay"."""
        version, _ = frames.hello(payload)
        if version != frames.VERSION:
            raise Refused(frames.WRONG_VERSION, f"version {version} is not spoken here, only {frames.VERSION}")
        self.__link.greet(peer)
        self.__link.send(frames.CAPABILITIES, frames.capabilities(
            self.node, self.simulated, self.has_generator, False, self.ticks_per_sample, self.tick_rate, self.boot_id,
            self.waveform_memory, self.most_events, self.spool.capacity, frames.LARGEST, self.channels, self.model,
            self.serial, self.firmware), number)
        for kind, kept in self.spool.messages():
            self.__link.send(kind, kept)
        self.__link.send(frames.STATUS, self.__status_payload())

    def __load(self, number, payload):
        if self.__arm:
            raise Refused(frames.WRONG_STATE, "no program while an arm is armed")
        program = frames.program(payload)
        problem = self.__problem(program)
        if problem:
            raise Refused(frames.BAD_PROGRAM, problem)
        self.load_program(program)
        self.program = program
        self.__link.send(frames.PROGRAM_LOADED,
                   struct.pack("<II", crc32c(program.data), len(program.data)), number)

    def __problem(self, program):
        """Which limit of the board a program breaks, or None."""
        start, stop = program.first(frames.INPUT_BIT), program.last(frames.STOP_EVENT)
        limits = [
            (program.node == self.node, f"it is for {NODES[program.node]}, this is {NODES[self.node]}'s board"),
            (program.tick_rate[0] * self.tick_rate[1] == program.tick_rate[1] * self.tick_rate[0],
             f"it is for {program.tick_rate} ticks a second, this board has {self.tick_rate}"),
            (program.ticks_per_sample == self.ticks_per_sample,
             f"it is for {program.ticks_per_sample} ticks a sample, this board has {self.ticks_per_sample}"),
            (sum(map(len, program.waveforms)) <= self.waveform_memory, "its waveforms do not fit the memory"),
            (len(program.events) <= self.most_events, f"it has {len(program.events)} events"),
            (program.host_bits or self.has_generator, "it takes the board's input bits, there is no generator"),
            (start and stop and stop.tick >= start.tick, "it has no start event followed by a stop event")]
        return next((words for fits, words in limits if not fits), None)

    def __take_bits(self, number, payload):
        campaign, arm, bits = frames.host_bits(payload)
        if len(self.__bits) >= ARMS_OF_BITS and (campaign, arm) not in self.__bits:
            raise Refused(frames.SPOOL_FULL, f"the host bits of {ARMS_OF_BITS} arms are kept already")
        self.__bits[campaign, arm] = bits
        self.__link.send(frames.OK, b"", number)

    def __prepare(self, number, payload):
        """ "Arms", 2."""
        order = frames.arm(payload)
        if self.__arm:
            raise Refused(frames.WRONG_STATE, "an arm is armed already")
        if self.program is None:
            raise Refused(frames.WRONG_STATE, "no program is loaded")
        if order.count > self.spool.free:
            raise Refused(frames.SPOOL_FULL, f"{self.spool.free} of {self.spool.capacity} records are free")
        bits = None
        if self.program.host_bits:
            bits = self.__bits.get((order.campaign, order.arm))
            if bits is None or len(bits) < order.count:
                have = 0 if bits is None else len(bits)
                raise Refused(frames.NO_HOST_BITS, f"{have} of {order.count} host bits are here")
            bits = bits[:order.count]
        self.arm(order, bits)
        self.__bits = OrderedDict(
            (key, kept) for key, kept in self.__bits.items() if key[0] == order.campaign and key[1] > order.arm)
        flags = (frames.SIMULATED if self.simulated else 0) | (frames.HOST_BIT if bits is not None else 0)
        self.__arm, self.__seen = RunningArm(order, self.program, self.boot_id, flags), 0
        self.__link.send(frames.ARMED, order.encoded(), number)

    def __start(self, number, campaign, arm):
        if not self.trigger_master:
            raise Refused(frames.WRONG_STATE, "this board does not drive the trigger line")
        armed = self.__arm.order if self.__arm and self.__seen == 0 else None
        if armed is None or (armed.campaign, armed.arm) != (campaign, arm):
            raise Refused(frames.WRONG_STATE, f"arm {arm} is not armed and waiting")
        self.__link.send(frames.OK, b"", number)
        self.start()

    def __stop(self, number):
        if self.__arm:
            self.__cut(frames.STOPPED)
        self.__link.send(frames.OK, b"", number)

    def __safe(self, number):
        if self.__arm:
            self.stop()
        self.safe()
        self.__end_arm(frames.SAFE_CALLED)
        self.program, self.faulty = None, False
        self.__link.send(frames.OK, b"", number)

    def __status(self, number):
        self.__link.send(frames.STATUS, self.__status_payload(), number)

    def __status_payload(self):
        arm, health = self.__arm, self.health()
        if self.faulty:
            state = frames.FAULTY
        elif arm:
            state = frames.RUNNING if self.__seen else frames.ARMED_STATE
        else:
            state = frames.IDLE if self.program is None else frames.READY
        return frames.status(
            state, *health, self.spool.used, self.spool.free - (arm.remaining if arm else 0), self.boot_id, self.tick(),
            arm.order if arm else None, arm.next_index if arm else 0)

    def __ping(self, number, token):
        self.__link.send(frames.PONG, struct.pack("<Q", token), number)

    def __shots(self, number, count, mode):
        if self.__arm or self.program is None:
            raise Refused(frames.WRONG_STATE, "no shots while an arm is armed, or without a program")
        if not 1 <= count <= 200_000 or mode > 1:
            raise Refused(frames.BAD_PAYLOAD, f"{count} shots in mode {mode}")
        self.__link.send(frames.SHOTS, self.__count_shots(count, mode), number)

    def __count_shots(self, count, mode):
        points = numpy.asarray(self.shots(count))
        payload = frames.shots(points, mode == 1)
        # The mean's payload tells how many shots were averaged.
        return payload if mode == 0 else struct.pack("<I", len(points)) + payload[4:]

    def __raw(self, number, count):
        if not 1 <= count <= 8_388_544:
            raise Refused(frames.BAD_PAYLOAD, f"{count} bits, 1 to 8388544 are possible")
        self.__link.send(frames.RAW_RNG, frames.raw_bits(self.raw_random(count)), number)

    def __key(self, number):
        raise Refused(frames.UNSUPPORTED, "this board has no signing key")

    # Records.

    def __take(self, batch):
        """Records of the running arm go into the spool and to the host."""
        if self.__arm is None:
            return
        self.__keep(self.__arm.take(batch))
        if self.__arm.remaining == 0:
            self.__end_arm(frames.COMPLETED)

    def __end_arm(self, reason):
        if self.__arm:
            self.__keep(self.__arm.finish(reason))
            self.__arm = None

    def __keep(self, messages):
        for message in messages:
            self.spool.keep(self.__arm.order.campaign, message.end, message.kind, message.payload, message.records)
            self.__link.send(message.kind, message.payload)


def serve(boards, sources=(), context=None, pause_ms=5):
    """Serves boards, each with its endpoint, until interrupted.

    `sources` are (socket, function) pairs of one's own, for example a trigger's subscription; the function is called
    when the socket has something.
    """
    context = context or zmq.Context.instance()
    poller, handlers = zmq.Poller(), {}
    for board, endpoint in boards:
        socket = board.bind(context, endpoint)
        handlers[socket] = board.receive
        poller.register(socket, zmq.POLLIN)
    for socket, function in sources:
        handlers[socket] = function
        poller.register(socket, zmq.POLLIN)
    while True:
        for socket, _ in poller.poll(pause_ms):
            handlers[socket]()
        for board, _ in boards:
            board.poll()
