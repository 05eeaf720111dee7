#!/usr/bin/env python3
"""Prints the table of Sources/CKernels/gf2_basis.c: the Cantor basis of GF(2^64) = GF(2)[x]/(x^64 + x^4 + x^3 + x + 1).

v_0 = 1 and v_(i+1)^2 + v_(i+1) = v_i; of the two solutions, which differ by 1, the one whose lowest bit is 0.
"""
DEGREE = 64
MODULUS = 1 << 64 | 0b11011


def square(a):
    wide = sum(1 << 2 * i for i in range(DEGREE) if a >> i & 1)
    for i in range(2 * DEGREE - 2, DEGREE - 1, -1):
        if wide >> i & 1:
            wide ^= MODULUS << i - DEGREE
    return wide


def pivots():
    """Echelon form of y -> y^2 + y, which is linear: leading bit of an image -> (image, y)."""
    table = {}
    for i in range(DEGREE):
        y = 1 << i
        image = square(y) ^ y
        while image:
            lead = image.bit_length() - 1
            if lead not in table:
                table[lead] = image, y
                break
            image ^= table[lead][0]
            y ^= table[lead][1]
    return table


def main():
    table = pivots()
    v = [1]
    while len(v) < 32:
        rest, y = v[-1], 0
        while rest:
            image, part = table[rest.bit_length() - 1]
            rest ^= image
            y ^= part
        v.append(y & ~1)
        assert square(v[-1]) ^ v[-1] == v[-2]
    for i in range(0, len(v), 4):
        print("    " + ", ".join(f"0x{w:016x}" for w in v[i:i + 4]) + ",")


main()
