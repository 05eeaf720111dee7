public import BellModel

extension BellError.Code {
    /// A fault to inject is not written as `kind[:node][:value]@trial`.
    public static let mockFault = BellError.Code("mocklab.fault", exit: .usage)
}

/// Something that the virtual laboratory does wrong from a chosen trial on, for tests.
///
/// Written as `kind[:node][:value]@trial`, for example `reboot:bob@5000` or `slip:alice:80@0`; `trial` is the global
/// index in the campaign. Each fault strikes once, at the first trial made with an index not below `trial`.
public struct MockFault: Equatable, Sendable {
    /// What goes wrong.
    public enum Kind: String, CaseIterable, Sendable {
        /// The chunk with this trial never leaves the board: a half is missing.
        case drop
        /// The board answers nothing for `value` seconds (default 10).
        case mute
        /// The board restarts: program, arm, spool and counter are lost, a new boot id.
        case reboot
        /// The reported setting of this trial is not the bit that was used.
        case lie
        /// The counter jumps by `value` ticks (default 80).
        case slip
        /// The bits `value` (default 0x10, late latch) of this trial's flags are flipped.
        case flag
        /// The node's random bits get the constant bias `value` (default 0.05) from here on.
        case bias
        /// The link loses every photon from here on.
        case block
        /// This trial's outcome and the next one's are exchanged.
        case exchange
        /// From here on, a node's outcomes are put into reverse order within each chunk.
        case permute
        /// The chunk with this trial is sent twice.
        case `repeat`
        /// The frame with this trial has one flipped bit; it is sent again only after a reconnect.
        case corrupt
        /// The frame with this trial is cut short.
        case truncate
        /// A frame that is not one comes before the chunk with this trial.
        case garbage
        /// The board's hardware fails with the FAULT code `value` (default 4, temperature): its arm ends with reason 3,
        /// and it stays in state fault until SAFE.
        case fault
        /// The board answers the next ARM from this trial on with ERROR `hardware`.
        case error
    }

    public var kind: Kind
    public var node: Node
    /// Meaning and unit depend on `kind`.
    public var value: Double
    /// Global trial index.
    public var trial: UInt64

    public init(_ kind: Kind, node: Node = .bob, value: Double? = nil, trial: UInt64) {
        self.kind = kind
        self.node = node
        self.value = value ?? MockFault.defaultValue(kind)
        self.trial = trial
    }

    private static func defaultValue(_ kind: Kind) -> Double {
        switch kind {
        case .mute: 10
        case .slip: 80
        case .flag: 16
        case .bias: 0.05
        case .fault: 4
        default: 0
        }
    }

    /// Reads `kind[:node][:value]@trial`; the value may be hexadecimal.
    public init(parsing text: String) throws(BellError) {
        let halves = text.split(separator: "@", omittingEmptySubsequences: false)
        let parts = halves.first.map { $0.split(separator: ":", omittingEmptySubsequences: false) } ?? []
        guard halves.count == 2, let trial = UInt64(halves[1]), let name = parts.first, parts.count <= 3 else {
            throw MockFault.unreadable(text, "expected kind[:node][:value]@trial")
        }
        guard let kind = Kind(rawValue: String(name)) else { throw MockFault.unreadable(text, "no fault `\(name)`") }
        var node = Node.bob
        var value: Double?
        for part in parts.dropFirst() {
            if let named = Node(name: String(part)) {
                node = named
            } else if part.hasPrefix("0x"), let number = UInt16(part.dropFirst(2), radix: 16) {
                value = Double(number)
            } else if let number = Double(part), abs(number) < 1e15 {
                value = number
            } else {
                throw MockFault.unreadable(text, "`\(part)` is neither a node nor a number")
            }
        }
        self.init(kind, node: node, value: value, trial: trial)
    }

    private static func unreadable(_ text: String, _ cause: String) -> BellError {
        BellError(
            .mockFault, "The fault `\(text)` cannot be read.", at: "--fault", cause: cause,
            fix: "write for example reboot:bob@5000; kinds: \(Kind.allCases.map(\.rawValue).joined(separator: ", "))")
    }
}
