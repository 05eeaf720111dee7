"""Plans that are sealed first and begun later: anchored by a time-stamp authority of openssl's, killed on the way."""
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import time

from certificates import need_openssl
from harness import BIN, folder, lab, run, test

AUTHORITY = """
[ req ]
distinguished_name = dn
prompt = no
[ dn ]
CN = unused
[ ca_ext ]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[ tsa_ext ]
basicConstraints = critical,CA:false
extendedKeyUsage = critical,timeStamping
[ tsa ]
default_tsa = ours
[ ours ]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
certs = ca.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
"""


class Authority:
    """A time-stamp authority with a root of its own, in a folder."""

    def __init__(self, path):
        self.path = path
        path.mkdir()
        (path / "tsa.cnf").write_text(AUTHORITY)
        (path / "serial").write_text("01\n")
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "tsa.cnf"]
        self.openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "30",
                     "-extensions", "ca_ext", "-subj", "/CN=Root of a test")
        self.openssl("req", *key, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Authority of a test")
        self.openssl("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                     "-days", "30", "-extfile", "tsa.cnf", "-extensions", "tsa_ext", "-out", "tsa.pem")

    def openssl(self, *words):
        done = subprocess.run(["openssl", *map(str, words)], cwd=self.path, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, f"openssl {words}: {done.stdout}{done.stderr}"
        return done.stdout

    def stamp(self, data, reply):
        """What docs/anchors.md tells a person to type, and what the authority then does."""
        query = reply.with_suffix(".tsq")
        self.openssl("ts", "-query", "-data", data, "-sha256", "-cert", "-out", query)
        self.openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", query, "-out", reply)
        return reply

    @property
    def root(self):
        return self.path / "ca.pem"


@test
def a_plan_is_sealed_stamped_by_an_authority_and_its_certificate_verified_by_openssl():
    need_openssl()
    with lab("--pace", "max", "--seed", "61") as it, folder() as elsewhere:
        ours, stranger = Authority(elsewhere / "ours"), Authority(elsewhere / "stranger")
        # Plan 1 is given up, plan 2 is stamped and run.
        it.ctl("campaign", "seal", it.plan(trials=8192))
        sealed = it.json("campaign", "seal", it.plan(trials=16384))
        assert sealed["number"] == 2, sealed
        it.ctl("campaign", "abandon", "1", code=2)
        it.ctl("campaign", "abandon", "1", "--reason", "the wrong number of trials")
        plan = elsewhere / "plan.json"
        it.ctl("campaign", "anchor", "2", "--write", plan)
        text = json.loads(plan.read_text())
        assert text["number"] == 2 and "\n" not in plan.read_text(), text

        reply = ours.stamp(plan, elsewhere / "plan.tsr")
        # Another file's stamp, another authority's root, and no file at all.
        other = elsewhere / "other.json"
        other.write_text(plan.read_text() + "\n")
        error = it.ctl("campaign", "anchor", "2", "--rfc3161", ours.stamp(other, elsewhere / "other.tsr"), code=2).stderr
        assert "not one of this plan" in error and "fix:" in error, error
        error = it.ctl("campaign", "anchor", "2", "--rfc3161", reply, "--tsa-ca", stranger.root, code=2).stderr
        assert "authority" in error and "nothing was stored" in error, error
        it.ctl("campaign", "anchor", "2", "--rfc3161", plan, code=2)
        it.ctl("campaign", "anchor", "2", code=2)
        # Who asks for the check gets it or a refusal, never an unchecked stamp.
        blind = run("bellctl", "campaign", "anchor", "2", "--rfc3161", reply, "--tsa-ca", ours.root, "--state", it.state,
                    env={**os.environ, "PATH": "/nonexistent"})
        assert blind.returncode == 2 and "openssl is not installed" in blind.stderr, blind.stderr
        assert "nothing was stored" in blind.stderr and "fix:" in blind.stderr, blind.stderr
        done = it.ctl("campaign", "anchor", "2", "--rfc3161", reply, "--tsa-ca", ours.root)
        assert "signature good" in done.stdout, done.stdout

        # A second party signs the same bytes.
        key = elsewhere / "notary.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", elsewhere / "notary.pub.pem"], check=True)
        subprocess.run(
            ["openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", plan, "-out", elsewhere / "plan.sig"],
            check=True)
        signed = ("campaign", "anchor", "2", "--signature", elsewhere / "plan.sig", "--key", elsewhere / "notary.pub.pem")
        it.ctl(*signed, code=2)
        it.ctl(*signed, "--by", "a notary")

        it.ctl("campaign", "start", "2")
        it.wait(lambda: it.state_is("completed"), "completed")
        assert "first trial" in it.ctl(*signed, "--by", "a notary", code=2).stderr
        it.ctl("campaign", "verify")
        certificate = next((it.state / "campaigns").glob("*/certificate.json"))
        seen = json.loads(certificate.read_text())
        assert [a["kind"] for a in seen["anchors"]] == ["rfc3161", "signature"], seen["anchors"]
        assert [(p["number"], p["state"]) for p in seen["plan_chain"]["listed"]] == [(1, "abandoned")], seen["plan_chain"]
        assert "own word: nobody" not in json.dumps(seen["assumptions"])
        page = it.ctl("certificate", "show", certificate).stdout
        for words in "this is plan 2", "1 abandoned (1)", "time stamp (RFC 3161)", "a notary", "follows from the plan's hash":
            assert words in page, page

        # The reader: without a root nothing is claimed, with another one's it is bad, with the right one good.
        for words, code, expected in (
                ((), 0, "not checked"), (("--tsa-ca", stranger.root), 4, "NOT good"),
                (("--tsa-ca", ours.root), 0, "signature good")):
            for command in "anchors", "verify":
                done = run("bellctl", "certificate", command, certificate, *words)
                assert done.returncode == code and expected in done.stdout, done.stdout + done.stderr
        taken = elsewhere / "taken"
        run("bellctl", "certificate", "anchors", certificate, "--write", taken)
        assert (taken / "plan.json").read_bytes() == plan.read_bytes()
        assert (taken / "anchor-1.tsr").read_bytes() == reply.read_bytes()
        ours.openssl("ts", "-verify", "-data", taken / "plan.json", "-in", taken / "anchor-1.tsr", "-CAfile", ours.root)
        ours.openssl(
            "pkeyutl", "-verify", "-pubin", "-inkey", taken / "anchor-2.pub.pem", "-rawin", "-in", taken / "plan.json",
            "-sigfile", taken / "anchor-2.sig")


@test
def a_campaign_without_an_anchor_says_that_its_date_is_the_laboratory_s_own_word():
    with lab("--pace", "max", "--seed", "62") as it, folder() as elsewhere:
        pulse = elsewhere / "pulse.json"
        pulse.write_text(json.dumps({"pulse": {
            "uri": "https://beacon.example/chain/1/pulse/7", "pulseIndex": 7, "timeStamp": "2026-01-01T00:00:00.000Z",
            "outputValue": "AB" * 64, "period": 60000}}))
        it.ctl("campaign", "seal", it.plan(trials=8192), "--beacon", pulse)
        it.ctl("campaign", "start", "1")
        it.wait(lambda: it.state_is("completed"), "completed")
        certificate = it.certificate()
        assert certificate["plan"]["beacon"]["index"] == 7 and certificate["anchors"] == [], certificate["plan"]
        assert "laboratory's own word" in certificate["assumptions"]["date-of-sealing"]
        page = it.ctl("certificate", "anchors").stdout
        assert "no outside anchor" in page and "quotes pulse 7" in page, page
        it.ctl("campaign", "verify")
        future = json.loads(pulse.read_text())
        future["pulse"]["timeStamp"] = "2999-01-01T00:00:00.000Z"
        pulse.write_text(json.dumps(future))
        error = it.ctl("campaign", "seal", it.plan(trials=8192), "--beacon", pulse, code=None)
        assert error.returncode != 0 and "still to come" in error.stderr, error


@test
def sealing_and_anchoring_killed_at_any_moment_leave_all_or_nothing():
    need_openssl()
    with lab("--pace", "max", "--seed", "63") as it, folder() as elsewhere:
        key = elsewhere / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", elsewhere / "pub.pem"], check=True)
        sealed = []

        def ready():
            done = it.ctl("device", "list", "--json", code=None)
            devices = json.loads(done.stdout)["devices"] if done.returncode == 0 else []
            return len(devices) >= 2 and all(d["state"] == "connected" for d in devices)

        def reached(stage, known):
            """Whether the folder that is being made has come so far."""
            return any((path / stage).exists() for path in (it.state / "campaigns").glob("*") if path not in known)

        for stage in "sequence.yaml", "journal.sqlite", "journal.sqlite-wal", "plan.json":
            it.wait(ready, "both boards", 40)
            belld = it.pid("belld")
            known = set((it.state / "campaigns").glob("*"))
            words = [BIN / "bellctl", "campaign", "seal", it.plan(trials=8192), "--state", it.state]
            with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=it.folder) as client:
                end = time.monotonic() + 20
                while not reached(stage, known) and time.monotonic() < end:
                    time.sleep(0.0005)
                os.kill(belld, signal.SIGKILL)
                client.kill()
            assert reached(stage, known), stage
            it.wait(lambda: it.ctl("status", code=None).returncode == 0, "the daemon answers again")
            rows = it.json("campaign", "list")["campaigns"]
            assert all(row["state"] == "sealed" for row in rows), rows
            assert [row["number"] for row in rows] == list(range(1, len(rows) + 1)), rows
            sealed.append(len(rows))
        it.wait(ready, "both boards", 40)
        it.ctl("campaign", "seal", it.plan(trials=8192))
        last = it.json("campaign", "list")["campaigns"][-1]
        number = str(last["number"])
        plan = elsewhere / "plan.json"
        it.ctl("campaign", "anchor", number, "--write", plan)
        subprocess.run(
            ["openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", plan, "-out", elsewhere / "sig"], check=True)
        journal = it.state / "campaigns" / last["campaign"] / "journal.sqlite"
        for attempt, delay in enumerate((0.06, 0.03)):
            belld = it.pid("belld")
            words = [BIN / "bellctl", "campaign", "anchor", number, "--signature", elsewhere / "sig",
                     "--key", elsewhere / "pub.pem", "--by", f"party {attempt}", "--state", it.state]
            with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    client.wait(delay)
                os.kill(belld, signal.SIGKILL)
                client.kill()
            it.wait(lambda: it.ctl("status", code=None).returncode == 0, "the daemon answers again")
            with contextlib.closing(sqlite3.connect(journal)) as db:
                texts = [json.loads(row[0])["by"] for row in db.execute("SELECT anchor FROM anchor ORDER BY id")]
            assert len(texts) == len(set(texts)), texts
        print(f"        sealed after each kill {sealed}, anchors {texts}")
        it.wait(ready, "both boards", 40)
        it.ctl("campaign", "start", number)
        it.wait(lambda: it.state_is("completed"), "completed")
        certificate = json.loads((journal.parent / "certificate.json").read_text())
        assert [a["by"] for a in certificate["anchors"]] == texts, certificate["anchors"]
        assert certificate["plan_chain"]["counts"] .get("sealed", 0) == last["number"] - 1 > 0, certificate["plan_chain"]
        assert not [r for r in certificate["reasons"] if "chain" in r], certificate["reasons"]
        it.ctl("campaign", "verify", number)
