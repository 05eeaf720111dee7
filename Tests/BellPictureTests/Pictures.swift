import BellModel
import Foundation
import TestSupport

@testable import BellPicture

/// Files and pictures that tests share.
enum Pictures {
    static let sheep = URL(filePath: #filePath).appending(path: "../../../docs/data/sheep.png").standardized.path

    static func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
        var numbers = SplitMix(seed: seed)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: numbers.next() >> 32) }
    }

    /// Bits that are one with a probability of `share` / 256.
    static func biased(_ count: Int, share: UInt64, seed: UInt64) -> [UInt8] {
        var numbers = SplitMix(seed: seed)
        return (0..<count).map { _ in
            (0..<8).reduce(0) { byte, _ in byte << 1 | (numbers.next() >> 56 < share ? 1 : 0) }
        }
    }

    /// A chunk of a PNG; CRC-32 of ISO 3309, bit by bit.
    static func chunk(_ name: String, _ data: [UInt8], crc: UInt32? = nil) -> [UInt8] {
        func four(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        let body = Array(name.utf8) + data
        var remainder: UInt32 = 0xffff_ffff
        for byte in body {
            remainder ^= UInt32(byte)
            for _ in 0..<8 { remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0xedb8_8320 : remainder >> 1 }
        }
        return four(UInt32(data.count)) + body + four(crc ?? ~remainder)
    }

    static func header(_ width: UInt32, _ height: UInt32, depth: UInt8 = 8, kind: UInt8 = 0) -> [UInt8] {
        func four(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        return chunk("IHDR", four(width) + four(height) + [depth, kind, 0, 0, 0])
    }

    /// A zlib stream with one stored block (RFC 1950, 1951).
    static func stored(_ data: [UInt8]) -> [UInt8] {
        let size = UInt16(data.count)
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in data {
            a = (a + UInt32(byte)) % 65521
            b = (b + a) % 65521
        }
        let (low, high) = (UInt8(truncatingIfNeeded: size), UInt8(size >> 8))
        return [0x78, 0x01, 0x01, low, high, ~low, ~high] + data
            + [UInt8(b >> 8), UInt8(b & 255), UInt8(a >> 8), UInt8(a & 255)]
    }

    static func png(_ chunks: [UInt8]...) -> [UInt8] {
        PNGChunks.signature + chunks.flatMap { $0 } + chunk("IEND", [])
    }
}
