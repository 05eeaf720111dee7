"""The beacon as a program: hostile clients, no bits, and chains that were tampered with."""
import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from certificates import need_openssl
from harness import BIN, ROOT, folder, lab, run, test
from pools import completed, entropy_plan

sys.path.append(str(ROOT / "Tests/python"))
import beacon_verify  # noqa: E402


@contextlib.contextmanager
def beacon(state, *options):
    """bellbeacon on a port of its own, and its address."""
    log = open(state.parent / "beacon.log", "a")
    process = subprocess.Popen(
        [BIN / "bellbeacon", "--state", state, "--listen", "127.0.0.1:0", *options], stdout=subprocess.PIPE, stderr=log,
        text=True)
    try:
        line = process.stdout.readline()
        assert line.startswith("bellbeacon ready http://127.0.0.1:"), line
        yield process, line.split()[2]
    finally:
        process.kill()
        process.wait()


def get(url, method="GET", data=None):
    """Status and body, whatever the status is."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method, data=data), timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def vectors():
    """The chain and the key of docs/beacon.md."""
    text = (ROOT / "docs/beacon.md").read_text()
    pulses = [json.loads(block) for block in re.findall(r"```json pulse-\d\n(.*?)```", text, re.DOTALL)]
    return {"certificates": [re.search(r"```pem key\n(.*?)```", text, re.DOTALL).group(1)], "pulses": pulses}


@test
def beacon_without_bits_answers_hostile_clients_and_makes_nothing_up():
    with folder() as path:
        state = path / "state"
        with beacon(state, "--period", "1") as (process, url):
            port = int(url.split(":")[2].strip("/"))
            end = time.monotonic() + 20
            while json.loads(get(url + "beacon/2.0/chain/last")[1])["chain"]["state"] == "starting":
                assert time.monotonic() < end
                time.sleep(0.05)
            status, body = get(url + "beacon/2.0/chain/last")
            assert status == 200 and json.loads(body)["chain"]["state"] == "no certified bits", body
            assert b"no certified bits" in get(url)[1]
            assert get(url + "beacon/2.0/pulse/last")[0] == 404
            assert get(url, "HEAD") == (200, b"")
            assert get(url, "POST", b"x" * 100)[0] == 405
            assert get(url, "DELETE")[0] == 405
            assert get(url + "x" * 2000)[0] == 414
            assert get(url + "%2e%2e/%00/etc/passwd")[0] == 404
            # Connections that say next to nothing, and one that drips: others are served, and the silent ones are closed.
            slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
            for s in slow:
                s.sendall(b"GET / HTTP/1.1\r\nHost")
            assert get(url)[0] == 200
            garbage = socket.create_connection(("127.0.0.1", port))
            with contextlib.suppress(OSError):
                garbage.sendall(b"\xff\x00\r\n" * 50_000)
                garbage.shutdown(socket.SHUT_WR)
            began = time.monotonic()
            for s in slow:
                s.settimeout(30)
                with contextlib.suppress(ConnectionResetError):
                    while s.recv(4096):
                        pass
                s.close()
            assert time.monotonic() - began < 25, "silent connections are closed"
            assert get(url)[0] == 200
            shown = run("bellctl", "beacon", "show", url)
            assert shown.returncode == 2 and "no pulse yet" in shown.stderr, shown.stderr
            second = run("bellbeacon", "--state", state, "--listen", "127.0.0.1:0")
            assert second.returncode == 2 and "runs already" in second.stderr, second.stderr
            assert (state / "beacon.sqlite").stat().st_mode & 0o777 == 0o600
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        key = (state / "keys/beacon.ed25519").read_text()
        public = json.loads(run("bellctl", "beacon", "key", "--json", "--state", state).stdout)
        assert public["certificate_id"] == beacon_verify.sha512(public["pem"].encode()).hex(), public
        assert run("bellctl", "beacon", "key", "--state", path / "elsewhere").returncode == 2
        with beacon(state) as (process, url):
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        assert (state / "keys/beacon.ed25519").read_text() == key
        for options, words in [
                (["--listen", "0.0.0.0:8079"], "can be reached from other machines"),
                (["--listen", "nowhere"], "is not HOST:PORT"), (["--period", "0"], "1 to 86400"),
                (["--uri", "file:///x"], "no address")]:
            refused = run("bellbeacon", "--state", state, *options)
            assert refused.returncode == 2 and words in refused.stderr, refused.stderr


@test
def beacon_chains_are_verified_from_files_and_every_tampering_ends_with_4():
    need_openssl()
    with folder() as path:
        chain = vectors()
        assert beacon_verify.check_file(chain) == 4
        file = path / "chain.json"

        def verify(archive, *options):
            file.write_text(json.dumps(archive))
            return run("bellctl", "beacon", "verify", file, *options)

        sound = verify(chain, "--json")
        assert sound.returncode == 0, sound.stdout + sound.stderr
        report = json.loads(sound.stdout)
        assert report["pulses"] == 4 and report["gaps"] == 1 and report["simulated"], report
        assert not report["key_trusted"]
        text = verify(chain).stdout
        assert text.startswith("sound: chain 1") and "SIMULATED" in text, text
        (path / "key.pem").write_text(chain["certificates"][0])
        assert json.loads(verify(chain, "--key", path / "key.pem", "--json").stdout)["key_trusted"]
        assert verify(chain, "--key", "11" * 32).returncode == 4
        assert verify(chain, "--from", 2, "--to", 3).returncode == 0
        assert verify(chain, "--anchor", 1).returncode == 0
        assert verify(chain, "--from", 5).returncode == 2
        assert verify({"pulses": chain["pulses"]}).returncode == 2, "no key"
        assert verify({"pulses": chain["pulses"]}, "--key", path / "key.pem").returncode == 0
        assert verify({"pulse": chain["pulses"][2]}, "--key", path / "key.pem").returncode == 0

        def changed(change):
            copy = json.loads(json.dumps(chain))
            change(copy["pulses"])
            return copy

        def flip(text):
            return text[:-1] + ("1" if text[-1] == "0" else "0")

        names = [name for name, value in chain["pulses"][1].items() if isinstance(value, str)]
        assert len(names) == 8
        for name in names:
            bad = changed(lambda pulses: pulses[1].update({name: flip(pulses[1][name])}))
            done = verify(bad)
            assert done.returncode == 4, (name, done.stderr)
        for change in [
                lambda pulses: pulses.pop(1), lambda pulses: pulses.reverse(), lambda pulses: pulses.insert(1, pulses[1]),
                lambda pulses: pulses[3].update(statusCode=65536), lambda pulses: pulses[2]["pool"].update(simulated=False),
                lambda pulses: pulses[2]["pool"].update(firstBit=0), lambda pulses: pulses[1].update(period=1000)]:
            done = verify(changed(change))
            assert done.returncode == 4 and done.stderr.startswith("error:"), (done.returncode, done.stderr)
        gap = verify(changed(lambda pulses: pulses.pop(1)))
        assert gap.returncode == 4 and "the chain has a gap" in gap.stderr, gap.stderr
        file.write_text("not JSON")
        assert run("bellctl", "beacon", "verify", file).returncode == 2
        assert run("bellctl", "beacon", "verify", "http://127.0.0.1:1/").returncode == 5
        assert run("bellctl", "beacon", "verify", "https://beacon.nist.gov/").returncode == 2
        nist = ROOT / "Tests/BellBeaconTests/Reference/nist-chain-2-pulse-1853311.json"
        other = run("bellctl", "beacon", "verify", nist)
        assert other.returncode == 4 and "cipher suite 0" in other.stderr, other.stderr


@test
def a_certified_campaign_becomes_pulses_and_kill_9_uses_no_bit_twice():
    need_openssl()
    with lab("--seed", "14") as it:
        campaign = completed(it, entropy_plan(it, "public"))
        it.wait((campaign / "certificate.json").exists, "a certificate")
        it.ctl("campaign", "extract", campaign.name, "--second-source", "host")
        archive = it.folder / "chain.json"
        pulses = []
        for life in range(4):
            with beacon(it.state, "--period", "1") as (process, url):
                wanted = len(pulses) + 2
                end = time.monotonic() + 30
                while True:
                    status, body = get(url + "beacon/2.0/pulse/last")
                    if status == 200 and json.loads(body)["pulse"]["pulseIndex"] >= wanted:
                        break
                    assert time.monotonic() < end, (life, status, body)
                    time.sleep(0.02)
                it.ctl("beacon", "verify", url, "--save", archive)
                process.kill()
            before, pulses = pulses, json.loads(archive.read_text())["pulses"]
            assert pulses[:len(before)] == before, "what was said is unsaid"
        assert beacon_verify.check_file(json.loads(archive.read_text())) == len(pulses) >= 8
        bits = (campaign / "bits.bin").read_bytes().hex().upper()
        places = [pulse["pool"]["firstBit"] for pulse in pulses]
        assert len(set(places)) == len(places) and all(place % 512 == 0 for place in places), places
        for pulse, place in zip(pulses, places):
            assert pulse["localRandomValue"] == bits[place // 4:place // 4 + 128], place
            assert pulse["pool"]["campaign"] == campaign.name and pulse["pool"]["simulated"], pulse
        given = it.json("pools")["pools"][0]["given"]
        assert given >= 512 * len(pulses) and given % 512 == 0, given
        it.ctl("key", "--simulated", code=1)
