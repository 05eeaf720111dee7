#!/usr/bin/env python3
"""A night of the virtual laboratory: it drifts, and a campaign's policy holds S between the blocks.

usage: night.py .build/release [hours]     the whole night, 10 h of laboratory time; run.py runs a piece of it

A block of 2^14 trials is a minute of the laboratory (80 us a trial, time_factor 46), S is judged over windows of 2^20:
its standard error is then 0.0033.
"""
import contextlib
import json
import math
import re
import shutil
import sqlite3
import sys
import time

from harness import ROOT, Lab, folder, test

TRIALS_PER_BLOCK = 1 << 14
WINDOW = (1 << 20) // TRIALS_PER_BLOCK
POLICY = """
calibration:
  check:
    - {routine: bell-phase, every: 30min, when: age}
    - {routine: readout-clouds, every: 1h, when: shots}
    - {routine: ramsey, every: 1h, when: shots}
    - {routine: fine-half-pi, every: 1h, when: shots}
  accept: automatic
  fallback: [use-last-good]
gates:
  - {device: fridge, reading: mixing_chamber_k, max: 0.02, unit: K, action: wait}
  - {device: alice-reference, reading: reference_locked, min: 1, action: suspend}
  - {device: bob-reference, reading: reference_locked, min: 1, action: suspend}
"""


def s_value(counts):
    """S and its standard error of counts by index 8x + 4y + 2a + b; E11 has the minus sign."""
    s, variance = 0.0, 0.0
    for x in (0, 1):
        for y in (0, 1):
            n = counts[8 * x + 4 * y:8 * x + 4 * y + 4]
            e = (n[0] - n[1] - n[2] + n[3]) / sum(n)
            s += -e if x == 1 and y == 1 else e
            variance += (1 - e * e) / sum(n)
    return s, math.sqrt(variance)


class Night(Lab):
    """A copy of the shipped laboratory, because calibrations write into its files."""

    def __init__(self, path, *options, drift=True):
        super().__init__(path, *options)
        shutil.copytree(ROOT / "Calibration/night", self.folder / "Calibration/night")
        (self.folder / "Sequences").symlink_to(ROOT / "Sequences")
        self.lab = self.folder / "Calibration/night/lab.yaml"
        if not drift:
            profile = self.folder / "Calibration/night/profile.yaml"
            text, count = re.subn(r"(?m)^time_factor: .*$", "time_factor: 0.001", profile.read_text())
            assert count == 1, "the profile has its time_factor"
            profile.write_text(text)

    def windows(self):
        """Counts of each whole window of blocks, in order."""
        with contextlib.closing(sqlite3.connect(self.journal())) as db:
            rows = db.execute("SELECT summary FROM block_end ORDER BY number").fetchall()
        tallies = [json.loads(row[0])["tally"]["counts"] for row in rows]
        whole = len(tallies) // WINDOW
        return [[sum(column) for column in zip(*tallies[i * WINDOW:(i + 1) * WINDOW])] for i in range(whole)]

    def decisions(self):
        with contextlib.closing(sqlite3.connect(self.journal())) as db:
            rows = db.execute("SELECT detail FROM event WHERE kind = 'maintenance' ORDER BY id").fetchall()
        return [json.loads(row[0]) for row in rows]


def campaign(blocks, policy, drift=True, seconds=600):
    """Runs one campaign to its end; returns S of its windows and the recorded decisions."""
    with folder() as path:
        it = Night(path, "--pace", "max", "--seed", "4", drift=drift)
        try:
            it.up()
            plan = it.plan(
                trials=blocks * TRIALS_PER_BLOCK, trials_per_block=TRIALS_PER_BLOCK, trials_per_arm=8192)
            plan.write_text(plan.read_text() + (POLICY if policy else ""))
            it.ctl("campaign", "start", plan)
            it.wait(lambda: it.state_is("completed"), "completed", seconds)
            it.accounted(blocks * TRIALS_PER_BLOCK)
            return [s_value(counts) for counts in it.windows()], it.decisions()
        finally:
            it.down()


def show(name, windows):
    print(f"{name}: " + " ".join(f"{s:.3f}" for s, _ in windows), flush=True)


@test
def a_piece_of_a_night_is_held_by_its_policy():
    windows, decisions = campaign(WINDOW, policy=True, seconds=120)
    done = [d for d in decisions if d.get("decision") == "done"]
    # At the beginning, and after each half an hour of the laboratory; a block lasts 60.3 s of it.
    blocks = [d["block"] for d in done]
    assert blocks[0] == 0 and 29 <= blocks[1] <= 31 and 59 <= blocks[2] <= 62, blocks
    assert all(d["good"] for d in done), done
    assert all(d["due"][0]["basis"] for d in decisions if d.get("decision") == "calibrate"), decisions
    changed = [value for d in done for value in d["values"]]
    assert any(v["path"] == "link.link_phase" and v["old"] != v["new"] for v in changed), changed
    for s, error in windows:
        assert s > 2.2 - 4 * error, windows


def main():
    hours = float(sys.argv[2]) if len(sys.argv) > 2 else 10
    blocks = int(hours * 60)
    began = time.monotonic()
    still, _ = campaign(2 * WINDOW, policy=True, drift=False)
    show("without drift    ", still)
    reference = sum(s for s, _ in still) / len(still)
    alone, _ = campaign(blocks, policy=False, seconds=3600)
    show("left alone       ", alone)
    held, decisions = campaign(blocks, policy=True, seconds=3600)
    show("with the policy  ", held)
    done = [d for d in decisions if d.get("decision") == "done"]
    failed = [d for d in done if not d["good"]]
    print(f"{len(done)} times calibrated, {len(failed)} of them failed, "
          f"{sum(len(d['values']) for d in done)} values changed, {time.monotonic() - began:.0f} s")
    worst = max(abs(s - reference) for s, _ in held)
    print(f"calibrated S = {reference:.4f}; with the policy within {worst:.4f}; left alone down to "
          f"{min(s for s, _ in alone):.4f}")
    assert worst <= 0.02, "with the policy S stays within 0.02 of its calibrated value"
    if hours >= 10:
        assert min(s for s, _ in alone) < 2.15, "left alone S falls below 2.15"


if __name__ == "__main__":
    main()
