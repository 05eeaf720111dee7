/// The commands that a model understands after codes 40, 41 and 99.
///
/// The hazard: code 1 is "set switch A" to mechanical SPDT boxes and "a text command follows" to some solid-state ones.
/// A text command with code 1 would move relay A, so a dialect is chosen by the model's name and never by trying.
public enum MiniCircuitsDialect: Equatable, Sendable {
    /// Mechanical SPDT boxes: codes 1 … 8 set switch A … H by byte 1 (0: port 1, 1: port 2), code 15 asks for a mask with
    /// switch A in bit 0.
    case relayMask
    /// One solid-state SP4T: codes 1 … 4 without argument set the port, code 15 asks for it.
    case portCodes
    /// Mechanical SP6T: code 12 sets (byte 1 the switch from 1, byte 2 the port), code 13 asks (byte 1 the switch).
    case relayPorts
    /// Text: `<path>:<port>` sets and answers `1`, or `0` on failure; `<path>?` asks. `{}` in the path is the switch's letter.
    ///
    /// Code 42, a star, is the one that no model takes for anything else.
    case text(code: UInt8, path: String)
    /// Attenuators: code 19 sets (byte 1 whole decibels, byte 2 quarters), code 18 asks and answers the same.
    case quarterDecibels
    /// Attenuators by text: `:SETATT=<decibels>` sets and answers `1`; `:ATT?` asks.
    case attenuationText(code: UInt8)

    /// Whether a late reply to another question could be taken for the reply to this one, having the same code.
    ///
    /// Then code 41 goes before each question: what comes before its reply is old.
    public var isAmbiguous: Bool {
        switch self {
        case .relayMask, .portCodes, .quarterDecibels: false
        case .relayPorts, .text, .attenuationText: true
        }
    }
}
