"""The frames and payloads of the board protocol, version 1 (docs/board-protocol.md).

Bytes in, values out, and back; nothing here waits or keeps state. What a host sends is hostile: lengths are checked.
"""
import struct
from typing import List, NamedTuple, Optional, Tuple

import numpy

from .crc32c import crc32c

VERSION = 1
HEADER = struct.Struct("<4sHHIII")  # and the checksum, u32
LARGEST = 1 << 20

HELLO, PROGRAM, HOST_BITS, ARM, START, STOP, SAFE, STATUS_REQUEST, ACK, PING, SHOTS_REQUEST, RAW_RNG_REQUEST, \
    NODE_KEY_REQUEST = range(0x0001, 0x000E)
CAPABILITIES, PROGRAM_LOADED, ARMED, STATUS, FAULT, TRIALS, CLOCK, ARM_END, SHOTS, RAW_RNG, CHUNK_SIGNATURE, NODE_KEY, \
    PONG, OK, ERROR = range(0x0101, 0x0110)

# ERROR codes
UNKNOWN_TYPE, BAD_PAYLOAD, WRONG_VERSION, WRONG_STATE, SPOOL_FULL, BAD_PROGRAM, UNSUPPORTED, NO_HOST_BITS, \
    HELLO_REQUIRED, HARDWARE, BAD_FRAME = range(1, 12)
# FAULT codes
CLOCK_NOT_LOCKED, GENERATOR_FAULT, TRIGGER_FAULT, TEMPERATURE, SPOOL_MEMORY, ANALOGUE, FIRMWARE = range(1, 8)
# ARM_END reasons
COMPLETED, STOPPED, SAFE_CALLED, HARDWARE_FAULT, SPOOL_IS_FULL, NO_TRIGGER = range(6)
# States
IDLE, READY, ARMED_STATE, RUNNING, FAULTY = range(5)
# Trial flags
SIMULATED, HOST_BIT, MISSED_TRIGGER, SATURATED, LATE_LATCH, READOUT_FAULT, GENERATOR_BAD, UNLOCKED = (
    1 << bit for bit in range(8))
# Event kinds
RESET, DRIVE, GATED_DRIVE, EMIT, ABSORB, INPUT_BIT, GATE, READOUT, STOP_EVENT = range(1, 10)

RECORD = numpy.dtype([
    ("index", "<u8"), ("start_tick", "<u8"), ("stop_delta", "<u4"), ("i", "<i2"), ("q", "<i2"),
    ("setting", "u1"), ("outcome", "u1"), ("flags", "<u2"), ("aux", "<u4")])
CLOCK_RECORD = numpy.dtype([("pulse", "<u8"), ("tick", "<u8")])
RECORDS_PER_FRAME = 32766  # that fit into 1 MiB beside TRIALS' 56 bytes; also the most that the protocol allows


class Refused(Exception):
    """What a board answers with ERROR: a code of the table above, and a text for people."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class Frame(NamedTuple):
    type: int
    sequence: int
    reply_to: int
    payload: bytes


class BadFrame(Exception):
    """Bytes that are no frame; `version` tells a sound frame of another version, whose `sequence` is then known."""

    def __init__(self, text, sequence=0, version=False):
        super().__init__(text)
        self.sequence, self.version = sequence, version


def encode(kind, payload=b"", sequence=1, reply_to=0):
    """A whole frame."""
    head = HEADER.pack(b"BELL", VERSION, kind, sequence, reply_to, len(payload))
    return head + struct.pack("<I", crc32c(head + payload)) + payload


def decode(data):
    """The frame in `data`; raises BadFrame by the first check that fails, in the document's order."""
    if len(data) < 24:
        raise BadFrame(f"{len(data)} bytes, a frame has at least 24")
    magic, version, kind, sequence, reply_to, length = HEADER.unpack_from(data)
    if magic != b"BELL":
        raise BadFrame("the first four bytes are not BELL")
    if length > LARGEST:
        raise BadFrame(f"a payload of {length} bytes, at most {LARGEST} are allowed")
    if len(data) != 24 + length:
        raise BadFrame(f"{len(data) - 24} bytes of payload, the header says {length}")
    if struct.unpack_from("<I", data, 20)[0] != crc32c(data[:20] + data[24:]):
        raise BadFrame("the checksum is wrong")
    if version != VERSION:
        raise BadFrame(f"version {version} is not spoken here, only {VERSION}", sequence, version=True)
    return Frame(kind, sequence, reply_to, data[24:])


def text(value):
    """A text as the protocol carries it: at most 1024 bytes of UTF-8."""
    data = value.encode("utf-8")[:1024]
    data = data.decode("utf-8", "ignore").encode("utf-8")  # not through the middle of a character
    return struct.pack("<H", len(data)) + data


def exactly(payload, layout):
    """Unpacks a payload that must have just this layout."""
    if len(payload) != struct.calcsize(layout):
        raise Refused(BAD_PAYLOAD, f"{len(payload)} bytes of payload, {struct.calcsize(layout)} are expected")
    return struct.unpack(layout, payload)


def hello(payload):
    """HELLO: version and the host's name."""
    if len(payload) < 6:
        raise Refused(BAD_PAYLOAD, "HELLO is too short")
    version, _, size = struct.unpack_from("<HHH", payload)
    if size > 1024 or len(payload) != 6 + size:
        raise Refused(BAD_PAYLOAD, "HELLO's text is not as long as it says")
    try:
        return version, payload[6:].decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(BAD_PAYLOAD, "HELLO's text is not UTF-8") from None


class Arm(NamedTuple):
    """An arm as ARM orders it; `campaign` is 16 bytes."""
    campaign: bytes
    arm: int
    first: int
    count: int

    def encoded(self):
        return struct.pack("<16sQQII", self.campaign, self.arm, self.first, self.count, 0)

    @property
    def end(self):
        return self.first + self.count


def arm(payload):
    """ARM."""
    campaign, number, first, count, _ = exactly(payload, "<16sQQII")
    if count == 0 or first + count > 1 << 64:
        raise Refused(BAD_PAYLOAD, "ARM's range is empty or passes 2^64 - 1")
    return Arm(campaign, number, first, count)


def host_bits(payload):
    """HOST_BITS: campaign, arm, and an array of 0 and 1."""
    if len(payload) < 32:
        raise Refused(BAD_PAYLOAD, "HOST_BITS is too short")
    campaign, number, count, _ = struct.unpack_from("<16sQII", payload)
    if len(payload) != 32 + (count + 7) // 8:
        raise Refused(BAD_PAYLOAD, f"HOST_BITS has other bytes than {count} bits need")
    return campaign, number, numpy.unpackbits(numpy.frombuffer(payload, "u1", offset=32))[:count]


def capabilities(node, simulated, has_generator, has_key, ticks_per_sample, tick_rate, boot_id, waveform_memory,
                 events, spool, largest, channels, model, serial, firmware):
    """CAPABILITIES; `tick_rate` is a numerator and a denominator in Hz."""
    flags = (1 if simulated else 0) | (2 if has_generator else 0) | (4 if has_key else 0)
    return struct.pack(
        "<HBBIQQQIIIIHH", VERSION, node, flags, ticks_per_sample, *tick_rate, boot_id, waveform_memory, events, spool,
        largest, channels, 0) + text(model) + text(serial) + text(firmware)


def status(state, clock_locked, generator_healthy, kept, free, boot_id, tick, arm: Optional[Arm], next_index):
    """STATUS."""
    flags = (1 if clock_locked else 0) | (2 if generator_healthy else 0) | (4 if arm else 0)
    return struct.pack(
        "<BBHIIIQQQ", state, flags, 0, kept, free, 0, boot_id, tick, next_index if arm else 0
    ) + (arm.encoded() if arm else bytes(40))


def fault(code, severity, tick, arm_number, words):
    """FAULT."""
    return struct.pack("<HB5xQQ", code, severity, tick, arm_number) + text(words)


def trials(arm, boot_id, first_pulse, records):
    """TRIALS: records of type RECORD that follow each other."""
    return struct.pack("<16sQQQQII", arm.campaign, arm.arm, boot_id, int(records["index"][0]), first_pulse,
                       len(records), 0) + records.tobytes()


def clock(arm, boot_id, records):
    """CLOCK: records of type CLOCK_RECORD."""
    return struct.pack("<16sQQII", arm.campaign, arm.arm, boot_id, len(records), 0) + records.tobytes()


def arm_end(arm, made, reason):
    """ARM_END."""
    return struct.pack("<16sQQIIB7x", arm.campaign, arm.arm, arm.first, arm.count, made, reason)


def shots(points, averaged):
    """SHOTS: `points` are rows of I and Q."""
    if not averaged:
        return struct.pack("<IB3x", len(points), 0) + numpy.ascontiguousarray(points, "<i2").tobytes()
    mean = numpy.clip(numpy.rint(numpy.mean(points, axis=0) * 65536), -2**31, 2**31 - 1).astype("<i4")
    return struct.pack("<IB3x", len(points), 1) + mean.tobytes()


def raw_bits(bits):
    """RAW_RNG: an array of 0 and 1."""
    return struct.pack("<II", len(bits), 0) + numpy.packbits(bits).tobytes()


def error(code, words):
    """ERROR."""
    return struct.pack("<HH", code, 0) + text(words)


class Event(NamedTuple):
    """One thing that a node does in a trial; ticks count from the trigger pulse."""
    kind: int
    tick: int
    duration: int
    waveform: Optional[int]
    amplitude: int
    phase: int
    detuning: int


class Program(NamedTuple):
    """What a node plays in every trial; `data` are the bytes that PROGRAM carried."""
    data: bytes
    node: int
    host_bits: bool
    ticks_per_sample: int
    tick_rate: Tuple[int, int]
    period: int
    clock_every: int
    weight_i: int
    weight_q: int
    threshold: int
    waveforms: List[numpy.ndarray]
    events: List[Event]

    def first(self, kind):
        """The first event of a kind, or None."""
        return next((event for event in self.events if event.kind == kind), None)

    def last(self, kind):
        """The last event of a kind, or None."""
        return next((event for event in reversed(self.events) if event.kind == kind), None)

    def outcomes(self, i, q):
        """The frozen decision for arrays of I and Q."""
        weighted = self.weight_i * numpy.asarray(i, "i8") + self.weight_q * numpy.asarray(q, "i8")
        return (weighted > self.threshold).astype("u1")


def program(data):
    """Reads PROGRAM's payload; raises Refused(BAD_PROGRAM) naming what is wrong."""
    def need(condition, words):
        if not condition:
            raise Refused(BAD_PROGRAM, words)

    need(len(data) >= 56, f"a program of {len(data)} bytes, its head alone has 56")
    form, node, source, per_sample, numerator, denominator, period, every, weight_i, weight_q, threshold, count, \
        events, _ = struct.unpack_from("<HBBIQQQIhhiIII", data)
    need(form == 1, f"format {form} is not known")
    need(node <= 1 and source <= 1, "the node or the source of the input bits is neither 0 nor 1")
    need(per_sample and numerator and denominator and period and every, "a rate, period or interval is 0")
    need(count <= 65535, f"{count} waveforms, at most 65535 are possible")
    at, waveforms = 56, []
    for place in range(count):
        need(len(data) >= at + 4, f"waveform {place} is missing")
        size = struct.unpack_from("<I", data, at)[0]
        need(len(data) >= at + 4 + 4 * size, f"waveform {place} is cut off")
        waveforms.append(numpy.frombuffer(data, "<i2", 2 * size, at + 4).reshape(size, 2))
        at += 4 + 4 * size
    need(len(data) == at + 32 * events, f"{len(data) - at} bytes for {events} events")
    listed, last = [], 0
    for place in range(events):
        kind, _, waveform, tick, duration, phase, detuning, amplitude = struct.unpack_from(
            "<BBHIIIqH", data, at + 32 * place)
        need(RESET <= kind <= STOP_EVENT, f"event {place} is of the unknown kind {kind}")
        need(waveform == 65535 or waveform < count, f"event {place} names waveform {waveform} of {count}")
        need(tick + duration < 1 << 32 and tick >= last, f"event {place} ends too late or comes too early")
        last = tick
        listed.append(Event(kind, tick, duration, None if waveform == 65535 else waveform, amplitude, phase, detuning))
    return Program(bytes(data), node, source == 1, per_sample, (numerator, denominator), period, every, weight_i,
                   weight_q, threshold, waveforms, listed)
