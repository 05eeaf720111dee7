#!/usr/bin/env python3
"""The QICK bridge (Drivers/python/belldriver/qick_bridge.py) against the qick package's own classes; no FPGA.

Real: QickConfig, AveragerProgram, AveragerProgramV2, dump_prog, progs2json, load_prog and the compilers; DataStreamer;
QickSoc's own methods start_readout, poll_data, load_mem, read_mem, start_src, stop_tproc, clear_tproc_counter,
get_tproc_counter, get_accumulated, load_bin_program, reload_mem, config_avg, enable_buf, load_envelope.
Faked: PYNQ (an empty module, so that qick.qick can be imported), and what lies below QickSoc: the tProc's registers and
memories, the accumulation buffer, the pulses and the signal.

usage: external_qick.py       `make test-qick` runs it in an environment that has qick; without it all tests are skipped
"""
import contextlib
import hashlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import traceback
import types

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "Drivers/python"))
TESTS = []


def test(function):
    TESTS.append(function)
    return function


class _Empty(types.ModuleType):
    """A module in which every name is an empty class: enough to define drivers on top of PYNQ."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (object,), {})


try:
    import qick
    # Only these are missing off the board; qick.board_utils loads the board's I2C library.
    for _name in ("pynq", "pynq.overlay", "pynq.buffer", "xrfclk", "xrfdc", "qick.board_utils"):
        sys.modules.setdefault(_name, _Empty(_name))
    from qick import QickConfig
    from qick.asm_v2 import AveragerProgramV2
    from qick.averager_program import AveragerProgram
    from qick.helpers import json2progs, progs2json
    from qick.qick import QickSoc
    from qick.streamer import DataStreamer
    MISSING = None
except ImportError as failure:
    MISSING = failure
    QickConfig = AveragerProgramV2 = AveragerProgram = QickSoc = object

import numpy
import zmq
from belldriver import frames, qick_bridge, qick_programs

LENGTH = 40         # readout samples
ADDRESS = 64        # of the trials' words
BUFFER = 256        # readings that the accumulation buffer holds


def config(version=2):
    """A small firmware's description: the keys that the qick package reads, with plausible values."""
    generator = {
        "type": "axis_signal_gen_v6", "fullpath": "gen_0", "revision": 4, "tproc_ch": 1, "dac": "00", "has_mixer": False,
        "has_dds": True, "fs": 6881.28, "fs_mult": 56, "fs_div": 2, "interpolation": 1, "f_fabric": 430.08,
        "f_dds": 6881.28, "fdds_div": 2, "maxlen": 65536, "b_dds": 32, "b_phase": 32, "switch_ch": 0, "complex_env": True,
        "samps_per_clk": 16, "maxv": 32766, "maxv_scale": 1.0}
    readout = {
        "avg_maxlen": BUFFER, "buf_maxlen": 1024, "trigger_type": "dport" if version == 2 else "output",
        "trigger_port": 0, "trigger_bit": 0, "tproc_ch": 0, "adc": "00", "b_phase": 32, "fs": 2457.6, "fs_mult": 40,
        "fs_div": 4, "decimation": 1, "f_fabric": 307.2, "f_dds": 2457.6, "fdds_div": 4, "f_output": 307.2,
        "b_dds": 32, "iq_offset": 0.0, "has_outsel": True, "has_weights": False, "has_edge_counter": False,
        "avgbuf_fullpath": "buf_0", "ro_fullpath": "ro_0", "avgbuf_type": "axis_avg_buffer",
        "ro_type": "axis_readout_v2", "avgbuf_revision": 6, "ro_revision": 8}
    processor = {
        "type": "qick_processor" if version == 2 else "axis_tproc64x32_x8", "fullpath": "tproc_0", "dmem_size": 4096,
        "pmem_size": 8192, "wmem_size": 8192, "dreg_qty": 32, "revision": 27, "output_pins": [], "start_pin": "PMOD1_0",
        "stop_pin": "PMOD1_1", "f_core": 430.08, "f_time": 430.08}
    return {
        "board": "fake", "sw_version": getattr(qick, "__version__", "?"), "fw_timestamp": "never", "extra_description": [],
        "refclk_freq": 245.76, "dacs": {"00": {"fs": 6881.28, "f_fabric": 430.08, "index": [0, 0]}},
        "adcs": {"00": {"fs": 2457.6, "f_fabric": 307.2, "index": [0, 0]}},
        "gens": [generator], "iqs": [], "readouts": [readout], "tprocs": [processor]}


class FakeProcessor:
    """What lies below QickSoc: registers, memories, and trials that run when pulses come."""

    def __init__(self):
        self.log, self.source, self.running = [], "internal", False
        self.memory = {"dmem": numpy.zeros(4096, "i4"), "pmem": numpy.zeros((8192, 8), "i4")}
        self.axi_r_dt1 = self.read_sel = 0
        self.binprog = None
        self.sticky = False         # a counter that does not go back to 0

    def start_src(self, source):
        self.log.append(f"start_src {source}")
        self.source, self.running = source, source == "external"

    def get_start_src(self):
        return self.source

    def start(self):
        self.log.append("start")

    def stop(self):
        self.log.append("stop")
        self.running = False

    def reset(self):
        self.log.append("reset")
        if not self.sticky:
            self.axi_r_dt1 = 0

    def load_bin_program(self, binprog, load_mem):
        self.binprog = binprog
        self.log.append("load")

    def reload_mem(self):
        pass

    def load_mem(self, which, data, addr=0):
        self.memory[which][addr:addr + len(data)] = data

    def read_mem(self, which, length, addr=0):
        return self.memory[which][addr:addr + length].copy()


class FakeBuffer(dict):
    """The accumulation buffer: a ring of int32 pairs."""

    def __init__(self):
        super().__init__(has_edge_counter=False)
        self.ring = numpy.zeros((BUFFER, 2), "i4")

    def config_avg(self, address, length):
        pass

    def enable(self, avg, buf):
        pass

    def transfer_avg(self, address, length):
        return self.ring[(address + numpy.arange(length)) % BUFFER]


class FakeQickSoc(QickConfig):
    """QickSoc's own methods on faked blocks."""

    simulated, TPROC_VERSION = True, 2
    if MISSING is None:
        start_readout, poll_data, load_mem, read_mem = (
            QickSoc.start_readout, QickSoc.poll_data, QickSoc.load_mem, QickSoc.read_mem)
        start_src, start_tproc, stop_tproc = QickSoc.start_src, QickSoc.start_tproc, QickSoc.stop_tproc
        clear_tproc_counter, get_tproc_counter = QickSoc.clear_tproc_counter, QickSoc.get_tproc_counter
        get_accumulated, load_bin_program, reload_mem = (
            QickSoc.get_accumulated, QickSoc.load_bin_program, QickSoc.reload_mem)
        config_avg, enable_buf = QickSoc.config_avg, QickSoc.enable_buf

    def __init__(self):
        super().__init__(config())
        self.tproc, self.avg_bufs = FakeProcessor(), [FakeBuffer()]
        self.streamer = DataStreamer(self)
        self.pulse, self.time, self.truth = 4_000_000_000, 5, []
        self.random = numpy.random.default_rng(11)
        self.writes_words = True

    def load_envelope(self, ch, data, addr):
        pass

    def set_nyquist(self, *arguments, **more):
        pass

    def configure_readout(self, ch, registers):
        pass

    def reset_gens(self):
        self.tproc.log.append("reset_gens")

    def clocks_locked(self):
        return True

    def pulses(self, count, period=43008, heard=True):
        """`count` shared pulses: each runs a trial when the tProc was armed for an external start."""
        for _ in range(count):
            if heard and self.tproc.source == "external" and self.tproc.running:
                shot = self.tproc.axi_r_dt1
                setting, state = (int(bit) for bit in self.random.integers(0, 2, 2))
                iq = (LENGTH * (2000 if state else -2000) + int(self.random.integers(-500, 500)), -LENGTH * 7)
                if self.writes_words:
                    words = numpy.array([setting, self.pulse & 0xFFFFFFFF, self.time & 0xFFFFFFFF], "u4").view("i4")
                    self.tproc.memory["dmem"][ADDRESS + 3 * shot:ADDRESS + 3 * shot + 3] = words
                self.avg_bufs[0].ring[shot % BUFFER] = iq
                self.truth.append((self.pulse, setting, state))
                self.tproc.axi_r_dt1 = shot + 1
            self.pulse += 1
            self.time += period


class BellTrialV2(AveragerProgramV2):
    """A drive pulse and a readout: what a compiled trial looks like to the bridge, not what it plays."""

    def _initialize(self, cfg):
        self.declare_gen(ch=0, nqz=1)
        self.declare_readout(ch=0, length=LENGTH / 307.2, freq=100, gen_ch=0)
        self.add_gauss(ch=0, name="ramp", sigma=0.02, length=0.1)
        self.add_pulse(ch=0, name="drive", style="arb", envelope="ramp", freq=100, phase=0, gain=0.5)

    def _body(self, cfg):
        self.pulse(ch=0, name="drive", t=0)
        self.trigger(ros=[0], t=0.1)
        if cfg.get("lfsr"):
            self.write_dmem(addr=5, src="s1")


class BellTrialV1(AveragerProgram):
    def initialize(self):
        self.declare_gen(ch=0, nqz=1)
        self.declare_readout(ch=0, length=LENGTH, freq=100, gen_ch=0)
        self.set_pulse_registers(ch=0, style="const", freq=self.freq2reg(100, gen_ch=0), phase=0, gain=3000, length=20)
        self.synci(200)

    def body(self):
        self.measure(pulse_ch=0, adcs=[0], adc_trig_offset=10, wait=True, syncdelay=100)


def dump_v2(reps=4000, **cfg):
    return progs2json([BellTrialV2(QickConfig(config()), reps=reps, final_delay=1.0, cfg=cfg).dump_prog()]).encode()


def program(host_bits=False, period=43008):
    """A PROGRAM of belld: start event at tick 100, stop at 153, threshold 0 on I."""
    events = b"".join(
        frames.struct.pack("<BBHIIIqH6x", kind, 0, 65535, tick, 0, 0, 0, 0)
        for kind, tick in ((frames.INPUT_BIT, 100), (frames.GATE, 107), (frames.READOUT, 120), (frames.STOP_EVENT, 153)))
    return frames.struct.pack(
        "<HBBIQQQIhhiIII", 1, 0, int(host_bits), 1, 430_080_000, 1, period, 16, 32767, 0, 0, 0, 4, 0) + events


def sha(data):
    return hashlib.sha256(data).hexdigest()


@contextlib.contextmanager
def mapping(dump=None, name="alice.json", **changes):
    """A mapping file for program() and a dump beside it."""
    with tempfile.TemporaryDirectory(prefix="belld-qick-") as folder:
        path = pathlib.Path(folder)
        data = dump_v2() if dump is None else dump
        (path / name).write_bytes(data)
        entry = {"program_sha256": sha(program()), "dump": name, "dump_sha256": sha(data), "readout": 0,
                 "words_address": ADDRESS, "settings": "input", **changes}
        (path / "map.json").write_text(json.dumps({"version": 1, "programs": [entry]}))
        yield path / "map.json"


class Bench:
    """A bridge on a fake QICK, and a host's side of the protocol in the same thread."""

    def __init__(self, path):
        self.soc = FakeQickSoc()
        self.board = qick_bridge.QickBoard("alice", self.soc, qick_programs.read_mapping(path))
        self.context = zmq.Context()
        endpoint = f"ipc://{path.parent}/board"
        self.board.bind(self.context, endpoint)
        self.host = self.context.socket(zmq.DEALER)
        self.host.linger = 0
        self.host.connect(endpoint)
        self.number, self.heard = 0, []
        self.greeting = self.ask(frames.HELLO, b"\1\0\0\0\2\0me")

    def turn(self):
        self.board.receive()
        self.board.poll()
        while self.host.poll(0):
            self.heard.append(frames.decode(self.host.recv()))

    def until(self, condition, seconds=20):
        end = time.monotonic() + seconds
        while True:
            self.turn()
            for place, frame in enumerate(self.heard):
                if condition(frame):
                    return self.heard.pop(place)
            assert time.monotonic() < end, [hex(frame.type) for frame in self.heard]
            time.sleep(0.002)

    def ask(self, kind, payload=b""):
        self.number += 1
        self.host.send(frames.encode(kind, payload, self.number))
        return self.until(lambda frame: frame.reply_to == self.number)

    def load(self):
        answer = self.ask(frames.PROGRAM, program())
        assert answer.type == frames.PROGRAM_LOADED, answer

    def arm(self, count, first=1000, number=1):
        return self.ask(frames.ARM, frames.Arm(bytes(16), number, first, count).encoded())

    def end(self):
        """The arm's records, clock records, and ARM_END's made and reason."""
        ending = self.until(lambda frame: frame.type == frames.ARM_END)
        trials = [numpy.frombuffer(f.payload, frames.RECORD, offset=56) for f in self.heard if f.type == frames.TRIALS]
        pulses = [frames.struct.unpack_from("<Q", f.payload, 40)[0] for f in self.heard if f.type == frames.TRIALS]
        clock = [numpy.frombuffer(f.payload, frames.CLOCK_RECORD, offset=40) for f in self.heard
                 if f.type == frames.CLOCK]
        made, reason = frames.struct.unpack_from("<IB", ending.payload, 36)
        self.heard = [f for f in self.heard if f.type not in (frames.TRIALS, frames.CLOCK)]
        return (numpy.concatenate(trials) if trials else numpy.zeros(0, frames.RECORD), pulses,
                numpy.concatenate(clock) if clock else None, made, reason)

    def close(self):
        self.host.close()
        self.context.destroy(0)


@contextlib.contextmanager
def bench(**more):
    with mapping(**more) as path:
        it = Bench(path)
        try:
            yield it
        finally:
            it.close()


def refusal(answer, code):
    assert answer.type == frames.ERROR and answer.payload[:2] == frames.struct.pack("<H", code), answer
    return answer.payload[6:].decode()


@test
def a_dump_of_the_package_survives_json_and_npz_and_compiles_to_the_same_machine_code():
    soccfg = QickConfig(config())
    made = BellTrialV2(soccfg, reps=4000, final_delay=1.0, cfg={})
    with mapping() as path:
        (entry,) = qick_programs.read_mapping(path).values()
        again = qick_bridge.QickBoard._make_program(soccfg, qick_programs.read_dump(entry))
    assert json.dumps(numpy.asarray(again.binprog["pmem"]).tolist()) == json.dumps(
        numpy.asarray(made.binprog["pmem"]).tolist()) and again.binprog["wmem"] == made.binprog["wmem"]
    assert (again.counter_addr, list(again.loop_dims), again.ro_chs[0]["trigs"]) == (1, [4000], 1)
    archive = io.BytesIO()
    numpy.savez(archive, dump=numpy.frombuffer(dump_v2(), "u1"))
    with mapping(archive.getvalue(), "alice.npz") as path:
        (entry,) = qick_programs.read_mapping(path).values()
        assert qick_programs.read_dump(entry)["prog_list"] == json2progs(dump_v2().decode())[0]["prog_list"]


@test
def a_dump_for_tproc_v1_compiles_to_the_same_machine_code():
    soccfg = QickConfig(config(version=1))
    made = BellTrialV1(soccfg, {"reps": 4000, "rounds": 1})
    dump = progs2json([made.dump_prog()]).encode()
    with mapping(dump) as path:
        (entry,) = qick_programs.read_mapping(path).values()
        again = qick_bridge.QickBoard._make_program(soccfg, qick_programs.read_dump(entry))
        again.compile()
    assert numpy.array_equal(again.binprog, made.binprog) and again.loop_dims == [4000]


@test
def capabilities_state_the_tproc_s_clock_as_the_tick():
    with bench() as it:
        fields = frames.struct.unpack_from("<HBBIQQQIIIIHH", it.greeting.payload)
        assert fields[1:6] == (0, 3, 1, 430_080_000, 1), fields   # simulated, generator; 2.325 ns
        assert b"QICK fake (qick_processor revision 27)" in it.greeting.payload
    assert qick_bridge.exact_hz(614.4) == (614_400_000, 1)
    assert qick_bridge.exact_hz(6881.280000000001) == (6_881_280_000, 1)


@test
def an_arm_gives_each_trial_s_setting_outcome_and_time_with_its_pulse():
    with bench() as it:
        it.load()
        it.soc.pulses(17)   # before the arm: no trial
        assert it.arm(700).type == frames.ARMED and not it.soc.truth
        log = it.soc.tproc.log
        armed = [place for place, entry in enumerate(log) if entry == "start_src external"][-1]
        assert "reset" in log[:armed] and "start" not in log, log   # counter zeroed first, never started by us
        for _ in range(7):
            it.soc.pulses(100)
            it.turn()
            time.sleep(0.02)
        records, pulses, clock, made, reason = it.end()
        assert (made, reason) == (700, frames.COMPLETED)
        truth = numpy.array(it.soc.truth)
        assert (records["index"] == 1000 + numpy.arange(700)).all()
        assert (records["setting"] == truth[:, 1]).all() and (records["outcome"] == truth[:, 2]).all()
        assert pulses[0] == truth[0, 0] == 4_000_000_017 and (records["flags"] == frames.SIMULATED).all()
        assert (records["stop_delta"] == 53).all() and (numpy.diff(records["start_tick"]) == 43008).all()
        assert records["start_tick"][0] == clock["tick"][0] + 100 and clock["pulse"][-1] == truth[-1, 0]
        assert (records["q"] == -7).all() and (numpy.abs(records["i"]) >= 1987).all()
        # A second arm: ticks go on, the first arm's readings are not repeated.
        assert it.arm(10, 1700, 2).type == frames.ARMED
        it.soc.pulses(10)
        following = it.end()[0]
        assert len(following) == 10 and following["start_tick"][0] > records["start_tick"][-1]


@test
def pulses_and_times_of_32_bits_are_told_across_their_overflow():
    with bench() as it:
        it.load()
        it.soc.pulse, it.soc.time = 2**32 - 3, 2**32 - 100
        it.arm(8)
        it.soc.pulses(8)
        records, pulses, clock, made, _ = it.end()
        assert made == 8 and pulses == [2**32 - 3] and (numpy.diff(records["start_tick"]) == 43008).all()


@test
def a_pulse_that_the_board_did_not_hear_is_a_missed_trial_in_its_place():
    with bench() as it:
        it.load()
        it.arm(20)
        it.soc.pulses(5)
        it.soc.pulses(2, heard=False)
        it.soc.pulses(13)
        it.ask(frames.STOP)
        records, _, _, made, reason = it.end()
        assert made == 20 and (records["index"] == 1000 + numpy.arange(20)).all()
        missed = records["flags"] & frames.MISSED_TRIGGER != 0
        assert list(numpy.flatnonzero(missed)) == [5, 6], records["flags"]


@test
def an_overflowed_buffer_is_a_loud_loss():
    with bench() as it:
        it.load()
        it.arm(1000)
        it.soc.streamer.stop_readout()          # hold the streamer back until too much is unread
        it.soc.streamer.done_flag.wait(5)
        it.soc.tproc.running, it.soc.tproc.source = True, "external"
        it.soc.pulses(BUFFER + 200)
        it.soc.start_readout(1000, counter_addr=1, ch_list=[0], reads_per_shot=[1])
        fault = it.until(lambda frame: frame.type == frames.FAULT)
        code, severity = frames.struct.unpack_from("<HB", fault.payload)
        assert (code, severity) == (frames.SPOOL_MEMORY, 2) and b"Overflowed the averages buffer" in fault.payload
        records, _, _, made, reason = it.end()
        assert len(records) == 0 and (made, reason) == (0, frames.HARDWARE_FAULT)
        refusal(it.arm(10, 3000, 2), frames.WRONG_STATE)
        assert it.ask(frames.SAFE).type == frames.OK and "reset_gens" in it.soc.tproc.log


@test
def stop_in_mid_arm_keeps_what_was_measured():
    with bench() as it:
        it.load()
        it.arm(500)
        it.soc.pulses(123)
        assert it.ask(frames.STOP).type == frames.OK
        records, _, _, made, reason = it.end()
        truth = numpy.array(it.soc.truth)
        assert (made, reason) == (123, frames.STOPPED) and (records["outcome"] == truth[:, 2]).all()
        it.arm(5, 2000, 2)
        assert it.ask(frames.STOP).type == frames.OK
        assert it.end()[3:] == (0, frames.STOPPED)


@test
def pulses_that_cease_end_the_arm():
    with bench() as it:
        it.load()
        it.arm(50)
        it.soc.pulses(20)
        records, _, _, made, reason = it.end()
        assert (len(records), made, reason) == (20, 20, frames.NO_TRIGGER)


@test
def a_program_that_writes_no_words_and_a_counter_that_is_not_zeroed_are_faults():
    with bench() as it:
        it.load()
        it.soc.writes_words = False
        it.arm(5)
        it.soc.pulses(5)
        fault = it.until(lambda frame: frame.type == frames.FAULT)
        assert b"has not written the words" in fault.payload
    with bench() as it:
        it.load()
        it.soc.tproc.axi_r_dt1, it.soc.tproc.sticky = 3, True
        assert "counter is 3" in refusal(it.arm(5), frames.HARDWARE)


@test
def what_is_not_acknowledged_is_replayed():
    with bench() as it:
        it.load()
        it.arm(30)
        it.soc.pulses(30)
        first = it.end()[0]
        it.ask(frames.HELLO, b"\1\0\0\0\2\0me")
        assert (it.end()[0] == first).all()
        it.host.send(frames.encode(frames.ACK, frames.struct.pack("<16sQQ", bytes(16), 1, 1030), 99))
        status = it.ask(frames.STATUS_REQUEST)
        assert frames.struct.unpack_from("<I", status.payload, 4)[0] == 0


@test
def programs_dumps_and_arms_that_cannot_be_are_refused():
    with bench() as it:
        assert "SHA-256" in refusal(it.ask(frames.PROGRAM, program(period=43009)), frames.BAD_PROGRAM)
        assert "host" in refusal(it.ask(frames.PROGRAM, program(host_bits=True)), frames.BAD_PROGRAM)
        refusal(it.arm(1), frames.WRONG_STATE)
        it.load()
        # 4096 words, 64 of them the program's own, three a trial.
        assert "at most 1344 trials" in refusal(it.arm(1345), frames.HARDWARE)
        refusal(it.ask(frames.SHOTS_REQUEST, frames.struct.pack("<IB3x", 10, 0)), frames.UNSUPPORTED)
        refusal(it.ask(frames.RAW_RNG_REQUEST, frames.struct.pack("<I", 10)), frames.UNSUPPORTED)
    wrong = [
        dict(dump_sha256="0" * 64), dict(dump=dump_v2(lfsr=True)), dict(dump=b"\x80\x04N."), dict(dump=b"[]"),
        dict(dump=b"{}"), dict(readout=3), dict(dump=dump_v2() + b" x"), dict(dump=b"PK\3\4", name="alice.npz")]
    for changes in wrong:
        data = changes.get("dump")
        with bench(**changes) as it:
            refusal(it.ask(frames.PROGRAM, program()), frames.BAD_PROGRAM)
        assert data is None or isinstance(data, bytes)
    pickled = io.BytesIO()
    numpy.savez(pickled, dump=numpy.array([{"prog_list": []}], dtype=object))
    with bench(dump=pickled.getvalue(), name="alice.npz") as it:
        assert "allow_pickle" in refusal(it.ask(frames.PROGRAM, program()), frames.BAD_PROGRAM)


@test
def mapping_files_that_cannot_be_are_refused():
    for changes in (dict(settings="lfsr"), dict(settings="software"), dict(program_sha256="x"), dict(words_address=-1),
                    dict(readout=True), dict(more=1)):
        with mapping(**changes) as path:
            try:
                qick_programs.read_mapping(path)
                raise AssertionError(f"{changes} was taken")
            except qick_programs.BadMapping as bad:
                assert str(path) in str(bad)


@test
def the_command_line_refuses_internal_start_the_lfsr_and_open_endpoints():
    with mapping() as path:
        sound = ["--node", "alice", "--listen", "tcp://127.0.0.1:5701", "--programs", str(path)]
        for wrong, word in ((["--start", "internal"], "external pulse"), (["--settings", "lfsr"], "PRNG"),
                            (["--listen", "tcp://*:5701"], "root")):
            done = subprocess.run([sys.executable, "-m", "belldriver.qick_bridge", *sound, *wrong], capture_output=True,
                                  text=True, cwd=ROOT / "Drivers/python")
            assert done.returncode == 2 and word in done.stderr, done.stderr


def main():
    if MISSING is not None:
        print(f"QICK bridge: 0 passed, {len(TESTS)} skipped, 0 failed: the qick package is not installed ({MISSING}); "
              "`make test-qick` makes an environment that has it")
        return 0
    counts = {"ok": 0, "FAILED": 0}
    for function in TESTS:
        if len(sys.argv) > 1 and not any(word in function.__name__ for word in sys.argv[1:]):
            continue
        try:
            with contextlib.redirect_stdout(io.StringIO()):     # the package prints
                function()
            result = "ok"
        except Exception:
            traceback.print_exc()
            result = "FAILED"
        counts[result] += 1
        print(f"{result:7} {function.__name__.replace('_', ' ')}", flush=True)
    print(f"QICK bridge: {counts['ok']} passed, 0 skipped, {counts['FAILED']} failed (qick {qick.__version__})")
    return 1 if counts["FAILED"] else 0


if __name__ == "__main__":
    sys.exit(main())
