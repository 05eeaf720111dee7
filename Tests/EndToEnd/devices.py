"""Instruments and boards by name: list, show, set, safe, swap, check, record, replay and shadow, with real processes."""
import contextlib
import json
import signal
import sqlite3
import stat
import subprocess

from bench import bench, laboratory
from harness import BIN, LAB, ROOT, test

SEQUENCE = ROOT / "Sequences/bell-chsh.yaml"
# Alice's source is simulated inside belld, bob's stands on (emulated) USB.
SOURCES = """\
alice-lo:   # inside belld
  driver: microwave-source
  node: alice
  at: mock://mocklab/alice-lo
bob-lo:
  driver: microwave-source
  node: bob
  at: usb://1209:be12/LO-BOB
"""
BOXES = """\
alice-switch:
  driver: rf-switch
  node: alice
  at: usb://20ce:0022/11903250001
bob-attenuator:
  driver: attenuator
  node: bob
  at: usb://20ce:0023/11908140002
"""
ON_RUN = {name: f"zmq+ipc://@run/{name}" for name in ("alice", "bob")}


def refused(it, *words, code=2, says=()):
    done = it.ctl(*words, code=code)
    assert done.stderr.startswith("error: ") and "fix:" in done.stderr, done.stderr
    for word in says:
        assert word in done.stderr, f"{word!r} is not in:\n{done.stderr}"
    return done.stderr


@test
def instruments_are_listed_shown_set_and_made_safe():
    with bench() as it:
        it.up(laboratory(it.folder / "lab", devices=SOURCES), ("mocklab",), "--pace", "20000", "--seed", "31")
        listed = it.ctl("device", "list").stdout
        assert all(name in listed for name in ("alice", "bob", "alice-lo", "bob-lo", "usb://1209:be12/LO-BOB")), listed
        for name in "alice-lo", "bob-lo":
            it.ctl("device", "set", name, "frequency_hz=5.25e9", "power_dbm=-7", "output=on")
            shown = it.json("device", "show", name)
            assert shown["identity"]["simulated"] is True, shown
            read = {one["key"]: one["value"] for one in shown["ranges"]}
            assert read["frequency_hz"] == 5.25e9 and read["power_dbm"] == -7 and read["output"] is True, shown
            wrong = refused(it, "device", "set", name, "frequency_hz=1e15", says=["frequency_hz", name])
            allowed = next(one["allowed"] for one in shown["ranges"] if one["key"] == "frequency_hz")
            assert allowed in wrong, (allowed, wrong)
            refused(it, "device", "set", name, "frequncy_hz=5e9", says=["frequncy_hz", "frequency_hz"])
            refused(it, "device", "set", name, "frequency_hz")
            it.ctl("device", "safe", name)
            assert it.json("device", "show", name)["settings"]["output"] is False
        refused(it, "device", "set", "alice", "output=on", says=["board"])
        refused(it, "device", "set", "carol", "output=on", says=["carol", "alice-lo"])
        it.ctl("campaign", "start", it.plan(trials=1048576))
        busy = it.ctl("device", "set", "bob-lo", "output=on", code=None)
        assert busy.returncode and "under way" in busy.stderr and "fix:" in busy.stderr, busy
        busy = it.ctl("device", "check", "bob-lo", code=None)
        assert busy.returncode and "under way" in busy.stderr, busy
        assert it.json("device", "show", "bob-lo")["settings"]["output"] is False
        it.ctl("campaign", "stop")


@test
def switch_boxes_and_attenuators_on_usb_are_set_and_count():
    with bench() as it:
        lab = laboratory(it.folder / "lab", devices=BOXES.replace(
            "  at: usb://20ce:0022", "  settings: {switch_a: 2}\n  at: usb://20ce:0022"))
        it.up(lab, ("mocklab",), "--seed", "38")
        shown = it.json("device", "show", "alice-switch")
        switches = [one["key"] for one in shown["ranges"] if one["writable"]]
        assert "switch_a" in switches and "switch_b" in switches, shown
        it.ctl("device", "set", "alice-switch", "switch_a=5", "switch_b=3")
        it.ctl("device", "set", "bob-attenuator", "attenuation_db=12.25")
        assert it.json("device", "show", "alice-switch")["settings"]["switch_a"] == 5
        assert it.json("device", "show", "bob-attenuator")["settings"]["attenuation_db"] == 12.25
        refused(it, "device", "set", "alice-switch", "switch_a=7", says=["switch_a"])
        refused(it, "device", "set", "bob-attenuator", "attenuation_db=200", says=["attenuation_db"])
        it.ctl("device", "safe", "alice-switch")
        assert it.json("device", "show", "alice-switch")["settings"]["switch_a"] == 0
        assert list((it.state / "switches").iterdir()), "operations are counted"
        it.ctl("campaign", "start", it.plan(trials=2048))
        it.wait(lambda: it.state_is("completed"), "completed")
        assert it.json("device", "show", "alice-switch")["settings"]["switch_a"] == 2


@test
def a_source_pulled_from_usb_is_shown_at_once_and_suspends_the_campaign_that_needs_it():
    with bench() as it:
        devices = SOURCES.replace("  at: usb", "  settings: {output: on}\n  at: usb")
        it.up(laboratory(it.folder / "lab", devices=devices), ("mocklab",), "--pace", "20000", "--seed", "37")
        it.ctl("campaign", "start", it.plan(trials=32768, trials_per_block=8192))
        it.wait(lambda: it.campaign().get("done", 0) > 1000, "1000 trials")
        it.unplug("LO-BOB")
        took = it.until(lambda: it.devices()["bob-lo"]["state"] == "unplugged", "shown as unplugged", 3)
        print(f"        unplugged: shown after {took:.2f} s")
        assert it.devices()["alice-lo"]["state"] == "connected"
        it.wait(lambda: it.state_is("suspended"), "suspended", 20)
        assert "LO-BOB" in str(it.campaign()) or "bob-lo" in str(it.campaign()), it.campaign()
        it.plug("LO-BOB")
        took = it.until(lambda: it.devices()["bob-lo"]["state"] == "connected", "connected again", 8)
        print(f"        plugged in: connected after {took:.2f} s")
        it.wait(lambda: it.state_is("completed"), "completed")
        assert it.accounted(32768)["lost"] == 0
        assert it.json("device", "show", "bob-lo")["settings"]["output"] is True
        it.unplug("LO-BOB")
        it.until(lambda: it.devices()["bob-lo"]["state"] == "unplugged", "shown as unplugged", 3)
        refused(it, "device", "set", "bob-lo", "output=off", code=3, says=["LO-BOB"])


@test
def settings_are_made_before_each_block_and_frozen_with_it():
    with bench() as it:
        wanted = "settings: {frequency_hz: 5.2e9, power_dbm: 10, output: on}"
        lab = laboratory(it.folder / "lab", devices=SOURCES.replace("  at: usb", f"  {wanted}\n  at: usb"))
        text = lab.read_text()
        line = 1 + next(n for n, line in enumerate(text.splitlines()) if "settings:" in line)
        it.up(lab, ("mocklab",), "--pace", "20000", "--seed", "32")
        # A person had it otherwise.
        it.ctl("device", "set", "bob-lo", "frequency_hz=4e9", "output=off")

        lab.write_text(text.replace("power_dbm: 10", "power_dbm: 300"))
        where = f"{lab}:{line}"
        refused(it, "campaign", "start", it.plan(trials=16384), says=[where, "power_dbm"])
        assert not list((it.state / "campaigns").glob("*/journal.sqlite")), "nothing was sealed"

        lab.write_text(text)
        it.ctl("campaign", "start", it.plan(trials=98304, trials_per_block=16384))
        it.wait(lambda: it.campaign().get("done", 0) > 1000, "the first block")
        lab.write_text(text.replace("power_dbm: 10", "power_dbm: 300"))
        it.wait(lambda: it.state_is("suspended"), "suspended", 20)
        said = json.dumps(it.campaign())
        assert where in said and "power_dbm" in said, said
        lab.write_text(text.replace("5.2e9", "5.3e9"))
        it.wait(lambda: it.state_is("completed"), "completed")
        assert it.accounted(98304)["lost"] == 0
        with contextlib.closing(sqlite3.connect(it.journal())) as db:
            blocks = [json.loads(row[0]) for row in db.execute("SELECT calibration FROM block ORDER BY number")]
        sources = [block["instruments"]["bob-lo"] for block in blocks]
        assert all(one["identity"]["serial"] == "LO-BOB" and one["identity"]["simulated"] for one in sources), sources
        frequencies = [one["settings"]["frequency_hz"] for one in sources]
        assert frequencies[0] == 5.2e9 and frequencies[-1] == 5.3e9, frequencies
        assert all(one["settings"] == {"frequency_hz": f, "power_dbm": 10, "output": True}
                   for one, f in zip(sources, frequencies)), sources
        assert it.json("campaign", "verify")["match"] is True


# Swapping.

@test
def a_swap_changes_one_word_of_the_file_after_a_look_at_the_device():
    with bench() as it:
        lab = laboratory(it.folder / "lab", devices=SOURCES)
        before = lab.read_bytes()
        mode = stat.S_IMODE(lab.stat().st_mode)
        it.mocklab()
        it.mocklab(name="second", place=it.folder / "second")
        new = f"zmq+ipc://{it.folder}/second/alice"
        swap = ("device", "swap", "alice", new, "--lab", lab, "--sequence", SEQUENCE)

        looked = it.json(*swap, "--dry-run")
        assert looked["written"] is False and lab.read_bytes() == before, looked
        verdicts = {one["subject"]: one["verdict"] for one in looked["findings"]}
        assert verdicts["node"] == verdicts["tick rate"] == verdicts[str(SEQUENCE)] == "ok", looked

        # Bob's board is not alice's.
        other = f"zmq+ipc://{it.folder}/second/bob"
        wrong = it.ctl("device", "swap", "alice", other, "--lab", lab, "--sequence", SEQUENCE, code=1)
        assert "bob" in wrong.stdout and "nothing was changed" in wrong.stdout and lab.read_bytes() == before, wrong
        it.ctl("device", "swap", "alice", other, "--lab", lab, "--sequence", SEQUENCE, "--force")
        assert lab.read_bytes() == before.replace(b"zmq+ipc://@run/alice", other.encode())
        lab.write_bytes(before)

        done = it.ctl(*swap)
        assert "changed" in done.stdout and "serial" in done.stdout, done.stdout
        assert lab.read_bytes() == before.replace(b"zmq+ipc://@run/alice", new.encode())
        assert stat.S_IMODE(lab.stat().st_mode) == mode
        # What was swapped is what belld then uses.
        it.belld(lab, ("mocklab",))
        it.connected("alice", "bob")
        assert it.devices()["alice"]["at"] == new


@test
def a_swap_that_cannot_be_is_refused_and_the_file_stays():
    with bench() as it:
        lab = laboratory(it.folder / "lab", devices=SOURCES)
        before = lab.read_bytes()

        def swap(*words, code=2, says=()):
            said = refused(it, "device", "swap", *words, "--lab", lab, code=code, says=says)
            assert lab.read_bytes() == before, said

        swap("alise", "zmq+ipc://@run/x", says=["alise", 'did you mean "alice"?'])
        swap("alice", "usb://12:zz/1", says=["usb://12:zz/1"])
        swap("alice", "alice", says=["alice"])
        swap("alice", "zmq+ipc://@run/bob", "--offline", says=["same address"])
        swap("alice", "tcp://127.0.0.1:5025", "--offline", says=["tcp://127.0.0.1:5025"])
        swap("alice", "mock://mocklab/bob", "--offline", says=["bob"])
        # Nobody is there: the error of a device, not a finding.
        swap("alice", f"zmq+ipc://{it.folder}/nobody", code=3)
        it.ctl("device", "swap", "alice", f"zmq+ipc://{it.folder}/nobody", "--offline", "--lab", lab)
        assert lab.read_bytes() == before.replace(b"zmq+ipc://@run/alice", f"zmq+ipc://{it.folder}/nobody".encode())
        lab.write_bytes(before)
        # An instrument: by the virtual laboratory inside bellctl.
        found = it.json("device", "swap", "bob-lo", "mock://mocklab/bob-lo", "--lab", lab)
        assert found["written"] and "LO-BOB" in json.dumps(found["findings"]), found
        assert lab.read_bytes() == before.replace(b"usb://1209:be12/LO-BOB", b"mock://mocklab/bob-lo")


@test
def a_swap_to_an_instrument_that_cannot_be_set_as_wanted_is_refused():
    with bench() as it:
        lab = laboratory(it.folder / "lab", devices=SOURCES.replace(
            "  at: usb", "  settings: {power_dbm: 300, phase_deg: 3}\n  at: usb"))
        before = lab.read_bytes()
        words = ("device", "swap", "bob-lo", "mock://mocklab/bob-lo", "--lab", lab)
        found = it.json(*words, code=1)
        verdicts = {one["subject"]: one["verdict"] for one in found["findings"]}
        assert verdicts["power_dbm"] == verdicts["phase_deg"] == "refused" and not found["written"], found
        assert lab.read_bytes() == before


# Checking.

@test
def a_check_of_a_running_laboratorys_board_gives_a_table_and_the_board_back():
    with bench() as it:
        it.up(laboratory(it.folder / "lab", devices=SOURCES), ("mocklab",), "--pace", "40000", "--seed", "33")
        checked = it.ctl("device", "check", "alice")
        table = {words[0]: words[1] for words in map(str.split, checked.stdout.splitlines()) if len(words) > 1}
        assert table["arm.completes"] == table["handshake.capabilities"] == "passed", checked.stdout
        assert "FAILED" not in checked.stdout and "simulat" in checked.stdout, checked.stdout
        it.connected()
        assert it.json("device", "check", "bob-lo", "--allow-output")["passed"] is True
        it.connected()
        it.ctl("campaign", "start", it.plan(trials=16384))
        refused(it, "device", "check", "alice", code=None, says=["under way"])
        it.wait(lambda: it.state_is("completed"), "completed")
        assert it.accounted(16384)["lost"] == 0


@test
def a_check_finds_what_is_wrong_with_a_board_and_what_is_not_there():
    with bench() as it:
        lab = laboratory(it.folder / "lab")
        absent = it.start(
            "absent", BIN / "bellctl", "device", "check", f"zmq+ipc://{it.folder}/nobody", "--lab", lab, "--state", it.state)
        # Its firmware restarts in the middle of an arm; no daemon runs, lab.yaml says where alice is and who her partner.
        it.mocklab("--pace", "40000", "--fault", "reboot:alice@50")
        report = it.json("device", "check", "alice", "--lab", lab, code=3)
        failed = [one["id"] for one in report["checks"] if one["verdict"] == "failed"]
        assert report["passed"] is False and "arm.completes" in failed, report
        # A board that is not there does not pass by being silent.
        assert absent.wait(30) == 3 and "FAILED" in it.log("absent"), it.log("absent")


# Recording, replaying, shadowing.

@test
def a_recording_of_a_board_is_shown_and_served_again():
    with bench() as it:
        lab = laboratory(it.folder / "lab", devices=SOURCES)
        it.up(lab, ("mocklab",), "--seed", "34")
        refused(it, "device", "record", "alice", "--stop", says=["not being recorded"])
        trace, source = it.folder / "alice.belltrace", it.folder / "source.belltrace"
        it.ctl("device", "record", "alice", trace)
        it.ctl("device", "record", "bob-lo", source)
        # A replay of what was plugged in twice has one device.
        it.unplug("LO-BOB")
        it.wait(lambda: it.devices()["bob-lo"]["state"] == "unplugged", "unplugged")
        it.plug("LO-BOB")
        it.connected("bob-lo")
        assert it.json("device", "show", "alice")["recording"] is True
        refused(it, "device", "record", "alice", it.folder / "again.belltrace", code=None)
        it.ctl("campaign", "start", it.plan(trials=4096))
        it.wait(lambda: it.state_is("completed"), "completed")
        stopped = it.json("device", "record", "alice", "--stop")
        assert stopped["ended_early"] is None and stopped["bytes"] == trace.stat().st_size, stopped
        it.ctl("device", "record", "bob-lo", "--stop")
        refused(it, "device", "record", "alice", trace, code=None, says=[str(trace)])
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in (trace, source))

        shown = it.ctl("device", "recording", trace, "--frames", "3").stdout
        for word in "alice", "zmq+ipc://@run/alice", "simulated", "TRIALS", "ARM_END", "PROGRAM", "no errors":
            assert word in shown, f"{word} is not in:\n{shown}"
        broken = bytearray(trace.read_bytes())
        broken[len(broken) // 2] ^= 1
        (it.folder / "broken.belltrace").write_bytes(broken)
        assert "damage" in it.ctl("device", "recording", it.folder / "broken.belltrace", code=None).stdout

        it.kill("belld", signal.SIGTERM)
        lab.write_text(lab.read_text().replace("zmq+ipc://@run/alice", f"replay://{trace}").replace(
            "usb://1209:be12/LO-BOB", f"replay://{source}"))
        it.belld(lab)
        it.connected("alice", "bob-lo")
        assert it.json("device", "show", "bob-lo")["identity"]["serial"] == "LO-BOB"
        alice = it.devices()["alice"]
        assert alice["at"] == f"replay://{trace}" and alice["capabilities"]["simulated"] is True, alice
        refused(it, "device", "record", "alice", it.folder / "more.belltrace", says=["replay"])

        it.kill("belld", signal.SIGTERM)
        lab.write_text(lab.read_text().replace(f"replay://{trace}", f"replay://{it.folder}/broken.belltrace"))
        done = subprocess.run(
            [BIN / "belld", "--lab", lab, "--state", it.state], capture_output=True, text=True, timeout=20)
        assert done.returncode and "broken.belltrace" in done.stderr and "byte" in done.stderr, done


@test
def a_shadow_that_does_as_its_board_does_is_not_reported():
    with bench() as it:
        shadows = {name: f"mock://mocklab/{name}" for name in ON_RUN}
        it.up(laboratory(it.folder / "lab", at=ON_RUN, shadow=shadows), (), "--seed", "35")
        it.ctl("campaign", "start", it.plan(trials=16384))
        it.wait(lambda: it.state_is("completed"), "completed")
        assert it.accounted(16384)["lost"] == 0
        for name in ON_RUN:
            it.wait(lambda: it.json("device", "show", name)["shadow"]["arms_compared"] == 16, f"{name}'s arms", 20)
            shadow = it.json("device", "show", name)["shadow"]
            assert shadow["differences"] == {} and shadow["answers_compared"] > 0, shadow
        events = [event["message"] for event in it.json("status").get("events", []) if "shadow" in event["message"]]
        assert not events, events


@test
def a_shadow_with_another_spool_is_reported():
    with bench() as it:
        shadows = {name: f"mock://mocklab/{name}" for name in ON_RUN}
        lab = laboratory(it.folder / "lab", at=ON_RUN, shadow=shadows)
        profile = lab.parent / "profile.yaml"
        text = profile.read_text()
        assert text.count("spool_trials: 65536") == 2
        profile.write_text(text.replace("spool_trials: 65536", "spool_trials: 8192", 1))
        it.up(lab, (), "--seed", "36")
        it.wait(
            lambda: any("spool" in event["message"] and event.get("device") == "alice"
                        for event in it.json("status").get("events", [])), "an event tells of the spool", 20)
        shown = it.json("device", "show", "alice")["shadow"]
        assert sum(shown["differences"].values()) >= 1, shown
        assert it.json("device", "show", "bob")["shadow"]["differences"] == {}


# The laboratory file.

@test
def a_laboratory_file_with_wrong_devices_is_refused_with_each_mistake():
    def belld(it, lab):
        done = subprocess.run(
            [BIN / "belld", "--lab", lab, "--state", it.state], capture_output=True, text=True, timeout=20)
        assert done.returncode == 2 and done.stderr.startswith("error: "), done
        return done.stderr

    with bench() as it:
        both = SOURCES.replace("mock://mocklab/alice-lo", "usb://1209:be12/LO-BOB")
        said = belld(it, laboratory(it.folder / "a", devices=both))
        assert "alice-lo and bob-lo have the same address" in said, said

        switch = SOURCES + "alice-switch:\n  driver: rf-switch\n  node: alice\n  at: usb://20ce:0022/11903250001\n"
        said = belld(it, laboratory(
            it.folder / "b", devices=switch, setting_switch="{alice: alice-switch, bob: bob}"))
        assert "alice-switch" in said and "setting switch" in said and "125 µs" in said, said

        run = SOURCES.replace("  at: usb", "  run: [python3, driver.py]\n  at: usb")
        said = belld(it, laboratory(it.folder / "c", devices=run))
        assert "only over ZeroMQ" in said and "usb://1209:be12/LO-BOB" in said, said

        wrong = SOURCES.replace("driver: microwave-source", "driver: microwave-sauce", 1)
        lab = laboratory(it.folder / "d", devices=wrong)
        line = 1 + next(n for n, line in enumerate(lab.read_text().splitlines()) if "sauce" in line)
        said = belld(it, lab)
        assert f"{lab}:{line}" in said and "microwave-source" in said, said

        said = belld(it, laboratory(it.folder / "e", devices=SOURCES.replace("be12/LO-BOB", "be12"), at={
            "alice": "mock://mocklab/bob"}))
        assert "usb://1209:be12" in said and "called alice" in said, said
