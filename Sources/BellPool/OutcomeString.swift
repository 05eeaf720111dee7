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
    /// Of them, trials that were begun.
    private var lostOnTheWay: UInt64 = 0
    /// Their runs, without the one that is open; the bits that name those; where the last of them ended; where the open
    /// one began.
    private var runs: UInt64 = 0
    private var runBits: UInt64 = 0
    private var runEnd: UInt64 = 0
    private var runStart: UInt64?

    public init() {}

    /// Bits: two a trial.
    public var count: UInt64 { 2 * trials }

    /// What the fixed symbol can have cost of the min-entropy, bits.
    ///
    /// A bound holds for what the devices answered in every trial that was begun, a loss scoring at most what that answer
    /// would have. Who is told the places of the losses (their runs, in Elias's γ code) and the two bits that were answered at
    /// each can make that string of this one; by the chain rule this one has less min-entropy by at most the length of what
    /// is told. That length depends on the losses, too, which costs 64 bits. 0 without a loss: a trial that was not run has
    /// answered nothing.
    public var erased: UInt64 {
        var all = self
        all.endRun()
        guard all.lostOnTheWay > 0 else { return 0 }
        return PublishedBits.length.bits + PublishedBits.gamma(all.runs) + all.runBits + 2 * all.lostOnTheWay
    }

    /// Appends trials that were begun, a ``TrialStatus`` byte each.
    public mutating func append(_ statuses: [UInt8]) {
        packed.reserveCapacity(packed.count + statuses.count / 4 + 1)
        for status in statuses {
            // Valid: 0000 xyab. Everything else is a loss.
            let isValid = status < 16
            if isValid {
                endRun()
            } else {
                runStart = runStart ?? trials
                lostOnTheWay += 1
                lost += 1
            }
            append(symbol: isValid ? status & 3 : 0)
        }
    }

    /// Appends trials that were not run until there are `count`.
    public mutating func fill(to count: UInt64) {
        endRun()
        while trials < count {
            append(symbol: 0)
            lost += 1
        }
    }

    private mutating func endRun() {
        guard let start = runStart else { return }
        runs += 1
        runBits += PublishedBits.gamma(start - runEnd) + PublishedBits.gamma(trials - start)
        runEnd = trials
        runStart = nil
    }

    private mutating func append(symbol: UInt8) {
        let place = UInt8(trials % 4)
        if place == 0 { packed.append(0) }
        packed[packed.count - 1] |= symbol << (6 - 2 * place)
        trials += 1
    }
}
