public import BellModel
import BellTiming

/// Audits one arm from its halves alone; the same evidence and parameters give the same result, bit for bit.
///
/// - Parameters:
///   - arm: The evidence; any contents are allowed, hostile ones included.
///   - parameters: The block's.
/// - Returns: One status a committed trial, and their sums.
public func audit(_ arm: ArmEvidence, _ parameters: AuditParameters) -> ArmAudit {
    var auditor = Auditor(parameters)
    return auditor.audit(arm)
}

/// Audits arm after arm of one block, keeping its working memory, and across blocks what the arms before tell of the next.
///
/// Each trial gets the first cause that holds, or is valid:
/// 1. a half is missing: `both_missing`, `alice_missing`, `bob_missing`;
/// 2. copies of a half contradict each other, the halves name different pulses, a pulse does not come after those of the
///    trials before, a half is of a boot that the board had left, or a record has another index than its place says:
///    `mispaired`;
/// 3. a setting or outcome is not 0 or 1: `malformed`;
/// 4. a node reports a fault, or a record is simulated in a campaign that is not: `unhealthy`;
/// 5. a setting's origin or value is not what the plan or the host had committed to: `host_bit_mismatch`;
/// 6. a clock cannot tell, or runs back behind where it was, in this arm or in one before: `clock`;
/// 7. a start event is not in its pulse's period: `mispaired`;
/// 8. m_AB or m_BA does not exceed k·u: `locality`.
///
/// Without a surveyed clock offset, and with host bits, margins are unknown: trials stay valid, the summary counts them
/// as unknown and nothing may claim locality. The offset-free check m_AB + m_BA > 2·k·u is then made instead, since no
/// offset could mend a sum below it. Outcomes never enter the decision.
public struct Auditor {
    public let parameters: AuditParameters
    private let constants: LoopConstants
    private var clocks: PerNode<NodeClock>
    private var pieces = PerNode<Pieces>(alice: Pieces(), bob: Pieces())
    /// Where the boards were at the end of the arms so far; set it back to audit an arm once more.
    public var history: AuditHistory

    /// Prepares for arms of a block.
    ///
    /// - Parameter history: Where the boards were at the end of the block before.
    public init(_ parameters: AuditParameters, after history: AuditHistory = AuditHistory()) {
        self.parameters = parameters
        self.history = history
        constants = LoopConstants(parameters)
        clocks = parameters.scales.map { NodeClock(scale: $0) }
    }

    /// Audits one arm.
    public mutating func audit(_ arm: ArmEvidence) -> ArmAudit {
        let count = Int(arm.count)
        for node in Node.allCases {
            clocks[node].rebuild(arm.clocks[node])
            let halves = arm.halves[node]
            let isKnown = history.boards[node].take(
                halves.filter { $0.node == node }.map { ($0.firstIndex, $0.bootID) })
            if isKnown { history.boards[node].pass(&clocks[node]) }
            pieces[node].lay(
                halves, of: node, firstIndex: arm.firstIndex, count: count, contradicting: !isKnown)
        }
        var margins = MarginSummary()
        var tally = TrialTally()
        var simulated = false
        let statuses = [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
            used = count
            // A buffer of no bytes may have no address, and then there is nothing to do.
            guard count > 0, let base = buffer.baseAddress else { return }
            (tally, margins, simulated) = withUnsafeTemporaryAllocation(
                of: UInt64.self, capacity: 32 + 2 * MarginSummary.binCount
            ) { memory in
                memory.initialize(repeating: 0)
                guard let words = memory.baseAddress else { return (TrialTally(), MarginSummary(), false) }
                var counters = LoopCounters(
                    cells: words, losses: words + 16, histogramAB: words + 32,
                    histogramBA: words + 32 + MarginSummary.binCount, statuses: base)
                sweep(arm, &counters)
                return counters.results(knowsMargins: parameters.knowsMargins)
            }
        }
        return ArmAudit(statuses: statuses, tally: tally, margins: margins, simulated: simulated)
    }

    /// Goes through the arm in stretches in which nothing changes but the records.
    private func sweep(_ arm: ArmEvidence, _ counters: inout LoopCounters) {
        let count = Int(arm.count)
        var cursors = PerNode(alice: 0, bob: 0)
        var clockCursors = PerNode(alice: 0, bob: 0)
        var start = 0
        while start < count {
            let (alice, endA) = Auditor.find(start, pieces.alice.list, &cursors.alice, count)
            let (bob, endB) = Auditor.find(start, pieces.bob.list, &cursors.bob, count)
            let range = start..<min(endA, endB)
            start = range.upperBound
            guard let alice, let bob else {
                let cause: LossCause = alice == nil ? (bob == nil ? .bothMissing : .aliceMissing) : .bobMissing
                loseAll(range, cause, arm, PerNode(alice: alice, bob: bob), &counters)
                continue
            }
            guard let placeA = alice.chunk, let placeB = bob.chunk else {
                loseAll(range, .mispaired, arm, PerNode(alice: alice, bob: bob), &counters)
                continue
            }
            let (halfA, halfB) = (arm.halves.alice[placeA], arm.halves.bob[placeB])
            let index = arm.firstIndex &+ UInt64(range.lowerBound)
            let pulse = halfA.firstPulse &+ (index &- halfA.firstIndex)
            guard halfB.firstPulse &+ (index &- halfB.firstIndex) == pulse else {
                loseAll(range, .mispaired, arm, PerNode(alice: alice, bob: bob), &counters)
                continue
            }
            judge(range, pulse, arm, PerNode(alice: halfA, bob: halfB), &clockCursors, &counters)
        }
    }

    /// Judges paired records, cut where a clock segment ends.
    private func judge(
        _ range: Range<Int>, _ firstPulse: UInt64, _ arm: ArmEvidence, _ halves: PerNode<HalfChunk>,
        _ cursors: inout PerNode<Int>, _ counters: inout LoopCounters
    ) {
        let firstIndex = arm.firstIndex &+ UInt64(range.lowerBound)
        let size = TrialRecord.byteCount
        halves.alice.records.withUnsafeBytes { bytesA in
            halves.bob.records.withUnsafeBytes { bytesB in
                Auditor.withBits(arm, parameters.inputBits) { bits in
                    guard let baseA = bytesA.baseAddress, let baseB = bytesB.baseAddress else { return }
                    var alice = baseA + Int(firstIndex &- halves.alice.firstIndex) * size
                    var bob = baseB + Int(firstIndex &- halves.bob.firstIndex) * size
                    var start = range.lowerBound
                    while start < range.upperBound {
                        let done = UInt64(start - range.lowerBound)
                        let pulse = firstPulse &+ done
                        let (placeA, lastA) = clocks.alice.find(pulse, cursor: &cursors.alice)
                        let (placeB, lastB) = clocks.bob.find(pulse, cursor: &cursors.bob)
                        let rest = UInt64(range.upperBound - start - 1)
                        let count = Int(min(rest, lastA - pulse, lastB - pulse)) + 1
                        var lines: PerNode<ClockLine>?
                        if let placeA, let placeB {
                            lines = PerNode(
                                alice: clocks.alice.segments[placeA].line(from: pulse, scale: constants.scales.alice),
                                bob: clocks.bob.segments[placeB].line(from: pulse, scale: constants.scales.bob))
                        }
                        // The host's bits are part of the evidence; without them no setting can be believed.
                        if parameters.inputBits == .host && bits == nil { lines = nil }
                        counters.judge(
                            PairedRun(
                                alice: alice, bob: bob, firstIndex: firstIndex &+ done, offset: start, count: count,
                                lines: lines, hostBits: bits),
                            constants: constants, knowsMargins: parameters.knowsMargins)
                        alice += count * size
                        bob += count * size
                        start += count
                    }
                }
            }
        }
    }

    /// Loses a stretch for one cause; what records there are still tell whether they are simulated.
    private func loseAll(
        _ range: Range<Int>, _ cause: LossCause, _ arm: ArmEvidence, _ found: PerNode<Piece?>,
        _ counters: inout LoopCounters
    ) {
        for trial in range { counters.lose(trial, cause) }
        for node in Node.allCases {
            guard let place = found[node]?.chunk else { continue }
            let half = arm.halves[node][place]
            let first = Int(arm.firstIndex &+ UInt64(range.lowerBound) &- half.firstIndex)
            for i in first..<first + range.count {
                counters.seenBits |= UInt32(half.records[i * TrialRecord.byteCount + 26]) << 16
            }
        }
    }

    /// The piece at a trial or nil, and where that ends.
    private static func find(_ trial: Int, _ list: [Piece], _ cursor: inout Int, _ count: Int) -> (Piece?, Int) {
        while cursor < list.count, list[cursor].range.upperBound <= trial { cursor += 1 }
        guard cursor < list.count else { return (nil, count) }
        let piece = list[cursor]
        return piece.range.lowerBound <= trial ? (piece, piece.range.upperBound) : (nil, piece.range.lowerBound)
    }

    /// Calls `body` with the host's bits, or nil when there are too few of them or none are to be compared.
    private static func withBits(
        _ arm: ArmEvidence, _ source: InputBitSource, _ body: (PerNode<UnsafePointer<UInt8>>?) -> Void
    ) {
        let needed = (Int(arm.count) + 7) / 8
        guard source == .host, let bits = arm.hostBits, bits.alice.count >= needed, bits.bob.count >= needed else {
            return body(nil)
        }
        bits.alice.withUnsafeBufferPointer { alice in
            bits.bob.withUnsafeBufferPointer { bob in
                guard let baseA = alice.baseAddress, let baseB = bob.baseAddress else { return body(nil) }
                body(PerNode(alice: baseA, bob: baseB))
            }
        }
    }
}

extension LoopCounters {
    /// Copies what was counted out of the working memory.
    func results(knowsMargins: Bool) -> (TrialTally, MarginSummary, Bool) {
        let counts = Array(UnsafeBufferPointer(start: cells, count: 16))
        let lost = Array(UnsafeBufferPointer(start: losses, count: 16))
        var margins = MarginSummary()
        let valid = counts.reduce(0, &+)
        if knowsMargins { margins.known = valid } else { margins.unknown = valid }
        if valid > 0 {
            margins.leastSum = Picoseconds(leastSum)
            if knowsMargins {
                margins.ab = .init(least: Picoseconds(leastAB), greatest: Picoseconds(greatestAB))
                margins.ba = .init(least: Picoseconds(leastBA), greatest: Picoseconds(greatestBA))
                let bins = MarginSummary.binCount
                margins.histogramAB = Array(UnsafeBufferPointer(start: histogramAB, count: bins))
                margins.histogramBA = Array(UnsafeBufferPointer(start: histogramBA, count: bins))
            }
        }
        if leastFailed != .max { margins.leastFailed = Picoseconds(leastFailed) }
        let simulated = seenBits & UInt32(TrialFlags.simulated.rawValue) << 16 != 0
        return (TrialTally(counts: counts, lossCounts: lost) ?? TrialTally(), margins, simulated)
    }
}
