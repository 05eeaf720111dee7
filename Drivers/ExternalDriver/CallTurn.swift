/// Lets one call at a time through to an instrument, in the order in which they came; the owner's actor guards it.
struct CallTurn {
    /// Calls that may wait. More than any screen of settings; a caller that piles them up is told.
    static let limit = 256

    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Takes the turn when nobody has it.
    mutating func tryTake() -> Bool {
        guard !isTaken else { return false }
        isTaken = true
        return true
    }

    var isFull: Bool { waiting.count >= CallTurn.limit }

    /// Waits behind the others; resumed with the turn taken.
    mutating func wait(_ continuation: CheckedContinuation<Void, Never>) { waiting.append(continuation) }

    /// Hands the turn to the next one, or gives it up.
    mutating func leave() {
        guard !waiting.isEmpty else { return isTaken = false }
        waiting.removeFirst().resume()
    }
}
