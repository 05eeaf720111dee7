"""Which QICK dump realises which PROGRAM of belld: a file that a laboratory writes, and the checks before a load.

    {"version": 1, "programs": [
        {"program_sha256": "…", "dump": "alice.json", "dump_sha256": "…", "readout": 0,
         "words_address": 64, "settings": "input"}]}

`dump` is JSON as qick.helpers.progs2json([program.dump_prog()]) writes it, or an .npz with that text as an array `dump`
of bytes; never pickle. Its SHA-256 is compared before anything is read. See docs/qick.md.
"""
import hashlib
import io
import json
import pathlib
import re
import zipfile
from typing import NamedTuple

import numpy

from . import frames
from .frames import Refused

LARGEST_DUMP = 64 << 20
KEYS = {"program_sha256", "dump", "dump_sha256", "readout", "words_address", "settings"}
# tProc v2's shift register: register s1, alias s_rand. It is a PRNG, and no source of settings.
LFSR = re.compile(r"\b(s1|s_rand)\b")


class BadMapping(Exception):
    """The mapping file cannot be used; the text says where and why."""


class Entry(NamedTuple):
    dump: pathlib.Path
    dump_sha256: str
    readout: int            # the readout channel whose accumulated I and Q make the outcome
    words_address: int      # where the trials' words begin in the tProc's data memory


def _text(entry, key, where):
    if not isinstance(entry[key], str):
        raise BadMapping(f"{where}: {key} is no text")
    return entry[key]


def _count(entry, key, where):
    if not isinstance(entry[key], int) or isinstance(entry[key], bool) or not 0 <= entry[key] < 1 << 16:
        raise BadMapping(f"{where}: {key} is no number from 0 to 65535")
    return entry[key]


def read_mapping(path):
    """The mapping file: SHA-256 of a PROGRAM to its Entry."""
    path = pathlib.Path(path)
    try:
        file = json.loads(path.read_text())
    except (OSError, ValueError) as failure:
        raise BadMapping(f"{path}: {failure}") from None
    if not isinstance(file, dict) or set(file) != {"version", "programs"} or file["version"] != 1:
        raise BadMapping(f"{path}: expected {{\"version\": 1, \"programs\": [...]}}")
    entries = {}
    for place, entry in enumerate(file["programs"] if isinstance(file["programs"], list) else [None]):
        where = f"{path}: programs[{place}]"
        if not isinstance(entry, dict) or set(entry) != KEYS:
            raise BadMapping(f"{where}: expected exactly the keys {', '.join(sorted(KEYS))}")
        if entry["settings"] != "input":
            raise BadMapping(
                f"{where}: settings must be \"input\": a bit that the gateware latches from the node's generator and "
                "returns with the outcome; the tProc's LFSR is a PRNG, and software cannot choose in time")
        for key in ("program_sha256", "dump_sha256"):
            if not re.fullmatch("[0-9a-f]{64}", _text(entry, key, where)):
                raise BadMapping(f"{where}: {key} is not 64 lower-case hexadecimal digits")
        if entry["program_sha256"] in entries:
            raise BadMapping(f"{where}: this program_sha256 stands in the file twice")
        entries[entry["program_sha256"]] = Entry(
            path.parent / _text(entry, "dump", where), entry["dump_sha256"], _count(entry, "readout", where),
            _count(entry, "words_address", where))
    return entries


def choose(entries, data):
    """The entry of a PROGRAM's bytes."""
    digest = hashlib.sha256(data).hexdigest()
    if digest not in entries:
        raise Refused(frames.BAD_PROGRAM, f"no dump is known for the program with SHA-256 {digest}; compile one and "
                                          "name it in the mapping file (docs/qick.md)")
    return entries[digest]


def read_dump(entry):
    """The dump as a dictionary, after its hash was compared and the LFSR was looked for."""
    try:
        if entry.dump.stat().st_size > LARGEST_DUMP:
            raise Refused(frames.BAD_PROGRAM, f"the dump {entry.dump.name} is over {LARGEST_DUMP} bytes")
        data = entry.dump.read_bytes()
    except OSError as failure:
        raise Refused(frames.BAD_PROGRAM, f"the dump {entry.dump.name} cannot be read: {failure.strerror}") from None
    digest = hashlib.sha256(data).hexdigest()
    if digest != entry.dump_sha256:
        raise Refused(frames.BAD_PROGRAM, f"the dump {entry.dump.name} has SHA-256 {digest}, the mapping file says "
                                          f"{entry.dump_sha256}")
    try:
        if entry.dump.suffix == ".npz":
            with numpy.load(io.BytesIO(data), allow_pickle=False) as archive:
                data = archive["dump"].astype("u1").tobytes()
        dump = json.loads(data.decode("utf-8"))
    except (ValueError, KeyError, zipfile.BadZipFile) as failure:
        raise Refused(frames.BAD_PROGRAM, f"the dump {entry.dump.name} is not what it should be: {failure}") from None
    if isinstance(dump, list) and len(dump) == 1:
        dump = dump[0]
    if not isinstance(dump, dict) or "prog_list" not in dump:
        raise Refused(frames.BAD_PROGRAM, f"the dump {entry.dump.name} holds not exactly one program")
    if any(LFSR.search(word) for word in _words(dump["prog_list"])):
        raise Refused(frames.BAD_PROGRAM, "the dump reads the tProc's LFSR (s1, s_rand); a PRNG is no settings source "
                                          "of a Bell test")
    return dump


def _words(value):
    """All texts in a structure."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
