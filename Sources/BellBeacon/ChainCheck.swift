public import BellModel

/// Checks a chain pulse by pulse, each in itself and against those before it. Pure; O(1) memory.
public struct ChainCheck: Sendable {
    /// What has been checked.
    public struct Counts: Equatable, Sendable {
        /// Each with signature, output value, links, time and status.
        public var pulses: UInt64 = 0
        /// Pulses whose value the one before had committed to.
        public var precommitments: UInt64 = 0
        /// Gaps in time, all marked.
        public var gaps: UInt64 = 0
        public var simulated: UInt64 = 0

        public init(pulses: UInt64 = 0, precommitments: UInt64 = 0, gaps: UInt64 = 0, simulated: UInt64 = 0) {
            self.pulses = pulses
            self.precommitments = precommitments
            self.gaps = gaps
            self.simulated = simulated
        }
    }

    private let single: PulseCheck
    private let isWhole: Bool
    private var links: PulseLinks
    /// The last pulse that was taken.
    public private(set) var last: Pulse?
    public private(set) var counts = Counts()

    /// Begins.
    ///
    /// - Parameter isWhole: Whether the first pulse that is taken must be a chain's first. If not, what lies before it is
    ///   taken on trust.
    public init(_ certificates: [BeaconCertificate], isWhole: Bool) {
        single = PulseCheck(certificates)
        self.isWhole = isWhole
        links = PulseLinks()
    }

    /// Takes the next pulse, and returns all that is wrong with it.
    public mutating func take(_ pulse: Pulse) -> [BellError] {
        var findings = single.findings(pulse)
        func expect(_ isTrue: Bool, _ member: String, _ what: String) {
            if !isTrue { findings.append(pulse.mismatch(member, what)) }
        }
        if let last {
            expect(pulse.chainIndex == last.chainIndex, "chainIndex", "It is of another chain than the one before.")
            expect(
                pulse.pulseIndex == last.pulseIndex &+ 1, "pulseIndex",
                "After pulse \(last.pulseIndex) comes \(pulse.pulseIndex): the chain has a gap.")
            expect(pulse.certificateID == last.certificateID, "certificateId", "The key changes within the chain.")
            expect(pulse.period == last.period, "period", "The period changes within the chain.")
            expect(!pulse.statusCode.contains(.uncommitted), "statusCode", "Only a chain's first pulse is uncommitted.")
            expect(
                Value512.hash(pulse.localRandomValue.bytes) == last.precommitmentValue, "localRandomValue",
                "The random value is not the one that pulse \(last.pulseIndex) committed to.")
            let pause = pulse.timeStamp.milliseconds - last.timeStamp.milliseconds
            expect(pause > 0, "timeStamp", "It is not later than pulse \(last.pulseIndex).")
            let isGap = pause > Int64(pulse.period)
            expect(
                pulse.statusCode.contains(.timeGap) == isGap, "statusCode",
                isGap
                    ? "\(pause / 1000) s have passed since the pulse before, and the gap is not marked."
                    : "A gap in time is marked, and there is none.")
            counts.precommitments += 1
            if isGap { counts.gaps += 1 }
        } else if isWhole {
            expect(pulse.pulseIndex == 1, "pulseIndex", "The chain begins with pulse \(pulse.pulseIndex).")
            expect(
                pulse.statusCode.contains(.uncommitted), "statusCode", "The first pulse must say that it is the first.")
            expect(!pulse.statusCode.contains(.timeGap), "statusCode", "The first pulse has no gap before it.")
        }
        let isInside = last == nil && !isWhole
        for link in pulse.listValues where !isInside && !links.allows(link) {
            expect(false, "listValues.\(link.kind.rawValue)", "The link leads to another pulse than it must.")
        }
        if pulse.statusCode.contains(.simulated) { counts.simulated += 1 }
        counts.pulses += 1
        if isInside { links = PulseLinks(inside: pulse) } else { links.append(pulse) }
        last = pulse
        return findings
    }
}
