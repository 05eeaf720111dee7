"""What the end-to-end tests share: a laboratory in a state directory of its own, and the list of tests."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LAB = ROOT / "Calibration/mocklab/lab.yaml"
PLAN = ROOT / "Sequences/plans/bell-chsh.yaml"
BIN = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build/release").resolve()
TESTS = []


class Skipped(Exception):
    """This machine does not allow the test; the message says why."""


def test(function):
    TESTS.append(function)
    return function


def run(program, *args, timeout=20, **more):
    """Runs one of belld's programs to its end."""
    return subprocess.run(
        [BIN / program, *map(str, args)], capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL,
        **more)


@contextlib.contextmanager
def folder():
    path = tempfile.mkdtemp(prefix="belld-e2e-")
    try:
        yield pathlib.Path(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Lab:
    """One state directory with `bellctl lab up` running in it."""

    def __init__(self, folder, *options):
        self.state = pathlib.Path(folder) / "state"
        self.folder = pathlib.Path(folder)
        self.options = options
        self.lab = LAB
        self.process = None

    def ctl(self, *args, code=0, timeout=120):
        done = subprocess.run(
            [BIN / "bellctl", *map(str, args), "--state", str(self.state)],
            capture_output=True, text=True, timeout=timeout, cwd=self.folder,
        )
        if code is not None and done.returncode != code:
            raise AssertionError(
                f"bellctl {' '.join(map(str, args))}: exit {done.returncode}, expected {code}\n{done.stdout}{done.stderr}")
        return done

    def json(self, *args, code=0):
        return json.loads(self.ctl(*args, "--json", code=code).stdout)

    def up(self, *options):
        log = open(self.folder / "lab.log", "a")
        self.process = subprocess.Popen(
            [BIN / "bellctl", "lab", "up", "--lab", self.lab, "--state", self.state, *self.options, *options],
            stdout=log, stderr=log, cwd=self.folder)
        self.wait(lambda: self.ctl("status", code=None).returncode == 0, "the daemon answers", 30)
        return self

    def down(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(60)
        self.process = None

    def wait(self, condition, what, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return
            if self.process and self.process.poll() is not None:
                break
            time.sleep(0.05)
        logs = "".join(f"--- {p.name}\n{p.read_text()[-3000:]}" for p in sorted(self.state.glob("logs/*")))
        raise AssertionError(f"waited {seconds} s in vain: {what}\n{(self.folder / 'lab.log').read_text()}{logs}")

    def campaign(self):
        return self.json("status").get("campaign") or {}

    def state_is(self, *states):
        return self.campaign().get("state") in states

    def pid(self, program):
        """The process of `program` that belongs to this state directory."""
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if words[0].endswith(b"/" + program.encode()) and str(self.state).encode() in words:
                    return int(folder.name)
        raise AssertionError(f"no process {program} runs for {self.state}")

    def journal(self):
        return next((self.state / "campaigns").glob("*/journal.sqlite"))

    def certificate(self):
        return json.loads(next((self.state / "campaigns").glob("*/certificate.json")).read_text())

    def plan(self, **changes):
        """A copy of the shipped plan with other numbers."""
        text = PLAN.read_text().replace("../bell-chsh.yaml", str(ROOT / "Sequences/bell-chsh.yaml"))
        lines = []
        for line in text.splitlines():
            key = line.split(":")[0]
            lines.append(f"{key}: {changes.pop(key)}" if key in changes else line)
        lines += [f"{key}: {value}" for key, value in changes.items()]
        path = self.folder / "plan.yaml"
        path.write_text("\n".join(lines) + "\n")
        return path

    def accounted(self, trials):
        """Every index exactly once: in the journal's arms, and valid + losses = n in the certificate."""
        with contextlib.closing(sqlite3.connect(self.journal())) as db:
            rows = db.execute("SELECT first_index, count FROM arm ORDER BY first_index").fetchall()
        following = 0
        for first, count in rows:
            assert first == following, f"arm at {first}, expected {following}"
            following = first + count
        tally = self.certificate()["tally"]
        assert tally["valid"] + tally["lost"] == trials, tally
        assert sum(tally["counts"]) == tally["valid"], tally
        assert following + tally["losses"]["not_run"] == trials, (following, tally)
        return tally


@contextlib.contextmanager
def lab(*options, up=True):
    with folder() as path:
        it = Lab(path, *options)
        try:
            yield it.up() if up else it
        finally:
            it.down(signal.SIGKILL if sys.exc_info()[0] else signal.SIGTERM)
