"""Drivers in other processes: what `lab up` starts from lab.yaml's `run`, and what becomes of them when they misbehave."""
import contextlib
import os
import signal
import time

from bench import laboratory
from devices import refused
from harness import ROOT, lab, test

PYTHON = "/usr/bin/python3"
ON_RUN = {name: f"zmq+ipc://@run/{name}" for name in ("alice", "bob")}
# The kit is used from where it lies.
os.environ["PYTHONPATH"] = str(ROOT / "Drivers/python")


def board(node):
    return [PYTHON, "-m", "belldriver.example_board", "--node", node, "--listen", f'"ipc://@run/{node}"', "--trigger",
            '"ipc://@run/trigger"']


def source(*options, settings="{}"):
    """alice-lo, a microwave source in a process of its own."""
    words = [PYTHON, "-m", "belldriver.example_instrument", "--listen", '"ipc://@run/lo"', *options]
    return (f"alice-lo:\n  driver: microwave-source\n  node: alice\n  at: zmq+ipc://@run/lo\n"
            f"  settings: {settings}\n  run: [{', '.join(words)}]\n")


@contextlib.contextmanager
def up(*options, **file):
    with lab(up=False) as it:
        it.lab = laboratory(it.folder / "lab", at=ON_RUN, **file)
        yield it.up(*options)


def device(it, name):
    return next(one for one in it.json("device", "list")["devices"] if one["name"] == name)


def driver(it, *words):
    """The process of a driver: the one with all these words in its command line, for this state directory."""
    run = it.json("status")["control_endpoint"].removeprefix("ipc://").rsplit("/", 1)[0]
    wanted = [word.encode() for word in (run, *words)]
    for path in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            line = open(f"/proc/{path}/cmdline", "rb").read() if path.isdigit() else b""
            if line.startswith(PYTHON.encode()) and all(word in line for word in wanted):
                return int(path)
    return None


@test
def boards_in_python_run_a_campaign_and_one_that_is_killed_is_started_again():
    with up(run={"alice": board("alice"), "bob": board("bob")}) as it:
        it.wait(lambda: all(device(it, name)["state"] == "connected" for name in ON_RUN), "connected", 20)
        assert "example board" in str(device(it, "alice")["capabilities"]), device(it, "alice")
        it.ctl("campaign", "start", it.plan(trials=65536, trials_per_block=16384))
        it.wait(lambda: it.campaign().get("done", 0) > 8192, "8192 trials")
        old = driver(it, "example_board", "bob")
        os.kill(old, signal.SIGKILL)
        it.wait(lambda: driver(it, "example_board", "bob") not in (None, old), "bob's driver is started again", 20)
        it.wait(lambda: it.state_is("completed"), "completed", 90)
        tally = it.accounted(65536)
        assert tally["lost"] <= 3 * 1024, tally
        assert it.certificate()["simulated"] is True
        assert it.json("campaign", "verify")["match"] is True


@test
def an_instrument_in_python_is_set_hangs_and_comes_back():
    with up(devices=source(settings="{frequency_hz: 5.2e9, output: on}")) as it:
        it.wait(lambda: device(it, "alice-lo")["state"] == "connected", "connected", 20)
        it.ctl("device", "set", "alice-lo", "power_dbm=-3.25")
        shown = it.json("device", "show", "alice-lo")
        assert shown["settings"]["power_dbm"] == -3.25 and shown["identity"]["serial"] == "EXAMPLE-1", shown
        refused(it, "device", "set", "alice-lo", "power_dbm=21", says=["power_dbm", "-30"])
        process = driver(it, "example_instrument")
        os.kill(process, signal.SIGSTOP)
        began = time.monotonic()
        it.wait(lambda: device(it, "alice-lo")["state"] == "disconnected", "shown as disconnected", 20)
        print(f"        hangs: shown after {time.monotonic() - began:.1f} s")
        assert device(it, "alice-lo")["reason"], device(it, "alice-lo")
        # What a block needs cannot be set: the campaign does not begin without it.
        refused(it, "campaign", "start", it.plan(trials=2048), code=3, says=["alice-lo"])
        os.kill(process, signal.SIGCONT)
        it.wait(lambda: device(it, "alice-lo")["state"] == "connected", "connected again", 20)
        it.ctl("campaign", "start", it.plan(trials=2048))
        it.wait(lambda: it.state_is("completed"), "completed")
        assert it.json("device", "show", "alice-lo")["settings"]["frequency_hz"] == 5.2e9


@test
def an_instrument_driver_that_dies_is_started_again():
    with up(devices=source("--misbehave", "die")) as it:
        it.wait(lambda: device(it, "alice-lo")["state"] == "connected", "connected", 20)
        old = driver(it, "example_instrument")
        refused(it, "device", "set", "alice-lo", "output=on", code=3, says=["alice-lo"])
        it.wait(lambda: driver(it, "example_instrument") not in (None, old), "started again", 20)
        it.wait(lambda: device(it, "alice-lo")["state"] == "connected", "connected again", 20)


@test
def an_instrument_driver_that_floods_or_lies_is_found_out_and_the_campaign_is_not_disturbed():
    for how in "flood", "lie":
        with up("--pace", "max", devices=source("--misbehave", how)) as it:
            if how == "flood":
                it.wait(lambda: device(it, "alice-lo").get("error"), "an error is shown", 20)
                assert device(it, "alice-lo")["state"] == "disconnected", device(it, "alice-lo")
            else:
                it.wait(lambda: device(it, "alice-lo")["state"] == "connected", "connected", 20)
                said = refused(it, "device", "set", "alice-lo", "power_dbm=3", code=None)
                assert "read" in said and "-30" in said, said
            it.ctl("campaign", "start", it.plan(trials=16384))
            it.wait(lambda: it.state_is("completed"), "completed")
            assert it.accounted(16384)["lost"] == 0
