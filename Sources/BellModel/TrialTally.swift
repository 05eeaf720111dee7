/// Which setting pair carries the minus sign in S; declared in the plan, never fitted on data.
public enum CHSHPattern: String, CaseIterable, Sendable {
    /// S = E00 + E01 + E10 − E11.
    case minusOn11 = "11"
    /// S = E00 + E01 − E10 + E11.
    case minusOn10 = "10"
    /// S = E00 − E01 + E10 + E11; Storz et al., Nature 617, 265 (2023).
    case minusOn01 = "01"
    /// S = −E00 + E01 + E10 + E11.
    case minusOn00 = "00"

    /// The sign of E(x, y) in S: +1 or −1.
    public func sign(x: Int, y: Int) -> Int { rawValue == "\(x)\(y)" ? -1 : 1 }

    /// Whether a trial wins the CHSH game: equal outcomes where the sign is +, unequal where it is −.
    public func wins(x: Int, y: Int, a: Int, b: Int) -> Bool { (a == b) == (sign(x: x, y: y) > 0) }
}

/// Counts of a campaign: N(abxy) of the valid trials, and losses by cause. ΣN + losses = trials.
public struct TrialTally: Equatable, Sendable {
    /// Valid trials by cell 8x + 4y + 2a + b; 16 values.
    public private(set) var counts: [UInt64]
    /// Losses by ``LossCause`` raw value; 16 values, most of them unused.
    public private(set) var lossCounts: [UInt64]

    public init() {
        counts = [UInt64](repeating: 0, count: 16)
        lossCounts = counts
    }

    /// Wraps counts; nil unless there are 16 of each.
    public init?(counts: [UInt64], lossCounts: [UInt64] = [UInt64](repeating: 0, count: 16)) {
        guard counts.count == 16, lossCounts.count == 16 else { return nil }
        self.counts = counts
        self.lossCounts = lossCounts
    }

    /// N(abxy).
    public func count(x: Int, y: Int, a: Int, b: Int) -> UInt64 { counts[8 * x + 4 * y + 2 * a + b] }
    /// N(xy) of the valid trials.
    public func count(x: Int, y: Int) -> UInt64 { counts[(8 * x + 4 * y)..<(8 * x + 4 * y + 4)].reduce(0, +) }
    /// How many setting bits of a node are 1 in the valid trials.
    public func ones(of node: Node) -> UInt64 {
        count(x: 1, y: 1) + (node == .alice ? count(x: 1, y: 0) : count(x: 0, y: 1))
    }
    /// ΣN(abxy).
    public var valid: UInt64 { counts.reduce(0, +) }
    /// All losses.
    public var losses: UInt64 { lossCounts.reduce(0, +) }
    /// Losses of one cause.
    public func losses(_ cause: LossCause) -> UInt64 { lossCounts[Int(cause.rawValue)] }
    /// Valid trials and losses.
    public var trials: UInt64 { valid + losses }

    /// Wins of the CHSH game among the valid trials; a loss never wins.
    public func wins(_ pattern: CHSHPattern) -> UInt64 {
        var wins: UInt64 = 0
        for cell in 0..<16 where pattern.wins(x: cell >> 3, y: cell >> 2 & 1, a: cell >> 1 & 1, b: cell & 1) {
            wins += counts[cell]
        }
        return wins
    }

    /// Counts one trial.
    @inlinable
    public mutating func add(_ status: TrialStatus, times: UInt64 = 1) { add(raw: status.rawValue, times: times) }

    /// Counts one status byte that is known to be well formed.
    @usableFromInline
    mutating func add(raw: UInt8, times: UInt64) {
        if raw < 16 { counts[Int(raw)] += times } else { lossCounts[Int(raw >> 4)] += times }
    }

    public static func += (a: inout TrialTally, b: TrialTally) {
        for i in 0..<16 {
            a.counts[i] += b.counts[i]
            a.lossCounts[i] += b.lossCounts[i]
        }
    }
}

extension TrialTally {
    /// `{"counts": [16], "losses": {cause: n}, "valid": n, "lost": n}`.
    public var json: JSON {
        var losses: [String: JSON] = [:]
        for cause in LossCause.allCases { losses[cause.name] = JSON(count: self.losses(cause)) }
        return [
            "counts": .array(counts.map { JSON(count: $0) }), "losses": .object(losses),
            "valid": JSON(count: valid), "lost": JSON(count: self.losses),
        ]
    }

    /// Reads what ``json`` wrote, and refuses sums that do not agree.
    public init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        let cells = try reader.array("counts").compactMap(\.countValue)
        let lossObject = try reader.value("losses")
        var losses = [UInt64](repeating: 0, count: 16)
        for cause in LossCause.allCases { losses[Int(cause.rawValue)] = lossObject[cause.name]?.countValue ?? 0 }
        guard let tally = TrialTally(counts: cells, lossCounts: losses) else {
            throw BellError(.jsonShape, "Expected 16 counts.", at: "\(path).counts")
        }
        let valid = try reader.count("valid")
        let lost = try reader.count("lost")
        try reader.finish()
        // Sums are compared without trapping, because the numbers may come from a hostile file.
        var sum: UInt64 = 0
        for n in cells + losses {
            let (next, overflow) = sum.addingReportingOverflow(n)
            if overflow { throw BellError(.jsonShape, "The counts' sum does not fit 64 bits.", at: path) }
            sum = next
        }
        guard tally.valid == valid, tally.losses == lost else {
            throw BellError(.jsonShape, "The sums do not agree with the counts.", at: path)
        }
        self = tally
    }
}
