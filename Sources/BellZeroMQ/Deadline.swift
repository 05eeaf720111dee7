/// A point in time until which something may wait.
struct Deadline {
    private let end: ContinuousClock.Instant?

    /// Nil milliseconds never end; a negative count has ended already.
    init(_ milliseconds: Int32?) {
        end = milliseconds.map { ContinuousClock.now + .milliseconds(max(0, Int64($0))) }
    }

    /// Milliseconds until the end, rounded up; 0 when it has passed, −1 when there is none, as libzmq and poll(2) want.
    var millisecondsLeft: Int32 {
        guard let end else { return -1 }
        let left = ContinuousClock.now.duration(to: end)
        guard left > .zero else { return 0 }
        let whole = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
        return Int32(clamping: whole + 1)
    }
}
