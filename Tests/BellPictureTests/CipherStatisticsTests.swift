import BellModel
import TestSupport
import Testing

@testable import BellPicture

@Suite("Statistics of encrypted pictures")
struct CipherStatisticsTests {
    private func value(_ statistics: CipherStatistics, _ key: String) throws -> Double {
        let entry = try #require(statistics.entries.first { $0.key == key })
        return try #require(entry.value)
    }

    private func sheep() throws -> Picture { try Picture.read(try Pictures.bytes(Pictures.sheep), source: "sheep").0 }

    private func statistics(_ pad: [UInt8]) throws -> CipherStatistics {
        let plain = try sheep()
        return CipherStatistics(
            plain: plain, cipher: try plain.covered(by: Pad(pad, count: plain.samples.count, name: "")))
    }

    /// Worked by hand: plain 0 0 / 0 0 / 1 1 against 0 1 / 2 3 / 4 5.
    @Test("small numbers come out as on paper")
    func byHand() throws {
        let plain = Picture(unchecked: 2, 3, 1, [0, 0, 0, 0, 1, 1])
        let found = CipherStatistics(plain: plain, cipher: Picture(unchecked: 2, 3, 1, [0, 1, 2, 3, 4, 5]))
        // Bits set in 0...5: 0+1+1+2+1+2 of 48.
        #expect(try value(found, "ones") == 7.0 / 48)
        // Pad 0 1 2 3 5 4: the same count of ones.
        #expect(try value(found, "pad_ones") == 7.0 / 48)
        // (0,1) (2,3) (4,5) and (0,2) (1,3) (2,4) (3,5) lie on lines; so does (0,3) (2,5).
        for key in ["horizontal", "vertical", "diagonal"] { #expect(abs(try value(found, key) - 1) < 1e-15) }
        #expect(abs(try value(found, "entropy") - 2.584962500721156) < 1e-14)
        // Means 1/3 and 2.5: covariance 8/6 of variances 8/6·… = 4 / √(4/3 · 17.5).
        #expect(abs(try value(found, "with_plain") - 4 / (4.0 / 3 * 17.5).squareRoot()) < 1e-15)
        #expect(found.entries.first { $0.key == "chi_square" }?.value == nil)
    }

    /// The same pad, picture and sums in Python's exact fractions, with neither belld nor numpy.
    @Test(
        "the sheep under a biased pad has the numbers of another program",
        arguments: [
            ("ones", 0.5418217976888021), ("pad_ones", 0.7800623575846354), ("horizontal", 0.2258804342133199),
            ("vertical", 0.21957635434533007), ("diagonal", 0.22327139811089497), ("entropy", 7.233440110472636),
            ("chi_square", 95664.09375), ("pad_chi_square", 382961.9375), ("with_plain", -0.4761161125616201),
        ])
    func reference(_ key: String, _ expected: Double) throws {
        let found = try statistics(Pictures.biased(49152, share: 200, seed: 1))
        #expect(abs(try value(found, key) - expected) < 1e-12 * abs(expected))
    }

    @Test("two colours of a picture are never compared with each other")
    func colours() throws {
        // Red rises, green falls, blue stands: within a colour neighbours are equal in order, across they are not.
        let samples: [UInt8] = (0..<8).flatMap { [UInt8($0 * 10), UInt8(200 - $0 * 10), 90] }
        let cipher = Picture(unchecked: 8, 1, 3, samples)
        let found = CipherStatistics(plain: cipher, cipher: cipher)
        #expect(try value(found, "horizontal") > 0.9)
        #expect(found.entries.first { $0.key == "vertical" }?.value == nil)
    }

    @Test("even bits show no defect", arguments: [11, 12, 13] as [UInt64])
    func even(_ seed: UInt64) throws {
        let found = try statistics(Pictures.noise(49152, seed: seed))
        #expect(found.defects.isEmpty, "\(found.defects)")
        #expect(try value(found, "entropy") > 7.99)
        #expect(abs(try value(found, "with_plain")) < 0.02)
    }

    @Test("a biased pad shows the picture")
    func biased() throws {
        let found = try statistics(Pictures.biased(49152, share: 218, seed: 4))
        #expect(abs(try value(found, "pad_ones") - 218.0 / 256) < 0.005)
        #expect(try value(found, "with_plain") < -0.3)
        #expect(try value(found, "horizontal") > 0.2)
        #expect(found.defects.contains("correlation with the picture"))
    }

    @Test("a pad of even bits that repeat in pairs is found by its bytes")
    func pairs() throws {
        // As raw outcomes of two nodes: each even, both often equal.
        var numbers = SplitMix(seed: 8)
        let pad = (0..<49152).map { _ in
            (0..<4).reduce(0 as UInt8) { byte, _ in
                let a = UInt8(numbers.next() >> 63)
                return byte << 2 | a << 1 | (numbers.next() >> 56 < 164 ? a : 1 - a)
            }
        }
        let found = try statistics(pad)
        #expect(abs(try value(found, "pad_ones") - 0.5) < 0.005)
        #expect(found.defects.contains("χ² of the pad's bytes"))
    }

    @Test("a pad of one repeated row is found by the vertical neighbours or the bytes")
    func repeated() throws {
        let row = Pictures.noise(256, seed: 9)
        let found = try statistics((0..<192).flatMap { _ in row })
        #expect(found.defects.contains("neighbours, vertical"))
    }

    @Test("the picture itself shows everything")
    func uncovered() throws {
        let plain = try sheep()
        let found = CipherStatistics(plain: plain, cipher: plain)
        #expect(abs(try value(found, "with_plain") - 1) < 1e-12)
        #expect(found.json["defects"]?.arrayValue?.isEmpty == false)
        #expect(found.json["statistics"]?["with_plain"]?["expected"] == 0.0)
    }

    @Test("one pixel has no correlations and no defect of them")
    func pixel() {
        let one = Picture(unchecked: 1, 1, 1, [7])
        let found = CipherStatistics(plain: one, cipher: one)
        #expect(found.entries.filter { $0.value == nil }.count == 6)
        #expect(found.defects.isEmpty)
    }
}
