"""Pictures under the bits of a real campaign, taken apart by Python alone."""
import json
import os
import struct
import zlib

from harness import ROOT, lab, test

SHEEP = ROOT / "docs/data/sheep-small.png"
WIDTH, HEIGHT = 112, 84


def samples(path):
    """The samples of a grey PNG of 8 bits, with nothing but zlib."""
    data, at, packed = path.read_bytes(), 8, b""
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at:at + 8])
        if name == b"IHDR":
            assert struct.unpack(">IIBB", data[at + 8:at + 18]) == (WIDTH, HEIGHT, 8, 0), path
        if name == b"IDAT":
            packed += data[at + 8:at + 8 + length]
        at += 12 + length
    raw, rows, above = zlib.decompress(packed), [], bytes(WIDTH)
    for y in range(HEIGHT):
        kind, line = raw[y * (WIDTH + 1)], bytearray(raw[y * (WIDTH + 1) + 1:(y + 1) * (WIDTH + 1)])
        for x in range(WIDTH):
            left, up, corner = (line[x - 1] if x else 0), above[x], (above[x - 1] if x else 0)
            nearest = min((left, up, corner), key=lambda one: abs(left + up - corner - one))
            line[x] = (line[x] + (0, left, up, (left + up) // 2, nearest)[kind]) % 256
        above = bytes(line)
        rows.append(above)
    return b"".join(rows)


@test
def a_picture_under_the_outcomes_of_a_campaign_is_their_exclusive_or_and_comes_back():
    with lab("--pace", "max", "--seed", "31") as it:
        it.ctl("campaign", "start", it.plan(trials=40960))
        it.wait(lambda: it.state_is("completed"), "completed")
        it.down()
        host, out = it.folder / "host.bin", it.folder / "pictures"
        host.write_bytes(os.urandom(WIDTH * HEIGHT))
        found = it.json("image", "encrypt", SHEEP, "--outcomes", "campaign:1", "--certified", host, "--first-bit", "0",
                        "--output", out)
        # The campaign is simulated; of a file nobody knows.
        assert found["panels"]["outcomes"]["simulated"] is True, found
        assert found["panels"]["certified"]["simulated"] is None, found
        # Outcomes of the two nodes agree too often for bytes to be even.
        assert "pad_chi_square" in found["panels"]["outcomes"]["defects"], found
        assert json.loads((out / "statistics.json").read_text())["panels"] == found["panels"]

        bits = []
        for line in it.ctl("campaign", "export", "--csv").stdout.splitlines()[1:]:
            _, _, _, a, b, _ = line.split(",")
            bits += [int(a or 0), int(b or 0)]
        pad = bytes(sum(bit << (7 - i) for i, bit in enumerate(bits[at:at + 8]))
                    for at in range(0, WIDTH * HEIGHT * 8, 8))
        plain = samples(SHEEP)
        for name, expected in ("outcomes", pad), ("certified", host.read_bytes()):
            assert samples(out / f"{name}.png") == bytes(a ^ b for a, b in zip(plain, expected)), name
        it.ctl("image", "decrypt", out / "outcomes.png", "--output", it.folder / "back.png")
        it.ctl("image", "decrypt", out / "certified.png", "--pad", host, "--output", it.folder / "again.png")
        assert samples(it.folder / "back.png") == samples(it.folder / "again.png") == plain

        # More bits than the campaign has.
        error = it.ctl("image", "encrypt", ROOT / "docs/data/sheep.png", "--outcomes", "campaign:1", "--output",
                       it.folder / "more", code=2).stderr
        assert "393216 are wanted" in error and not (it.folder / "more").exists(), error
