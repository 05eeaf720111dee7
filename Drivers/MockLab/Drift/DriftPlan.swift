import BellYAML

/// What changes in a simulated laboratory: which numbers of its profile drift, which are drawn at the start, how fast.
public struct DriftPlan: Equatable, Sendable {
    /// A number of the profile: a key path of `link` or `nodes`.
    public struct Number: Equatable, Sendable {
        /// For example `nodes.alice.rabi_mhz`.
        public var path: String
        /// What the profile says, in the key's own unit.
        public var value: Double
        /// What the key allows; the drifting value is held inside.
        public var range: ClosedRange<Double>
    }

    /// One offset drawn from the seed at the start.
    public enum Spread: Equatable, Sendable {
        /// Anything from −x to x is as likely.
        case uniform(Double)
        /// Standard deviation.
        case normal(Double)
    }

    public var laws: [(number: Number, law: DriftLaw)] = []
    public var spreads: [(number: Number, spread: Spread)] = []
    /// Seconds of drift in a second of laboratory time.
    public var timeFactor = 1.0
    /// Seconds of drift after which the numbers, and the physics, are computed anew.
    public var step = 1.0
    /// The profile's text, in which numbers are changed before it is read again.
    var text: YAMLNode?

    /// Nothing changes.
    public init() {}

    public static func == (a: DriftPlan, b: DriftPlan) -> Bool {
        a.laws.elementsEqual(b.laws) { $0 == $1 } && a.spreads.elementsEqual(b.spreads) { $0 == $1 }
            && a.timeFactor == b.timeFactor && a.step == b.step && a.text?.json == b.text?.json
    }

    /// Drift seconds at a laboratory time in picoseconds.
    func seconds(at time: UInt64) -> Double { timeFactor * Double(time) * 1e-12 }

    /// Picoseconds of laboratory time from one computation to the next; ≥ 1.
    var stepPicoseconds: UInt64 { UInt64(min(max(step / timeFactor * 1e12, 1), 1e18).rounded()) }

    /// Drift seconds of a step; ``step`` but for the rounding to picoseconds.
    var exactStep: Double { Double(stepPicoseconds) * 1e-12 * timeFactor }
}
