"""Drivers in other processes: what `lab up` starts from lab.yaml's `run`, and what becomes of them when they misbehave."""
import contextlib
import os
import signal
import threading
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


def source(name, *options, settings="{}"):
    """A microwave source in a process of its own."""
    words = [PYTHON, "-m", "belldriver.example_instrument", "--listen", f'"ipc://@run/{name}"', *options]
    return (f"{name}:\n  driver: microwave-source\n  node: alice\n  at: zmq+ipc://@run/{name}\n"
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
def an_instrument_in_python_is_set_and_read_back():
    with up("--pace", "max", devices=source("alice-lo", settings="{frequency_hz: 5.2e9, output: on}")) as it:
        it.wait(lambda: device(it, "alice-lo")["state"] == "connected", "connected", 20)
        it.ctl("device", "set", "alice-lo", "power_dbm=-3.25")
        shown = it.json("device", "show", "alice-lo")
        assert shown["settings"]["power_dbm"] == -3.25 and shown["identity"]["serial"] == "EXAMPLE-1", shown
        refused(it, "device", "set", "alice-lo", "power_dbm=21", says=["power_dbm", "-30"])
        it.ctl("campaign", "start", it.plan(trials=2048))
        it.wait(lambda: it.state_is("completed"), "completed")
        set_ = it.json("device", "show", "alice-lo")["settings"]
        assert set_["frequency_hz"] == 5.2e9 and set_["output"] is True, set_


@test
def instrument_drivers_that_flood_lie_die_or_hang_are_found_out():
    """In one laboratory, because each of them takes its time."""
    bad = "".join(source(how, "--misbehave", how) for how in ("flood", "lie", "die"))
    with up("--pace", "max", devices=bad + source("good", settings="{power_dbm: -10}")) as it:
        it.wait(lambda: device(it, "flood").get("error"), "an error is shown", 20)
        assert device(it, "flood")["state"] == "disconnected", device(it, "flood")
        it.wait(lambda: all(device(it, name)["state"] == "connected" for name in ("lie", "die", "good")), "connected")

        said = refused(it, "device", "set", "lie", "power_dbm=3", code=3)
        assert "read" in said and "-30" in said, said

        old = driver(it, "/die")
        dying = threading.Thread(target=lambda: it.ctl("device", "set", "die", "output=on", code=3))
        dying.start()
        it.wait(lambda: driver(it, "/die") not in (None, old), "the driver that died is started again", 20)

        # Nothing that a block needs is at fault.
        it.ctl("campaign", "start", it.plan(trials=16384))
        it.wait(lambda: it.state_is("completed"), "completed")
        assert it.accounted(16384)["lost"] == 0

        hanging = driver(it, "/good")
        os.kill(hanging, signal.SIGSTOP)
        began = time.monotonic()
        it.wait(lambda: device(it, "good")["state"] == "disconnected", "the one that hangs is shown", 25)
        print(f"        hangs: shown after {time.monotonic() - began:.1f} s")
        # Now something is.
        refused(it, "campaign", "start", it.plan(trials=2048), code=3, says=["good"])
        os.kill(hanging, signal.SIGCONT)
        it.wait(lambda: device(it, "good")["state"] == "connected", "connected again", 20)
        dying.join()
        it.wait(lambda: device(it, "die")["state"] == "connected", "the one that died is connected", 20)
        it.ctl("campaign", "start", it.plan(trials=2048))
        it.wait(lambda: it.state_is("completed"), "completed")
