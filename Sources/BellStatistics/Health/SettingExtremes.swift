public import BellModel

/// What the health tests of a node's setting bits have come to: what is compared with the cut-offs.
public struct SettingExtremes: Equatable, Sendable {
    /// Bits that were tested, one a valid trial.
    public let bits: UInt64
    /// The longest run of equal bits, and the trial in which it begins; 0 without bits.
    public let run: UInt64
    public let runFrom: UInt64
    /// The most bits of a window that equal its first one, and the trial in which it begins; 0 without bits.
    public let count: UInt64
    public let countFrom: UInt64

    init(bits: UInt64, run: UInt64, runFrom: UInt64, count: UInt64, countFrom: UInt64) {
        self.bits = bits
        self.run = run
        self.runFrom = runFrom
        self.count = count
        self.countFrom = countFrom
    }

    /// The tests that fail, the repetition count first.
    public func failures(of node: Node, _ budget: HealthBudget) -> [SettingFailure] {
        var failures: [SettingFailure] = []
        if run >= budget.repetition {
            failures.append(
                SettingFailure(
                    node: node, test: .repetitionCount, count: run, from: runFrom, cutoff: budget.repetition))
        }
        if count >= budget.proportion {
            failures.append(
                SettingFailure(
                    node: node, test: .adaptiveProportion, count: count, from: countFrom, cutoff: budget.proportion))
        }
        return failures
    }

    /// Why a tally's bits cannot have come to this; nil when they can.
    ///
    /// - Parameters:
    ///   - ones: Bits of the valid trials that are 1, and `zeroes` those that are 0.
    ///   - started: Trials that were started.
    public func contradiction(ones: UInt64, zeroes: UInt64, started: UInt64) -> String? {
        let (more, fewer) = (max(ones, zeroes), min(ones, zeroes))
        guard bits == ones &+ zeroes else {
            return "\(bits) bits were tested, there are \(ones &+ zeroes) valid trials"
        }
        // So many runs of the commoner bit there are at most, and one of them has the mean length.
        guard run <= more, run >= (more &+ fewer) / (fewer &+ 1), runFrom <= started, run <= started - runFrom else {
            return "\(ones) ones and \(zeroes) zeroes have no longest run of \(run) from trial \(runFrom)"
        }
        guard count <= min(more, AdaptiveProportion.window), count >= min(bits, 1), countFrom <= started,
            count <= started - countFrom
        else { return "\(ones) ones and \(zeroes) zeroes have no window with \(count) from trial \(countFrom)" }
        return nil
    }

    /// `{"bits", "run", "run_from", "window_count", "window_from"}`.
    public var json: JSON {
        [
            "bits": JSON(count: bits), "run": JSON(count: run), "run_from": JSON(count: runFrom),
            "window_count": JSON(count: count), "window_from": JSON(count: countFrom),
        ]
    }

    /// Reads what ``json`` wrote.
    public init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        bits = try reader.count("bits")
        run = try reader.count("run")
        runFrom = try reader.count("run_from")
        count = try reader.count("window_count")
        countFrom = try reader.count("window_from")
        try reader.finish()
    }
}

extension PerNode<SettingExtremes> {
    /// `{"alice", "bob"}`.
    public var json: JSON { ["alice": alice.json, "bob": bob.json] }

    /// Reads what ``json`` wrote.
    public init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        let alice = try SettingExtremes(json: try reader.value("alice"), path: "\(path).alice")
        let bob = try SettingExtremes(json: try reader.value("bob"), path: "\(path).bob")
        try reader.finish()
        self.init(alice: alice, bob: bob)
    }

    /// The tests that fail, alice's first.
    public func failures(_ budget: HealthBudget) -> [SettingFailure] {
        Node.allCases.flatMap { self[$0].failures(of: $0, budget) }
    }
}
