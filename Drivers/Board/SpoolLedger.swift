import BellModel
import DriverKit

/// The host's image of a board's spool: what was received and is not acknowledged, for all arms.
///
/// Survives a reconnect, so that a replay delivers nothing twice.
struct SpoolLedger: Sendable {
    /// What became of a message.
    enum Outcome: Equatable {
        /// Deliver these events.
        case deliver([BoardEvent])
        /// It came before.
        case repeated
        /// It was acknowledged before; the ACK must be sent again.
        case acknowledged
        case fault(BoardFault)
        /// The board has sent more than its spool holds.
        case overflow
    }

    private var arms: [ArmName: ArmLedger] = [:]
    private var acknowledgements: [CampaignID: Acknowledgement] = [:]
    /// Campaigns whose ACK must be sent again, because the board repeats what was acknowledged.
    private var unheard: Set<CampaignID> = []
    /// Records, clock records, signatures and arms kept.
    private var size = 0
    /// The most that may be kept: see ``setLimit(spool:)``.
    private var limit = 1 << 16

    let node: Node

    init(node: Node) { self.node = node }

    /// Bounds memory: an honest board's records, as many clock records and signatures, and its arms.
    mutating func setLimit(spool: UInt32) { limit = 4 * Int(spool) + 1 << 16 }

    /// Notes the range of an arm that is about to be armed here, or that a status names.
    mutating func expect(_ order: ArmOrder) {
        let name = order.name
        if var arm = arms.removeValue(forKey: name) {
            _ = arm.know(order)
            arms[name] = arm
        } else {
            arms[name] = ArmLedger(order: order)
            size += 1
        }
    }

    /// Forgets an arm that the board refused, if nothing came of it.
    mutating func forget(_ order: ArmOrder) {
        guard let arm = arms[order.name], arm.size == 1, arm.end == nil else { return }
        arms[order.name] = nil
        size -= 1
    }

    /// - Parameter mayRelease: Whether an arm's end may follow its last record at once; not while a gap is repaired,
    ///   because clock records may be among what was lost.
    mutating func take(_ message: TrialsMessage, isReplay: Bool, mayRelease: Bool) -> Outcome {
        let chunk = HalfChunk(
            node: node, firstIndex: message.firstIndex, firstPulse: message.firstPulse, bootID: message.bootID,
            records: message.records)
        let name = ArmName(campaign: message.campaign, arm: message.arm)
        if let known = acknowledgements[name.campaign], chunk.range.upperBound <= known.nextIndex {
            return lateRepeat(name)
        }
        return update(name, .trials, first: chunk.firstIndex, isReplay: isReplay) { arm in
            let verdict = arm.take(chunk)
            guard verdict == .new else { return (verdict, []) }
            var events = [BoardEvent.trials(campaign: name.campaign, arm: name.arm, chunk)]
            if mayRelease, arm.isComplete, let end = arm.release() { events.append(BoardEvent(end)) }
            return (.new, events)
        }
    }

    mutating func take(_ message: ClockMessage, isReplay: Bool) -> Outcome {
        let name = ArmName(campaign: message.campaign, arm: message.arm)
        return update(name, .clock, first: message.records.first?.pulse ?? 0, isReplay: isReplay) { arm in
            guard let new = arm.take(message.records) else { return (.contradiction, []) }
            guard !new.isEmpty else { return (.repeated, []) }
            return (.new, [.clock(campaign: name.campaign, arm: name.arm, bootID: message.bootID, new)])
        }
    }

    mutating func take(_ message: ChunkSignature, isReplay: Bool) -> Outcome {
        let name = ArmName(campaign: message.campaign, arm: message.arm)
        let (end, overflow) = message.firstIndex.addingReportingOverflow(UInt64(message.count))
        if let known = acknowledgements[name.campaign], !overflow, end <= known.nextIndex { return lateRepeat(name) }
        return update(name, .chunkSignature, first: message.firstIndex, isReplay: isReplay) { arm in
            (arm.take(message), [.signature(message)])
        }
    }

    mutating func take(_ message: ArmEnd, isReplay: Bool, mayRelease: Bool, at now: Duration) -> Outcome {
        let name = message.order.name
        if let known = acknowledgements[name.campaign], let end = message.order.endIndex, end <= known.nextIndex {
            if let arm = arms.removeValue(forKey: name) { size -= arm.size }
            return lateRepeat(name)
        }
        return update(name, .armEnd, first: message.order.firstIndex, isReplay: isReplay) { arm in
            let verdict = arm.take(message, at: now)
            guard verdict == .new, mayRelease, arm.isComplete, let end = arm.release() else { return (verdict, []) }
            return (.new, [BoardEvent(end)])
        }
    }

    /// Ends of arms whose missing records will not come, by rising arm.
    mutating func releaseHeldEnds() -> [BoardEvent] {
        let held = arms.filter { $0.value.heldSince != nil }.keys.sorted { $0.arm < $1.arm }
        return held.compactMap { arms[$0]?.release() }.map { BoardEvent($0) }
    }

    /// Since when the longest-waiting end is held back; nil when none is.
    var oldestHeld: Duration? { arms.values.compactMap(\.heldSince).min() }

    /// Forgets what is on disk; an index lower than an earlier one changes nothing.
    mutating func acknowledge(_ message: Acknowledgement) {
        if let known = acknowledgements[message.campaign], known.nextIndex > message.nextIndex { return }
        acknowledgements[message.campaign] = message
        for (name, arm) in arms where name.campaign == message.campaign {
            var arm = arm
            size -= arm.size
            if arm.acknowledge(below: message.nextIndex) {
                arms[name] = nil
            } else {
                size += arm.size
                arms[name] = arm
            }
        }
    }

    /// Acknowledgements that the board has not heard; they are returned once.
    mutating func takeUnheard() -> [Acknowledgement] {
        defer { unheard = [] }
        return unheard.compactMap { acknowledgements[$0] }
    }

    private mutating func lateRepeat(_ name: ArmName) -> Outcome {
        unheard.insert(name.campaign)
        return .acknowledged
    }

    /// Finds or, in a replay, makes the arm's ledger, lets `change` take a message, and turns its verdict into events.
    private mutating func update(
        _ name: ArmName, _ type: MessageType, first: UInt64, isReplay: Bool,
        _ change: (inout ArmLedger) -> (ArmLedger.Verdict, [BoardEvent])
    ) -> Outcome {
        if arms[name] == nil {
            // Clock records carry no index that could be compared with the acknowledged one.
            if type == .clock, let known = acknowledgements[name.campaign], name.arm <= known.arm {
                return lateRepeat(name)
            }
            guard isReplay else { return .fault(.foreign(type: type, campaign: name.campaign, arm: name.arm)) }
        }
        guard size <= limit else { return .overflow }
        // Taken out while it changes, so that its arrays are not copied.
        let known = arms.removeValue(forKey: name)
        var arm = known ?? ArmLedger()
        let before = known?.size ?? 0
        let (verdict, events) = change(&arm)
        size += arm.size - before
        arms[name] = arm
        return switch verdict {
        case .new: .deliver(events)
        case .repeated: .repeated
        case .contradiction:
            .fault(.contradiction(type: type, campaign: name.campaign, arm: name.arm, firstIndex: first))
        case .outOfRange:
            .fault(.outOfRange(type: type, campaign: name.campaign, arm: name.arm, firstIndex: first))
        }
    }
}

extension ArmOrder {
    var name: ArmName { ArmName(campaign: campaign, arm: arm) }
}

extension BoardEvent {
    init(_ end: ArmEnd) {
        self = .armEnd(
            campaign: end.order.campaign, arm: end.order.arm, first: end.order.firstIndex, count: end.order.count,
            made: end.made, reason: end.reason)
    }
}
