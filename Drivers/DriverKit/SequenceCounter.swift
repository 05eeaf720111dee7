/// Numbers the frames that one side sends: 1, 2, 3 … 2^32 − 1, 1 …; 0 is never used, because it means "no request".
public struct SequenceCounter: Sendable {
    private var last: UInt32

    /// Starts so that the first number is the one after `last`.
    public init(after last: UInt32 = 0) { self.last = last }

    /// The next frame's number.
    public mutating func next() -> UInt32 {
        last = SequenceCounter.successor(of: last)
        return last
    }

    /// The number that follows `number`.
    public static func successor(of number: UInt32) -> UInt32 { number == .max ? 1 : number + 1 }
}
