#!/usr/bin/python3
"""Hashes of evidence, from Python's hashlib alone: the numbers of MerkleTreeTests and EvidenceLeafTests.

The tree is computed by the recursion of RFC 6962, section 2.1, and not leaf by leaf.
"""
import hashlib
import struct


def h(data):
    return hashlib.blake2b(data, digest_size=32).digest()


def root(leaves):
    if not leaves:
        return h(b"")
    if len(leaves) == 1:
        return h(b"\x00" + leaves[0])
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return h(b"\x01" + root(leaves[:k]) + root(leaves[k:]))


def leaf(node, arm, first, count, commitment, chunks, clocks):
    data = b"BELL leaf v1".ljust(16, b"\0")
    data += struct.pack("<IIQQQ", node, 1 if commitment else 0, arm, first, count) + (commitment or bytes(32))
    data += struct.pack("<Q", len(chunks))
    for first_index, pulse, boot, records, digest in chunks:
        data += struct.pack("<QQQQ", first_index, pulse, boot, records) + digest
    data += struct.pack("<Q", len(clocks))
    for pulse, tick in clocks:
        data += struct.pack("<QQ", pulse, tick)
    return h(data)


if __name__ == "__main__":
    for n in [0, 1, 2, 3, 5, 7, 8, 13, 1000]:
        print(f"({n}, \"{root([h(struct.pack('<Q', i)) for i in range(n)]).hex()}\"),")
    full = [(7168, 90_000, 0x0123456789ABCDEF, 512, bytes([0x11]) * 32),
            (7680, 90_512, 0xFEDCBA9876543210, 500, bytes([0x22]) * 32)]
    print("lost ", leaf(0, 7, 7168, 1024, None, [], []).hex())
    print("alice", leaf(0, 7, 7168, 1024, None, full, [(90_000, 5_000_000), (91_011, 5_600_000)]).hex())
    print("bob  ", leaf(1, 7, 7168, 1024, bytes(range(32)), full[:1], [(90_000, 2**64 - 1)]).hex())
