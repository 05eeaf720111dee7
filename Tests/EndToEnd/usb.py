"""Boards on USB: libusb meets mocklab's devices through the usbfs shim (emulated, no kernel and no hardware)."""
import re
import subprocess
import time

from bench import BOARDS, TESTBED, bench, laboratory, usb_or_skip
from harness import BIN, LAB, test


def boards_on_usb(it, **more):
    return laboratory(it.folder / "lab", at=BOARDS, **more)


@test
def a_campaign_over_usb_needs_nothing_but_another_at():
    with bench() as it:
        lab = boards_on_usb(it, devices=None)
        changed = [
            line for line in zip(LAB.read_text().splitlines(), lab.read_text().splitlines()) if line[0] != line[1]]
        assert [new.strip() for _, new in changed] == [f"at: {address}" for address in BOARDS.values()], changed
        it.up(lab, ("mocklab",), "--seed", "21")
        shown = it.devices()
        assert all(shown[name]["at"] == address for name, address in BOARDS.items()) and len(shown) == 6, shown
        it.ctl("campaign", "start", it.plan(trials=20480, trials_per_block=10240))
        it.wait(lambda: it.state_is("completed"), "completed")
        assert it.accounted(20480)["lost"] == 0, it.certificate()["tally"]
        assert it.certificate()["simulated"] is True
        it.wait(lambda: it.campaign().get("certificate"), "certificate")
        assert it.json("campaign", "verify")["match"] is True


def running(it, trials=65536, done=8192, **plan):
    it.ctl("campaign", "start", it.plan(trials=trials, trials_per_block=16384, **plan))
    it.wait(lambda: it.campaign().get("done", 0) > done, f"{done} trials")


@test
def a_board_pulled_in_mid_campaign_is_shown_and_the_campaign_goes_on_after_the_plug():
    with bench() as it:
        it.up(boards_on_usb(it), ("mocklab",), "--seed", "22", "--pace", "20000")
        running(it)
        it.unplug("BOB01")
        took = it.until(lambda: it.devices()["bob"]["state"] == "unplugged", "shown as unplugged", 3)
        print(f"        unplugged: shown after {took:.2f} s")
        it.wait(lambda: it.state_is("suspended"), "suspended", 20)
        reason = it.campaign()["reason"]
        assert "BOB01" in reason, reason
        assert it.devices()["alice"]["state"] == "connected", it.devices()
        it.plug("BOB01")
        took = it.until(lambda: it.devices()["bob"]["state"] == "connected", "connected again", 8)
        print(f"        plugged in: connected after {took:.2f} s")
        it.wait(lambda: it.state_is("completed"), "completed")
        # The board kept its spool: what it had made while the cable was out comes after the plug. Only an arm that was
        # committed and could not be started any more, when the cable was pulled just then, is lost, and at both nodes.
        lost, losses = it.accounted(65536)["lost"], it.certificate()["tally"]["losses"]
        assert lost in (0, 1024) and losses["both_missing"] == lost, it.certificate()["tally"]
        assert it.json("campaign", "verify")["match"] is True


@test
def boards_that_lose_their_power_in_mid_campaign_cost_at_most_the_open_arms():
    with bench() as it:
        it.up(boards_on_usb(it), ("mocklab",), "--seed", "23", "--pace", "20000")
        running(it)
        it.kill("mocklab")
        for name in "ALICE01", "BOB01":
            it.unplug(name)
        it.until(lambda: {d["state"] for d in it.devices().values()} == {"unplugged"}, "both unplugged", 3)
        it.mocklab("--seed", "24", "--pace", "20000")
        for name in "ALICE01", "BOB01":
            it.plug(name)
        it.wait(lambda: it.state_is("completed"), "completed")
        tally = it.accounted(65536)
        assert tally["lost"] <= 2 * 1024, tally
        assert it.json("campaign", "verify")["match"] is True


@test
def a_firmware_that_restarts_in_mid_campaign_on_usb_costs_at_most_its_open_arms():
    with bench() as it:
        it.up(boards_on_usb(it), ("mocklab",), "--seed", "25", "--pace", "20000", "--fault", "reboot:bob@9000")
        running(it, trials=32768, done=1024)
        it.wait(lambda: it.state_is("completed"), "completed")
        tally = it.accounted(32768)
        assert 0 < tally["lost"] <= 2 * 1024, tally
        assert it.json("campaign", "verify")["match"] is True


@test
def two_usb_devices_with_one_serial_are_not_guessed_between():
    with bench() as it:
        it.mocklab(place=it.folder / "first")
        it.mocklab(name="second", place=it.folder / "other")
        it.belld(boards_on_usb(it), ("mocklab", "second"))
        it.wait(lambda: it.devices()["alice"].get("error"), "an error is shown")
        alice = it.devices()["alice"]
        assert alice["state"] == "disconnected" and alice["error"]["code"] == "usb.ambiguous", alice
        assert "ALICE01" in str(alice["error"]) and alice["error"]["fix"], alice
        # One of the two is taken away: what is left is the board.
        for name in "ALICE01", "BOB01":
            it.testbed(f"unplug {it.place(name, 'second')[1]}")
        it.connected()


@test
def a_wrong_device_at_the_address_is_said_to_be_one():
    with bench() as it:
        # The devices stand at each other's address; alice's own board is bob's.
        it.mocklab()
        it.belld(laboratory(it.folder / "lab", at={"alice": BOARDS["bob"], "bob": BOARDS["alice"]}), ("mocklab",))
        it.wait(lambda: all(d.get("error") for d in it.devices().values()), "errors are shown")
        for name, other in ("alice", "bob"), ("bob", "alice"):
            shown = it.devices()[name]
            assert shown["state"] == "disconnected" and other in shown["error"]["what"], shown
            assert shown["error"]["fix"], shown


def checked(it, *words):
    """What `device check` finds without a daemon, on a computer with mocklab's USB devices."""
    done = subprocess.run(
        [TESTBED, "--server", it.server(), BIN / "bellctl", "device", "check", *words, "--state", it.state, "--lab",
         boards_on_usb(it)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "FAILED" not in done.stdout, done.stdout + done.stderr
    return {words[0]: words[1] for words in map(str.split, done.stdout.splitlines()) if len(words) > 1}


@test
def the_conformance_kit_passes_over_usb():
    usb_or_skip()
    with bench() as it:
        it.mocklab("--seed", "26", "--pace", "40000")
        table = checked(it, BOARDS["alice"], "--partner", BOARDS["bob"])
        assert table["arm.completes"] == table["framing.stream"] == "passed", table
        for driver, address in (("microwave-source", "usb://1209:be12/LO-BOB"),
                                ("rf-switch", "usb://20ce:0022/11903250001"),
                                ("attenuator", "usb://20ce:0023/11908140002")):
            table = checked(it, address, "--driver", driver, "--allow-output")
            assert list(table.values()).count("passed") > 3, table


@test
def belld_killed_in_mid_campaign_finds_its_boards_on_usb_again():
    with bench() as it:
        lab = boards_on_usb(it)
        it.up(lab, ("mocklab",), "--seed", "27", "--pace", "20000")
        running(it, trials=32768, done=4096)
        it.kill("belld")
        it.belld(lab, ("mocklab",))
        it.wait(lambda: it.state_is("completed"), "completed")
        # The boards go on with an arm that runs, and keep it; one that was not started yet is lost.
        assert it.accounted(32768)["lost"] in (0, 1024), it.certificate()["tally"]
        assert it.json("campaign", "verify")["match"] is True


@test
def a_loose_plug_costs_at_most_arms_that_were_not_started():
    with bench() as it:
        it.up(boards_on_usb(it), ("mocklab",), "--seed", "28", "--pace", "20000")
        running(it, trials=32768, done=2048)
        for pause in 0, 0.05, 0.2, 0.5, 0:
            it.unplug("ALICE01")
            time.sleep(pause)
            it.plug("ALICE01")
            time.sleep(0.1)
        it.wait(lambda: it.state_is("completed"), "completed")
        # A pull between an arm's commit and its START costs that arm, whole; what was started is kept by the boards.
        tally = it.accounted(32768)
        assert tally["lost"] in range(0, 6 * 1024, 1024) and tally["losses"]["both_missing"] == tally["lost"], tally


@test
def a_board_pulled_during_a_check_fails_it_and_is_connected_after_the_plug():
    with bench() as it:
        it.up(boards_on_usb(it), ("mocklab",), "--seed", "29", "--pace", "40000")
        check = it.start("check", BIN / "bellctl", "device", "check", "alice", "--state", it.state)
        it.wait(lambda: "check " in str(it.json("status").get("events")), "the check has begun", 20)
        time.sleep(0.5)
        it.unplug("ALICE01")
        assert check.wait(60) == 3 and "FAILED" in it.log("check"), it.log("check")
        it.until(lambda: it.devices()["alice"]["state"] == "unplugged", "shown as unplugged", 3)
        it.plug("ALICE01")
        it.connected()


@test
def lab_up_runs_a_laboratory_whose_boards_are_on_usb():
    usb_or_skip()
    with bench() as it:
        it.mocklab("--seed", "30", "--usbip", "127.0.0.1:0", place=it.folder / "boards")
        server = re.search(r"USB/IP at (127\.0\.0\.1:\d+)", it.log("mocklab")).group(1)
        lab = boards_on_usb(it)
        it.start("belld", TESTBED, "--server", server, BIN / "bellctl", "lab", "up", "--lab", lab, "--state", it.state)
        it.wait(lambda: "the laboratory is up" in it.log("belld"), "the laboratory is up", 30)
        it.connected()
        it.ctl("campaign", "start", it.plan(trials=2048))
        it.wait(lambda: it.state_is("completed"), "completed")
        it.ctl("lab", "down")
        assert it.programs.pop("belld").wait(20) == 130, it.log("belld")
        assert "the laboratory is down" in it.log("belld")


@test
def lab_up_without_its_boards_says_what_is_missing():
    with bench() as it:
        said = it.ctl("lab", "up", "--lab", boards_on_usb(it), "--timeout", "3", code=3).stderr
        assert "fix:" in said and "alice" in said and "1209:be11" in said, said
