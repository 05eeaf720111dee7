import BellModel
import DriverKit

/// The host of a shadow board, as a value: hands on what the host sends, with its own numbers, and compares.
///
/// An arm that never starts at the shadow, because its partner is no shadow, would make it refuse the next one; it is
/// stopped here before the next ARM, PROGRAM or SHOTS_REQUEST.
struct ShadowMachine: Sendable {
    enum Input: Sendable {
        /// The host has sent a frame to the primary.
        case host([UInt8])
        case primary([UInt8])
        case shadow([UInt8])
        case tick
    }

    private let options: ShadowOptions
    private(set) var comparator: ShadowComparator
    private var numbers = SequenceCounter()
    /// From the number that the shadow got to the host's; bounded by the oldest being dropped.
    private var hostNumbers: [UInt32: UInt32] = [:]
    /// Frames of the host that wait until the shadow has ended its arm.
    private var held: [[UInt8]] = []
    private var outgoing: [[UInt8]] = []

    init(options: ShadowOptions) {
        self.options = options
        comparator = ShadowComparator(options: options)
    }

    /// A new connection to both boards.
    mutating func reset() {
        numbers = SequenceCounter()
        hostNumbers = [:]
        held = []
        outgoing = []
        comparator.reset()
    }

    /// Takes an input; returns what goes to the shadow and what is to be told.
    mutating func handle(_ input: Input, at now: Duration) -> (frames: [[UInt8]], notices: [ShadowNotice]) {
        switch input {
        case .host(let bytes):
            // At once, because the primary's answer does not wait for the shadow.
            if let frame = try? Frame.decode(bytes) { comparator.request(frame, at: now) }
            held.append(bytes)
        case .primary(let bytes): comparator.primary(bytes, at: now)
        case .shadow(let bytes): takeShadow(bytes, at: now)
        case .tick: comparator.tick(at: now)
        }
        forward(at: now)
        defer { outgoing = [] }
        return (outgoing, comparator.takeNotices())
    }

    private mutating func forward(at now: Duration) {
        while let bytes = held.first {
            let frame = try? Frame.decode(bytes)
            if let frame, ShadowMachine.needsRest(frame.type), !settle(at: now) { return }
            held.removeFirst()
            guard let frame else {
                outgoing.append(bytes)
                continue
            }
            send(frame, for: frame.sequence)
            comparator.forwarded(frame.sequence, at: now)
        }
    }

    private static func needsRest(_ type: UInt16) -> Bool {
        switch MessageType(rawValue: type) {
        case .arm, .program, .shotsRequest: true
        default: false
        }
    }

    /// Whether the shadow has no arm that the primary has ended already; stops one that never began.
    private mutating func settle(at now: Duration) -> Bool {
        for (arm, since, isStarted) in comparator.lagging {
            let wait = isStarted ? options.patience : comparator.knowsIncomparable ? .zero : options.grace
            guard now - since >= wait else { return false }
            comparator.giveUp(arm)
            send(Frame(type: MessageType.stop.rawValue, sequence: 0, payload: []), for: 0)
        }
        return true
    }

    private mutating func send(_ frame: Frame, for hostNumber: UInt32) {
        var frame = frame
        frame.sequence = numbers.next()
        // A heartbeat's PONG is never looked up again; 4096 requests under way are more than any host has.
        if hostNumbers.count > 4096 { hostNumbers = hostNumbers.filter { frame.sequence &- $0.key < 2048 } }
        if MessageType(rawValue: frame.type) != .acknowledge { hostNumbers[frame.sequence] = hostNumber }
        outgoing.append(frame.encoded())
    }

    private mutating func takeShadow(_ bytes: [UInt8], at now: Duration) {
        guard var frame = try? Frame.decode(bytes) else { return comparator.shadow(bytes, at: now) }
        if frame.type == MessageType.ping.rawValue {
            let pong = Frame(
                type: MessageType.pong.rawValue, sequence: numbers.next(), replyTo: frame.sequence,
                payload: Array(frame.payload))
            return outgoing.append(pong.encoded())
        }
        guard frame.replyTo != 0 else { return comparator.shadow(bytes, at: now) }
        // The answer to a STOP of our own has the number 0 here, which no request of the host has.
        guard let number = hostNumbers.removeValue(forKey: frame.replyTo), number != 0 else { return }
        frame.replyTo = number
        comparator.shadow(frame.encoded(), at: now)
    }
}
