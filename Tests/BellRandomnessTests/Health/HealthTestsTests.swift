import BellModel
import BellRandomness
import Testing
import TestSupport

@Suite struct HealthTestsTests {
    /// C = 41, and 625 of a window of 1024.
    private static func strict() throws -> HealthCutoffs {
        try HealthCutoffs(.bits, minEntropy: 1, falseAlarmExponent: 40)
    }

    private func failure(of bits: [UInt8], _ cutoffs: HealthCutoffs) -> HealthFailure? {
        var tests = HealthTests(cutoffs)
        return tests.test(packed(bits))
    }

    /// 0, 1, 0, 1 …
    private func alternating(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 & 1) } }

    @Test("all zeros and all ones fail at the first bit that may not be", arguments: [0, 1] as [UInt8])
    func stuck(bit: UInt8) throws {
        let found = failure(of: [UInt8](repeating: bit, count: 4096), try Self.strict())
        #expect(found == HealthFailure(test: .repetitionCount, position: 40, count: 41))
    }

    @Test("alternating bits pass: these tests see runs and proportions, nothing else")
    func alternatingBits() throws {
        var tests = HealthTests(try Self.strict())
        #expect(tests.test(packed(alternating(1 << 16))) == nil)
        #expect(tests.tested == 1 << 16)
    }

    @Test("C − 1 equal bits pass and C fail, wherever in words and windows they begin")
    func repetitionBoundary() throws {
        let cutoffs = try Self.strict()
        let c = cutoffs.repetition
        for start in Array(60..<200) + Array(980..<1030) {
            for bit in [0, 1] as [UInt8] {
                // The neighbours differ, so that the run is exactly as long as it is made.
                for length in [c - 1, c] {
                    var bits = alternating(2048)
                    bits.replaceSubrange(start..<start + length, with: [UInt8](repeating: bit, count: length))
                    bits[start - 1] = 1 - bit
                    bits[start + length] = 1 - bit
                    let expected =
                        length < c
                        ? nil
                        : HealthFailure(test: .repetitionCount, position: UInt64(start + c - 1), count: c)
                    if failure(of: bits, cutoffs) != expected { Issue.record("run of \(length) × \(bit) at \(start)") }
                }
            }
        }
    }

    @Test("one equal bit fewer than the cutoff in a window passes, and the window's edge is exact")
    func proportionBoundary() throws {
        let cutoffs = try Self.strict()
        let (window, p) = (cutoffs.window, cutoffs.proportion)
        // Ones in pairs and threes between zeros: the window's first bit is one, and so are `ones` of the 1024.
        func windowBits(ones: Int) -> [UInt8] {
            var bits = [UInt8](repeating: 1, count: window)
            // Zeros evenly spread, from the second bit on.
            let zeros = window - ones
            for zero in 0..<zeros { bits[1 + zero * (window - 1) / zeros] = 0 }
            return bits
        }
        #expect(failure(of: windowBits(ones: p - 1), cutoffs) == nil)
        let full = windowBits(ones: p)
        let last = try #require(full.lastIndex(of: 1))
        #expect(
            failure(of: full, cutoffs)
                == HealthFailure(test: .adaptiveProportion, position: UInt64(last), count: p))
        // Two windows with one bit fewer: 1248 ones of 2048 pass, because counting begins anew.
        let twice = windowBits(ones: p - 1) + windowBits(ones: p - 1)
        #expect(failure(of: twice, cutoffs) == nil)
        // Half a window later they are the same bits, but not one window.
        let shifted = alternating(window / 2) + full + alternating(window / 2)
        #expect(failure(of: shifted, cutoffs) == naiveFailure(shifted, cutoffs))
        // The first bit decides what is counted: after a zero the many ones are not, although ones they are.
        var turned = windowBits(ones: p)
        turned[0] = 0
        #expect(failure(of: turned, cutoffs) == nil)
    }

    @Test("biased bits fail as in the standard's own loop, however they are cut", arguments: 0..<48)
    func anyChunking(seed: UInt64) throws {
        var dice = SplitMix(seed: seed)
        let h = [1, 0.9, 0.5, 0.2, 0.05][Int(seed % 5)]
        let cutoffs = try HealthCutoffs(.bits, minEntropy: h, falseAlarmExponent: [10, 20, 40][Int(seed % 3)])
        let ones = [0.5, 0.55, 0.6, 0.7, 0.8, 0.9][Int(dice.next() % 6)]
        let stay = [0, 0, 0.2, 0.5, 0.8][Int(dice.next() % 5)]
        let bytes = packed(biasedBits(40_000, ones: ones, stay: stay, &dice))
        let expected = naiveFailure(unpacked(bytes), cutoffs)
        var whole = HealthTests(cutoffs)
        #expect(whole.test(bytes) == expected, "seed \(seed)")
        #expect(whole.tested == expected.map { $0.position + 1 } ?? UInt64(bytes.count) * 8)
        for _ in 0..<4 {
            var tests = HealthTests(cutoffs)
            var rest = bytes[...]
            while !rest.isEmpty {
                let part = rest.prefix(Int(dice.next() % [3, 20, 300, 3000][Int(dice.next() % 4)]))
                tests.test(part)
                rest = rest.dropFirst(part.count)
            }
            #expect(tests.failure == expected, "seed \(seed)")
        }
    }

    @Test("runs around the cutoff are told apart at every cutoff up to beyond a word", arguments: 11...101)
    func everyCutoff(c: Int) throws {
        let cutoffs = try HealthCutoffs(.bits, minEntropy: 1, falseAlarmExponent: Double(c - 1))
        #expect(cutoffs.repetition == c)
        var dice = SplitMix(seed: UInt64(c))
        for _ in 0..<20 {
            let bytes = packed(biasedBits(8192, ones: 0.5, stay: 0.3 + 0.6 * Double(c) / 101, &dice))
            var tests = HealthTests(cutoffs)
            #expect(tests.test(bytes) == naiveFailure(unpacked(bytes), cutoffs))
        }
    }

    @Test("bytes are tested as bytes", arguments: 0..<24)
    func byteSamples(seed: UInt64) throws {
        var dice = SplitMix(seed: seed)
        let cutoffs = try HealthCutoffs(
            .bytes, minEntropy: [8, 4, 1, 0.5][Int(seed % 4)], falseAlarmExponent: [10, 30][Int(seed % 2)])
        let values = UInt64([2, 3, 16, 256][Int(dice.next() % 4)])
        let bytes = (0..<20_000).map { _ in UInt8(dice.next() % values) }
        let expected = naiveFailure(bytes, cutoffs)
        var tests = HealthTests(cutoffs)
        for start in stride(from: 0, to: bytes.count, by: 333) {
            tests.test(bytes[start..<min(start + 333, bytes.count)])
        }
        #expect(tests.failure == expected, "seed \(seed)")
    }

    @Test("fair bits do not fail at α = 2^-40")
    func fairBits() throws {
        var dice = SplitMix(seed: 90)
        let bytes = (0..<1 << 20).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        var tests = HealthTests(try Self.strict())
        #expect(tests.test(bytes) == nil, "seed 90")
    }

    @Test("false alarms are about as frequent as α says")
    func falseAlarms() throws {
        // C = 11: each of 2^23 fair bits ends a first run of 11 with probability 2^-11 and follows no failure.
        let cutoffs = try HealthCutoffs(.bits, minEntropy: 1, falseAlarmExponent: 10)
        var dice = SplitMix(seed: 11)
        var failures = 0
        for _ in 0..<2000 {
            var tests = HealthTests(cutoffs)
            if tests.test((0..<16).map { _ in UInt8(truncatingIfNeeded: dice.next()) }) != nil { failures += 1 }
        }
        // 128 bits: P = 2^-10 + 117 · 2^-11 less what runs share, about 0.056; 112 ± 10 of 2000.
        #expect((60...165).contains(failures), "seed 11")
    }

    @Test("after a failure nothing is tested until the tests are reset")
    func failureStays() throws {
        var tests = HealthTests(try Self.strict())
        let first = tests.test([UInt8](repeating: 0xff, count: 100))
        #expect(first?.position == 40)
        #expect(tests.test(packed(alternating(800))) == first)
        #expect(tests.tested == 41)
        tests.reset()
        #expect(tests.failure == nil)
        #expect(tests.test(packed(alternating(800))) == nil)
        // The run of ones before the reset is forgotten, the position is not.
        #expect(tests.test([UInt8](repeating: 0xff, count: 100))?.position == 41 + 800 + 39)
    }

    @Test("a run that reaches over the edge of a window counts when what precedes is known")
    func preceding() throws {
        let cutoffs = try Self.strict()
        let ones40 = [UInt8](repeating: 0xff, count: 5)
        var tests = HealthTests(cutoffs, after: ([0x00] + ones40)[...])
        #expect(tests.test([0x80]) == HealthFailure(test: .repetitionCount, position: 0, count: 41))
        tests = HealthTests(cutoffs, after: ([0x00] + ones40)[...])
        #expect(tests.test([0x7f]) == nil)
        // A longer run than may be at all still counts as one bit too few.
        tests = HealthTests(cutoffs, after: [UInt8](repeating: 0xff, count: 50)[...])
        #expect(tests.test([0x80])?.count == 41)
        tests = HealthTests(cutoffs, after: [])
        #expect(tests.test(ones40) == nil)
        tests = HealthTests(cutoffs, after: [0b0101_0111])
        #expect(tests.test(ones40)?.position == 37)
    }
}
