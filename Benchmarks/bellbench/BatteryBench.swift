import BellHost
import BellModel
import BellRandomness
import Glibc

/// SP 800-22 on one thread, beside numpy's transform for one of its 15 tests.
struct BatteryBench {
    private static let streams = 40
    private static let bytes = 125_000
    private static let goal = 19_000.0

    private let bench: Bench

    init(_ bench: Bench) { self.bench = bench }

    func run() throws(BellError) -> [BenchRow] {
        var dice = Dice(seed: 22)
        let bits = (0..<BatteryBench.streams * BatteryBench.bytes / 8).flatMap { _ in
            withUnsafeBytes(of: dice.next()) { Array($0) }
        }
        var times = Samples()
        // Before and after the peer, so that a disturbance does not hit one of them alone.
        let before = try examine(bits, &times)
        let path = "\(bench.folder)/battery.bin"
        try writeFileAtomically(path, bits)
        let peer = try bench.ask("/usr/bin/python3", ["\(bench.folders.peers)/numpy_spectrum.py", path])
        try removeFile(path)
        let after = try examine(bits, &times)
        let spectral = SP80022.tests(.standard).firstIndex { $0.name == "spectral" } ?? 0
        let below = (peer["below"]?.arrayValue ?? []).compactMap(\.doubleValue)
        let expected = below.map { erfc(abs($0 - 475_000) / 11_875.0.squareRoot() / 2.0.squareRoot()) }
        let found = before.map { $0[spectral] ?? 0 }
        guard before == after, expected.count == found.count, zip(expected, found).allSatisfy({ abs($0 - $1) < 1e-12 })
        else {
            throw BellError(
                .benchDisagreement, "numpy and the spectral test disagree.", at: bench.folders.peers,
                cause: "numpy says \(peer.text.prefix(200))")
        }
        let value = times.quantile(0) * 1e6
        return [
            BenchRow(
                id: "battery", what: "SP 800-22, 188 p-values of 10^6 bits, one thread", value: value,
                unit: .microseconds,
                beside: [
                    .init(
                        name: "numpy, the spectral test alone", value: (peer["seconds"]?.doubleValue ?? .nan) * 1e6)
                ],
                goal: "≤ 19 ms", isMet: value <= BatteryBench.goal,
                notes: [
                    "\(BatteryBench.streams) streams, twice; fastest of \(times.values.count), median "
                        + "\(Unit.microseconds.text(times.median * 1e6)), processor time; level "
                        + "\(SP80022Examiner.bestLevel) (0 portable, 1 AVX2, 2 AVX-512)",
                    "measured elsewhere, not in this run: NIST's program 1.3 s a stream, the fastest known rewrite 38 ms",
                ])
        ]
    }

    private func examine(_ bits: [UInt8], _ times: inout Samples) throws(BellError) -> [[Double?]] {
        let examiner = try SP80022Examiner(.standard)
        var all: [[Double?]] = []
        for stream in 0..<BatteryBench.streams {
            try bench.interruption.check()
            let begin = BatteryBench.threadTime()
            let values = bits.withUnsafeBytes { raw in
                examiner.pValues(
                    of: .init(rebasing: raw[stream * BatteryBench.bytes..<(stream + 1) * BatteryBench.bytes]))
            }
            times.add(BatteryBench.threadTime() - begin)
            all.append(values)
        }
        return all
    }

    /// Seconds this thread has run. `clock_gettime(2)`.
    private static func threadTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
