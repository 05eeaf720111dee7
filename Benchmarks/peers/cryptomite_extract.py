#!/usr/bin/env python3
"""Extraction by cryptomite on given bits: the peer of `bellbench --only extractors`.

usage: cryptomite_extract.py KIND FIRST SECOND N1 N2 M OUT [PASSES]

KIND is toeplitz, circulant, deor or raz. FIRST and SECOND hold N1 and N2 bits, packed MSB first; OUT gets M bits so
packed. Prints the least CPU time of an extraction, from list to list as cryptomite has it, without making the lists.

cryptomite is not part of belld. Its licence is for non-commercial use: read it before you install it.
"""
import json
import sys
import time

import cryptomite


def read(path, count):
    data = open(path, "rb").read()
    text = bin(int.from_bytes(b"\1" + data, "big"))[3:]
    return [1 if c == "1" else 0 for c in text[:count]]


def write(path, bits):
    text = "".join("1" if b else "0" for b in bits)
    text += "0" * (-len(text) % 8)
    open(path, "wb").write(int(text or "0", 2).to_bytes(len(text) // 8, "big"))


def extractor(kind, n1, m):
    if kind == "toeplitz":
        return cryptomite.Toeplitz(n1, m)
    if kind == "circulant":
        return cryptomite.Circulant(n1, m)
    if kind == "deor":
        return cryptomite.Dodis(n1, m)
    from cryptomite.raz import Raz
    return Raz(n1, m)


def main():
    kind, first, second, out = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[7]
    n1, n2, m = (int(word) for word in sys.argv[4:7])
    passes = int(sys.argv[8]) if len(sys.argv) > 8 else 1
    x, y = read(first, n1), read(second, n2)
    made = extractor(kind, n1, m)
    best = None
    for _ in range(passes):
        begin = time.process_time()
        bits = made.extract(x, y)
        seconds = time.process_time() - begin
        best = min(seconds, best or seconds)
    write(out, bits)
    print(json.dumps({"seconds": best, "bits": len(bits), "version": getattr(cryptomite, "__version__", "?")}))


main()
