"""Programs started one by one, where `bellctl lab up` would not do: mocklab's devices on USB, or two mocklabs."""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

from harness import BIN, LAB, ROOT, Lab, Skipped, folder

TESTBED = ROOT / "Tests/USB/run"
BOARDS = {"alice": "usb://1209:be11/ALICE01", "bob": "usb://1209:be11/BOB01"}


def laboratory(path, at=None, shadow=None, run=None, devices="", **replaced):
    """A copy of the shipped laboratory in `path` with other addresses and devices; gives its lab.yaml.

    `devices` is YAML that replaces the instruments, None leaves them; `replaced` are values by their key at the top level.
    """
    shutil.copytree(LAB.parent, path, dirs_exist_ok=True)
    text = LAB.read_text()
    for name, address in (at or {}).items():
        old = f"at: zmq+ipc://@run/{name}\n"
        assert text.count(old) == 1, text
        new = f"at: {address}\n"
        if name in (shadow or {}):
            new += f"    shadow: {shadow[name]}\n"
        if name in (run or {}):
            new += f"    run: [{', '.join(run[name])}]\n"
        text = text.replace(old, new)
    if devices is not None:
        first, last = text.index("\n  # Instruments beside the boards"), text.index("\ntrigger_master:")
        text = text[:first] + "".join(f"  {line}\n" for line in devices.splitlines()) + text[last:]
    for key, value in replaced.items():
        line = next(line for line in text.splitlines() if line.startswith(f"{key}:"))
        text = text.replace(line, f"{key}: {value}")
    (path / "lab.yaml").write_text(text)
    return path / "lab.yaml"


def usb_or_skip():
    for program in "umockdev-wrapper", "gcc", "pkg-config":
        if not shutil.which(program):
            raise Skipped(f"{program} is not installed")
    if subprocess.run(["/usr/bin/python3", "-c", "import gi; gi.require_version('UMockdev', '1.0')"],
                      capture_output=True).returncode:
        raise Skipped("gir1.2-umockdev-1.0 or python3-gi is not installed")


class Bench(Lab):
    """A laboratory file, mocklabs, bellcert and belld, each started and killed by its test."""

    def __init__(self, folder):
        super().__init__(folder)
        self.programs = {}
        (self.folder / "lab.log").write_text("")
        self.state.mkdir(mode=0o700)

    def start(self, name, *words):
        log = open(self.folder / f"{name}.log", "a")
        self.programs[name] = subprocess.Popen(
            list(map(str, words)), stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder)
        return self.programs[name]

    def log(self, name):
        path = self.folder / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def mocklab(self, *options, name="mocklab", place=None):
        """Its boards at sockets in the run directory or in `place`, all its devices at the USB/IP socket `<name>.usb`."""
        before = self.log(name).count("mocklab ready")
        where = ("--run", place) if place else ("--state", self.state)
        with contextlib.suppress(FileNotFoundError):
            self.server(name).unlink()
        profile = () if "--profile" in options else ("--profile", LAB.parent / "profile.yaml")
        self.start(name, BIN / "mocklab", *profile, *where, "--usbip", self.server(name), *options)
        self.wait(lambda: self.log(name).count("mocklab ready") > before, f"{name} is ready", 20, name)

    def server(self, name="mocklab"):
        return self.folder / f"{name}.usb"

    def belld(self, lab, usb=()):
        """belld; with the servers of `usb` on a computer that has their devices and no others."""
        self.lab = lab
        words = (BIN / "belld", "--lab", lab, "--state", self.state)
        if usb:
            usb_or_skip()
            words = (TESTBED, *(word for name in usb for word in ("--server", self.server(name))), *words)
        self.start("belld", *words)
        self.wait(lambda: self.ctl("status", code=None).returncode == 0, "belld answers", 30, "belld")

    def bellcert(self):
        self.start("bellcert", BIN / "bellcert", "--state", self.state)

    def up(self, lab, usb=("mocklab",), *options):
        self.mocklab(*options)
        self.bellcert()
        self.belld(lab, usb)
        self.connected()
        return self

    def connected(self, *names):
        self.wait(
            lambda: all(d["state"] == "connected" for d in self.devices().values() if not names or d["name"] in names),
            f"connected: {names or 'all'}", 30, "belld")

    def devices(self):
        return {device["name"]: device for device in self.json("device", "list")["devices"]}

    def testbed(self, line):
        """Asks Tests/USB/testbed.py, which plugs and unplugs."""
        environment = pathlib.Path(f"/proc/{self.pid('belld')}/environ").read_bytes().split(b"\0")
        path = next(word for word in environment if word.startswith(b"BELL_USB_TESTBED=")).split(b"=", 1)[1]
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
            connection.sendall(line.encode() + b"\n")
            answer = connection.makefile().readline().strip()
        assert answer.startswith("ok"), f"{line}: {answer}"
        return answer.split()[1:]

    def place(self, serial_or_name, server="mocklab"):
        """Bus id and port of a device, as mocklab and the testbed printed them."""
        line = next(line for line in self.log(server).splitlines() if serial_or_name in line and "usb://" in line)
        bus_id = line.split()[0]
        shown = f"usb testbed: {self.server(server)} {bus_id} at "
        port = next(line for line in self.log("belld").splitlines() if line.startswith(shown))[len(shown):].split()[0]
        return bus_id, port

    def unplug(self, name):
        self.testbed(f"unplug {self.place(name)[1]}")

    def plug(self, name):
        self.testbed(f"plug {self.server()} {self.place(name)[0]}")

    def until(self, condition, what, limit):
        """Waits for what must come soon, and gives how long it took."""
        began = time.monotonic()
        self.wait(condition, what, limit + 20, "belld")
        took = time.monotonic() - began
        assert took < limit, f"{what}: after {took:.2f} s"
        return took

    def wait(self, condition, what, seconds=60, program=None):
        self.process = self.programs.get(program or "belld")
        try:
            super().wait(condition, what, seconds)
        except AssertionError as error:
            tails = "".join(f"\n--- {name}\n{self.log(name)[-3000:]}" for name in self.programs)
            raise AssertionError(f"{error}{tails}") from None
        finally:
            self.process = None

    def kill(self, name, how=signal.SIGKILL):
        program = self.programs.pop(name)
        os.kill(self.pid("belld") if name == "belld" else program.pid, how)
        program.wait(30)

    def down(self, how=signal.SIGTERM):
        # belld first: it makes the boards safe. Under the testbed belld itself is meant, which would else stay behind.
        for name in sorted(self.programs, key=lambda name: name != "belld"):
            program = self.programs.pop(name)
            if program.poll() is None:
                try:
                    os.kill(self.pid("belld") if name == "belld" else program.pid, how)
                except (AssertionError, ProcessLookupError):
                    program.terminate()
                program.wait(60)


@contextlib.contextmanager
def bench():
    with folder() as path:
        it = Bench(path)
        try:
            yield it
        finally:
            it.down(signal.SIGKILL if sys.exc_info()[0] else signal.SIGTERM)
