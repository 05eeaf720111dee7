/// A time span or instant in a named clock domain, as whole picoseconds; the only time that enters a comparison.
public struct Picoseconds: Hashable, Comparable, Sendable {
    public var count: Int64
    public init(_ count: Int64) { self.count = count }

    public static let zero = Picoseconds(0)
    public static func < (a: Picoseconds, b: Picoseconds) -> Bool { a.count < b.count }
    public static func + (a: Picoseconds, b: Picoseconds) -> Picoseconds { Picoseconds(a.count + b.count) }
    public static func - (a: Picoseconds, b: Picoseconds) -> Picoseconds { Picoseconds(a.count - b.count) }
    public static prefix func - (a: Picoseconds) -> Picoseconds { Picoseconds(-a.count) }
    /// For people and plots only.
    public var nanoseconds: Double { Double(count) / 1000 }
    /// Rounds to the nearest picosecond; `nanoseconds` must be finite and below 9.2e6 s in size.
    public init(nanoseconds: Double) { count = Int64((nanoseconds * 1000).rounded()) }
}

/// How fast a board's counter runs: `numerator / denominator` ticks a second, exactly.
public struct TickRate: Hashable, Sendable {
    /// Hz × denominator; > 0.
    public let numerator: UInt64
    /// > 0.
    public let denominator: UInt64

    /// Makes a rate; nil when a part is zero or the rate is outside 1 kHz … 1 THz.
    public init?(numerator: UInt64, denominator: UInt64 = 1) {
        guard numerator > 0, denominator > 0, numerator / denominator >= 1_000,
            numerator / denominator <= 1_000_000_000_000
        else { return nil }
        self.numerator = numerator
        self.denominator = denominator
    }

    /// For people and for physics; never for time tags.
    public var hertz: Double { Double(numerator) / Double(denominator) }
    /// For people and for physics; never for time tags.
    public var nanosecondsPerTick: Double { 1e9 / hertz }
}

/// A board's count at a shared pulse; two of them, one a node, tie the clocks together.
public struct ClockRecord: Hashable, Sendable {
    /// Index of the shared trigger pulse, counted from the laboratory's last synchronisation.
    public var pulse: UInt64
    /// The board's counter when the pulse arrived there.
    public var tick: UInt64
    public init(pulse: UInt64, tick: UInt64) {
        self.pulse = pulse
        self.tick = tick
    }
}
