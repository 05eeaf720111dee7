#!/usr/bin/env python3
"""Checks a beacon's pulses without belld: hashlib, and openssl for the signatures. See docs/beacon.md.

usage: beacon_verify.py FILE        a file of `bellctl beacon verify --save`
"""
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

KINDS = ["previous", "hour", "day", "month", "year"]
#: How many characters of a timeStamp two pulses of one span have in common.
SPAN = {"hour": 13, "day": 10, "month": 7, "year": 4}


def sha512(data):
    return hashlib.sha512(data).digest()


def signed_bytes(pulse):
    """The bytes that the signature is made over."""
    def block(data):
        return len(data).to_bytes(4, "big") + data

    def text(value):
        return block(value.encode())

    def digits(value):
        return block(bytes.fromhex(value))

    external = pulse["external"]
    assert [link["type"] for link in pulse["listValues"]] == KINDS
    return b"".join([
        text(pulse["uri"]), text(pulse["version"]), pulse["cipherSuite"].to_bytes(4, "big"),
        pulse["period"].to_bytes(4, "big"), digits(pulse["certificateId"]), pulse["chainIndex"].to_bytes(8, "big"),
        pulse["pulseIndex"].to_bytes(8, "big"), text(pulse["timeStamp"]), digits(pulse["localRandomValue"]),
        digits(external["sourceId"]), external["statusCode"].to_bytes(4, "big"), digits(external["value"]),
        *(digits(link["value"]) for link in pulse["listValues"]), digits(pulse["precommitmentValue"]),
        pulse["statusCode"].to_bytes(4, "big")])


def signature_holds(pem, signature, message):
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name)
        (path / "key.pem").write_text(pem)
        (path / "message").write_bytes(message)
        (path / "signature").write_bytes(signature)
        done = subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "message", "-sigfile",
             "signature"], cwd=path, capture_output=True, text=True)
        return done.returncode == 0


def check_pulse(pulse, pem):
    """One pulse in itself."""
    message = signed_bytes(pulse)
    signature = bytes.fromhex(pulse["signatureValue"])
    assert pulse["version"] == "2.0" and pulse["cipherSuite"] == 25519
    assert pulse["uri"].endswith(f"/beacon/2.0/chain/{pulse['chainIndex']}/pulse/{pulse['pulseIndex']}"), "uri"
    assert pulse["certificateId"] == sha512(pem.encode()).hex(), "certificate"
    assert signature_holds(pem, signature, message), "signature"
    assert pulse["outputValue"] == sha512(message + signature).hex().upper(), "output value"
    pool = json.dumps(pulse["pool"], sort_keys=True, separators=(",", ":")).encode()
    assert pulse["external"] == {"sourceId": sha512(pool).hex().upper(), "statusCode": 0, "value": "00" * 64}, "pool"
    assert bool(pulse["statusCode"] & 65536) == pulse["pool"]["simulated"], "simulated"


def check_chain(pulses, pem):
    """A whole chain, from pulse 1 on."""
    anchors = {}
    for number, pulse in enumerate(pulses, 1):
        check_pulse(pulse, pem)
        assert pulse["pulseIndex"] == number, "numbers"
        status = pulse["statusCode"] & ~65536
        links = [(link["uri"], link["value"]) for link in pulse["listValues"]]
        if number == 1:
            assert links == [(None, "00" * 64)] * 5 and status == 1, "first pulse"
        else:
            before = pulses[number - 2]
            assert links == [(anchors[kind]["uri"], anchors[kind]["outputValue"]) for kind in KINDS], "links"
            value = bytes.fromhex(pulse["localRandomValue"])
            assert sha512(value).hex().upper() == before["precommitmentValue"], "commitment"
            pause = milliseconds(pulse) - milliseconds(before)
            assert pause > 0 and status == (2 if pause > pulse["period"] else 0), "times"
        for kind in KINDS:
            if kind == "previous" or kind not in anchors or (
                    anchors[kind]["timeStamp"][:SPAN[kind]] != pulse["timeStamp"][:SPAN[kind]]):
                anchors[kind] = pulse


def milliseconds(pulse):
    import datetime
    time = datetime.datetime.fromisoformat(pulse["timeStamp"].replace("Z", "+00:00"))
    return round(time.timestamp() * 1000)


def check_file(archive):
    assert len(archive["certificates"]) == 1
    check_chain(archive["pulses"], archive["certificates"][0])
    return len(archive["pulses"])


if __name__ == "__main__":
    print(check_file(json.loads(pathlib.Path(sys.argv[1]).read_text())), "pulses are sound")
