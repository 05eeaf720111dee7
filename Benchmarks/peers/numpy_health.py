#!/usr/bin/env python3
"""Both health tests of SP 800-90B, section 4.4, on packed bits in numpy: the peer of `bellbench --only health`.

usage: numpy_health.py FILE REPETITION PROPORTION
"""
import json
import sys
import time

import numpy as np

WINDOW = 1024


def longest_run_and_largest_count(data):
    """The longest run of equal bits, and the largest count of a window's first bit in it."""
    longest, largest, carried, before = 0, 0, 0, None
    block = 1 << 18
    for start in range(0, len(data), block):
        bits = np.unpackbits(data[start:start + block])
        windows = bits.reshape(-1, WINDOW)
        ones = windows.sum(axis=1, dtype=np.int32)
        largest = max(largest, int(np.where(windows[:, 0] == 1, ones, WINDOW - ones).max()))
        changes = np.flatnonzero(bits[1:] != bits[:-1]) + 1
        first = int(changes[0]) if len(changes) else len(bits)
        longest = max(longest, first + (carried if before == bits[0] else 0))
        if len(changes) > 1:
            longest = max(longest, int(np.diff(changes).max()))
        carried = len(bits) - int(changes[-1]) if len(changes) else carried + len(bits)
        before = bits[-1]
        longest = max(longest, carried)
    return longest, largest


def main():
    data = np.fromfile(sys.argv[1], np.uint8)
    best = None
    for _ in range(2):
        begin = time.perf_counter()
        longest, largest = longest_run_and_largest_count(data)
        seconds = time.perf_counter() - begin
        best = min(seconds, best or seconds)
    print(json.dumps({
        "passes": longest < int(sys.argv[2]) and largest < int(sys.argv[3]), "bits_per_s": 8 * len(data) / best,
        "longest_run": longest, "largest_count": largest,
    }))


main()
