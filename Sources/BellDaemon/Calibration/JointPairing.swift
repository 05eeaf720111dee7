import BellCalibration
import BellCampaign
import BellModel

/// Puts both halves of a calibration's arm together, trial by trial.
enum JointPairing {
    /// One node's record with the shared pulse that started it.
    private struct Half {
        var record: TrialRecord
        var pulse: UInt64
    }

    /// The trials of which both halves came back sound, in the order of their indices; all others are lost.
    ///
    /// A trial is lost when a half is missing, reports a fault, has a bit that is none, or was started by another pulse
    /// than the other half. Whether a trial counts never depends on its outcome.
    static func pair(_ collected: ArmCollector) -> JointSet {
        let halves = PerNode { node in Dictionary(all(collected, node), uniquingKeysWith: { first, _ in first }) }
        let range = collected.arm.range
        var set = JointSet(empty: range.count)
        set.clocks = [PerNode { collected.sortedClocks($0) }]
        for index in range {
            guard let alice = halves.alice[index], let bob = halves.bob[index], alice.pulse == bob.pulse,
                isSound(alice.record), isSound(bob.record)
            else {
                set.lost += 1
                continue
            }
            set.add(alice.record, of: .alice)
            set.add(bob.record, of: .bob)
        }
        return set
    }

    private static func all(_ collected: ArmCollector, _ node: Node) -> [(UInt64, Half)] {
        collected.sortedHalves(node).flatMap { chunk in
            TrialRecord.all(in: chunk.records).enumerated().map { place, record in
                (record.index, Half(record: record, pulse: chunk.firstPulse &+ UInt64(place)))
            }
        }
    }

    private static func isSound(_ record: TrialRecord) -> Bool {
        record.flags.isDisjoint(with: .unhealthy) && record.setting <= 1 && record.outcome <= 1
    }
}

extension JointSet {
    /// No trial yet; room for `capacity`.
    init(empty capacity: Int) {
        self.init(
            settings: PerNode { _ in [] }, outcomes: PerNode { _ in [] }, i: PerNode { _ in [] },
            q: PerNode { _ in [] },
            lost: 0)
        for node in Node.allCases {
            settings[node].reserveCapacity(capacity)
            outcomes[node].reserveCapacity(capacity)
            i[node].reserveCapacity(capacity)
            q[node].reserveCapacity(capacity)
        }
    }

    fileprivate mutating func add(_ record: TrialRecord, of node: Node) {
        settings[node].append(record.setting)
        outcomes[node].append(record.outcome)
        i[node].append(record.i)
        q[node].append(record.q)
    }

    /// Takes the trials of a later arm.
    mutating func append(_ other: JointSet) {
        for node in Node.allCases {
            settings[node] += other.settings[node]
            outcomes[node] += other.outcomes[node]
            i[node] += other.i[node]
            q[node] += other.q[node]
        }
        lost += other.lost
        clocks += other.clocks
    }
}
