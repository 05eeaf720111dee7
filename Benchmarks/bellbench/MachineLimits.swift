import BellCrypto
import BellHost
import BellModel
import BellZstd
import Glibc

/// What this machine can do at most, one core each, in trials a second: what the daemon's work is made of.
struct MachineLimits {
    private let bench: Bench
    private let armTrials: Int

    init(_ bench: Bench, armTrials: Int) {
        self.bench = bench
        self.armTrials = armTrials
    }

    func measure() throws(BellError) -> [BenchRow.Comparison] {
        [
            .init(name: "limit: BLAKE2b of both halves, one core", value: try hash()),
            .init(name: "limit: zstd -1 of their columns, one core", value: try compress()),
            try durable(),
        ]
    }

    /// The disk alone.
    func durable() throws(BellError) -> BenchRow.Comparison {
        .init(name: "limit: 10 bytes a trial appended, fdatasync an arm", value: try append())
    }

    /// libsodium's BLAKE2b over both nodes' records of an arm.
    private func hash() throws(BellError) -> Double {
        var dice = Dice(seed: 3)
        let records = (0..<armTrials * TrialRecord.byteCount).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        var last = Digest.zero
        let rate = try trialsPerSecond { for _ in Node.allCases { last = Blake2b.hash(records) } }
        guard last != .zero else { throw BellError(.benchDisagreement, "BLAKE2b gave zeroes.") }
        return rate
    }

    /// libzstd at level 1 over what is left to compress once records are split into columns: of each record the four
    /// bytes of I and Q, one of the tick's jitter, one of stop delta and flags, and setting and outcome as bits.
    private func compress() throws(BellError) -> Double {
        var dice = Dice(seed: 4)
        var planes: [[UInt8]] = [[], [], [], [], [], [], []]
        for _ in 0..<armTrials {
            for quadrature in 0..<2 {
                let code = Int16(3600 * (dice.next() & 1 == 0 ? 1 : -1) + 2350 * dice.normal())
                planes[2 * quadrature].append(UInt8(truncatingIfNeeded: code))
                planes[2 * quadrature + 1].append(UInt8(truncatingIfNeeded: code >> 8))
            }
            planes[4].append([0, 0, 0, 0, 0, 0, 0, 0, 1, 2][Int(dice.next() % 10)])
            planes[5].append(0)
        }
        for _ in 0..<armTrials / 4 { planes[6].append(UInt8(truncatingIfNeeded: dice.next())) }
        let zstd = ZstdCompressor(level: 1)
        var size = 0
        let rate = try trialsPerSecond {
            size = 0
            for _ in Node.allCases { for plane in planes { size += zstd.compress(plane).count } }
        }
        guard size > 0 else { throw BellError(.benchDisagreement, "zstd gave nothing.") }
        return rate
    }

    /// Appends what an arm needs on disk, and waits for the disk, again and again.
    private func append() throws(BellError) -> Double {
        let path = "\(bench.folder)/append"
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw BellError(.benchProgram, "A file cannot be made.", at: path, cause: String(cString: strerror(errno)))
        }
        defer {
            close(file)
            unlink(path)
        }
        let bytes = [UInt8](repeating: 0x5a, count: 10 * armTrials)
        var isFine = true
        let rate = try trialsPerSecond {
            isFine = isFine && Glibc.write(file, bytes, bytes.count) == bytes.count && fdatasync(file) == 0
        }
        guard isFine else {
            throw BellError(.benchProgram, "The disk failed.", at: path, cause: String(cString: strerror(errno)))
        }
        return rate
    }

    /// Repeats the work on one arm for a second.
    private func trialsPerSecond(_ arm: () -> Void) throws(BellError) -> Double {
        try bench.interruption.check()
        arm()
        let start = monotonicNanoseconds()
        var arms = 0
        while monotonicNanoseconds() - start < 1_000_000_000 {
            arm()
            arms += 1
        }
        return Double(arms * armTrials) / (Double(monotonicNanoseconds() - start) / 1e9)
    }
}
