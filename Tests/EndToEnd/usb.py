"""Boards on USB: libusb meets mocklab's devices through the usbfs shim (emulated, no kernel and no hardware)."""
import subprocess
import time

from bench import BOARDS, TESTBED, bench, laboratory, usb_or_skip
from harness import BIN, LAB, test


def boards_on_usb(it, **more):
    return laboratory(it.folder / "lab", at=BOARDS, **more)


@test
def a_campaign_over_usb_needs_nothing_but_another_at():
    with bench() as it:
        lab = boards_on_usb(it)
        changed = [
            line for line in zip(LAB.read_text().splitlines(), lab.read_text().splitlines()) if line[0] != line[1]]
        assert [new.strip() for _, new in changed] == [f"at: {address}" for address in BOARDS.values()], changed
        it.up(lab, ("mocklab",), "--seed", "21")
        shown = it.devices()
        assert all(shown[name]["at"] == address for name, address in BOARDS.items()), shown
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
        # The board kept its spool: what it had made while the cable was out comes after the plug.
        assert it.accounted(65536)["lost"] == 0, it.certificate()["tally"]
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


@test
def the_conformance_kit_passes_over_usb():
    usb_or_skip()
    with bench() as it:
        it.mocklab("--seed", "26", "--pace", "40000")
        done = subprocess.run(
            [TESTBED, "--server", it.server(), BIN / "bellctl", "device", "check", BOARDS["alice"], "--partner",
             BOARDS["bob"], "--state", it.state, "--lab", boards_on_usb(it)],
            capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        lines = {words[0]: words[1] for words in map(str.split, done.stdout.splitlines()) if len(words) > 1}
        assert lines["arm.completes"] == "passed" and lines["framing.stream"] == "passed", done.stdout
        assert "FAILED" not in done.stdout, done.stdout
