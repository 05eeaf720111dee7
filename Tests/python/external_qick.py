#!/usr/bin/env python3
"""The QICK bridge (Drivers/python/belldriver/qick_bridge.py) against the qick package's own classes; no FPGA.

Real: QickConfig, AveragerProgram, AveragerProgramV2, dump_prog, progs2json, load_prog and the compilers; DataStreamer;
QickSoc's own methods start_readout, poll_data, load_mem, read_mem, start_src, stop_tproc, clear_tproc_counter,
get_tproc_counter, get_accumulated, load_bin_program, reload_mem, config_avg, enable_buf.
Faked: PYNQ (an empty module, so that qick.qick can be imported), and what lies below QickSoc: the tProc's registers and
memories, the accumulation buffer, the pulses and the signal.

usage: external_qick.py       `make test-qick` runs it in an environment that has qick; without it all tests are skipped
"""
import contextlib
import io
import json
import pathlib
import subprocess
import sys
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from external_qick_fake import (
    BUFFER, MISSING, BellTrialV1, BellTrialV2, Bench, QickConfig, config, dump_v2, mapping, program)

import numpy
from belldriver import frames, qick_bridge, qick_programs

if MISSING is None:
    import qick
    from qick.helpers import json2progs, progs2json

TESTS = []


def test(function):
    TESTS.append(function)
    return function


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
def two_boards_of_one_type_are_told_apart_by_the_serial_number_that_is_given():
    with bench() as it:
        assert it.board.serial == "fake"    # the type: the package knows nothing else
    with mapping() as path:
        it = Bench(path, serial="rack2-a")
        try:
            model, serial = frames.text(it.board.model), frames.text("rack2-a")
            assert it.greeting.payload[52:].startswith(model + serial), it.greeting.payload
        finally:
            it.close()


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
        assert (it.folder / "unknown.program").read_bytes() == program(period=43009)
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
                            (["--listen", "tcp://*:5701"], "root"), (["--serial", ""], "printable"),
                            (["--serial", "a\nb"], "printable"), (["--serial", "x" * 65], "printable")):
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
