import BellModel
import BellRandomness
import CKernels
import Glibc

/// Carry-less products of two random polynomials of 2^k bits in every way that this CPU has, one thread.
struct ProductBench {
    /// At 2 G carry-less products of words a second; slower machines are given in proportion.
    private static let goals = [20: 3000.0, 24: 60_000]
    private static let referenceRate = 2e9
    /// 2^28 bits in 1.5 s.
    private static let largeGoal = 1.5e6
    private static let exponents = [14, 17, 20, 22, 24, 26, 28]
    /// Above this plain C takes seconds.
    private static let largestPortable = 24

    private let bench: Bench

    init(_ bench: Bench) { self.bench = bench }

    func run() throws(BellError) -> [BenchRow] {
        let rate = try ProductBench.carrylessRate()
        var rows: [BenchRow] = []
        for exponent in ProductBench.exponents { rows.append(try row(exponent, rate)) }
        return rows
    }

    private func row(_ exponent: Int, _ rate: Double) throws(BellError) -> BenchRow {
        var dice = Dice(seed: UInt64(exponent))
        let words = 1 << (exponent - 6)
        let a = (0..<words).map { _ in dice.next() }
        let b = (0..<words).map { _ in dice.next() }
        var times: [(way: CarrylessProduct.Way, microseconds: Double)] = []
        var first: [UInt64] = []
        for way in CarrylessProduct.Way.allCases.reversed() where way.isAvailable {
            if way == .portable, exponent > ProductBench.largestPortable { continue }
            let (product, time) = try fastest(a, b, way)
            guard first.isEmpty || product == first else {
                throw BellError(
                    .benchDisagreement, "Two ways give two products of 2^\(exponent) bits, one of them \(way).")
            }
            first = product
            times.append((way, time * 1e6))
        }
        guard let best = times.first else {
            throw BellError(.benchDisagreement, "2^\(exponent) bits were multiplied in no way.")
        }
        // The goal is for one product of words an instruction, also where the CPU can do four; without any there is none.
        let judged = times.first { $0.way == .carryless }
        let scale = min(1, rate / ProductBench.referenceRate)
        let ofAll = exponent == 28 ? ProductBench.largeGoal : ProductBench.goals[exponent].map { $0 / scale }
        let goal = judged == nil ? nil : ofAll
        return BenchRow(
            id: "product.2^\(exponent)", what: "carry-less product, 2^\(exponent) × 2^\(exponent) bits, \(best.way)",
            value: best.microseconds, unit: .microseconds,
            beside: times.dropFirst().map { .init(name: "the same, \($0.way)", value: $0.microseconds) },
            goal: goal.map { "carryless ≤ \(Unit.digits($0 / 1000)) ms" },
            isMet: goal.flatMap { goal in judged.map { $0.microseconds <= goal } },
            notes: exponent == ProductBench.exponents[0] ? ProductBench.notes(rate) : [])
    }

    private static func notes(_ rate: Double) -> [String] {
        [
            "CPU time, fastest of many; this CPU does \(Unit.perSecond.text(rate)) PCLMULQDQ (or PMULL) of words",
            "wide: VPCLMULQDQ, four an instruction; carryless: PCLMULQDQ, one; portable: plain C",
        ]
    }

    /// The product, and the least CPU time of one, in seconds.
    private func fastest(
        _ a: [UInt64], _ b: [UInt64], _ way: CarrylessProduct.Way
    ) throws(BellError) -> ([UInt64], Double) {
        var (product, samples, total) = ([UInt64](), Samples(), 0.0)
        repeat {
            try bench.interruption.check()
            let time = try cpuSeconds { () throws(BellError) in product = try CarrylessProduct.multiply(a, b, by: way) }
            samples.add(time)
            total += time
        } while total < 1 || samples.values.count < 3
        return (product, samples.quantile(0))
    }

    /// Carry-less products of words a second, the best of some; 0 where the CPU has no instruction for them.
    private static func carrylessRate() throws(BellError) -> Double {
        guard CarrylessProduct.Way.carryless.isAvailable else { return 0 }
        let rounds = 1_000_000
        var samples = Samples()
        for _ in 0..<20 {
            var sum: UInt64 = 0
            samples.add(cpuSeconds { sum = bell_gf2_clmul_chains(rounds) })
            guard sum != 0 else { throw BellError(.benchDisagreement, "No carry-less products were done.") }
        }
        return 8 * Double(rounds) / samples.quantile(0)
    }
}

/// Seconds of CPU time of this thread that `body` takes: unlike the clock's, they do not count what else runs.
func cpuSeconds<E: Error>(_ body: () throws(E) -> Void) throws(E) -> Double {
    func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let start = now()
    try body()
    return now() - start
}
