/// Who put a measured value into force.
public enum Acceptance: Hashable, Sendable, CustomStringConvertible {
    /// A person, by name.
    case person(String)
    /// A rule of a campaign's plan, by its name; written `policy:<name>`.
    case policy(String)
    /// The bring-up of a laboratory; written `bring-up`.
    case bringUp

    /// Reads the text form; nil when it is empty, longer than 80 characters, or not printable in one line.
    public init?(_ text: String) {
        guard !text.isEmpty, text.count <= 80, text.first != " ", text.last != " ",
            text.unicodeScalars.allSatisfy({ !Self.isControl($0) })
        else { return nil }
        if text == "bring-up" {
            self = .bringUp
        } else if text.hasPrefix("policy:") {
            let name = String(text.dropFirst("policy:".count))
            guard !name.isEmpty, !name.contains(" ") else { return nil }
            self = .policy(name)
        } else {
            self = .person(text)
        }
    }

    public var description: String {
        switch self {
        case .person(let name): name
        case .policy(let name): "policy:\(name)"
        case .bringUp: "bring-up"
        }
    }

    /// Whether a scalar breaks a line or has no shape.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) || (0x2028...0x2029).contains(scalar.value)
    }
}
