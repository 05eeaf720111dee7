"""What is watched between blocks: simulated gauges that fail and come back, and values that are measured by shots."""
import contextlib
import http.server
import json
import threading

from harness import folder, test
from night import TRIALS_PER_BLOCK, Night

HEALTHY = """
gates:
  - {measure: link.link_phase, every: 1h, change: 0.3, unit: rad, action: wait}
  - {measure: alice.thermal_population, every: 1h, max: 0.05, action: suspend}
  - {measure: bob.thermal_population, every: 1h, max: 0.05, action: suspend}
  - {measure: alice.drive_detuning, every: 30min, change: 30000, unit: Hz, action: calibrate}
  - {measure: bob.drive_detuning, every: 30min, change: 30000, unit: Hz, action: calibrate}
  - {device: alice-amplifier, reading: gain_db, min: 38, max: 40, unit: dB, action: wait}
  - {device: fridge, reading: mixing_chamber_k, max: 0.02, unit: K, action: wait}
"""


@contextlib.contextmanager
def night(*options, profile=(), lab=""):
    """A drifting laboratory that is up; `profile` are replacements in its profile, `lab` is added to lab.yaml."""
    with folder() as path:
        it = Night(path, "--pace", "max", "--seed", "4", *options)
        truth = it.folder / "Calibration/night/profile.yaml"
        text = truth.read_text()
        for old, new in profile:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        truth.write_text(text)
        it.lab.write_text(it.lab.read_text() + lab)
        try:
            yield it.up()
        finally:
            it.down()


def start(it, blocks, more):
    plan = it.plan(trials=blocks * TRIALS_PER_BLOCK, trials_per_block=TRIALS_PER_BLOCK, trials_per_arm=8192)
    plan.write_text(plan.read_text() + more)
    it.ctl("campaign", "start", plan)


@contextlib.contextmanager
def webhook():
    """A web server of this machine that keeps what is posted to it."""
    posts = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            posts.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", posts
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def locked(it):
    """Whether alice's reference is locked, by the device's own word."""
    return any(d["name"] == "alice-reference" and d["state"] == "connected" and d["settings"]["reference_locked"]
               for d in it.json("status", code=None)["devices"])


def decided(it, what):
    return [d for d in it.decisions() if d.get("decision") == what]


@test
def a_compressor_that_stops_holds_the_night_until_the_fridge_is_cold_again():
    # It stops after three blocks, for two minutes of the laboratory, of which a second of the wall clock has 46 while nothing
    # is played; the plate then cools in a minute instead of hours.
    broken = ("fridge: {model: fridge}", "fridge: {model: fridge, readings: {compressor: {fail_at: 170s, fail_for: 2min}, "
              "mixing_chamber_k: {fail_rise: 15s}}}")
    gate = ("\ngates:\n  - {device: fridge, reading: mixing_chamber_k, max: 0.02, unit: K, action: wait, for: 1min}\n")
    with night(profile=[broken]) as it:
        start(it, 6, gate)
        it.wait(lambda: it.state_is("suspended"), "the gate holds the campaign", 60)
        campaign = it.campaign()
        assert not campaign["needs_person"] and campaign["error"]["code"] == "campaign.gate", campaign
        assert "mixing_chamber_k is" in campaign["reason"], campaign
        it.wait(lambda: it.state_is("completed"), "it goes on by itself", 240)
        it.accounted(6 * TRIALS_PER_BLOCK)
        held = decided(it, "hold")
        assert len({d["block"] for d in held}) == 1 and 0 < held[0]["block"] <= 3, held
        assert any("mixing_chamber_k is" in d["message"] for d in held), held
        assert [d["block"] for d in decided(it, "go-on")] == [held[0]["block"]], it.decisions()


@test
def a_lost_reference_calls_a_person_by_a_webhook():
    lost = ("alice-reference: {model: reference-lock}", "alice-reference: {model: reference-lock, readings: "
            "{reference_locked: {fail_at: 110s, fail_for: 8min}}}")
    gate = "\ngates:\n  - {device: alice-reference, reading: reference_locked, min: 1, action: suspend}\n"
    with webhook() as (url, posts):
        call = f'\ncall_person: [/usr/bin/curl, -fsS, -d, "{{json}}", "{url}"]\n'
        with night(profile=[lost], lab=call) as it:
            start(it, 4, gate)
            it.wait(lambda: it.ctl("status", code=None).returncode == 1, "a person is needed", 60)
            it.wait(lambda: posts, "the webhook was called", 30)
            # For scripts: status and show say it by their exit code.
            assert it.json("status", code=1)["campaign"]["needs_person"]
            it.ctl("campaign", "show", code=1)
            path, body = posts[0]
            told = json.loads(body)
            assert path == "/hook" and told["error"]["code"] == "campaign.gate", told
            assert "reference_locked" in told["message"] and told["campaign"] == 1, told
            assert len([d for d in it.decisions() if d.get("needs_person")]) == 1, it.decisions()
            # It would look again by itself every 30 s; the person who mended the lock does not wait for that.
            it.wait(lambda: locked(it), "the lock is back", 60)
            it.ctl("campaign", "resume")
            it.wait(lambda: it.ctl("status", code=None).returncode == 0, "it goes on", 20)
            it.wait(lambda: it.state_is("completed"), "completed", 60)
            it.accounted(4 * TRIALS_PER_BLOCK)
            assert len(posts) == 1, posts


@test
def planted_faults_that_only_shots_show_trip_their_gates():
    # In drift time of mocklab, which counts calibration shots, too: a round of them is about a quarter of an hour.
    faults = [
        ("thermal_population: {process: ou, std: 0.0003, correlation: 2h}\n  bob.", "thermal_population: {process: ou, "
         "std: 0.0003, correlation: 2h, fault: {at: 35min, by: 0.1, for: 17min}}\n  bob."),
        ("bob.detuning_khz: {", "bob.detuning_khz: {fault: {at: 70min, by: 90}, "),
        ("link.phase_deg: {", "link.phase_deg: {fault: {at: 25min, by: 60}, "),
    ]
    plan = """
calibration: {accept: automatic}
gates:
  - {measure: link.link_phase, every: 30min, change: 0.3, unit: rad, action: warn}
  - {measure: alice.thermal_population, every: 30min, max: 0.05, action: wait}
  - {measure: bob.drive_detuning, every: 30min, change: 30000, unit: Hz, action: calibrate}
"""
    with night(profile=faults) as it:
        start(it, 100, plan)
        it.wait(lambda: it.state_is("completed"), "completed", 400)
        it.accounted(100 * TRIALS_PER_BLOCK)
        news = [d for d in it.decisions() if d.get("decision") in ("hold", "warn", "calibrate", "go-on")]
        assert [d.get("gate") for d in news if d["decision"] == "hold"] == ["alice.thermal_population"], news
        assert len(decided(it, "go-on")) == 1, news
        jumps = [d for d in news if d["decision"] == "calibrate"]
        assert [d["gate"] for d in jumps] == ["bob.drive_detuning"], news
        assert 60e3 < abs(jumps[0]["basis"]["moved"]) < 120e3, jumps
        done = decided(it, "done")
        assert len(done) == 1 and done[0]["good"], done
        assert any(v["path"] == "bob.drive_detuning" for v in done[0]["values"]), done
        # The link's phase turned by a radian; later the new frequency of bob's drive turned it, too.
        phases = [d for d in news if d["decision"] == "warn"]
        assert phases and all(d["gate"] == "link.link_phase" for d in phases), news
        assert phases[0]["block"] == 30 and 0.7 < abs(phases[0]["basis"]["moved"]) < 1.4, phases
        rows = {row["gate"]: row for row in it.json("status")["gates"]}
        assert rows["alice.thermal_population"]["open"] and rows["alice.thermal_population"]["value"] < 0.05, rows


def healthy(blocks, seconds):
    """Runs a laboratory that drifts and has no fault; returns how often each of its values was measured."""
    with night() as it:
        start(it, blocks, HEALTHY)
        it.wait(lambda: it.state_is("completed"), "completed", seconds)
        it.accounted(blocks * TRIALS_PER_BLOCK)
        news = [d for d in it.decisions() if d.get("decision") not in ("measure", "measured")]
        assert news == [], news
        measured = [v["gate"] for d in decided(it, "measured") for v in d["values"]]
        return {gate: measured.count(gate) for gate in sorted(set(measured))}


@test
def a_healthy_evening_trips_no_gate():
    counts = healthy(100, 300)
    assert counts["alice.drive_detuning"] >= 3 and counts["link.link_phase"] == 2, counts


if __name__ == "__main__":
    print("a healthy night trips no gate:", healthy(600, 3600))
