import BellModel

/// The faults that are still to come and those that last.
struct FaultBook: Sendable {
    private var pending: [MockFault] = []
    private var mutedUntil = PerNode<UInt64>(alice: 0, bob: 0)
    /// The link loses every photon.
    var isBlocked = false
    /// The node's outcomes are put into reverse order within each chunk.
    var permuted = PerNode(alice: false, bob: false)

    mutating func add(_ fault: MockFault) { pending.append(fault) }

    mutating func mute(_ node: Node, until: UInt64) { mutedUntil[node] = until }

    func isMuted(_ node: Node, now: UInt64) -> Bool { now < mutedUntil[node] }

    /// Shortens a slice so that a fault that changes the laboratory strikes at its beginning.
    func cut(_ count: Int, from first: UInt64) -> Int {
        pending.reduce(count) { count, fault in
            guard fault.changesLaboratory, fault.trial > first, fault.trial - first < UInt64(count) else {
                return count
            }
            return Int(fault.trial - first)
        }
    }

    /// Takes the faults that change the laboratory before the trial `first`.
    mutating func strikeBefore(_ first: UInt64) -> [MockFault] {
        take { $0.changesLaboratory && $0.trial <= first }
    }

    /// Takes the faults that damage records of the trials in `range`.
    mutating func strikeIn(_ range: Range<UInt64>) -> [MockFault] {
        take { !$0.changesLaboratory && $0.kind != .error && $0.trial < range.upperBound }
    }

    /// Whether a fault waits for an ARM.
    var waitsForArm: Bool { pending.contains { $0.kind == .error } }

    /// Takes the faults that make a board refuse an arm that runs past their trial.
    mutating func strikeArm(of node: Node, endIndex: UInt64) -> Bool {
        !take { $0.kind == .error && $0.node == node && $0.trial < endIndex }.isEmpty
    }

    private mutating func take(_ strikes: (MockFault) -> Bool) -> [MockFault] {
        if pending.isEmpty { return [] }
        let taken = pending.filter(strikes)
        pending.removeAll(where: strikes)
        return taken
    }
}

extension MockFault {
    /// Whether the laboratory is changed before a trial, instead of records or a frame after it.
    var changesLaboratory: Bool {
        switch kind {
        case .mute, .reboot, .slip, .bias, .block, .permute, .fault: true
        case .drop, .repeat, .corrupt, .truncate, .garbage, .lie, .flag, .exchange, .error: false
        }
    }

    var chunkFault: ChunkFault {
        switch kind {
        case .drop: .drop
        case .repeat: .repeat
        case .corrupt: .corrupt
        case .truncate: .truncate
        case .garbage: .garbage
        default: []
        }
    }

    /// Changes the record of the fault's trial, or the first one when the trial has passed.
    func damage(_ records: inout [UInt8], first: UInt64) {
        let count = records.count / TrialRecord.byteCount
        let place = trial > first ? Int(trial - first) : 0
        guard place < count else { return }
        switch kind {
        case .lie: records[place * TrialRecord.byteCount + RecordEdit.setting] ^= 1
        case .flag: RecordEdit.flip(UInt16(min(max(value, 0), 65_535)), of: place, &records)
        case .exchange: RecordEdit.exchangeOutcomes(&records, place, place + 1 < count ? place + 1 : max(place - 1, 0))
        default: break
        }
    }
}

/// Changes to the bytes of records.
enum RecordEdit {
    static let setting = 24
    static let outcome = 25
    static let flags = 26

    static func flip(_ bits: UInt16, of place: Int, _ records: inout [UInt8]) {
        records[place * TrialRecord.byteCount + flags] ^= UInt8(truncatingIfNeeded: bits)
        records[place * TrialRecord.byteCount + flags + 1] ^= UInt8(truncatingIfNeeded: bits >> 8)
    }

    static func exchangeOutcomes(_ records: inout [UInt8], _ a: Int, _ b: Int) {
        records.swapAt(a * TrialRecord.byteCount + outcome, b * TrialRecord.byteCount + outcome)
    }

    static func reverseOutcomes(_ records: inout [UInt8]) {
        let count = records.count / TrialRecord.byteCount
        for place in 0..<count / 2 { exchangeOutcomes(&records, place, count - 1 - place) }
    }
}
