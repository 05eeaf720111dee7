import TestSupport
import Testing

@testable import BellRandomness

@Suite struct EntropyReportTests {
    private func samples(_ count: Int, bits: Int = 1) -> NoiseSamples {
        var dice = SplitMix(seed: 11)
        return NoiseSamples(
            symbols: (0..<count).map { _ in UInt8(dice.next() >> UInt64(64 - bits)) }, bitsPerSymbol: bits)
    }

    @Test("Estimates pass nothing, and of few samples they are no estimates", arguments: [1, 4])
    func nonIID(bits: Int) throws {
        let few = samples(5_000, bits: bits)
        let report = try #require(NonIIDAssessment.run(few) { _, _ in true }).report(few)
        #expect(report.battery == "sp800-90b-non-iid" && report.bits == 5_000 * bits)
        #expect(report.verdict == .insufficientData(wantedBits: 1_000_000 * bits))
        #expect(report.lines.count == (bits == 1 ? 10 : 17))
        #expect(Set(report.lines.map(\.name)).count == report.lines.count)
        #expect(report.lines.filter { $0.measure("min-entropy") == nil }.allSatisfy { !$0.note.isEmpty })
        #expect(report.remarks.contains { $0.hasPrefix("min-entropy at most") })
        #expect(report.remarks.contains { $0.contains("5000 samples") })
    }

    @Test("A million samples are an estimate, shown with four decimals")
    func enough() throws {
        let many = samples(1_000_000)
        let found = try #require(NonIIDAssessment.run(many) { _, _ in true })
        let report = found.report(many)
        #expect(report.verdict == .estimated)
        #expect(report.lines.allSatisfy { $0.verdict == .estimated })
        #expect(shown(0.85049) == "0.8505" && shown(7) == "7.0000" && shown(0.00004) == "0.0000")
    }

    @Test("A defect of few samples is a defect, a pass of few is none")
    func iid() throws {
        let few = samples(3_000, bits: 2)
        let good = try #require(IIDAssessment.run(few) { _, _ in true }).report(few)
        #expect(good.verdict == .insufficientData(wantedBits: 2_000_000))
        #expect(good.lines.count == 19 + 2 + 1 + 2)
        let sorted = NoiseSamples(symbols: few.symbols[..<400].sorted(), bitsPerSymbol: 2)
        let bad = try #require(IIDAssessment.run(sorted) { _, _ in true }).report(sorted)
        #expect(bad.verdict == .defect)
        #expect(bad.lines.contains { $0.name == "permutation, excursion" && $0.verdict == .defect })
    }

    @Test("Procedures without data say how many bits they want")
    func short() throws {
        let a = try #require(AIS31ProcedureA.run(packed: [1, 2], bits: 16) { _, _ in true }).report(bits: 16)
        #expect(a.verdict == .insufficientData(wantedBits: 8_285_728) && a.lines.count == 6)
        let b = try #require(AIS31ProcedureB.run(packed: [1, 2], bits: 16) { _, _ in true }).report(bits: 16)
        #expect(b.verdict == .insufficientData(wantedBits: 6_968_480) && b.lines.count == 9)
    }

    @Test("Procedure A tells which tests passed, failed or wait for a second run")
    func procedureA() {
        var run = AIS31ProcedureA.Run()
        #expect(AIS31ProcedureA(runs: [run]).report(bits: 9).verdict == .passed)
        run.failures[3] = 1
        let waiting = AIS31ProcedureA(runs: [run], wantsMore: true).report(bits: 9)
        #expect(waiting.lines[3].verdict == .insufficientData(wantedBits: 2 * 8_285_728))
        #expect(waiting.lines[2].verdict == .passed && waiting.remarks.count == 1)
        #expect(AIS31ProcedureA(runs: [run, AIS31ProcedureA.Run()]).report(bits: 9).verdict == .passed)
        let failed = AIS31ProcedureA(runs: [run, run]).report(bits: 9)
        #expect(failed.lines.map { $0.verdict == .defect } == [false, false, false, true, false, false])
    }

    @Test("Procedure B tells the same")
    func procedureB() {
        func test(_ place: Int, _ value: Double) -> AIS31ProcedureB.Test {
            .init(name: AIS31ProcedureB.names[place], value: value, limit: 1, below: true)
        }
        let good = (0..<9).map { test($0, 0) }
        var bad = good
        bad[4] = test(4, 2)
        #expect(AIS31ProcedureB(runs: [good]).report(bits: 9).verdict == .passed)
        #expect(AIS31ProcedureB(runs: [bad, good]).report(bits: 9).verdict == .passed)
        #expect(AIS31ProcedureB(runs: [bad, bad]).report(bits: 9).lines[4].verdict == .defect)
        let waiting = AIS31ProcedureB(runs: [bad, Array(good[..<3])], wantsBits: 77).report(bits: 9)
        #expect(waiting.lines[4].verdict == .insufficientData(wantedBits: 77))
        bad[5] = test(5, 3)
        let two = AIS31ProcedureB(runs: [bad]).report(bits: 9)
        #expect(
            two.lines.map { $0.verdict == .defect } == [false, false, false, false, true, true, false, false, false])
    }
}
