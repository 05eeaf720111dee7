#!/usr/bin/python3
"""The Python kit's boards (Drivers/python) under belld: whole campaigns in separate processes.

usage: external_board.py [.build/release] [word ...]     all tests, or those whose name contains a word
Exit 0 when all passed. Needs python3-zmq and python3-numpy; no belld is needed for the tests of the codec.
"""
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
KIT = ROOT / "Drivers/python"
sys.path.insert(0, str(KIT))
import numpy
import zmq
from belldriver import frames
from belldriver.arm import Batch, RunningArm
from belldriver.crc32c import _TABLE, crc32c

BIN = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build/release").resolve()
TESTS = []


def test(function):
    TESTS.append(function)
    return function


@contextlib.contextmanager
def folder():
    path = tempfile.mkdtemp(prefix="belld-x-")
    try:
        yield pathlib.Path(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Boards:
    """Example boards in processes of their own."""

    def __init__(self, path):
        self.path, self.running = path, []

    def start(self, *options):
        log = open(self.path / "boards.log", "a")
        process = subprocess.Popen(
            [sys.executable, "-m", "belldriver.example_board", *map(str, options)], cwd=KIT, stdout=log, stderr=log)
        self.running.append(process)
        return process

    def both(self, *options):
        return self.start("--both", "--listen", self.at("alice"), "--listen", self.at("bob"), *options)

    def one(self, node, *options):
        return self.start("--node", node, "--listen", self.at(node), "--trigger", self.at("trigger"), *options)

    def at(self, name):
        return f"ipc://{self.path}/{name}"

    def end(self):
        for process in self.running:
            process.kill()
            process.wait()


@contextlib.contextmanager
def boards():
    with folder() as path:
        it = Boards(path)
        try:
            yield it
        finally:
            it.end()


class Lab:
    """`bellctl lab up` on a copy of mocklab's laboratory whose boards are the ones of Python."""

    def __init__(self, path):
        self.path, self.state = path, path / "state"
        shutil.copytree(ROOT / "Calibration/mocklab", path / "lab")
        file = path / "lab/lab.yaml"
        file.write_text(file.read_text().replace("zmq+ipc://@run/", f"zmq+ipc://{path}/"))
        log = open(path / "lab.log", "a")
        self.process = subprocess.Popen(
            [BIN / "bellctl", "lab", "up", "--lab", file, "--state", self.state], stdout=log, stderr=log)

    def ctl(self, *words, code=0):
        done = subprocess.run([BIN / "bellctl", *map(str, words), "--state", self.state], capture_output=True,
                              text=True, timeout=120)
        assert code is None or done.returncode == code, (words, done.returncode, done.stdout, done.stderr, self.log())
        return done

    def log(self):
        return "".join(f"--- {p.name}\n{p.read_text()[-2000:]}" for p in
                       [self.path / "lab.log", self.path / "boards.log", *self.state.glob("logs/*")] if p.exists())

    def wait(self, condition, what, seconds=60):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end and self.process.poll() is None, f"in vain: {what}\n{self.log()}"
            time.sleep(0.1)

    def campaign(self):
        return (json.loads(self.ctl("status", "--json").stdout)).get("campaign") or {}

    def plan(self, trials):
        text = (ROOT / "Sequences/plans/bell-chsh.yaml").read_text()
        text = text.replace("../bell-chsh.yaml", str(ROOT / "Sequences/bell-chsh.yaml"))
        text = re.sub(r"^trials: \d+", f"trials: {trials}", text, flags=re.M)
        text = re.sub(r"^trials_per_block: \d+", f"trials_per_block: {trials // 2}", text, flags=re.M)
        (self.path / "plan.yaml").write_text(text)
        return self.path / "plan.yaml"

    def up(self):
        self.wait(lambda: '"phase":"up"' in ((self.state / "lab.json").read_text()
                                            if (self.state / "lab.json").exists() else ""), "the laboratory is up")

    def certificate(self):
        return json.loads(next((self.state / "campaigns").glob("*/certificate.json")).read_text())

    def finish(self, trials):
        """Waits for the end; every trial is accounted for, and the evidence verifies. The certificate."""
        self.wait(lambda: self.campaign().get("state") == "completed", "the campaign completes", 90)
        self.wait(lambda: list((self.state / "campaigns").glob("*/certificate.json")), "a certificate")
        verified = json.loads(self.ctl("campaign", "verify", "--json", code=None).stdout)
        assert verified["match"], verified
        certificate = self.certificate()
        tally = certificate["tally"]
        assert tally["valid"] + tally["lost"] == trials, tally
        return certificate

    def down(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()


@contextlib.contextmanager
def lab(path):
    it = Lab(path)
    try:
        it.up()
        yield it
    finally:
        it.down()


def vectors():
    text = (ROOT / "docs/board-protocol.md").read_text()
    return {name: bytes.fromhex(body) for name, body in re.findall(r"```vector ([a-z-]+)\n([0-9a-f\s]+)```", text)}


@test
def every_golden_vector_of_the_document_decodes_and_encodes_to_itself():
    sound = 0
    for name, data in vectors().items():
        if name == "trial-record":
            record = numpy.frombuffer(data, frames.RECORD)[0]
            assert (record["index"], record["i"], record["q"], record["setting"]) == (7168, -12000, 345, 1)
        elif name in ("bad-version", "bad-checksum", "bad-length", "bad-truncated", "bad-size"):
            try:
                frames.decode(data)
                raise AssertionError(f"{name} was taken")
            except frames.BadFrame as bad:
                assert bad.version == (name == "bad-version") and (not bad.version or bad.sequence == 18)
        else:
            frame = frames.decode(data)
            assert frames.encode(frame.type, frame.payload, frame.sequence, frame.reply_to) == data, name
            sound += 1
    assert sound >= 30, sound


@test
def the_payloads_are_those_of_the_vectors():
    v = {name: frames.decode(data).payload for name, data in vectors().items()
         if name != "trial-record" and not name.startswith("bad-")}
    arm = frames.arm(v["arm"])
    assert arm == (bytes.fromhex("00112233445566778899aabbccddeeff"), 7, 7168, 1024) and arm.encoded() == v["armed"]
    assert frames.hello(v["hello"]) == (1, "belld 0.1.0")
    campaign, number, bits = frames.host_bits(v["host-bits"])
    assert number == 7 and "".join(map(str, bits)) == "10110011101"
    boot = 0x0123456789abcdef
    assert frames.capabilities(1, True, True, True, 4, (8 * 10**9, 1), boot, 65536, 256, 65536, 1 << 20, 4,
                               "mock board", "BOB01", "0.1.0") == v["capabilities"]
    assert frames.status(3, True, True, 100, 64412, boot, 123456789012, arm, 7268) == v["status"]
    assert frames.status(0, True, True, 0, 65536, boot, 42, None, 0) == v["status-idle"]
    assert frames.fault(1, 1, 99, 7, "reference clock lost") == v["fault"]
    records = numpy.array([(7168, 5000000100, 800, -12000, 345, 1, 0, 1, 0),
                           (7169, 5000640100, 801, 11950, -20, 0, 1, 3, 0xdeadbeef)], frames.RECORD)
    assert frames.trials(arm, boot, 90000, records) == v["trials"]
    clock = numpy.array([(90000, 5000000000), (91023, 5654720001)], frames.CLOCK_RECORD)
    assert frames.clock(arm, boot, clock) == v["clock"]
    assert frames.arm_end(arm, 1000, frames.STOPPED) == v["arm-end"]
    assert frames.shots(numpy.array([[1, -1], [32767, -32768]]), False) == v["shots"]
    assert frames.raw_bits([1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 0, 0]) == v["raw-rng"]
    assert frames.error(frames.SPOOL_FULL, "24 records free, 1024 wanted") == v["error"]
    program = frames.program(v["program"])
    assert (program.node, program.period, program.clock_every, program.threshold) == (0, 640000, 64, 100)
    assert [(e.kind, e.tick) for e in program.events] == [(6, 100), (3, 240), (9, 900)]
    assert program.events[1].detuning == -5_000_000 and program.events[1].phase == 1 << 30


@test
def hostile_payloads_are_refused_and_never_crash_the_codec():
    program = frames.decode(vectors()["program"]).payload
    readers = (frames.program, frames.arm, frames.host_bits, frames.hello)
    random = numpy.random.default_rng(20260521)
    for turn in range(3000):
        data = bytearray(program[:int(random.integers(0, len(program) + 1))])
        for _ in range(int(random.integers(0, 4))):
            if data:
                data[int(random.integers(0, len(data)))] = int(random.integers(0, 256))
        for reader in readers:
            with contextlib.suppress(frames.Refused):
                reader(bytes(data))


@test
def the_two_ways_to_compute_the_checksum_agree():
    def slow(data):
        crc = 0xFFFFFFFF
        for byte in data:
            crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 255]
        return crc ^ 0xFFFFFFFF

    assert crc32c(b"123456789") == 0xE3069283
    for size in (0, 1, 4095, 4096, 4097, 4159, 4160, 4161, 20000, 65536 + 3):
        data = os.urandom(size)
        assert crc32c(data) == slow(data), size


@test
def a_client_written_from_the_document_alone_is_content_with_the_board():
    with boards() as it:
        it.both()
        (it.path / "program.bin").write_bytes(frames.decode(vectors()["program"]).payload)
        done = subprocess.run(
            [sys.executable, ROOT / "Tests/python/board_client.py", it.path / "program.bin", it.at("alice"),
             it.at("bob")], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        report = json.loads(done.stdout)
        assert report["alice"]["master"] and not report["bob"]["master"] and report["bob"]["flags"] == [1], report


@test
def a_board_or_instrument_that_does_not_say_whether_it_is_simulated_is_not_served():
    from belldriver import instrument
    from belldriver.board import Board

    class Forgetful(Board):
        pass

    class ForgetfulToo(instrument.Instrument):
        pass

    context = zmq.Context()
    try:
        for serve in [lambda: Forgetful("alice", "1", (1_000_000_000, 1)).bind(context, "inproc://forgetful"),
                      lambda: instrument.serve(ForgetfulToo("1"), "inproc://forgetful-too", context)]:
            try:
                serve()
            except TypeError as refusal:
                assert "simulated" in str(refusal), refusal
            else:
                raise AssertionError("it is served")
        Honest = type("Honest", (Board,), {"simulated": False})
        Honest("alice", "1", (1_000_000_000, 1)).bind(context, "inproc://honest").close(0)
    finally:
        context.destroy(0)


@test
def a_board_survives_damaged_and_misplaced_frames():
    seed = 20260521
    draw = random.Random(seed)
    with boards() as it, zmq.Context() as context:
        board = it.both()
        client = context.socket(zmq.DEALER)
        client.linger, client.rcvtimeo = 0, 20_000
        client.connect(it.at("alice"))
        sound = [data for name, data in vectors().items() if name != "trial-record"]
        for number in range(1, 3000):
            data = bytearray(draw.choice(sound))
            if draw.random() < 0.5:     # a sound frame with a damaged payload, of any type
                body = bytearray(data[24:])
                for _ in range(draw.randint(0, 3) if body else 0):
                    body[draw.randrange(len(body))] = draw.randrange(256)
                kind = draw.choice([*range(1, 14), 0x101, 0x10F, 999])
                data = frames.encode(kind, bytes(body), number)
            else:
                data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
            client.send(bytes(data))
            while client.poll(0):
                client.recv()
        client.send(frames.encode(frames.PING, bytes(8), 4000))
        while frames.decode(client.recv()).reply_to != 4000:
            pass
        assert board.poll() is None, f"seed {seed}"
        client.close()


@test
def a_stranger_s_ping_is_answered_and_takes_no_number_of_the_conversation():
    with boards() as it, zmq.Context() as context:
        it.both()
        host, stranger = (context.socket(zmq.DEALER) for _ in range(2))
        for socket in (host, stranger):
            socket.linger, socket.rcvtimeo = 0, 10_000
            socket.connect(it.at("bob"))

        def ask(socket, kind, payload, number):
            socket.send(frames.encode(kind, payload, number))
            return frames.decode(socket.recv())

        greeting = ask(host, frames.HELLO, b"\1\0\0\0\2\0me", 1)
        assert greeting.type == frames.CAPABILITIES
        ending = frames.decode(host.recv())
        assert ending.type == frames.STATUS and ending.sequence == greeting.sequence + 1
        for turn in range(5):
            answer = ask(stranger, frames.PING, bytes(8), 100 + turn)
            assert answer.type == frames.ERROR and answer.reply_to == 100 + turn
            assert answer.payload[:2] == frames.struct.pack("<H", frames.HELLO_REQUIRED)
        pong = ask(host, frames.PING, bytes(8), 2)
        assert pong.type == frames.PONG and pong.sequence == ending.sequence + 1, pong
        stranger.close()
        host.close()


def arm_end(client, program, orders):
    """Loads a program, plays `orders` = (kind, payload), and reads an arm to its end: records, clock, made, reason."""
    client.send(frames.encode(frames.HELLO, b"\1\0\0\0\2\0me", 1))
    for number, (kind, payload) in enumerate([(frames.PROGRAM, program), *orders], 2):
        client.send(frames.encode(kind, payload, number))
    records, clock, refused = [], [], []
    while True:
        frame = frames.decode(client.recv())
        if frame.type == frames.TRIALS:
            records.append(numpy.frombuffer(frame.payload, frames.RECORD, offset=56))
        elif frame.type == frames.CLOCK:
            clock.append(numpy.frombuffer(frame.payload, frames.CLOCK_RECORD, offset=40))
        elif frame.type == frames.ERROR:
            refused.append(frame.payload[0])
        elif frame.type == frames.ARM_END:
            made, reason = frames.struct.unpack_from("<IB", frame.payload, 36)
            return numpy.concatenate(records), numpy.concatenate(clock), made, reason, refused


@test
def host_bits_become_the_settings_in_index_order_and_too_few_of_them_are_refused():
    with boards() as it, zmq.Context() as context:
        it.both()
        client = context.socket(zmq.DEALER)
        client.linger, client.rcvtimeo = 0, 20_000
        client.connect(it.at("alice"))
        program = bytearray(frames.decode(vectors()["program"]).payload)
        program[3] = 1  # input bits from the host
        bits = numpy.random.default_rng(12).integers(0, 2, 700, "u1")

        def host(arm, some):
            return (frames.HOST_BITS, frames.struct.pack("<16sQII", b"c" * 16, arm, len(some), 0)
                    + numpy.packbits(some).tobytes())

        order = frames.Arm(b"c" * 16, 2, 5000, 700)
        records, clock, made, reason, refused = arm_end(client, bytes(program), [
            host(1, bits[:99]), (frames.ARM, frames.Arm(b"c" * 16, 1, 0, 100).encoded()), host(2, bits),
            (frames.ARM, order.encoded()), (frames.START, frames.struct.pack("<16sQ", b"c" * 16, 2))])
        assert refused == [frames.NO_HOST_BITS] and (made, reason) == (700, frames.COMPLETED), (refused, made)
        assert (records["setting"] == bits).all() and (records["index"] == 5000 + numpy.arange(700)).all()
        assert (records["flags"] == frames.SIMULATED | frames.HOST_BIT).all()
        assert list(clock["pulse"] - clock["pulse"][0]) == [*range(0, 700, 64), 699]
        client.close()


@test
def an_arm_keeps_its_indices_when_pulses_do_not_come():
    """The pure value alone: what a board that missed pulses says."""
    program = frames.program(frames.decode(vectors()["program"]).payload)
    arm = RunningArm(frames.Arm(bytes(16), 1, 100, 200), program, 7, frames.SIMULATED)

    def batch(first, count):
        ticks = (10**9 + numpy.arange(first, first + count) * program.period).astype("u8")
        return Batch(first, ticks, numpy.zeros(count, frames.RECORD))

    messages = arm.take(batch(5000, 60)) + arm.take(batch(5070, 300))
    records = numpy.concatenate([numpy.frombuffer(m.payload, frames.RECORD, offset=56) for m in messages])
    assert (records["index"] == 100 + numpy.arange(200)).all() and arm.remaining == 0
    assert list(numpy.flatnonzero(records["flags"] & frames.MISSED_TRIGGER)) == list(range(60, 70))
    assert records["start_tick"][65] == 10**9 + 5065 * program.period + 100
    clock, ending = arm.finish(frames.COMPLETED)
    # Every 64th trial and the last; trial 64 was missed, and a pulse that did not come has no tick.
    pulses = numpy.frombuffer(clock.payload, frames.CLOCK_RECORD, offset=40)["pulse"]
    assert list(pulses) == [5000, 5128, 5192, 5199], pulses
    assert frames.struct.unpack_from("<II", ending.payload, 32) == (200, 200)
    try:
        RunningArm(frames.Arm(bytes(16), 1, 0, 9), program, 7, 0).take(batch(1, 0))
        late = RunningArm(frames.Arm(bytes(16), 1, 0, 9), program, 7, 0)
        late.take(batch(10, 2))
        late.take(batch(11, 1))
        raise AssertionError("a pulse twice was taken")
    except ValueError:
        pass


@test
def two_boards_in_one_process_run_a_campaign_that_violates_the_inequality():
    trials = 16384
    with boards() as it:
        it.both("--seed", 3)
        with lab(it.path) as run:
            run.ctl("campaign", "start", run.plan(trials))
            certificate = run.finish(trials)
            s = certificate["statistics"]["s"]
            # Visibility 0.85: S = 2.404, less 0.5 % misread; the standard error is 0.024.
            assert abs(s - 2.39) < 0.12, s
            assert certificate["tally"]["lost"] == 0 and certificate["simulated"], certificate["tally"]
            print(f"    S = {s:.3f}, verdict: {certificate['verdict']}")


@test
def two_boards_in_two_processes_share_the_trigger_and_only_hidden_variables():
    trials = 8192
    with boards() as it:
        it.one("alice", "--seed", 4)
        it.one("bob", "--seed", 5)
        with lab(it.path) as run:
            run.ctl("campaign", "start", run.plan(trials))
            certificate = run.finish(trials)
            s = certificate["statistics"]["s"]
            assert 1.8 < s < 2.1 and certificate["verdict"] != "certified", (s, certificate["verdict"])
            assert certificate["tally"]["lost"] == 0, certificate["tally"]
            print(f"    S = {s:.3f}, verdict: {certificate['verdict']}")


@test
def a_soc_of_qick_that_does_not_say_what_it_is_is_refused():
    from belldriver.qick_bridge import is_simulated
    fake = type("QickSoc", (), {"__module__": "qick_fake"})
    real = type("QickSoc", (), {"__module__": "qick.qick"})
    assert is_simulated(type("Faked", (fake,), {"simulated": True})()) is True
    assert is_simulated(type("Board", (real,), {})()) is False
    assert is_simulated(type("Faked", (real,), {"simulated": True})()) is True
    for silent in fake(), type("Proxy", (), {"simulated": None})():
        try:
            is_simulated(silent)
        except TypeError as refusal:
            assert "does not say whether it is simulated" in str(refusal)
        else:
            assert False, silent


@test
def a_board_s_process_that_is_killed_in_mid_arm_costs_what_it_had_not_delivered_and_nothing_else():
    trials = 32768
    with boards() as it:
        it.one("alice", "--seed", 6)
        bob = it.one("bob", "--seed", 7)
        with lab(it.path) as run:
            run.ctl("campaign", "start", run.plan(trials))
            run.wait(lambda: (run.campaign().get("done") or 0) > 4096, "trials are made")
            bob.kill()
            bob.wait()
            time.sleep(1)
            it.one("bob", "--seed", 8)
            certificate = run.finish(trials)
            lost = certificate["tally"]["lost"]
            # The arm that ran, and one that may have been committed when the board was found missing.
            assert 0 < lost <= 3 * 1024, certificate["tally"]
            print(f"    {lost} of {trials} trials lost")


@test
def belld_killed_in_mid_arm_gets_everything_again_from_the_boards_spools():
    trials = 32768
    with boards() as it:
        it.both("--seed", 9)
        with lab(it.path) as run:
            run.ctl("campaign", "start", run.plan(trials))
            run.wait(lambda: (run.campaign().get("done") or 0) > 4096, "trials are made")
            pid = json.loads((run.state / "lab.json").read_text())["programs"]["belld"]
            os.kill(pid, signal.SIGKILL)
            run.wait(lambda: run.ctl("status", code=None).returncode == 0, "belld is back")
            certificate = run.finish(trials)
            # An arm that was on disk and not started, or whose START was not answered, is lost; nothing else.
            assert certificate["tally"]["lost"] <= 1024, certificate["tally"]
            print(f"    {certificate['tally']['lost']} of {trials} trials lost")


def main():
    words = sys.argv[2:]
    counts = {"ok": 0, "FAILED": 0}
    for function in TESTS:
        if words and not any(word in function.__name__ for word in words):
            continue
        began = time.monotonic()
        try:
            function()
            result = "ok"
        except Exception:
            import traceback
            traceback.print_exc()
            result = "FAILED"
        counts[result] += 1
        print(f"{result:7} {function.__name__.replace('_', ' ')} ({time.monotonic() - began:.1f} s)", flush=True)
    print(f"external boards: {counts['ok']} passed, {counts['FAILED']} failed")
    sys.exit(1 if counts["FAILED"] or not counts["ok"] else 0)


if __name__ == "__main__":
    main()
