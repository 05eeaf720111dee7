#!/usr/bin/env python3
"""The transform of SP 800-22's spectral test in numpy: the peer of `bellbench --only battery`, which does 14 tests more.

usage: numpy_spectrum.py FILE    streams of 10^6 bits, packed
"""
import json
import math
import sys
import time

import numpy as np

N = 10**6


def main():
    data = np.fromfile(sys.argv[1], np.uint8).reshape(-1, N // 8)
    below, best = [], None
    for stream in data:
        begin = time.process_time()
        magnitudes = np.abs(np.fft.rfft(2.0 * np.unpackbits(stream) - 1)[:N // 2])
        below.append(int((magnitudes < math.sqrt(N * math.log(20))).sum()))
        seconds = time.process_time() - begin
        best = min(seconds, best or seconds)
    print(json.dumps({"seconds": best, "below": below}))


main()
