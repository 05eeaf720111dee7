/// One model of Mini-Circuits box, found by the name that the box gives itself.
public struct MiniCircuitsModel: Equatable, Sendable {
    /// How well the commands are confirmed by public sources. None was confirmed by us on hardware.
    public enum Confirmation: String, Sendable {
        case twoSources = "two or more public drivers agree"
        case oneSource = "one public driver says so"
        /// Each set is still read back, so that a wrong guess is an error and never a wrong port.
        case unconfirmed = "not confirmed"
    }

    /// What the box is.
    public enum Kind: Equatable, Sendable {
        case switches(SwitchLayout)
        /// 0 … `maximum` dB in steps of `step`.
        case attenuator(maximum: Double, step: Double)

        /// For errors.
        var name: String {
            switch self {
            case .switches: "switch box"
            case .attenuator: "attenuator"
            }
        }
    }

    /// The model as the box names it (code 40).
    public var name: String
    public var kind: Kind
    public var dialect: MiniCircuitsDialect
    /// The dialect of newer firmware that answers text commands with code 42; asked for with `:MN?` once the model is known.
    public var newerDialect: MiniCircuitsDialect?
    public var confirmation: Confirmation
    /// The public sources.
    public var source: String
}

/// The switches of a box.
public struct SwitchLayout: Equatable, Sendable {
    /// How many switches; A, B, ….
    public var count: Int
    /// The ports that each one can connect to its common port; 0 is "none".
    public var ports: ClosedRange<Int>
    /// The port without power: where ``RFSwitch/makeSafe()`` goes.
    public var safePort: Int
    /// Time until a relay has settled; zero for solid state, which settles within the USB transfer.
    public var settling: Duration
    /// Operations of one switch before it is worn; nil when nothing wears.
    public var ratedOperations: UInt64?
    /// Where that number is from.
    public var lifeSource: String

    public init(
        count: Int, ports: ClosedRange<Int>, safePort: Int, settling: Duration, ratedOperations: UInt64?,
        lifeSource: String
    ) {
        self.count = count
        self.ports = ports
        self.safePort = safePort
        self.settling = settling
        self.ratedOperations = ratedOperations
        self.lifeSource = lifeSource
    }

    /// Whether relays move, and so wear.
    public var isMechanical: Bool { ratedOperations != nil }

    /// Relays.
    static func relays(
        _ count: Int, ports: ClosedRange<Int>, safe: Int, settling: Duration = .milliseconds(25),
        rated: UInt64 = 2_000_000, source: String = "cautious default, not read from a data sheet"
    ) -> SwitchLayout {
        SwitchLayout(
            count: count, ports: ports, safePort: safe, settling: settling, ratedOperations: rated, lifeSource: source)
    }

    /// Solid-state switches; they have no port without power, so that the first one is taken for safe.
    static func solidState(_ count: Int, ports: Int) -> SwitchLayout {
        SwitchLayout(
            count: count, ports: 1...ports, safePort: 1, settling: .zero, ratedOperations: nil,
            lifeSource: "solid state: nothing wears")
    }
}
