public import BellModel

/// One routine at one place: what the calibration graph consists of. Written `alice/rabi-amplitude`, `link/theta-sweep`.
public struct CalibrationItem: Hashable, Sendable, CustomStringConvertible {
    /// Where a routine is performed.
    public enum Site: Hashable, Sendable {
        case node(Node)
        /// At both nodes and what is between them.
        case link

        /// `alice`, `bob` or `link`.
        public var name: String {
            switch self {
            case .node(let node): node.name
            case .link: "link"
            }
        }

        /// The boards that are needed.
        public var nodes: [Node] {
            switch self {
            case .node(let node): [node]
            case .link: Node.allCases
            }
        }

        static let all: [Site] = [.node(.alice), .node(.bob), .link]
    }

    public var site: Site
    /// The routine's name.
    public var routine: String

    public init(_ site: Site, _ routine: String) {
        self.site = site
        self.routine = routine
    }

    public var description: String { "\(site.name)/\(routine)" }

    /// Reads the text form; nil for another.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[1].isEmpty, let site = Site.all.first(where: { $0.name == parts[0] }) else {
            return nil
        }
        self.init(site, parts[1])
    }
}
