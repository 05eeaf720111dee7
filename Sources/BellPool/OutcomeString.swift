import BellModel

/// Source one: the outcomes a, b of all trials in their order, two bits a trial, packed, MSB first.
///
/// A lost trial is the fixed symbol 00, and so is one that was not run. Two bits a trial of memory.
public struct OutcomeString: Sendable {
    /// Whole bytes; the last may hold fewer than four trials.
    public private(set) var packed: [UInt8] = []
    public private(set) var trials: UInt64 = 0
    /// Trials that are the fixed symbol because they were lost or not run.
    public private(set) var lost: UInt64 = 0

    public init() {}

    /// Bits: two a trial.
    public var count: UInt64 { 2 * trials }

    /// Appends trials, a ``TrialStatus`` byte each.
    public mutating func append(_ statuses: [UInt8]) {
        packed.reserveCapacity(packed.count + statuses.count / 4 + 1)
        for status in statuses {
            // Valid: 0000 xyab. Everything else is a loss.
            let isValid = status < 16
            append(symbol: isValid ? status & 3 : 0)
            lost += isValid ? 0 : 1
        }
    }

    /// Appends trials that were not run until there are `count`.
    public mutating func fill(to count: UInt64) {
        while trials < count {
            append(symbol: 0)
            lost += 1
        }
    }

    private mutating func append(symbol: UInt8) {
        let place = UInt8(trials % 4)
        if place == 0 { packed.append(0) }
        packed[packed.count - 1] |= symbol << (6 - 2 * place)
        trials += 1
    }
}
