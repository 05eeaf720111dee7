#!/usr/bin/env python3
"""Makes ais31.json: AIS 20/31 test procedures A and B (Killmann and Schindler 2011, 2.4.4) in plain Python.

The bits are SplitMix64's words, most significant bit first; "sticky" ones repeat the last bit in one case of 32 more.
"""
import json, math, os
from collections import Counter
from itertools import groupby

MASK = (1 << 64) - 1


def words(seed):
    state = seed
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
        yield z ^ z >> 31


def bits(kind, seed, n):
    source = words(seed)
    if kind == "uniform":
        text = "".join(format(next(source), "064b") for _ in range((n + 63) // 64))
        return [int(c) for c in text[:n]]
    out = [0]
    while len(out) < n:
        w = next(source)
        if kind == "sticky":
            out.append(out[-1] if w >> 59 == 0 else w & 1)
        else:  # biased
            out.append(1 if w >> 40 < int(0.53 * (1 << 24)) else 0)
    return out


def block(b):
    c = Counter("".join(map(str, b[i:i + 4])) for i in range(0, 20000, 4))
    poker = 16 / 5000 * sum(v * v for v in c.values()) - 5000
    runs = [[0] * 7, [0] * 7]
    longest = 0
    for value, group in groupby(b):
        length = len(list(group))
        runs[value][min(6, length)] += 1
        longest = max(longest, length)
    first = int("".join(map(str, b[:10000])), 2)
    part = first >> 5000
    away = []
    for shift in range(1, 5001):
        later = (first >> (5000 - shift)) & ((1 << 5000) - 1)
        away.append(abs(bin(part ^ later).count("1") - 2500))
    shift = away.index(max(away)) + 1
    value = sum(b[10000 + i] ^ b[10000 + i + shift] for i in range(5000))
    bounds = [(2267, 2733), (1079, 1421), (502, 748), (223, 402), (90, 223), (90, 223)]
    passed = [9654 < sum(b) < 10346, 1.03 < poker < 57.4,
              all(low <= r[i + 1] <= high for r in runs for i, (low, high) in enumerate(bounds)),
              longest < 34, 2326 < value < 2674]
    return {"passed": passed, "ones": sum(b), "poker": poker, "runs": runs, "longest": longest, "shift": shift, "autocorrelation": value}


def procedure_b(b):
    out = []
    at = 100000
    out.append(abs(sum(b[:at]) / 100000 - 0.5))
    for length in (1, 2, 3):
        seen = {}
        kinds = 1 << length
        while sum(len(v) == 100000 for v in seen.values()) < kinds:
            t = tuple(b[at:at + length])
            v = seen.setdefault(t, [])
            if len(v) < 100000:
                v.append(b[at + length])
            at += length + 1
        p = {t: sum(v) for t, v in seen.items()}
        if length == 1:
            out.append(abs(p[(0,)] / 1e5 + (1e5 - p[(1,)]) / 1e5 - 1))
        else:
            for t in sorted(p):
                if t[0] == 0:
                    x, y = p[t], p[(1,) + t[1:]]
                    out.append((x - y) ** 2 / (x + y) + (x - y) ** 2 / (2e5 - x - y))
    last, total, sums, g = {}, 0.0, [], [0.0, 0.0]
    for i in range(1, 260000):
        g.append(g[-1] + 1 / i)
    for n in range(1, 2560 + 256000 + 1):
        w = int("".join(map(str, b[at:at + 8])), 2)
        at += 8
        if n > 2560:
            total += g[n - last.get(w, 0)]
        last[w] = n
    out.append(total / math.log(2) / 256000)
    return {"values": out, "used": at}


if __name__ == "__main__":
    result = {"made_by": "make_ais31.py", "blocks": [], "procedures": []}
    for kind in ("uniform", "sticky", "biased"):
        for seed in (1, 2):
            result["blocks"].append({"kind": kind, "seed": seed, **block(bits(kind, seed, 20000))})
    for kind in ("uniform", "sticky"):
        result["procedures"].append({"kind": kind, "seed": 3, **procedure_b(bits(kind, 3, 7600000))})
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ais31.json")
    with open(path, "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
