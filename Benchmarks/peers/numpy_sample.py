#!/usr/bin/env python3
"""Both nodes' records of Bell trials drawn with numpy, on one core, and thrown away: a peer of mocklab's sampling.

usage: numpy_sample.py     prints {"trials_per_s": …}
"""
import json
import time

import numpy as np

RECORD = np.dtype([
    ("index", "<u8"), ("start", "<u8"), ("stop_delta", "<u4"), ("i", "<i2"), ("q", "<i2"),
    ("setting", "u1"), ("outcome", "u1"), ("flags", "<u2"), ("aux", "<u4"),
])
RNG = np.random.Generator(np.random.SFC64(1))  # the fastest of numpy's generators
COUNT = 16384  # an arm
S = 2.24


def node(first, setting, excited):
    """One node's records: a tick with jitter, an IQ point in one of two clouds, the discriminator's decision."""
    records = np.zeros(COUNT, RECORD)
    index = np.arange(first, first + COUNT, dtype=np.uint64)
    records["index"] = index
    records["start"] = index * 640_000 + 80_000 + RNG.integers(0, 3, COUNT, dtype=np.uint64)
    records["stop_delta"] = 850
    noise = RNG.standard_normal((2, COUNT), dtype=np.float32) * 2350
    i = noise[0] + np.where(excited, 5200, -5200)
    records["i"] = np.clip(i, -32768, 32767)
    records["q"] = np.clip(noise[1], -32768, 32767)
    records["setting"] = setting
    records["outcome"] = i > 0
    records["flags"] = 1
    return records


def arm(first):
    x = RNG.integers(0, 2, COUNT, dtype=np.uint8)
    y = RNG.integers(0, 2, COUNT, dtype=np.uint8)
    a = RNG.integers(0, 2, COUNT, dtype=np.uint8)
    wins = RNG.random(COUNT, dtype=np.float32) < 0.5 + S / 8
    b = a ^ (x & y) ^ ~wins & 1
    return node(first, x, a), node(first, y, b)


def main():
    arm(0)
    begin = time.perf_counter()
    made = 0
    while time.perf_counter() - begin < 1:
        arm(made)
        made += COUNT
    print(json.dumps({"trials_per_s": made / (time.perf_counter() - begin)}))


main()
