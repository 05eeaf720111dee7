import DriverKit

/// Lets nothing but HELLO through to a shadow that has not said yet that it is simulated, as a value.
///
/// A shadow plays every program and runs every arm of the board beside it, on outputs that nobody has in mind: that must
/// be no real board. HELLO changes nothing at one.
struct ShadowGate: Sendable {
    private var isOpen = false
    private var held: [[UInt8]] = []
    private var size = 0
    private let limit: Int
    /// Why the shadow is refused; nothing goes to it any more.
    private(set) var refusal: String?

    /// - Parameter limit: Most bytes that wait.
    init(limit: Int) { self.limit = limit }

    /// Takes frames that are to go to the shadow; returns those that may.
    mutating func pass(_ frames: [[UInt8]]) -> [[UInt8]] {
        if refusal != nil { return [] }
        if isOpen { return frames }
        var passed: [[UInt8]] = []
        for frame in frames {
            if (try? Frame.decode(frame))?.type == MessageType.hello.rawValue {
                passed.append(frame)
                continue
            }
            size += frame.count
            held.append(frame)
        }
        if size > limit { refuse("more than \(limit) bytes waited for its CAPABILITIES") }
        return passed
    }

    /// Takes a frame of the shadow; returns what waited for it.
    mutating func heard(_ bytes: [UInt8]) -> [[UInt8]] {
        guard refusal == nil, let frame = try? Frame.decode(bytes),
            case .capabilities(let board)? = try? BoardMessage(frame)
        else { return [] }
        guard board.simulated else {
            refuse(
                "the board there, \(board.model), serial \(board.serial), does not say that it is simulated; "
                    + "it got nothing but a greeting")
            return []
        }
        isOpen = true
        defer {
            held = []
            size = 0
        }
        return held
    }

    private mutating func refuse(_ cause: String) {
        refusal = cause
        held = []
        size = 0
    }
}
