/// One of the two stations: a qubit with its own random number generator, switch, board and clock.
public enum Node: UInt8, CaseIterable, Sendable, Hashable {
    case alice = 0
    case bob = 1

    /// `alice` or `bob`.
    public var name: String { self == .alice ? "alice" : "bob" }
    /// The node at the far end of the link.
    public var other: Node { self == .alice ? .bob : .alice }

    /// The node of that name, or nil.
    public init?(name: String) {
        switch name {
        case "alice": self = .alice
        case "bob": self = .bob
        default: return nil
        }
    }
}

/// A value for each node.
public struct PerNode<Value> {
    public var alice: Value
    public var bob: Value

    public init(alice: Value, bob: Value) {
        self.alice = alice
        self.bob = bob
    }

    /// Makes both values by calling `make` for alice, then for bob.
    public init<E: Error>(_ make: (Node) throws(E) -> Value) throws(E) {
        alice = try make(.alice)
        bob = try make(.bob)
    }

    public subscript(node: Node) -> Value {
        get { node == .alice ? alice : bob }
        set { if node == .alice { alice = newValue } else { bob = newValue } }
    }

    public func map<T, E: Error>(_ transform: (Value) throws(E) -> T) throws(E) -> PerNode<T> {
        PerNode<T>(alice: try transform(alice), bob: try transform(bob))
    }
}

extension PerNode: Sendable where Value: Sendable {}
extension PerNode: Equatable where Value: Equatable {}
