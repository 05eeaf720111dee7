#!/usr/bin/python3
"""A client of one board in pyzmq and numpy, written from docs/board-protocol.md alone (Debian: python3-zmq, python3-numpy).

Usage: board_client.py PROGRAM.bin ENDPOINT ENDPOINT
Greets two boards, loads PROGRAM (the payload of a PROGRAM message; its node byte is changed for bob), runs one arm of
trials on both, decodes the records, and acknowledges them. Prints one JSON object.
"""
import hashlib
import json
import struct
import sys

import numpy
import zmq

HELLO, PROGRAM, ARM, START, STATUS_REQUEST, ACK, PING = 1, 2, 4, 5, 8, 9, 10
CAPABILITIES, LOADED, ARMED, STATUS, TRIALS, CLOCK, ARM_END, SIGNATURE, PONG, OK, ERROR = (
    0x101, 0x102, 0x103, 0x104, 0x106, 0x107, 0x108, 0x10B, 0x10D, 0x10E, 0x10F)
RECORD = numpy.dtype([("index", "<u8"), ("start_tick", "<u8"), ("stop_delta", "<u4"), ("i", "<i2"), ("q", "<i2"),
                      ("setting", "u1"), ("outcome", "u1"), ("flags", "<u2"), ("aux", "<u4")])
CAMPAIGN = bytes.fromhex("00112233445566778899aabbccddeeff")
ARM_NUMBER, FIRST, TRIALS_WANTED = 3, 7000, 500
TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
    TABLE.append(n)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


class Board:
    def __init__(self, endpoint):
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.RCVTIMEO, self.socket.LINGER = 10_000, 0
        self.socket.connect(endpoint)
        self.sequence, self.unsolicited, self.wanted = 0, [], None

    def send(self, kind, payload=b"", version=1, crc=0):
        self.sequence += 1
        head = struct.pack("<4sHHIII", b"BELL", version, kind, self.sequence, 0, len(payload))
        self.socket.send(head + struct.pack("<I", crc32c(head + payload) ^ crc) + payload)
        return self.sequence

    def receive(self):
        data = self.socket.recv()
        magic, version, kind, sequence, reply_to, length, crc = struct.unpack_from("<4sHHIIII", data)
        assert magic == b"BELL" and version == 1 and len(data) == 24 + length and crc == crc32c(data[:20] + data[24:])
        assert self.wanted in (None, sequence), f"frame {sequence}, expected {self.wanted}"
        self.wanted = sequence % (2**32 - 1) + 1
        return kind, reply_to, data[24:]

    def ask(self, kind, payload=b"", **more):
        number = self.send(kind, payload, **more)
        while True:
            kind, reply_to, body = self.receive()
            if reply_to == number or kind == ERROR:
                return kind, body
            self.unsolicited.append((kind, body))

    def next(self):
        if not self.unsolicited:
            kind, _, body = self.receive()
            return kind, body
        return self.unsolicited.pop(0)


def text(data, at):
    length = struct.unpack_from("<H", data, at)[0]
    return data[at + 2 : at + 2 + length].decode(), at + 2 + length


def collect(board):
    """Reads an arm to its end: records, and clock records (pulse, tick)."""
    records, clock, digest = [], [], b""
    while True:
        kind, body = board.next()
        if kind == TRIALS:
            assert struct.unpack_from("<16sQ", body) == (CAMPAIGN, ARM_NUMBER)
            records.append(numpy.frombuffer(body, RECORD, offset=56))
            assert len(records[-1]) == struct.unpack_from("<I", body, 48)[0]
            digest = hashlib.blake2b(body[56:], digest_size=32).digest()
        elif kind == SIGNATURE:
            assert body[48:80] == digest, "the signed digest is not that of the records"
        elif kind == CLOCK:
            clock.append(numpy.frombuffer(body, [("pulse", "<u8"), ("tick", "<u8")], offset=40))
        elif kind == ARM_END:
            first, ordered, made, reason = struct.unpack_from("<QIIB", body, 24)
            assert (first, ordered, made, reason) == (FIRST, TRIALS_WANTED, TRIALS_WANTED, 0)
            return numpy.concatenate(records), numpy.concatenate(clock)


boards, report = [], {}
program = bytearray(open(sys.argv[1], "rb").read())
arm = struct.pack("<16sQQII", CAMPAIGN, ARM_NUMBER, FIRST, TRIALS_WANTED, 0)
for endpoint in sys.argv[2:4]:
    board = Board(endpoint)
    kind, body = board.ask(PING, struct.pack("<Q", 1))
    assert kind == ERROR and struct.unpack_from("<H", body)[0] == 9, "hello-required"
    board.wanted = None  # the host takes the number of CAPABILITIES as the origin
    kind, body = board.ask(HELLO, struct.pack("<HH", 1, 0) + b"\x02\x00me")
    assert kind == CAPABILITIES, kind
    version, node, flags, _, rate, divisor, boot, _, _, spool, largest, _ = struct.unpack_from("<HBBIQQQIIIIH", body)
    name = ("alice", "bob")[node]
    report[name] = {"simulated": bool(flags & 1), "rate_hz": rate / divisor, "model": text(body, 52)[0]}
    assert version == 1 and board.next()[0] == STATUS, "the replay ends with STATUS"
    kind, body = board.ask(PING, struct.pack("<Q", 0x1122334455667788))
    assert kind == PONG and struct.unpack("<Q", body)[0] == 0x1122334455667788
    for what, code in [((0x1FF, b""), 1), ((PING, b"short"), 2), ((START, arm[:24]), 4), ((PROGRAM, b"?"), 6)]:
        kind, body = board.ask(*what)
        assert kind == ERROR and struct.unpack_from("<H", body)[0] == code, (what, kind, body)
    kind, body = board.ask(PING, bytes(8), version=2)
    assert kind == ERROR and struct.unpack_from("<H", body)[0] == 3, "wrong-version"
    kind, body = board.ask(PING, bytes(8), crc=1)
    assert kind == ERROR and struct.unpack_from("<H", body)[0] == 11, "bad-frame"
    program[2] = node
    kind, body = board.ask(PROGRAM, bytes(program))
    assert (kind, body) == (LOADED, struct.pack("<II", crc32c(program), len(program))), (kind, body)
    huge = struct.pack("<16sQQII", CAMPAIGN, ARM_NUMBER, FIRST, spool + 1, 0)
    kind, body = board.ask(ARM, huge)
    assert kind == ERROR and struct.unpack_from("<H", body)[0] == 5, "spool-full"
    assert board.ask(ARM, arm) == (ARMED, arm)
    boards.append((name, board))
for name, board in boards:  # the one that takes START is the trigger master
    report[name]["master"] = board.ask(START, arm[:24])[0] == OK
for name, board in boards:
    records, clock = collect(board)
    assert (records["index"] == FIRST + numpy.arange(TRIALS_WANTED)).all()
    assert (numpy.diff(records["start_tick"].astype("i8")) > 0).all() and set(records["setting"]) == {0, 1}
    assert clock["pulse"][-1] - clock["pulse"][0] == TRIALS_WANTED - 1
    report[name] |= {"records": len(records), "flags": sorted({int(f) for f in records["flags"]}),
                     "stop_delta": int(records["stop_delta"][0]), "ones": int(records["setting"].sum())}
    used = lambda: struct.unpack_from("<I", board.ask(STATUS_REQUEST)[1], 4)[0]
    before = used()
    board.send(ACK, struct.pack("<16sQQ", CAMPAIGN, ARM_NUMBER, FIRST + TRIALS_WANTED))
    assert (before, used()) == (TRIALS_WANTED, 0), "ACK lets the spool go"
print(json.dumps(report))
