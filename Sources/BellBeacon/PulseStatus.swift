/// A pulse's statusCode: what a reader must know before using it; the sum of its bits.
///
/// The lowest four are the standard's, ``simulated`` is ours.
public struct PulseStatus: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// 1: no earlier pulse has committed to this one's random value, as in a chain's first pulse.
    public static let uncommitted = PulseStatus(rawValue: 1)
    /// 2: more than one period has passed since the pulse before.
    public static let timeGap = PulseStatus(rawValue: 2)
    /// 4: another key than the pulse before. Never here: another key begins another chain.
    public static let otherKey = PulseStatus(rawValue: 4)
    /// 8: the chain's last pulse, on purpose. Never here yet.
    public static let last = PulseStatus(rawValue: 8)
    /// 65536: the bits come from simulated qubits and are worth nothing but for trying things out.
    public static let simulated = PulseStatus(rawValue: 1 << 16)

    /// In words, for people; `ok` for none.
    public var text: String {
        let words: [(PulseStatus, String)] = [
            (.uncommitted, "first of its chain"), (.timeGap, "after a gap in time"), (.otherKey, "another key"),
            (.last, "last of its chain"), (.simulated, "SIMULATED"),
        ]
        let found = words.filter { contains($0.0) }.map(\.1)
        return found.isEmpty ? "ok" : found.joined(separator: ", ")
    }
}
