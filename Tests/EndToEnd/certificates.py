"""A certificate's signature, checked by openssl alone: nothing of belld's own code decides these tests."""
import json
import os
import pathlib
import shutil
import signal
import subprocess

from harness import Skipped, folder, lab, run, test


def openssl_accepts(certificate, signature=None, key=None):
    """What docs/certificate.md tells a reader to type."""
    certificate = pathlib.Path(certificate)
    signature = signature or certificate.with_name("certificate.sig")
    key = key or certificate.with_name("certificate.pub.pem")
    done = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-in", certificate, "-sigfile", signature],
        capture_output=True, text=True, timeout=20)
    assert done.returncode in (0, 1) and "Usage" not in done.stderr, done.stdout + done.stderr
    return "Signature Verified Successfully" in done.stdout and done.returncode == 0


def need_openssl():
    if not shutil.which("openssl"):
        raise Skipped("the openssl program is missing; `make setup` installs it")
    version = subprocess.run(["openssl", "version"], capture_output=True, text=True).stdout
    if not version.startswith("OpenSSL 3"):
        raise Skipped(f"openssl 3 is needed for Ed25519 on files, found {version.strip()}")


def campaign(it, trials):
    it.ctl("campaign", "start", it.plan(trials=trials))
    it.ctl("campaign", "watch", code=None)


@test
def openssl_alone_verifies_a_certificate_and_refuses_every_other():
    need_openssl()
    with lab("--pace", "max", "--seed", "51") as it, folder() as elsewhere:
        campaign(it, 16384)
        campaign(it, 8192)
        paths = sorted((it.state / "campaigns").glob("*/certificate.json"))
        assert len(paths) == 2, paths
        path, other = paths
        assert openssl_accepts(path) and openssl_accepts(other)
        assert not openssl_accepts(path, signature=other.with_name("certificate.sig"))

        # The key as it is published, without the state directory: openssl skips the line before the block.
        published = elsewhere / "lab.pem"
        published.write_text(it.ctl("certificate", "key").stdout)
        assert openssl_accepts(path, key=published)
        public = it.json("certificate", "key")["public_key"]
        assert json.loads(path.read_text())["signed_by"] == public
        der = subprocess.run(
            ["openssl", "pkey", "-pubin", "-in", path.with_name("certificate.pub.pem"), "-outform", "DER"],
            capture_output=True, check=True).stdout
        assert der.hex() == "302a300506032b6570032100" + public, der.hex()
        pem = subprocess.run(
            ["openssl", "pkey", "-pubin", "-inform", "DER"], input=der, capture_output=True, check=True).stdout
        assert pem == path.with_name("certificate.pub.pem").read_bytes(), pem

        # A stranger with three files and the key.
        for name in "certificate.json", "certificate.sig", "certificate.pub.pem":
            shutil.copy(path.with_name(name), elsewhere)
        copy = elsewhere / "certificate.json"
        for words in (), ("--signature-only",), ("--key", public), ("--key", published):
            done = run("bellctl", "certificate", "verify", copy, *words)
            assert done.returncode == 0, done.stdout + done.stderr
        good = copy.read_bytes()
        for at in 0, len(good) // 2, len(good) - 1:
            bad = bytearray(good)
            bad[at] ^= 1
            copy.write_bytes(bad)
            assert not openssl_accepts(copy)
            for words in (), ("--signature-only",):
                done = run("bellctl", "certificate", "verify", copy, *words)
                assert done.returncode in (2, 4), done.stdout + done.stderr
        copy.write_bytes(good)

        # A forger with a key of his own convinces only those who ask nobody for the laboratory's.
        forger = elsewhere / "forger.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", forger], check=True, capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", forger, "-pubout", "-out", elsewhere / "certificate.pub.pem"], check=True)
        subprocess.run(
            ["openssl", "pkeyutl", "-sign", "-inkey", forger, "-rawin", "-in", copy, "-out", elsewhere / "certificate.sig"],
            check=True)
        assert openssl_accepts(copy) and not openssl_accepts(copy, key=published)
        assert run("bellctl", "certificate", "verify", copy).returncode == 4

        # The private key is its owner's, and signs as openssl's implementation does.
        secret = it.state / "keys/certifier.ed25519"
        assert os.stat(secret).st_mode & 0o777 == 0o600
        der = bytes.fromhex("302e020100300506032b657004220420" + secret.read_text().strip())
        (elsewhere / "secret.der").write_bytes(der)
        subprocess.run(
            ["openssl", "pkeyutl", "-sign", "-keyform", "DER", "-inkey", elsewhere / "secret.der", "-rawin", "-in", path,
             "-out", elsewhere / "signature"], check=True)
        assert (elsewhere / "signature").read_bytes() == path.with_name("certificate.sig").read_bytes()

        it.ctl("certificate", "verify", path)
        assert it.json("certificate", "verify", path)["match"] is True
        found = it.json("certificate", "diff", path, other, code=1)
        assert "campaign" in [m["member"] for m in found["members"]], found


@test
def a_certificate_that_was_lost_is_issued_again_with_the_same_bytes_and_signature():
    with lab("--pace", "max", "--seed", "52") as it:
        campaign(it, 8192)
        path = next((it.state / "campaigns").glob("*/certificate.json"))
        names = "certificate.json", "certificate.sig", "certificate.pub.pem"
        before = [path.with_name(name).read_bytes() for name in names]
        for name in names:
            path.with_name(name).unlink()
        os.kill(it.pid("bellcert"), signal.SIGKILL)
        it.wait(path.exists, "the certificate is there again")
        assert [path.with_name(name).read_bytes() for name in names] == before
        it.ctl("campaign", "verify")
