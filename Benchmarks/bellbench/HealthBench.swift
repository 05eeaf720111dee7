import BellHost
import BellModel
import BellRandomness

/// The health tests of SP 800-90B on one core, beside counting ones and beside numpy.
struct HealthBench {
    /// 2^29 bits: far more than any cache.
    private static let byteCount = 1 << 26
    /// 2^20 bits, an arm of the largest size.
    private static let chunk = 1 << 17
    private static let passes = 5
    private static let goal = 1e9

    private let bench: Bench

    init(_ bench: Bench) { self.bench = bench }

    func run() throws(BellError) -> [BenchRow] {
        let bits = try HealthCutoffs(.bits, minEntropy: 1, falseAlarmExponent: 40)
        let symbols = try HealthCutoffs(.bytes, minEntropy: 7, falseAlarmExponent: 40)
        let bytes = HealthBench.random()
        var (binary, ones, nonBinary) = (Samples(), Samples(), Samples())
        // Before and after the peer, so that a disturbance does not hit one of them alone.
        try measure(bytes, bits, symbols, &binary, &ones, &nonBinary)
        let path = "\(bench.folder)/health.bin"
        try writeFileAtomically(path, bytes)
        let peer = try bench.ask(
            "/usr/bin/python3",
            ["\(bench.folders.peers)/numpy_health.py", path, "\(bits.repetition)", "\(bits.proportion)"])
        try removeFile(path)
        try measure(bytes, bits, symbols, &binary, &ones, &nonBinary)
        guard peer["passes"] == true, let numpy = peer["bits_per_s"]?.doubleValue else {
            throw BellError(
                .benchDisagreement, "numpy and the health tests disagree.", at: bench.folders.peers,
                cause: "the tests pass, numpy says \(peer.text)")
        }
        let total = Double(HealthBench.byteCount) * 8
        let rate = total / binary.quantile(0)
        return [
            BenchRow(
                id: "health", what: "health tests of SP 800-90B, packed bits", value: rate, unit: .bitsPerSecond,
                beside: [
                    .init(name: "limit: counting the ones of the same bytes", value: total / ones.quantile(0)),
                    .init(name: "numpy, same bytes, verdict only", value: numpy),
                ],
                goal: "≥ 1 Gbit/s", isMet: rate >= HealthBench.goal,
                notes: [
                    "\(HealthBench.byteCount >> 20) MiB in chunks of \(HealthBench.chunk >> 10) KiB, one core, cutoffs "
                        + "\(bits.repetition) and \(bits.proportion); fastest of \(binary.values.count) passes, "
                        + "median \(Unit.bitsPerSecond.text(total / binary.median)); numpy passes them, too"
                ]),
            BenchRow(
                id: "health.bytes", what: "the same bytes as samples of eight bits",
                value: total / nonBinary.quantile(0), unit: .bitsPerSecond),
        ]
    }

    private func measure(
        _ bytes: [UInt8], _ bits: HealthCutoffs, _ symbols: HealthCutoffs, _ binary: inout Samples,
        _ ones: inout Samples, _ nonBinary: inout Samples
    ) throws(BellError) {
        for _ in 0..<HealthBench.passes {
            try bench.interruption.check()
            binary.add(try time(bytes, HealthTests(bits)))
            nonBinary.add(try time(bytes, HealthTests(symbols)))
            var count = 0
            ones.add(
                seconds(of: {
                    bytes.withUnsafeBytes { bytes in
                        for word in bytes.bindMemory(to: UInt64.self) { count += word.nonzeroBitCount }
                    }
                }))
            // 2^29 fair bits: half of them ± 2^13.5; 64 standard deviations.
            guard abs(count - HealthBench.byteCount * 4) < 1 << 20 else {
                throw BellError(.benchDisagreement, "\(count) ones are not half of the bits.")
            }
        }
    }

    private func time(_ bytes: [UInt8], _ fresh: HealthTests) throws(BellError) -> Double {
        var tests = fresh
        let time = seconds(of: {
            for start in stride(from: 0, to: bytes.count, by: HealthBench.chunk) {
                tests.test(bytes[start..<start + HealthBench.chunk])
            }
        })
        let samples = bytes.count * (fresh.cutoffs.samples == .bits ? 8 : 1)
        guard tests.failure == nil, tests.tested == UInt64(samples) else {
            throw BellError(
                .benchDisagreement, "Random bytes fail a health test.",
                cause: "\(tests.failure, default: "too few tested")")
        }
        return time
    }

    private static func random() -> [UInt8] {
        var dice = Dice(seed: 6)
        return [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            let words = UnsafeMutableRawBufferPointer(buffer)
            for offset in stride(from: 0, to: byteCount, by: 8) {
                words.storeBytes(of: dice.next(), toByteOffset: offset, as: UInt64.self)
            }
            count = byteCount
        }
    }
}
