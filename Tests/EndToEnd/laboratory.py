"""mocklab's options, and its boards as a stranger sees them."""
import contextlib
import json
import os
import re
import sqlite3
import subprocess
import time

import zmq

from harness import BIN, ROOT, folder, lab, test

PROFILES = ROOT / "Calibration/mocklab"


@contextlib.contextmanager
def mocklab(path, *options):
    """mocklab alone, at two sockets in `path`."""
    log = open(path / "mocklab.log", "w+")
    program = subprocess.Popen(
        [BIN / "mocklab", "--profile", PROFILES / "profile.yaml", "--run", path, *options], stdout=log, stderr=log)
    try:
        end = time.monotonic() + 20
        while "ready" not in (path / "mocklab.log").read_text():
            assert program.poll() is None and time.monotonic() < end, (path / "mocklab.log").read_text()
            time.sleep(0.02)
        yield program
    finally:
        program.kill()
        program.wait()


def golden(name):
    """The payload of a golden vector of the board protocol's document."""
    text = (ROOT / "docs/board-protocol.md").read_text()
    return bytes.fromhex(re.search(rf"```vector {name}\n([0-9a-f\s]+)```", text).group(1))[24:]


@test
def a_board_client_written_from_the_document_alone_runs_an_arm():
    with folder() as path, mocklab(path, "--seed", "1"):
        (path / "program.bin").write_bytes(golden("program"))
        client = subprocess.run(
            ["/usr/bin/python3", ROOT / "Tests/python/board_client.py", path / "program.bin", f"ipc://{path}/alice",
             f"ipc://{path}/bob"], capture_output=True, text=True, timeout=60)
        assert client.returncode == 0, client.stdout + client.stderr
        report = json.loads(client.stdout)
        for node in "alice", "bob":
            board = report[node]
            assert board["simulated"] and board["records"] == 500 and board["flags"] == [1], report
            # The vector's program: input bit at tick 100, stop at 900.
            assert board["rate_hz"] == 8e9 and board["stop_delta"] == 800 and 150 < board["ones"] < 350, report
        assert report["alice"]["master"] and not report["bob"]["master"], report


def campaign(*options, **plan):
    """A whole campaign's certificate, and a hash of each node's records."""
    with lab("--pace", "max", *options) as it:
        it.ctl("campaign", "start", it.plan(**plan))
        it.ctl("campaign", "watch", code=None)
        verified = it.json("campaign", "verify")
        assert verified["match"], verified
        # The journal's own chains are over the records alone; the roots of evidence hold the boards' boots, too.
        with contextlib.closing(sqlite3.connect(it.journal())) as db:
            heads = [db.execute("SELECT head FROM chunk WHERE node = ? ORDER BY id DESC LIMIT 1", (node,)).fetchone()[0]
                     for node in (0, 1)]
        certificate = it.certificate()
        assert verified["evidence_roots"] == certificate["blocks"][-1]["evidence_roots"], verified
        return certificate, dict(zip(("alice", "bob"), heads))


@test
def a_seed_makes_a_run_repeatable_to_the_last_record():
    plan = {"trials": 16384, "trials_per_block": 8192}
    first, again, other = (campaign("--seed", seed, **plan)[1] for seed in ("7", "7", "8"))
    assert first == again, (first, again)
    assert first["alice"] != other["alice"] and first["bob"] != other["bob"], (first, other)


@test
def the_two_shipped_profiles_give_the_published_s():
    # 2^17 trials: the standard error is 0.009; five of them and the truth's last digit are allowed.
    for profile, published in ("profile.yaml", 2.236), ("profile-storz2023.yaml", 2.075):
        certificate, _ = campaign("--seed", "5", "--profile", str(PROFILES / profile), trials=131072)
        s, error = certificate["statistics"]["s"], certificate["statistics"]["s_error"]
        assert error < 0.01 and abs(s - published) < 0.05, (profile, s, error)
        assert certificate["verdict"] == "certified", certificate["reasons"]


@test
def a_biased_generator_shows_in_the_settings_and_is_not_certified():
    certificate, _ = campaign(
        "--seed", "6", "--set", "alice.board.rng_bias=0.2", "--set", "alice.board.rng_bias_rule=constant",
        trials=16384)
    counts = certificate["tally"]["counts"]
    share = sum(counts[8:]) / sum(counts)  # index 8x + 4y + 2a + b
    assert abs(share - 0.7) < 0.02, share
    assert certificate["verdict"] == "not certified" and certificate["reasons"], certificate["verdict"]


@test
def a_stuck_generator_alarms_while_the_campaign_runs_and_is_the_reason_against_it():
    options = ("--seed", "6", "--set", "bob.board.rng_bias=0.5", "--set", "bob.board.rng_bias_rule=constant")
    with lab("--pace", "20000", *options) as it:
        it.ctl("campaign", "start", it.plan(trials=1 << 20, trials_per_arm=1024))
        it.wait(lambda: (it.campaign().get("rng_health") or {}).get("failed"), "an alarm")
        campaign = it.campaign()
        assert campaign["done"] < 1 << 20, campaign["done"]
        assert "settings of bob failed the repetition count test" in campaign["rng_health"]["failed"][0], campaign
        shown = it.json("campaign", "show")["rng_health"]
        assert shown["bob"]["run"] >= shown["repetition_cutoff"] > shown["alice"]["run"], shown
        assert "FAIL" in it.ctl("status").stdout
        it.ctl("campaign", "stop")
        it.wait(lambda: it.state_is("stopped"), "the end")
        certificate = it.certificate()
        reasons = [r for r in certificate["reasons"] if "settings of bob failed the repetition count test" in r]
        assert certificate["verdict"] == "not certified" and len(reasons) == 1, certificate["reasons"]
        assert it.json("campaign", "verify")["match"]


@test
def heartbeats_use_wall_time_whatever_the_pace():
    # A trial every two seconds: no data for longer than both the board's and the host's patience with a dead link.
    with lab("--pace", "0.5", "--seed", "2") as it:
        it.ctl("campaign", "start", it.plan(trials=3, trials_per_arm=3, trials_per_block=3))
        seen = set()
        end = time.monotonic() + 30
        while not it.state_is("completed") and time.monotonic() < end:
            seen.add(it.campaign()["state"])
            time.sleep(0.2)
        assert it.state_is("completed") and "suspended" not in seen, seen
        assert it.accounted(3)["lost"] == 0


def fed(it, trials, alice, bob):
    """A plan whose input bits the host feeds from these sources."""
    path = it.plan(trials=trials, trials_per_block=trials // 2)
    text = path.read_text()
    assert "  source: board" in text, text
    sources = f'  source: host\n  alice: "{alice}"\n  bob: "{bob}"\n'
    path.write_text("".join(sources if "source: board" in line else line for line in text.splitlines(True)))
    return path


def settings(it):
    """x and y of every trial, as exported."""
    it.ctl("campaign", "export", "--csv", "--output", it.folder / "trials.csv")
    rows = [line.split(",") for line in (it.folder / "trials.csv").read_text().splitlines()[1:]]
    return [int(row[1]) if row[1] else None for row in rows], [int(row[2]) if row[2] else None for row in rows]


def unpacked(data):
    return [byte >> 7 - place & 1 for byte in data for place in range(8)]


@test
def input_bits_come_from_a_file_and_over_zeromq_and_locality_is_then_assumed():
    trials = 4096
    alice, bob = os.urandom(trials // 8), os.urandom(trials // 8)
    with lab("--pace", "max", "--seed", "40") as it, zmq.Context() as context:
        (it.folder / "alice.bits").write_bytes(alice)
        push = context.socket(zmq.PUSH)
        push.linger = 0
        push.bind(f"ipc://{it.folder}/bits")
        it.ctl("campaign", "start", fed(it, trials, f"file:{it.folder}/alice.bits", f"zmq:ipc://{it.folder}/bits"))
        # The first 1024 bits of a stream are its startup test and are not used.
        push.send(os.urandom(128) + bob)
        it.wait(lambda: it.state_is("completed"), "completed")
        push.close()
        assert it.accounted(trials)["lost"] == 0
        assert settings(it) == (unpacked(alice), unpacked(bob)), "the settings are the bits that were fed"
        assert "assumed" in json.dumps(it.certificate()["locality"]), it.certificate()["locality"]
        assert it.json("campaign", "verify")["match"]


@test
def a_board_that_reports_another_bit_than_the_fed_one_loses_the_trial():
    with lab("--pace", "max", "--seed", "41", "--fault", "lie:bob@100") as it:
        it.ctl("campaign", "start", fed(it, 2048, "device:/dev/urandom", "device:/dev/urandom"))
        it.wait(lambda: it.state_is("completed"), "completed")
        assert it.accounted(2048)["losses"]["host_bit_mismatch"] == 1, it.certificate()["tally"]
        assert settings(it)[1][100] is None
        assert it.json("campaign", "verify")["match"]


@test
def a_source_of_input_bits_that_runs_dry_suspends_with_its_name():
    with lab("--pace", "max", "--seed", "42") as it:
        bits = it.folder / "alice.bits"
        bits.write_bytes(os.urandom(128))
        it.ctl("campaign", "start", fed(it, 4096, f"file:{bits}", "device:/dev/urandom"))
        it.wait(lambda: it.state_is("suspended"), "suspended", 20)
        assert str(bits) in json.dumps(it.campaign()), it.campaign()
        bits.write_bytes(bits.read_bytes() + os.urandom(1024))
        it.wait(lambda: it.state_is("completed"), "completed")
        assert it.accounted(4096)["lost"] == 0
