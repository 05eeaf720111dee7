"""What cannot work is refused with its place, a remedy where one is known, and the exit code of its class."""
import contextlib
import json
import os
import signal
import socket
import subprocess
import time

from harness import BIN, LAB, PLAN, ROOT, folder, lab, run, test

PROFILE = ROOT / "Calibration/mocklab/profile.yaml"
SEQUENCE = ROOT / "Sequences/bell-chsh.yaml"


def refused(program, *args, code, says, **more):
    """Runs a program that must fail; `says` are parts of what it writes to stderr."""
    done = run(program, *args, **more)
    assert done.returncode == code, (program, args, done)
    assert done.stderr.startswith("error: "), done.stderr
    for words in says:
        assert words in done.stderr, f"{words!r} is not in:\n{done.stderr}"
    return done


def edited(path, name, source, old, new):
    """A copy of `source` with one place changed."""
    text = source.read_text()
    assert old in text, (source, old)
    target = path / name
    target.write_text(text.replace(old, new, 1))
    return target


@test
def every_program_has_help_and_a_version_and_refuses_an_unknown_option():
    for program in "belld", "bellcert", "bellctl", "mocklab":
        helped, version = run(program, "--help"), run(program, "--version")
        assert helped.returncode == version.returncode == 0, (helped, version)
        assert f"usage: {program}" in helped.stdout and version.stdout.split()[0] == program, (helped, version)
        refused(program, "--nonsense", code=2, says=["--nonsense", "fix:"])


@test
def an_occupied_port_and_an_open_one_are_refused():
    with folder() as path, contextlib.closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"tcp://127.0.0.1:{other.getsockname()[1]}"
        listen = "--profile", PROFILE, "--listen-bob", f"ipc://{path}/bob", "--listen-alice"
        refused("mocklab", *listen, f"zmq+{taken}", code=2, says=["in use", f"where: {taken}", "fix:"])
        for open_bind in "tcp://0.0.0.0:5999", "tcp://*:5999", "tcp://[::]:5999":
            refused("mocklab", *listen, f"zmq+{open_bind}", code=2, says=[f"where: {open_bind}", "fix:"])
        refused("mocklab", *listen, "usb://1209:be11/ALICE01", code=2, says=["no ZeroMQ endpoint", "fix:"])


@test
def wrong_files_are_refused_with_line_and_key():
    with folder() as path:
        state = "--state", path / "state"
        refused("belld", "--lab", path / "none.yaml", *state, code=2, says=[str(path / "none.yaml"), "fix:"])
        unknown = edited(path, "unknown.yaml", LAB, "trigger_master:", "triger_master:")
        refused("belld", "--lab", unknown, *state, code=2, says=[f"{unknown}:", "triger_master", "trigger_master"])
        unit = edited(path, "unit.yaml", LAB, "value: 32.824, unit: m,", "value: 32.824, unit: kg,")
        refused("bellctl", "sequence", "check", SEQUENCE, "--lab", unit, code=2, says=[f"{unit}:", "unit"])
        usb = edited(path, "switch.yaml", LAB, "setting_switch: {alice: alice", "setting_switch: {alice: rf-switch")
        refused("belld", "--lab", usb, *state, code=2, says=[f"{usb}:", "rf-switch"])
        impossible = edited(path, "impossible.yaml", PROFILE, "t1_us: 22", "t1_us: -22")
        refused("mocklab", "--profile", impossible, "--run", path, code=2, says=[f"{impossible}:", "t1_us", "allowed:"])
        refused("mocklab", "--profile", PROFILE, "--profile-set", "alice.t1=5", code=2, says=["t1", "t1_us"])
        plan = edited(path, "plan.yaml", PLAN, "trials: 1048576 ", "trials: -5 ")
        refused("bellctl", "campaign", "plan", plan, "--lab", LAB, code=2, says=[f"{plan}:", "trials"])


@test
def nobody_there_is_exit_5_and_one_json_object():
    with folder() as path:
        for words in ("status",), ("device", "list"), ("campaign", "start", PLAN), ("campaign", "list"), ("campaign", "stop"):
            done = run("bellctl", *words, "--state", path, "--json")
            error = json.loads(done.stdout)["error"]
            assert done.returncode == error["exit"] == 5 and error["fix"] and not done.stderr, done


@test
def a_board_that_is_not_there_is_exit_3():
    with lab("--no-mocklab", "--timeout", "2", up=False) as it:
        daemon = subprocess.Popen(
            [BIN / "belld", "--state", it.state, "--lab", LAB], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            it.wait(lambda: it.ctl("status", code=None).returncode == 0, "the daemon answers", 30)
            error = it.json("campaign", "start", PLAN, code=3)["error"]
            assert error["exit"] == 3 and error["what"], error
            report = it.json("device", "check", "alice", code=3)
            assert not report["passed"] and report["counts"]["failed"] > 0, report["text"]
        finally:
            daemon.terminate()
            assert daemon.wait(30) == 0, "nothing was interrupted"
        failed = it.ctl("lab", "up", "--lab", LAB, "--no-mocklab", "--timeout", "2", code=3)
        assert "fix:" in failed.stderr, failed.stderr


@test
def an_interrupted_campaign_is_exit_130():
    with lab("--pace", "2000", "--seed", "20") as it:
        it.ctl("campaign", "start", it.plan(trials=65536, trials_per_block=2048))
        it.wait(lambda: it.campaign().get("done", 0) > 0, "the first trials")
        watch = subprocess.Popen(
            [BIN / "bellctl", "campaign", "watch", "--state", it.state], stdout=subprocess.PIPE, text=True)
        time.sleep(0.5)
        watch.send_signal(signal.SIGINT)
        assert watch.wait(20) in (0, 130), watch.returncode
        assert it.state_is("running"), "Ctrl-C in watch only detaches"
        daemon = it.pid("belld")
        os.kill(it.process.pid, signal.SIGINT)
        assert it.process.wait(60) == 130
        assert not os.path.exists(f"/proc/{daemon}"), "belld ends with the laboratory"


@test
def everything_that_a_live_laboratory_answers_is_one_json_object():
    # Twice what S = 2.24 needs for p ≤ 1e-9, so that no seed is unlucky.
    with lab("--pace", "max", "--seed", "21") as it:
        path = it.plan(trials=16384)
        answers = [it.json(*words) for words in (
            ("status",), ("device", "list"), ("device", "check", "bob"), ("log",), ("campaign", "list"),
            ("campaign", "start", path), ("campaign", "watch"), ("campaign", "list"), ("campaign", "show"),
            ("campaign", "show", "--certificate"), ("campaign", "verify"),
            ("campaign", "export", "--csv", "--output", it.folder / "trials.csv"),
            ("sequence", "check", SEQUENCE, "--lab", LAB), ("sequence", "show", SEQUENCE, "--lab", LAB, "--svg", it.folder / "x.svg"),
            ("campaign", "plan", path, "--lab", LAB), ("doctor",), ("completion", "bash"),
        )]
        assert all(isinstance(answer, dict) and "error" not in answer for answer in answers), answers
        assert it.json("device", "check", "nobody", code=2)["error"]["what"]
        # The export is what the certificate counted.
        lines = (it.folder / "trials.csv").read_text().splitlines()
        assert lines[0] == "index,x,y,a,b,status" and len(lines) == 16385, lines[:2]
        counts = [0] * 16
        for index, line in enumerate(lines[1:]):
            number, x, y, a, b, status = line.split(",")
            assert int(number) == index and status == "valid", line
            counts[8 * int(x) + 4 * int(y) + 2 * int(a) + int(b)] += 1
        assert counts == it.certificate()["tally"]["counts"], counts


@test
def the_disk_forecast_agrees_with_a_real_journal():
    trials = 131072
    with lab("--pace", "max", "--seed", "22") as it:
        it.ctl("campaign", "start", it.plan(trials=trials))
        it.ctl("campaign", "watch")
        forecast = it.json("doctor", "--trials", trials)["forecast_bytes"]
        it.down()
        used = sum(file.stat().st_size for file in it.journal().parent.iterdir())
        assert 0.6 * forecast < used < 1.25 * forecast, (used, forecast)
