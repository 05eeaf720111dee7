"""Calibrations as a physicist asks for them: from two cold qubits to a certificate, by hand, interrupted, and refused."""
import contextlib
import json
import math
import shutil
import signal
import subprocess

from harness import BIN, ROOT, Lab, folder, test

COLD = ROOT / "Calibration/cold-start"
FILES = "alice.yaml", "bob.yaml", "link.yaml", "timing.yaml"


class ColdLab(Lab):
    """A laboratory that was just cooled down, in a folder of its own, because a calibration writes into its files."""

    def __init__(self, path, *options):
        super().__init__(path, *options)
        here = path / "Calibration/cold-start"
        shutil.copytree(COLD, here)
        (path / "Sequences").symlink_to(ROOT / "Sequences")
        self.lab = here / "lab.yaml"

    def files(self):
        """Their bytes."""
        return {name: (self.lab.parent / name).read_bytes() for name in FILES}

    def status(self):
        return self.json("calibrate", "status")

    def connected(self):
        self.wait(
            lambda: all(d["state"] == "connected" for d in self.json("device", "list")["devices"]), "connected")
        return self

    def calibrating(self):
        """Whether a calibration has measured at least one point of something."""
        shown = self.json("status").get("calibration") or {}
        return shown.get("state") == "running" and any(row.get("shots") for row in shown["active"])

    def begin(self, *words):
        """bellctl in the background."""
        return subprocess.Popen(
            [BIN / "bellctl", *words, "--state", str(self.state)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, cwd=self.folder)

    def refused(self, *words, code, says):
        done = self.ctl(*words, code=code)
        assert done.stderr.startswith("error: "), (words, done)
        for part in says:
            assert part in done.stderr, f"{part!r} is not in:\n{done.stderr}"


@contextlib.contextmanager
def cold(seed):
    with folder() as path:
        it = ColdLab(path, "--pace", "max", "--seed", str(seed))
        try:
            yield it.up().connected()
        finally:
            it.down()


def s_value(counts):
    """S = E00 + E01 + E10 − E11 of 16 counts by (x, y, a, b)."""
    def e(pair):
        n = counts[4 * pair:4 * pair + 4]
        return (n[0] - n[1] - n[2] + n[3]) / sum(n)
    return e(0) + e(1) + e(2) - e(3)


@test
def a_cold_laboratory_is_calibrated_and_violates_the_bell_inequality():
    with cold(11) as it:
        before = it.status()
        assert len(before["items"]) > 40 and before["running"] is None, before
        assert all(not item["passes"] and item["stale"] == "never measured" for item in before["items"]), before
        assert "never measured" in it.ctl("calibrate", "status").stdout
        designed = it.files()

        shown = it.ctl("calibrate", "bring-up", "--by", "eve", timeout=180).stdout
        assert "good" in shown and "simulated boards" in shown and "alice.half_pi_amplitude" in shown, shown

        after = it.status()
        assert [item["item"] for item in after["items"]] == [item["item"] for item in before["items"]]
        for item in after["items"]:
            assert item["passes"] and item["last"]["verdict"] == "good", item
            assert item["age_s"] < item["valid_for_s"], item
        assert after["pending"] == [], after["pending"]
        values = {v["path"]: v for item in after["items"] for v in item["values"]}
        assert values["alice.half_pi_amplitude"]["accepted_by"] == "bring-up", values
        text = it.ctl("calibrate", "status", "--node", "bob").stdout
        assert "never measured" not in text and "half_pi_amplitude" in text and "alice" not in text, text
        # The files changed, and what a person wrote in them did not.
        written = it.files()
        assert all(written[name] != designed[name] for name in FILES)
        for name in FILES:
            comments = [line for line in designed[name].splitlines() if line.startswith(b"#")]
            assert [line for line in written[name].splitlines() if line.startswith(b"#")] == comments, name

        trials = 1 << 18
        it.ctl("campaign", "start", it.plan(trials=trials, trials_per_block=65536))
        it.ctl("campaign", "watch", code=None)
        it.wait(lambda: it.state_is("completed"), "completed")
        tally = it.accounted(trials)
        assert tally["lost"] == 0, tally
        s = s_value(tally["counts"])
        # Four correlations of a quarter of the trials each: one standard deviation of S is at most 4/√n = 0.008.
        assert s > 2.1 + 4 / math.sqrt(trials), s
        certificate = it.certificate()
        assert certificate["simulated"] is True and certificate["verdict"] == "certified", certificate["reasons"]
        it.ctl("campaign", "verify")


@test
def values_are_proposed_shown_accepted_and_refused_by_hand():
    with cold(12) as it:
        it.ctl("calibrate", "bring-up", "resonator-spectroscopy", "qubit-spectroscopy", "rabi-amplitude", "--node", "alice")
        path = "alice.half_pi_amplitude"
        old = it.files()

        def propose():
            answer = it.json("calibrate", "run", "alice/rabi-amplitude", "--force", "--by", "eve")
            assert answer["good"] and answer["accepted"] == [] and len(answer["pending"]) == 1, answer
            assert it.files() == old, "a proposal is not in force"
            return answer["pending"][0]

        run = propose()
        shown = it.json("calibrate", "show", run)
        assert shown["verdict"] == "good" and shown["figures"], shown
        proposal = next(p for p in shown["proposals"] if p["path"] == path)
        assert 0 < proposal["uncertainty"] < 0.1 < proposal["value"] < 1, proposal
        picture, page = it.folder / "run.svg", it.folder / "run.html"
        text = it.ctl("calibrate", "show", run, "--svg", picture, "--html", page).stdout
        assert run in text and path in text and "simulated boards" in text, text
        assert picture.read_text().startswith("<svg") and run in page.read_text()
        pending = it.status()["pending"]
        assert [(p["path"], p["run"]) for p in pending if p["path"] == path] == [(path, run)], pending

        it.ctl("calibrate", "refuse", run, "--by", "eve")
        assert it.files() == old and it.status()["pending"] == []
        it.refused("calibrate", "accept", path, code=2, says=["Nothing is proposed", path, "fix:"])

        run = propose()
        assert "in force now" in it.ctl("calibrate", "accept", run, "--by", "eve").stdout
        new = it.files()
        assert [name for name in FILES if new[name] != old[name]] == ["alice.yaml"]
        line = next(line for line in new["alice.yaml"].decode().splitlines() if "half_pi_amplitude:" in line)
        assert run in line and "accepted_by: eve" in line and "rabi-amplitude" in line, line
        assert it.status()["pending"] == []

        history = it.json("calibrate", "history", path)
        assert [p["state"] for p in history["points"]] == ["superseded", "refused", "accepted"], history
        assert [p["accepted_by"] for p in history["points"]][0] == "bring-up", history
        table = it.ctl("calibrate", "history", path, "--plot").stdout
        assert run in table and "refused" in table and "seconds from now" in table, table
        csv = it.ctl("calibrate", "history", path, "--csv").stdout.splitlines()
        assert csv[0] == "time,value,uncertainty,unit,state,run,accepted_by" and len(csv) == 4, csv
        it.refused("calibrate", "history", "alice.half_pi_amplitud", code=2, says=["half_pi_amplitude", "did you mean"])


@test
def a_cold_laboratory_is_calibrated_without_the_word_bring_up_and_a_bring_up_that_was_cut_off_is_finished():
    with cold(4) as it:
        # The designer's wide uncertainties would pass every check; what nobody measured is measured all the same.
        answer = it.json("calibrate", "run", "--accept")
        assert answer["good"] and {item["outcome"] for item in answer["items"]} == {"calibrated"}, answer
        right = {v["path"]: v for item in it.status()["items"] for v in item["values"]}

        cut = it.begin("calibrate", "bring-up")
        path = "alice.readout_frequency"
        it.wait(
            lambda: it.json("calibrate", "history", path)["points"][-1]["run"].startswith("alice-resonator"), "a coarse value")
        it.ctl("calibrate", "cancel", code=None)
        out, err = cut.communicate(timeout=30)
        assert cut.returncode == 130 and "cancelled; what is listed above stays in force" in out, (out, err)
        assert "half done: bellctl calibrate run --accept does the rest" in out, out
        stale = {item["item"]: item["stale"] for item in it.status()["items"]}
        assert stale["alice/readout-frequency"] == "resonator-spectroscopy has replaced its value since", stale
        answer = it.json("calibrate", "run", "--accept")
        assert answer["good"], answer
        value = next(v for item in it.status()["items"] for v in item["values"] if v["path"] == path)
        assert abs(value["value"] - right[path]["value"]) < 1e6, (value, right[path])
        assert it.status()["pending"] == [] and all(item["passes"] for item in it.status()["items"])


@test
def ctrl_c_ends_a_bring_up_and_two_people_cannot_calibrate_at_once():
    with cold(13) as it:
        first = it.begin("calibrate", "bring-up", "--by", "eve", "--json")
        it.wait(it.calibrating, "it measures")
        for words in ("run", "alice/rabi-amplitude"), ("bring-up",), ("check",), ("accept", "x"), ("refuse", "x"):
            it.refused(
                "calibrate", *words, code=2,
                says=["eve calibrates everything", "cause: it began at 20", "s ago; ", "bellctl calibrate cancel"])
        it.refused("campaign", "start", it.plan(trials=2048), code=2, says=["eve calibrates everything"])
        it.refused("device", "check", "alice", code=2, says=["eve calibrates everything"])
        assert it.status()["running"]["by"] == "eve"
        assert "eve calibrates everything (bring-up), since " in it.ctl("status").stdout
        # Something has come into force by now, and something else is being measured.
        it.wait(lambda: it.files()["alice.yaml"] != (COLD / "alice.yaml").read_bytes(), "a first value is in force")
        it.wait(it.calibrating, "it measures again")
        first.send_signal(signal.SIGINT)
        out, err = first.communicate(timeout=30)
        assert first.returncode == 130, (first.returncode, out, err)
        answer = json.loads(out)
        assert answer["cancelled"] and not answer["good"], answer
        outcomes = {item["item"]: item["outcome"] for item in answer["items"]}
        assert "not-reached" in outcomes.values(), outcomes
        # What was accepted before is in force and nothing else: each line of the files is a designer's or an accepted run's.
        accepted = {row["run"]: {v["path"] for v in row["values"]} for row in answer["accepted"]}
        for name, bytes in it.files().items():
            for line in bytes.decode().splitlines():
                if "accepted_by:" in line:
                    run = line.split("run: ")[1].split(",")[0].strip("} ")
                    assert run in accepted, (name, line)
        assert all(point["state"] != "proposed" for point in it.json("calibrate", "history", "alice.t1")["points"])

        # One routine alone, ended in its midst: byte for byte what they were.
        before = it.files()
        second = it.begin("calibrate", "run", "alice/ramsey", "bob/ramsey", "--force", "--accept")
        it.wait(it.calibrating, "it measures")
        second.send_signal(signal.SIGINT)
        out, err = second.communicate(timeout=30)
        assert second.returncode == 130 and "cancelled; the old values stay in force" in out, (second.returncode, out, err)
        assert it.files() == before
        # The boards are free again.
        assert it.status()["running"] is None
        it.ctl("calibrate", "check", "alice/resonator-spectroscopy")
        it.ctl("device", "check", "alice")


@test
def a_hand_edited_file_with_a_wrong_unit_is_named_and_nothing_is_changed():
    with cold(14) as it:
        alice = it.lab.parent / "alice.yaml"
        good = alice.read_text()
        line = next(n for n, text in enumerate(good.splitlines(), 1) if "drive_detuning:" in text)
        alice.write_text(good.replace("drive_detuning:       {value: 0, unit: Hz", "drive_detuning:       {value: 2, unit: MHz"))
        assert alice.read_text() != good
        edited = it.files()
        for words in ("calibrate", "bring-up"), ("calibrate", "run", "alice/rabi-amplitude"), ("calibrate", "status"):
            it.refused(*words, code=2, says=[f"alice.yaml:{line}", "MHz", "write value: 2000000, unit: Hz"])
            assert it.files() == edited, words
        alice.write_text(good)
        it.ctl("calibrate", "run", "alice/resonator-spectroscopy")
        assert it.status()["pending"], "it works again, without a restart"
