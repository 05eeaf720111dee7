public import BellModel

/// What a node spends between its start event and its stop event; the terms add up exactly.
public struct LocalityBudget: Equatable, Sendable {
    /// A part of the time from r to e.
    public struct Term: Equatable, Sendable {
        /// For people, for example `readout window`.
        public var name: String
        public var cost: Picoseconds
        /// The operation that costs it.
        public var operation: Operation

        public init(name: String, cost: Picoseconds, operation: Operation) {
            self.name = name
            self.cost = cost
            self.operation = operation
        }
    }

    /// In the order of time.
    public var terms: [Term]
    /// r: the physical start event, after the trigger pulse at the board.
    public var start: Picoseconds
    /// e: the physical stop event, after the trigger pulse at the board.
    public var stop: Picoseconds

    public init(terms: [Term], start: Picoseconds, stop: Picoseconds) {
        self.terms = terms
        self.start = start
        self.stop = stop
    }

    /// e − r; the sum of all terms.
    public var total: Picoseconds { stop - start }
}
