"""A QICK board without an FPGA: the qick package's own classes on faked registers, memories and pulses.

Used by external_qick.py, whose head says what is real and what is not.
"""
import contextlib
import hashlib
import json
import pathlib
import sys
import tempfile
import time
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "Drivers/python"))


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
    from qick.helpers import progs2json
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
        "type": "axis_signal_gen_v6", "fullpath": "gen_0", "revision": 4, "tproc_ch": 1, "dac": "00",
        "has_mixer": False, "has_dds": True, "fs": 6881.28, "fs_mult": 56, "fs_div": 2,
        "interpolation": 1, "f_fabric": 430.08,
        "f_dds": 6881.28, "fdds_div": 2, "maxlen": 65536, "b_dds": 32, "b_phase": 32, "switch_ch": 0,
        "complex_env": True, "samps_per_clk": 16, "maxv": 32766, "maxv_scale": 1.0}
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
        "board": "fake", "sw_version": getattr(qick, "__version__", "?"), "fw_timestamp": "never",
        "extra_description": [], "refclk_freq": 245.76,
        "dacs": {"00": {"fs": 6881.28, "f_fabric": 430.08, "index": [0, 0]}},
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
        for kind, tick in (
            (frames.INPUT_BIT, 100), (frames.GATE, 107), (frames.READOUT, 120), (frames.STOP_EVENT, 153)))
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

    def __init__(self, path, serial=None):
        self.soc = FakeQickSoc()
        self.board = qick_bridge.QickBoard(
            "alice", self.soc, qick_programs.read_mapping(path), unknown=path.parent / "unknown.program",
            serial=serial)
        self.folder, self.context = path.parent, zmq.Context()
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
