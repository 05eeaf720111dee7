"""CRC-32C (Castagnoli), RFC 3720 appendix B.4; crc32c(b"123456789") == 0xE3069283.

Short texts go through a table byte by byte. Long ones are laid out as rows of 64 bytes that numpy walks side by side;
the rows' values are then folded in pairs. Leading zero bytes do not change a CRC that starts from 0, so rows can be
filled up in front, and starting from 0xFFFFFFFF is the same as inverting the first four bytes.
"""
import numpy

_TABLE = []
for _n in range(256):
    for _ in range(8):
        _n = _n >> 1 ^ (0x82F63B78 if _n & 1 else 0)
    _TABLE.append(_n)

_ROW = 64
_STEP = numpy.array(_TABLE, "u4")
_folds = []


def _apply(tables, values):
    """A linear map of 32 bits, given by its values on each byte."""
    return (tables[0][values & 255] ^ tables[1][values >> 8 & 255] ^ tables[2][values >> 16 & 255]
            ^ tables[3][values >> 24])


def _fold(level):
    """The map that moves a CRC over 64 * 2**level zero bytes."""
    while len(_folds) <= level:
        if _folds:
            last = _folds[-1]
            _folds.append([_apply(last, part) for part in last])
        else:
            parts = [numpy.arange(256, dtype="u4") << numpy.uint32(shift) for shift in (0, 8, 16, 24)]
            for _ in range(_ROW):
                parts = [_STEP[part & 255] ^ part >> 8 for part in parts]
            _folds.append(parts)
    return _folds[level]


def crc32c(data):
    """The checksum of bytes."""
    size = len(data)
    if size < 4096:
        crc = 0xFFFFFFFF
        for byte in data:
            crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 255]
        return crc ^ 0xFFFFFFFF
    rows = -(-size // _ROW)
    laid = numpy.zeros(rows * _ROW, "u1")
    laid[-size:] = numpy.frombuffer(data, "u1")
    first = len(laid) - size
    laid[first:first + 4] ^= 255
    laid = laid.reshape(rows, _ROW)
    crc = numpy.zeros(rows, "u4")
    for column in range(_ROW):
        crc = _STEP[(crc ^ laid[:, column]) & 255] ^ crc >> 8
    level = 0
    while len(crc) > 1:
        if len(crc) & 1:
            crc = numpy.concatenate([numpy.zeros(1, "u4"), crc])
        crc = _apply(_fold(level), crc[0::2]) ^ crc[1::2]
        level += 1
    return int(crc[0]) ^ 0xFFFFFFFF
