"""Campaigns from the start to the certificate, killed, stopped, paused and interrupted on the way."""
import contextlib
import os
import signal
import sqlite3
import subprocess
import time

from harness import BIN, LAB, ROOT, lab, test


@test
def a_campaign_gives_a_certificate_that_verify_recomputes():
    with lab("--pace", "max", "--seed", "7") as it:
        it.ctl("campaign", "start", it.plan(trials=65536))
        watched = it.ctl("campaign", "watch")
        assert "SIMULATED" in watched.stdout, watched.stdout
        it.wait(lambda: it.state_is("completed"), "completed")
        tally = it.accounted(65536)
        assert tally["lost"] == 0, tally
        certificate = it.certificate()
        assert certificate["simulated"] is True
        assert certificate["verdict"] == "certified", certificate["reasons"]
        for node in "alice", "bob":
            count, key = certificate["signatures"][node], certificate["node_keys"][node]
            assert count["signed"] > 0 and count["unsigned"] == count["bad"] == 0, count
            assert key["holder"] == "board" and certificate["devices"][node]["key"] == key, key
        it.ctl("campaign", "verify")
        assert it.json("campaign", "verify")["match"] is True
        it.ctl("campaign", "export", "--csv")


@test
def an_evidence_or_certificate_with_one_flipped_bit_is_found():
    with lab("--pace", "max", "--seed", "8") as it:
        it.ctl("campaign", "start", it.plan(trials=16384))
        it.ctl("campaign", "watch", code=None)
        it.down()
        it.ctl("campaign", "verify")
        path = next((it.state / "campaigns").glob("*/certificate.json"))
        good = path.read_bytes()
        bad = bytearray(good)
        bad[good.index(b'"valid":') + 9] ^= 1
        path.write_bytes(bad)
        it.ctl("campaign", "verify", code=4)
        path.write_bytes(good)
        it.ctl("campaign", "verify")
        with contextlib.closing(sqlite3.connect(it.journal())) as db:
            rowid, blob = db.execute("SELECT id, columns FROM chunk LIMIT 1").fetchone()
            blob = bytearray(blob)
            blob[len(blob) // 2] ^= 4
            db.execute("UPDATE chunk SET columns = ? WHERE id = ?", (bytes(blob), rowid))
            db.commit()
        it.ctl("campaign", "verify", code=4)


def killed(program):
    with lab("--pace", "20000", "--seed", "9") as it:
        it.ctl("campaign", "start", it.plan(trials=131072))
        it.wait(lambda: it.campaign().get("done", 0) > 20000, "20 000 trials")
        os.kill(it.pid(program), signal.SIGKILL)
        time.sleep(1)
        it.wait(lambda: it.ctl("status", code=None).returncode == 0, "the daemon answers again")
        os.kill(it.pid(program), signal.SIGKILL)
        it.wait(lambda: it.ctl("status", code=None).returncode == 0 and it.state_is("completed"), "completed", 90)
        tally = it.accounted(131072)
        it.ctl("campaign", "verify")
        return tally


@test
def belld_killed_twice_resumes_by_itself():
    killed("belld")


@test
def bellcert_killed_twice_counts_every_trial_once():
    tally = killed("bellcert")
    assert tally["lost"] == 0, tally


@test
def mocklab_killed_twice_costs_at_most_the_open_arms():
    tally = killed("mocklab")
    assert tally["lost"] <= 4 * 1024, tally


@test
def ctrl_c_finishes_the_block_and_the_next_start_goes_on():
    with lab("--pace", "20000", "--seed", "10") as it:
        it.ctl("campaign", "start", it.plan(trials=98304, trials_per_block=16384))
        it.wait(lambda: it.campaign().get("done", 0) > 5000, "5000 trials")
        it.down(signal.SIGINT)
        assert not list((it.state / "campaigns").glob("*/certificate.json")), "an interrupted campaign has no certificate"
        it.up()
        it.wait(lambda: it.state_is("completed"), "completed")
        assert it.accounted(98304)["lost"] == 0
        it.ctl("campaign", "verify")


@test
def a_stopped_campaign_scores_what_was_not_run_as_losses():
    with lab("--pace", "20000", "--seed", "11") as it:
        it.ctl("campaign", "start", it.plan(trials=1048576))
        it.wait(lambda: it.campaign().get("done", 0) > 5000, "5000 trials")
        it.ctl("campaign", "stop")
        it.wait(lambda: it.state_is("stopped"), "stopped")
        tally = it.accounted(1048576)
        assert tally["losses"]["not_run"] > 500000, tally
        assert it.certificate()["verdict"] == "not certified"
        it.ctl("campaign", "verify")


@test
def entropy_headlines_are_certified():
    estimation = ("{claim: min-entropy-probability-estimation, bits: 42000, power: 0.0041, epsilon: 1.0e-6}", 1 << 18)
    accumulation = (
        "{claim: min-entropy-entropy-accumulation, threshold: 2.2, smoothing: 1.0e-6, event: 1.0e-6}", 1 << 21)
    trained = ("{claim: min-entropy-probability-estimation, bits: 36000, training: 20000, epsilon: 1.0e-6}", 1 << 18)
    old = "headline:\n  claim: local-realism-rejected\n  significance: 1.0e-9\n"
    for (headline, trials), side, least in (
            (estimation, "classical", 40000), (trained, "classical", 35000), (accumulation, "quantum", 40000)):
        with lab("--seed", "14") as it:
            plan = it.plan(trials=trials)
            text = plan.read_text()
            assert old in text, text
            extractor = "{kind: circulant, epsilon: 1.0e-8, side_information: quantum}"
            plan.write_text(
                text.replace(old, f"headline: {headline}\n")
                + f"security: {{total: 1.0e-5, extractor: {extractor}}}\n")
            it.ctl("campaign", "start", plan)
            it.wait(lambda: it.state_is("completed"), "completed", 180)
            it.accounted(trials)
            certificate = it.certificate()
            assert certificate["verdict"] == "certified", certificate["reasons"]
            claim = certificate["claims"][0]
            assert claim["side_information"] == side and claim["bits"] > least, claim
            assert claim["error_budget"]["total"] < 1e-5, claim
            if "training" in headline:
                # Arms have 1024 trials.
                block, = certificate["training"]
                assert block["asked"] == 20000 and block["trials"] == 20480, block
                assert claim["tested_trials"] == trials - 20480 and 1e-3 < claim["power"] < 0.02, claim
            else:
                assert certificate["training"] == [], certificate["training"]
            it.ctl("campaign", "verify")


@test
def pause_and_resume():
    with lab("--pace", "20000", "--seed", "12") as it:
        it.ctl("campaign", "start", it.plan(trials=65536, trials_per_block=8192))
        it.wait(lambda: it.campaign().get("done", 0) > 3000, "3000 trials")
        it.ctl("campaign", "pause")
        it.wait(lambda: it.state_is("paused"), "paused")
        done = it.campaign()["done"]
        time.sleep(1)
        assert it.campaign()["done"] == done, "trials were run while paused"
        it.ctl("campaign", "resume")
        it.wait(lambda: it.state_is("completed"), "completed")
        assert it.accounted(65536)["lost"] == 0


@test
def a_silent_board_suspends_the_campaign_which_resumes_by_itself():
    with lab("--pace", "20000", "--seed", "13") as it:
        it.ctl("campaign", "start", it.plan(trials=98304))
        it.wait(lambda: it.campaign().get("done", 0) > 10000, "10 000 trials")
        os.kill(it.pid("mocklab"), signal.SIGSTOP)
        it.wait(lambda: it.state_is("suspended"), "suspended", 30)
        assert it.campaign()["reason"], "a suspended campaign says why"
        os.kill(it.pid("mocklab"), signal.SIGCONT)
        it.wait(lambda: it.state_is("completed"), "completed", 90)
        # What was started comes after the silence. One arm may be lost: if the silence begins between its commit and its START.
        tally = it.accounted(98304)
        assert tally["lost"] in (0, 1024) and tally["losses"]["both_missing"] == tally["lost"], tally
        it.ctl("campaign", "verify")


@test
def a_blocked_link_is_not_certified():
    with lab("--pace", "max", "--seed", "14", "--set", "link.efficiency=0") as it:
        it.ctl("campaign", "start", it.plan(trials=65536))
        it.ctl("campaign", "watch", code=1)
        certificate = it.certificate()
        assert certificate["verdict"] == "not certified" and certificate["reasons"], certificate["verdict"]
        it.ctl("campaign", "verify")


@test
def a_second_instance_is_refused():
    with lab() as it:
        refused = subprocess.run(
            [BIN / "belld", "--state", it.state, "--lab", LAB], capture_output=True, text=True, timeout=20)
        assert refused.returncode == 2, refused
        assert "fix:" in refused.stderr and "belld.lock" in refused.stderr, refused.stderr
        refused = it.ctl("lab", "up", "--lab", LAB, code=2)
        assert "fix:" in refused.stderr, refused.stderr


@test
def a_client_of_a_dozen_lines_of_pyzmq():
    with lab("--pace", "5000") as it:
        it.ctl("campaign", "start", it.plan(trials=65536, trials_per_block=4096))
        client = subprocess.run(
            ["/usr/bin/python3", ROOT / "Tests/python/telemetry_client.py", it.json("status")["control_endpoint"],
             it.json("status")["telemetry_endpoint"]], capture_output=True, text=True, timeout=30)
        assert client.returncode == 0, client.stderr + client.stdout


def stop_plan(it, headline, **changes):
    """The shipped plan with this one claim and a stop rule."""
    path = it.plan(trials_per_block=8192, **changes)
    before, after = path.read_text().split("headline:\n")
    rest = after[after.index("pool:"):]
    path.write_text(f"{before}headline: {{{headline}}}\nstop: {{when: headline}}\n{rest}")
    return path


def ended_by_the_rule(it, most):
    it.wait(lambda: it.ctl("status", code=None).returncode == 0 and it.state_is("completed"), "completed", 120)
    certificate = it.certificate()
    assert certificate["verdict"] == "certified", certificate["reasons"]
    assert certificate["end"]["state"] == "stopped-by-rule", certificate["end"]
    run = certificate["blocks"][-1]["next_index"]
    assert run < most, run
    assert certificate["tally"]["valid"] + certificate["tally"]["lost"] == run, certificate["tally"]
    assert certificate["bounds"]["trials_sealed"] == most and certificate["bounds"]["trials"] == run
    with contextlib.closing(sqlite3.connect(it.journal())) as db:
        assert db.execute("SELECT sum(count) FROM arm").fetchone()[0] == run
    assert it.json("campaign", "verify")["match"] is True
    return run


@test
def a_stop_rule_ends_a_campaign_early_although_belld_is_killed_on_the_way():
    headline = "claim: local-realism-rejected, significance: 1.0e-25, test: win-count"
    with lab("--pace", "20000", "--seed", "12") as it:
        most = 4194304
        it.ctl("campaign", "start", stop_plan(it, headline, trials=most))
        it.wait(lambda: it.campaign().get("done", 0) > 4000, "4000 trials")
        status = it.ctl("status").stdout
        assert "may end early" in status and "at most" in status, status
        for trials in 4000, 12000:
            it.wait(lambda: it.campaign().get("done", 0) > trials, f"{trials} trials")
            os.kill(it.pid("belld"), signal.SIGKILL)
            it.wait(lambda: it.ctl("status", code=None).returncode == 0, "the daemon answers again")
        run = ended_by_the_rule(it, most)
        # As the forecast says, but for luck and for blocks that the kills cut.
        plan = stop_plan(it, headline, trials=most)
        stop = it.json("campaign", "plan", plan, "--lab", LAB, "--expect", "2.24")["forecast"]["stop"]
        assert stop["block_end"] / 4 < run < stop["block_end"] * 4, (stop, run)


@test
def a_stop_rule_ends_a_campaign_at_the_bits_that_were_asked_for():
    headline = "claim: min-entropy-probability-estimation, bits: 500, power: 0.015, epsilon: 1.0e-6"
    with lab("--pace", "max", "--seed", "13") as it:
        most = 16777216
        it.ctl("campaign", "start", stop_plan(it, headline, trials=most))
        ended_by_the_rule(it, most)


@test
def a_stop_rule_with_a_claim_of_a_fixed_n_is_refused_before_the_night():
    with lab() as it:
        path = it.plan(stop="{when: headline}")
        for command in "plan", "start":
            done = it.ctl("campaign", command, path, code=2)
            assert "fixed before the first one" in done.stderr and "prediction-ratio" in done.stderr, done.stderr
