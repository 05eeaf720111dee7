"""What goes wrong in a laboratory, walked through with real daemons: each fault is named, shown, and nothing is proposed."""
import contextlib

from calibrate import COLD, ColdLab
from harness import ROOT, folder, test


@contextlib.contextmanager
def faulty(*changes, seed=3):
    """A cold laboratory whose truth has these keys changed."""
    with folder() as path:
        it = ColdLab(path, "--seed", str(seed), *(word for change in changes for word in ("--set", change)))
        try:
            yield it.up().connected()
        finally:
            it.down()


def fails(it, item, verdict, *says, accept=True):
    """Calibrates an item that cannot be good: the verdict, its words and its plot are shown, and the old values stay."""
    before = it.files()
    words = ("calibrate", "run", item, "--force", *(["--accept"] if accept else []))
    done = it.ctl(*words, code=1)
    mark = {"bad-data": "✗", "out-of-spec": "!"}[verdict]
    assert f"{mark} {item}  {verdict}  " in done.stdout, done.stdout
    assert f"failed {item}: " in done.stdout and "not good" in done.stdout, done.stdout
    for part in says:
        assert part in done.stdout, f"{part!r} is not in:\n{done.stdout}"
    # A figure has an axis to the left and one below.
    assert " ┤" in done.stdout and "└" in done.stdout, done.stdout
    assert it.files() == before, "the old values are in force"
    row = next(row for row in it.status()["items"] if row["item"] == item)
    assert not row["passes"], row
    last = row["last"]
    assert (last["verdict"], last["action"]) == (verdict, "calibrate"), last
    run = it.json("calibrate", "show", last["run"])
    assert run["proposals"] == [] and run["figures"] and run["reason"], run
    assert it.status()["pending"] == []
    # Somebody who insists is told why there is nothing to accept, and what to do instead.
    it.refused("calibrate", "accept", last["run"], code=2, says=["proposes nothing", run["reason"][:40], "calibrate again"])
    assert it.files() == before


@test
def a_calibration_of_a_dead_qubit_and_of_a_saturated_readout_says_so_and_proposes_nothing():
    with faulty("alice.rabi_mhz=0.001", "bob.readout.separation_codes=32000") as it:
        it.ctl("calibrate", "bring-up", "alice/resonator-spectroscopy", "bob/readout-clouds")
        fails(
            it, "alice/qubit-spectroscopy", "bad-data", "answers nowhere from -20 MHz to 20 MHz", "dead or far away",
            "Look at the drive's source and line", "Qubit spectroscopy of alice")
        # The routine had found a tone that does not saturate; a person turns it up.
        file = it.lab.parent / "bob.yaml"
        lines = file.read_text().splitlines(keepends=True)
        place = next(n for n, line in enumerate(lines) if "readout_amplitude:" in line)
        value = lines[place].split("value: ")[1].split(",")[0]
        assert float(value) < 0.9, lines[place]
        lines[place] = lines[place].replace(f"value: {value}", "value: 1")
        file.write_text("".join(lines))
        fails(
            it, "bob/readout-clouds", "out-of-spec", "The readout is saturated", "end of the converter's range",
            "Attenuate before it, then repeat readout-power", "IQ clouds of bob")


@test
def a_stuck_setting_switch_is_named_whichever_way_it_is_stuck():
    with faulty("alice.switch_isolation_db=0", "bob.gated_gain=0.01") as it:
        it.ctl("calibrate", "bring-up", "fine-half-pi-after-drag")
        fails(
            it, "alice/switch-delay", "out-of-spec", "alice's setting switch is stuck open: pulses pass long before",
            "See its supply and its control line")
        fails(
            it, "bob/switch-delay", "out-of-spec", "bob's setting switch is stuck closed: no pulse passes after",
            "whether the input bit arrives")


@test
def two_lines_where_one_is_expected_and_a_drive_on_the_wrong_transition_are_named():
    with faulty(
        "alice.anharmonicity_mhz=-11", "alice.thermal_population=0.4", "alice.readout.shift_mhz=2.5",
        "bob.detuning_khz=240000", "bob.thermal_population=0.02",
    ) as it:
        it.ctl("calibrate", "bring-up", "resonator-spectroscopy")
        fails(
            it, "alice/qubit-spectroscopy", "out-of-spec", "There are 2 lines where one is expected, at ",
            "Decide which is the qubit, and write its drive_detuning into the file", "line (x = ")
        fails(
            it, "bob/qubit-spectroscopy", "out-of-spec", "The drive is on the wrong transition", "here is |e⟩–|f⟩",
            "Set the drive's LO higher by that, or drive_detuning to ")


@test
def a_sweep_outside_of_a_boards_limits_is_refused_with_its_line_and_its_limit():
    with faulty() as it:
        it.ctl("calibrate", "bring-up", "alice/rabi-amplitude")
        before = it.files()
        # Somebody's own experiment goes before the shipped one.
        own = it.lab.parent / "experiments/ramsey.yaml"
        own.parent.mkdir()
        shipped = (ROOT / "Sequences/calibration/ramsey.yaml").read_text()
        # What is written, how many lines further down it does not fit any more, and what is said of it.
        for old, new, below, says in (
            ("{duration_ns: $wait_ns}", "{duration_ns: $wait_ns, gap_ns: 399000}", 1,
             ["alice/rotation ends 401024.0 ns after", "cause: with wait_ns = 0", "make trial_period_ns longer"]),
            ("rotation: {angle_deg: 90, axis_deg: 0,", "pulse: {shape: rectangle, amplitude: 0.1, duration_ns: 80000,", 0,
             ["alice/pulse has 160000 samples; the board's memory holds 65536", "make it shorter"]),
            ("detuning_hz: $detuning_hz}\n  - wait", "detuning_hz: 3e9}\n  - wait", 0,
             ["detuning_hz = 3000000000.0 is out of range", "allowed: -1000000000.0 ≤ detuning_hz ≤ 1000000000.0"]),
        ):
            assert old in shipped, old
            own.write_text(shipped.replace(old, new, 1))
            line = next(n for n, text in enumerate(own.read_text().splitlines(), 1) if new.split("\n")[0] in text)
            it.refused(
                "calibrate", "run", "alice/ramsey", "--force", "--accept", code=2,
                says=[f"experiments/ramsey.yaml:{line + below}", "alice/ramsey was under way; the values in force are as they were"]
                + says)
            assert it.files() == before and it.status()["running"] is None, new
        own.unlink()
        it.ctl("calibrate", "run", "alice/ramsey", "--force")


@test
def a_board_that_is_too_small_for_a_sweep_gives_no_values():
    with faulty("alice.board.waveform_memory=512") as it:
        it.ctl("calibrate", "bring-up", "alice/resonator-spectroscopy")
        fails(it, "alice/qubit-spectroscopy", "bad-data", "Qubit spectroscopy of alice")


@test
def bounds_stop_a_value_and_what_a_person_wrote_is_kept_to_the_byte():
    with folder() as path:
        it = ColdLab(path, "--seed", "3")
        file = it.lab.parent / "alice.yaml"
        # As a person may write: a comment behind a value, another order, block style, and bounds that are too narrow.
        lines = file.read_text().splitlines(keepends=True)
        amplitude = next(line for line in lines if "half_pi_amplitude:" in line)
        lines.remove(amplitude)
        lines.append("  # moved here by eve\n")
        lines.append(amplitude.replace("}", ", bounds: [0.7, 0.8]}   # never above 0.8: the mixer clips"))
        detuning = next(line for line in lines if "drive_detuning:" in line)
        lines[lines.index(detuning)] = (
            "  drive_detuning:   # from the LO at 5.2 GHz\n    value: 0\n    unit: Hz\n    uncertainty: 5000000\n"
            "    time: 2026-11-20T00:00:00Z\n    routine: design\n    run: design-1\n\n")
        file.write_text("".join(lines))
        try:
            it.up().connected()
            it.ctl("calibrate", "bring-up", "alice/qubit-spectroscopy")
            before = file.read_text()
            assert "value: 0\n" not in before and "  drive_detuning:   # from the LO at 5.2 GHz\n    value: 2" in before
            done = it.ctl("calibrate", "run", "alice/rabi-amplitude", "--force", "--accept", "--by", "eve", code=1)
            assert "failed alice/rabi-amplitude: " in done.stdout and "0.7" in done.stdout, done.stdout
            assert file.read_text() == before, "a value outside of the bounds never reaches the file"
            point = it.json("calibrate", "history", "alice.pi2.amplitude")["points"][-1]
            assert point["state"] == "refused" and 0.5 < point["value"] < 0.7, point
            it.refused("calibrate", "accept", point["run"], code=1, says=["bounds", "alice.yaml:", "0.7"])
            assert file.read_text() == before

            file.write_text(before.replace("bounds: [0.7, 0.8]", "bounds: [0.5, 0.8]"))
            wider = file.read_text().splitlines()
            it.ctl("calibrate", "accept", point["run"], "--by", "eve")
            after = file.read_text().splitlines()
            changed = [n for n, (a, b) in enumerate(zip(wider, after)) if a != b]
            assert len(after) == len(wider) and len(changed) == 1, (changed, after)
            line = after[changed[0]]
            assert "half_pi_amplitude:" in line and "accepted_by: eve" in line, line
            assert line.endswith("   # never above 0.8: the mixer clips") and "bounds: [0.5, 0.8]" in line, line
            assert after[changed[0] - 1] == "  # moved here by eve"
            designed = [line for line in (COLD / "alice.yaml").read_text().splitlines() if line.startswith("#")]
            assert [line for line in after if line.startswith("#")] == designed
        finally:
            it.down()
