#!/usr/bin/env python3
"""Draws sheep.png: a sheep on a meadow of circles, ellipses and one Bézier curve, 256 x 192 greys.

Needs nothing but Python. The picture is ours: nobody else's was looked at or traced.
Usage: draw-sheep.py FILE [WIDTH]; sheep-small.png is 112 wide, for pools with few bits.
"""
import struct
import sys
import zlib

WIDTH, HEIGHT, FINE = 256, 192, 3  # FINE^2 points a pixel

SKY, HILL, MEADOW, WOOL, SHADE, FACE, LEG, EYE = 200, 150, 96, 250, 222, 40, 52, 245


def ellipse(x, y, a, b, grey, slant=0.0):
    """Pixels with ((u - slant v) / a)^2 + (v / b)^2 <= 1, u and v from the centre."""
    return grey, lambda px, py: ((px - x - slant * (py - y)) / a) ** 2 + ((py - y) / b) ** 2 <= 1, (
        x - a - abs(slant) * b, y - b, x + a + abs(slant) * b, y + b)


def box(x0, y0, x1, y1, grey):
    return grey, lambda px, py: x0 <= px <= x1 and y0 <= py <= y1, (x0, y0, x1, y1)


def curve(points, width, grey):
    """A thick cubic Bézier curve as a chain of discs."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = points
    shapes = []
    for i in range(25):
        t = i / 24
        s = 1 - t
        x = s**3 * x0 + 3 * s * s * t * x1 + 3 * s * t * t * x2 + t**3 * x3
        y = s**3 * y0 + 3 * s * s * t * y1 + 3 * s * t * t * y2 + t**3 * y3
        shapes.append(ellipse(x, y, width, width, grey))
    return shapes


def sheep():
    shapes = [
        ellipse(36, 34, 15, 15, 245),
        ellipse(60, 178, 150, 76, HILL),
        ellipse(214, 190, 130, 70, HILL - 16),
        ellipse(128, 258, 260, 116, MEADOW),
    ]
    for x in (92, 110, 146, 164):
        shapes += [box(x - 4, 120, x + 4, 160, LEG), ellipse(x - 1, 160, 7, 4, FACE)]
    shapes += curve(((176, 92), (192, 88), (196, 104), (188, 112)), 6, WOOL)
    # The wool: a ring of curls around a body, the lower ones in shade.
    for x, y, r in ((88, 120, 17), (110, 127, 18), (134, 128, 18), (157, 124, 17), (170, 112, 15)):
        shapes.append(ellipse(x, y, r, r, SHADE))
    shapes.append(ellipse(130, 102, 48, 32, WOOL))
    for x, y, r in ((88, 96, 17), (100, 80, 17), (120, 73, 18), (142, 74, 18), (160, 83, 17), (170, 98, 15)):
        shapes.append(ellipse(x, y, r, r, WOOL))
    # The head looks to the left.
    shapes += [
        ellipse(93, 78, 11, 6, FACE, 0.5),
        ellipse(53, 78, 11, 6, FACE, -0.5),
        ellipse(72, 92, 17, 24, FACE, 0.1),
        ellipse(64, 68, 9, 9, WOOL), ellipse(74, 64, 10, 10, WOOL), ellipse(84, 69, 9, 9, WOOL),
        ellipse(66, 86, 3.2, 3.2, EYE), ellipse(79, 86, 3.2, 3.2, EYE),
        ellipse(66, 87, 1.4, 1.4, 0), ellipse(79, 87, 1.4, 1.4, 0),
        ellipse(67, 107, 1.5, 2.2, 130), ellipse(74, 107, 1.5, 2.2, 130),
    ]
    # Blades of grass, in three rows.
    for i in range(21):
        x, y = (i * 53 + 17) % 256, 164 + (i * 29) % 26
        shapes += curve(((x, y), (x, y - 4), (x + 1, y - 7), (x + 4, y - 10)), 1.0, 60)
    return shapes


def draw(shapes, width):
    """Rows of greys; each pixel is the mean of FINE^2 points."""
    height = width * HEIGHT // WIDTH
    scale = width * FINE / WIDTH  # fine points a unit of the drawing
    line = width * FINE
    fine = [SKY] * (line * height * FINE)
    for grey, holds, (x0, y0, x1, y1) in shapes:
        for y in range(max(0, int(y0 * scale) - 1), min(height * FINE, int(y1 * scale) + 2)):
            for x in range(max(0, int(x0 * scale) - 1), min(line, int(x1 * scale) + 2)):
                if holds((x + 0.5) / scale, (y + 0.5) / scale):
                    fine[y * line + x] = grey
    rows = []
    for y in range(height):
        row = bytearray()
        for x in range(width):
            total = sum(fine[(y * FINE + j) * line + x * FINE + i] for j in range(FINE) for i in range(FINE))
            row.append(round(total / FINE**2))
        rows.append(bytes(row))
    return rows


def png(rows):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: draw-sheep.py FILE [WIDTH]")
    with open(sys.argv[1], "wb") as file:
        file.write(png(draw(sheep(), int(sys.argv[2]) if len(sys.argv) == 3 else WIDTH)))
