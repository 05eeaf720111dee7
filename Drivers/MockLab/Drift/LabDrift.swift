/// The drifting numbers of a laboratory as time passes.
///
/// Time is cut into steps from the laboratory's start; between two the numbers stand still. What they are at a step
/// depends on the seed and the step alone, so two runs that differ in their requests see the same night.
struct LabDrift: Sendable {
    private let profile: MockProfile
    private var walks: [DriftWalk]
    private let stepLength: UInt64
    /// Steps since the start.
    private(set) var index: UInt64 = 0

    /// Nil when nothing drifts.
    init?(profile: MockProfile, seed: UInt64) {
        if profile.drift.laws.isEmpty { return nil }
        self.profile = profile
        let step = profile.drift.exactStep
        walks = profile.drift.laws.map { DriftWalk(law: $0.law, step: step, seed: seed, name: $0.number.path) }
        stepLength = profile.drift.stepPicoseconds
    }

    /// Goes on to a laboratory time in picoseconds; tells whether a step has passed.
    mutating func advance(to time: UInt64, gaussian: GaussianTable) -> Bool {
        let target = time / stepLength
        guard target > index else { return false }
        index = target
        for place in walks.indices { walks[place].advance(to: target, gaussian: gaussian) }
        return true
    }

    /// How far each number is from its value at the start.
    var offsets: [(number: DriftPlan.Number, offset: Double)] {
        zip(profile.drift.laws, walks).map { ($0.number, $1.offset) }
    }

    /// What is true now.
    var present: MockProfile {
        profile.changed(by: offsets, without: ["drift", "spread", "gauges", "instruments"])
    }

    /// Pulses, the one at `time` included, that come before the next step; ≥ 1.
    func pulses(from time: UInt64, period: UInt64) -> Int {
        let left = stepLength - time % stepLength
        let period = max(period, 1)
        return Int(clamping: (left - 1) / period + 1)
    }
}
