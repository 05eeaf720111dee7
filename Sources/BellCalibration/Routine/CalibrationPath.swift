public import BellModel

/// Names one calibrated value of the laboratory: `alice.half_pi_amplitude`, `link.link_phase`, `timing.bob.drive_line`.
public struct CalibrationPath: Hashable, Sendable, CustomStringConvertible {
    /// The file that holds it.
    public enum Place: Hashable, Sendable {
        case node(Node)
        case link
        case timing(Node)
    }

    public var place: Place
    /// The quantity's name, as in the file.
    public var quantity: String

    public init(_ place: Place, _ quantity: String) {
        self.place = place
        self.quantity = quantity
    }

    public var description: String {
        switch place {
        case .node(let node): "\(node.name).\(quantity)"
        case .link: "link.\(quantity)"
        case .timing(let node): "timing.\(node.name).\(quantity)"
        }
    }

    /// Reads the text form; nil for another.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let quantity = parts.last, !quantity.isEmpty else { return nil }
        switch (parts.count, parts[0]) {
        case (2, "link"): self.init(.link, quantity)
        case (2, _):
            guard let node = Node(name: parts[0]) else { return nil }
            self.init(.node(node), quantity)
        case (3, "timing"):
            guard let node = Node(name: parts[1]) else { return nil }
            self.init(.timing(node), quantity)
        default: return nil
        }
    }
}
