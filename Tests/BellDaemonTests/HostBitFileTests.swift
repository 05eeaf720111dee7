import BellHost
import BellModel
import BellRandomness
import Testing
import TestSupport

@testable import BellDaemon

@Suite struct HostBitFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func file(_ bits: [UInt8], _ cutoffs: HealthCutoffs) throws -> HostBitFile {
        let path = folder.file("bits")
        let bytes = stride(from: 0, to: bits.count, by: 8).map { start in
            bits[start..<start + 8].reduce(UInt8(0)) { $0 << 1 | $1 }
        }
        try writeFileAtomically(path, bytes)
        return HostBitFile(path: path, name: "file:bits", cutoffs: cutoffs)
    }

    /// The windows that hold a bit with which one of the tests fails, by the standard's words and bit by bit.
    private func badWindows(_ bits: [UInt8], _ cutoffs: HealthCutoffs) -> Set<Int> {
        var bad: Set<Int> = []
        var run = 0
        var count = 0
        for (place, bit) in bits.enumerated() {
            let window = place / 1024
            run = place > 0 && bits[place - 1] == bit ? run + 1 : 1
            count = place % 1024 == 0 ? 1 : count + (bit == bits[window * 1024] ? 1 : 0)
            if run >= cutoffs.repetition || count >= cutoffs.proportion { bad.insert(window) }
        }
        return bad
    }

    @Test("exactly those trials are refused whose windows fail, however arms are cut", arguments: 0..<12)
    func windows(seed: UInt64) throws {
        let cutoffs = try HealthCutoffs(.bits, minEntropy: 1, falseAlarmExponent: 14)
        var state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 12345
        func draw() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        // Now and then a bit stays, so that about a third of the windows fails.
        var bit: UInt8 = 0
        var bits: [UInt8] = []
        for _ in 0..<24 * 1024 + 512 {
            if draw() % 100 >= 12 + seed { bit = UInt8(draw() & 1) }
            bits.append(bit)
        }
        let source = try file(bits, cutoffs)
        let bad = badWindows(bits, cutoffs)
        var refused = 0
        for _ in 0..<300 {
            let first = Int(draw()) % bits.count
            let count = 1 + Int(draw()) % min(bits.count - first, [3, 100, 1024, 3000][Int(draw() % 4)])
            let touched = Set(first / 1024...(first + count - 1) / 1024)
            switch try source.read(UInt64(first)..<UInt64(first + count)) {
            case .passed(let got, _):
                #expect(touched.isDisjoint(with: bad), "seed \(seed): \(first)..<\(first + count)")
                #expect(got == Array(bits[first..<first + count]))
            case .failed(let failure):
                refused += 1
                #expect(touched.intersection(bad).min() == Int(failure.position) / 1024, "seed \(seed)")
            }
        }
        print("seed \(seed): \(bad.count) of 25 windows fail, \(refused) of 300 arms refused")
    }

    @Test("a run over the edge of a window is found in the arm after it, too")
    func edge() throws {
        let cutoffs = try HealthCutoffs(.bits, minEntropy: 1, falseAlarmExponent: 40)
        for (before, after, fails) in [(30, 10, false), (30, 11, true), (40, 1, true), (40, 0, false)] {
            var bits = (0..<4096).map { UInt8($0 & 1) }
            let run = 2048 - before..<2048 + after
            bits.replaceSubrange(run, with: [UInt8](repeating: 1, count: run.count))
            (bits[run.lowerBound - 1], bits[run.upperBound]) = (0, 0)
            let source = try file(bits, cutoffs)
            guard case .passed = try source.read(0..<2048) else {
                Issue.record("the first part is sound: \(before) + \(after)")
                continue
            }
            if case .failed(let failure) = try source.read(2048..<2056) {
                #expect(fails)
                #expect(
                    failure == HealthFailure(test: .repetitionCount, position: 2048 - UInt64(before) + 40, count: 41))
            } else {
                #expect(!fails, "\(before) + \(after)")
            }
        }
    }

    @Test("a file of zeros is refused, with test, bit and count")
    func zeros() async throws {
        let path = folder.file("zeros")
        try writeFileAtomically(path, [UInt8](repeating: 0, count: 4096))
        let source = HostBitFile(path: path, name: "file:zeros", cutoffs: try HealthCutoffs(.bits, minEntropy: 1))
        guard case .failed(let failure) = try source.read(8192..<8200) else { throw Waited() }
        // Counted from the window's beginning; the run before it counts up to one bit too few.
        #expect(failure == HealthFailure(test: .repetitionCount, position: 8192, count: 31))
    }

    @Test("fewer bits than a window are tested as far as they go")
    func short() throws {
        let cutoffs = try HealthCutoffs(.bits, minEntropy: 1)
        let good = try file((0..<64).map { UInt8($0 & 1) }, cutoffs)
        guard case .passed(let bits, let tested) = try good.read(3..<9) else { throw Waited() }
        #expect(bits == [1, 0, 1, 0, 1, 0])
        #expect(tested == 64)
        let bad = try file([UInt8](repeating: 1, count: 32) + (0..<64).map { UInt8($0 & 1) }, cutoffs)
        // The bits that are asked for are sound, their window is not.
        guard case .failed(let failure) = try bad.read(64..<70) else { throw Waited() }
        #expect(failure.position == 30)
    }
}
