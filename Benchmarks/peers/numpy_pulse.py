#!/usr/bin/env python3
"""Cosine pulses with a DRAG quadrature in numpy, one after another: the peer of `bellbench --only sequence`.

usage: numpy_pulse.py SAMPLES
"""
import json
import sys
import time

import numpy as np


def pulse(samples, duration, beta):
    angle = 2 * np.pi * (np.arange(samples) + 0.5) / samples
    value = 0.5 - 0.5 * np.cos(angle)
    slope = beta * np.pi / duration * np.sin(angle)
    if np.max(value * value + slope * slope) > 1.000001:
        raise ValueError("past full scale")
    return np.round(value * 32767).astype(np.int16), np.round(slope * 32767).astype(np.int16)


def main():
    samples = int(sys.argv[1])
    duration = 0.5 * samples
    best = None
    for _ in range(3):
        begin = time.perf_counter()
        for i in range(4000):
            i_codes, q_codes = pulse(samples, duration, 0.2 + 1e-9 * i)
        seconds = time.perf_counter() - begin
        best = min(seconds, best or seconds)
    print(json.dumps({"samples_per_s": 4000 * samples / best, "sum": int(i_codes.astype(np.int64).sum())}))


main()
