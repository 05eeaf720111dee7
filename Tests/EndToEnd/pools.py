"""Pools: a certified campaign is extracted once, repeated bit for bit, and its bits are given away once."""
import contextlib
import hashlib
import json
import random
import secrets
import shutil
import sqlite3
import subprocess
import time

from harness import BIN, lab, test

TRIALS = 1 << 18
HEADLINE = "{claim: min-entropy-probability-estimation, bits: 42000, power: 0.0041, epsilon: 1.0e-6}"
SECURITY = "{total: 1.0e-5, extractor: {kind: circulant, epsilon: 1.0e-8, side_information: quantum}}"


def entropy_plan(it, pool, trials=TRIALS, security=True):
    text = it.plan(trials=trials, pool=pool, trials_per_block=trials).read_text()
    old = "headline:\n  claim: local-realism-rejected\n  significance: 1.0e-9\n"
    assert old in text, text
    plan = it.folder / f"{pool}.yaml"
    plan.write_text(text.replace(old, f"headline: {HEADLINE}\n") + (f"security: {SECURITY}\n" if security else ""))
    return plan


def completed(it, plan):
    name = it.json("campaign", "start", plan)["campaign"]
    it.wait(lambda: it.state_is("completed"), "completed", 180)
    return it.state / "campaigns" / name


def digest(data):
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def bits_of(data, count):
    """An integer whose bit i is bit i of the packed string."""
    return int.from_bytes(data, "big").__format__(f"0{8 * len(data)}b")[:count]


def published(certificate):
    """What a certificate tells of outcomes, counted apart from bellctl (docs/pools.md)."""
    def gamma(value):
        return 2 * ((value + 1).bit_length() - 1) + 1

    def cost(value):
        if value is None:
            return 3
        if isinstance(value, bool):
            return 4
        if isinstance(value, int):
            return 4 + gamma(abs(value))
        if isinstance(value, float):
            return 67
        if isinstance(value, str):
            is_digest = len(value) == 64 and all(c in "0123456789abcdef" for c in value)
            return 4 + (256 if is_digest else gamma(len(value.encode())) + 8 * len(value.encode()))
        if isinstance(value, list):
            return 3 + gamma(len(value)) + sum(map(cost, value))
        return 3 + sum(map(cost, value.values()))

    total = gamma(len(certificate["blocks"])) + 64 + 512
    for block in certificate["blocks"]:
        total += sum(cost(v) for k, v in block.items() if k not in ("number", "calibration_hash", "audit"))
    for member in ("e_process", "prediction_ratio", "training", "rng_health", "end"):
        total += cost(certificate[member])
    return total


def same_recipe_by_hand(it, folder):
    """Source one from the CSV export, and bits of the circulant product, without belld's code."""
    recipe = json.loads((folder / "recipe.json").read_text())
    certificate = json.loads((folder / "certificate.json").read_text())
    rows = it.ctl("campaign", "export", "--csv", folder.name).stdout.splitlines()[1:]
    symbols = "".join((a or "0") + (b or "0") for _, _, _, a, b, _ in (row.split(",") for row in rows))
    assert len(symbols) == 2 * recipe["trials"] == 2 * TRIALS, len(symbols)
    one = symbols[: recipe["n1"]]
    packed = int(one.ljust(-(-len(one) // 8) * 8, "0"), 2).to_bytes(-(-len(one) // 8), "big")
    assert digest(packed) == recipe["source_one"]
    second = (folder / "second-source.bin").read_bytes()
    output = (folder / "bits.bin").read_bytes()
    assert digest(second) == recipe["source_two"] and digest(output) == recipe["output"]
    assert len(output) == -(-recipe["m"] // 8), recipe["m"]
    # z_i is the sum of x_j y_{(i + j) mod n2}: strings are read from the left, so y is turned to the left by i.
    x = int(one, 2)
    y, z = bits_of(second, recipe["n2"]), bits_of(output, recipe["m"])
    for i in random.Random(1).sample(range(recipe["m"]), 60) + [0, recipe["m"] - 1]:
        turned = (y[i:] + y[:i])[: recipe["n1"]]
        assert bin(x & int(turned, 2)).count("1") % 2 == int(z[i]), i
    told = published(certificate) if recipe["pool"] == "private" else 0
    assert recipe["published"]["bits"] == told == sum(t["bits"] for t in recipe["published"]["terms"]), (told, recipe)
    assert recipe["certified_bits"] == 42000 and recipe["k1"] <= 42000 - told, recipe
    assert recipe["k1"] >= 42000 - told - (2 * TRIALS - recipe["n1"]), recipe
    assert recipe["certificate_hash"] == certificate["hash"] and recipe["simulated"] is True, recipe
    assert recipe["errors"]["total"] < 1e-5 and "second-source-independent" in recipe["assumptions"], recipe
    for name in ("bits.bin", "recipe.json", "second-source.bin"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600, name
    return recipe, output


def refused(it, *args, code, says):
    done = it.ctl(*args, code=code)
    assert says in done.stderr, (args, done.stderr)


@test
def a_private_pool_is_extracted_once_and_gives_each_bit_once():
    with lab("--seed", "14") as it:
        plan = entropy_plan(it, "private")
        sealed = it.json("campaign", "seal", plan)["campaign"]
        refused(it, "campaign", "extract", sealed, "--second-source", "host", code=1, says="no certificate")
        it.ctl("campaign", "start", sealed)
        it.wait(lambda: it.state_is("completed"), "completed", 180)
        folder = it.state / "campaigns" / sealed
        it.wait((folder / "certificate.json").exists, "a certificate")

        refused(it, "campaign", "extract", code=2, says="needs a second source")
        zeros, short = it.folder / "zeros.bin", it.folder / "short.bin"
        zeros.write_bytes(bytes(1 << 20))
        short.write_bytes(secrets.token_bytes(100))
        refused(it, "campaign", "extract", "--second-source", zeros, code=2, says="repetition count")
        refused(it, "campaign", "extract", "--second-source", short, code=2, says="Source two has 800 bits")
        refused(it, "campaign", "extract", "--second-source", "host", "--extractor", "deor", code=2, says="sealed")
        assert not (folder / "recipe.json").exists() and not (it.state / "pools.sqlite").exists()
        refused(it, "key", "--simulated", code=2, says="There are no pools")

        # Killed somewhere, again and again: the next call mends it.
        for delay in (0.1, 0.4, 0.8, 1.2):
            process = subprocess.Popen(
                [BIN / "bellctl", "campaign", "extract", "--second-source", "board:bob", "--state", it.state],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(delay)
            process.kill()
            process.wait()
        done = it.ctl("campaign", "extract", "--second-source", "board:bob")
        for words in ("SIMULATED", "shares no state and no electronics with the readout", "total error", "published"):
            assert words in done.stdout, done.stdout
        recipe, output = same_recipe_by_hand(it, folder)
        assert output.hex()[:32] not in done.stdout
        kept = it.folder / "kept"
        shutil.copytree(folder, kept)

        # What a kill between two steps of the writing leaves behind.
        for gone in (["ledger", "bits.bin"], ["ledger"], []):
            (folder / "recipe.json").rename(folder / "recipe-draft.json")
            if "bits.bin" in gone:
                (folder / "bits.bin").unlink()
            if "ledger" in gone:
                for path in it.state.glob("pools.sqlite*"):
                    path.unlink()
            refused(it, "campaign", "extract", "--second-source", "host", code=2, says="extracted exactly once")
            assert "finished what an interrupted call had begun" in it.ctl("campaign", "extract").stdout
            for name in ("bits.bin", "recipe.json", "second-source.bin"):
                assert (folder / name).read_bytes() == (kept / name).read_bytes(), (gone, name)
        assert "with the same bits" in it.ctl("campaign", "extract", "--second-source", "board:bob").stdout
        refused(it, "campaign", "extract", "--second-source", "board:alice", code=2, says="extracted exactly once")
        other = it.folder / "other.bin"
        other.write_bytes(secrets.token_bytes(1 << 18))
        refused(it, "campaign", "extract", "--second-source", other, code=2, says="source two was board:bob, not file")

        repeated(it, folder)
        keys(it, folder, output, recipe["m"])
        damage(it, folder, kept)

        refused(it, "campaign", "publish", folder.name, code=2, says="Keys of")
        it.ctl("campaign", "publish", folder.name, "--expose-keys")
        refused(it, "key", "--campaign", folder.name, "--simulated", "--bits", "8", code=2, says="is public")


def repeated(it, folder):
    """Whoever has the evidence repeats the extraction, without the state directory and its ledger."""
    assert "MATCH" in it.ctl("extract", "verify", f"campaign:{folder.name}").stdout
    copy = it.folder / "copy"
    shutil.copytree(folder, copy)
    assert "are those of bits.bin" in it.ctl("extract", "verify", copy / "recipe.json").stdout
    for name, says in (("bits.bin", "not those of the recipe"), ("second-source.bin", "not the one of the recipe")):
        data = (copy / name).read_bytes()
        (copy / name).write_bytes(data[:-1] + bytes([data[-1] ^ 128]))
        refused(it, "extract", "verify", copy / "recipe.json", code=4, says=says)
        (copy / name).write_bytes(data)
    (copy / "bits.bin").unlink()
    assert "no bits.bin to compare" in it.ctl("extract", "verify", copy / "recipe.json").stdout
    text = (copy / "recipe.json").read_text()
    (copy / "recipe.json").write_text(text.replace('"lost_trials":', '"lost_trials":1'))
    refused(it, "extract", "verify", copy / "recipe.json", code=4, says="lost_trials")


def keys(it, folder, output, count):
    """Keys of every form, then from two processes at once that are killed on the way: together they are the pool."""
    refused(it, "key", "--campaign", folder.name, code=2, says="simulated")
    refused(it, "key", "--simulated", "--bits", 12, code=2, says="multiple of 8")
    refused(it, "key", "--simulated", "--bits", 128, "--format", "pem", code=2, says="256 bits")
    refused(it, "key", "--simulated", "--bits", count + 8 - count % 8, code=1, says="nothing was taken")
    refused(it, "key", "--simulated", "--json", code=2, says="")
    z = bits_of(output, count)
    expected = lambda first, bits: int(z[first:first + bits], 2).to_bytes(bits // 8, "big")

    first = it.ctl("key", "--simulated", "--bits", 128).stdout
    assert bytes.fromhex(first) == expected(0, 128), "the first 128 bits"
    path = it.folder / "second.key"
    told = it.json("key", "--simulated", "--format", "raw", "--output", path)
    assert path.read_bytes() == expected(128, 256) and path.stat().st_mode & 0o777 == 0o600
    assert told["first_bit"] == 128 and told["bits"] == 256 and told["simulated"] is True, told
    refused(it, "key", "--simulated", "--output", path, code=2, says="exists")
    pem = it.folder / "third.pem"
    it.ctl("key", "--simulated", "--format", "pem", "--output", pem)
    if shutil.which("openssl"):
        shown = subprocess.run(
            ["openssl", "pkey", "-in", pem, "-noout", "-text"], capture_output=True, text=True, check=True).stdout
        seed = shown.split("priv:")[1].split("pub:")[0]
        assert bytes.fromhex("".join(seed.replace(":", "").split())) == expected(384, 256), "the third key"
    for log in it.state.glob("logs/*"):
        assert first.strip() not in log.read_text(errors="replace"), log

    rng = random.Random(5)
    running, files = [], []
    for i in range(40):
        file = it.folder / f"key-{i}.bin"
        files.append(file)
        running.append(subprocess.Popen(
            [BIN / "bellctl", "key", "--simulated", "--bits", "104", "--format", "raw", "--output", file, "--state",
             it.state], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        if i % 2:
            time.sleep(rng.uniform(0, 0.03))
            if i % 4 == 1:
                running[0].kill()
            for process in running:
                process.wait()
            running = []
    left = it.json("pools")["pools"][0]["left"]
    rest = left - left % 8
    last = it.folder / "last.bin"
    it.ctl("key", "--simulated", "--bits", rest, "--format", "raw", "--output", last)
    refused(it, "key", "--simulated", "--bits", 8, code=1, says="nothing was taken")

    with contextlib.closing(sqlite3.connect(it.state / "pools.sqlite")) as db:
        rows = db.execute("SELECT first, count FROM withdrawal ORDER BY first").fetchall()
    following = 0
    for start, size in rows:
        assert start == following, (start, following)
        following += size
    assert following == count - left % 8, (following, count)
    # Every key that was written whole is a range of its own; a killed call may have lost its range.
    ranges = {expected(start, size): start for start, size in rows}
    whole = [file.read_bytes() for file in files if file.exists() and file.stat().st_size == 13]
    assert len(whole) >= 20 and len(set(whole)) == len(whole), len(whole)
    assert all(key in ranges for key in whole) and last.read_bytes() in ranges


def damage(it, folder, kept):
    """Cut or changed files give nothing; `campaign extract` makes the same bits again."""
    data = (folder / "bits.bin").read_bytes()
    for bad in (data[:-1], bytes([data[0] ^ 1]) + data[1:]):
        (folder / "bits.bin").write_bytes(bad)
        refused(it, "key", "--simulated", "--campaign", folder.name, "--bits", 8, code=4, says="no bit was given")
        assert "restored" in it.ctl("campaign", "extract").stdout
        assert (folder / "bits.bin").read_bytes() == data
    recipe = (folder / "recipe.json").read_text()
    for old, new in (('"simulated":true', '"simulated":false'), ('"test_vector":false', '"test_vector":true')):
        assert old in recipe
        (folder / "recipe.json").write_text(recipe.replace(old, new))
        refused(it, "campaign", "extract", code=4, says="recipe says otherwise")
    (folder / "recipe.json").write_text(recipe)
    second = folder / "second-source.bin"
    second.write_bytes(bytes([second.read_bytes()[0] ^ 128]) + second.read_bytes()[1:])
    refused(it, "campaign", "extract", code=4, says="Source two is not the one of the recipe")
    second.write_bytes((kept / "second-source.bin").read_bytes())
    for path in it.state.glob("pools.sqlite*"):
        path.rename(it.folder / path.name)
    refused(it, "campaign", "extract", code=4, says="does not know its pool")
    for path in it.folder.glob("pools.sqlite*"):
        path.rename(it.state / path.name)


@test
def a_public_pool_gives_no_keys_and_what_is_not_certified_gives_nothing():
    with lab("--seed", "14") as it:
        folder = completed(it, entropy_plan(it, "public", security=False))
        it.wait((folder / "certificate.json").exists, "a certificate")
        source = it.folder / "source.bin"
        source.write_bytes(secrets.token_bytes(1 << 18))
        done = it.ctl("campaign", "extract", folder.name, "--second-source", source, "--second-bias", "0.001",
                      "--extractor-error", "1e-7")
        assert "chosen after the campaign" in done.stdout and "public" in done.stdout, done.stdout
        recipe, _ = same_recipe_by_hand(it, folder)
        assert recipe["pool"] == "public" and recipe["published"] == {"bits": 0, "terms": []}, recipe
        assert "second-source-is-pseudo-random" not in recipe["assumptions"], recipe
        refused(it, "key", "--campaign", folder.name, "--simulated", code=2, says="keys come only from private pools")
        refused(it, "key", "--simulated", code=1, says="No private pool")
        refused(it, "campaign", "publish", folder.name, code=2, says="public already")
        # The same file again is the same extraction.
        it.ctl("campaign", "extract", folder.name, "--second-source", source, "--second-bias", "0.001",
               "--extractor-error", "1e-7")

        plain = completed(it, it.plan(trials=65536))
        it.wait((plain / "certificate.json").exists, "a certificate")
        refused(it, "campaign", "extract", plain.name, "--second-source", "host", code=1, says="claims no min-entropy")
        small = completed(it, entropy_plan(it, "private", trials=16384))
        it.wait((small / "certificate.json").exists, "a certificate")
        refused(it, "campaign", "extract", small.name, "--second-source", "host", code=1, says="not certified")
        assert len(it.json("pools")["pools"]) == 1
