import BellModel
public import DriverKit

/// Compares two boards that get the same requests, as a value. No I/O, no clock of its own.
///
/// Compared are answers, the structure of arms and the program's stop budget; never what is random in a trial.
/// - SeeAlso: docs/recording.md, "Shadow mode".
public struct ShadowComparator: Sendable {
    private struct Request: Sendable {
        var subject: String
        var sent: Duration
        /// When the shadow got it; nil while it is held back.
        var forwarded: Duration?
        /// Nothing was going on when it was sent, so that the states can be compared.
        var isQuiet: Bool
        var arm: ArmName?
        var primary: ShadowAnswer?
        var shadow: ShadowAnswer?
    }

    private let options: ShadowOptions
    /// By the host's number of the request.
    private var requests: [UInt32: Request] = [:]
    private var arms: [ArmName: ShadowArm] = [:]
    private var notices: [ShadowNotice] = []
    private var toldOfIncomparable = false
    private var latencies: (primary: [Duration], shadow: [Duration]) = ([], [])
    private var counts = ShadowSummary()
    /// More open requests or arms than this are not followed.
    private static let bound = 1024
    /// Differences of one kind that are told one by one; the others are counted.
    private static let toldOfEach: UInt64 = 8

    public init(options: ShadowOptions = .init()) { self.options = options }

    /// The numbers so far.
    public var summary: ShadowSummary {
        var summary = counts
        summary.primaryLatency = ShadowComparator.median(latencies.primary)
        summary.shadowLatency = ShadowComparator.median(latencies.shadow)
        return summary
    }

    /// Takes what there is to tell.
    public mutating func takeNotices() -> [ShadowNotice] {
        defer { notices = [] }
        return notices
    }

    /// A new connection: what was open is not compared any more.
    public mutating func reset() {
        requests = [:]
        arms = [:]
    }

    /// Arms that the primary has ended and the shadow, which knows them, has not; `isStarted`: it has made records.
    var lagging: [(arm: ArmName, since: Duration, isStarted: Bool)] {
        arms.compactMap { name, arm in
            guard let ended = arm.primaryEnded, let forwarded = arm.forwarded, arm.shadow.end == nil else { return nil }
            return (name, max(ended, forwarded), !arm.shadow.isEmpty)
        }
    }

    /// Whether the shadow is known not to be triggered.
    var knowsIncomparable: Bool { toldOfIncomparable }

    // MARK: In

    /// The host has sent a request to the primary.
    public mutating func request(_ frame: Frame, at now: Duration) {
        guard let type = MessageType(rawValue: frame.type), type.rawValue < 0x0100, type != .acknowledge,
            requests.count < ShadowComparator.bound, let message = try? BoardMessage(frame)
        else { return }
        let isQuiet = arms.isEmpty && requests.isEmpty
        var request = Request(subject: type.name, sent: now, isQuiet: isQuiet)
        switch message {
        case .arm(let order):
            let name = ArmName(campaign: order.campaign, arm: order.arm)
            request.subject += " \(order.arm)"
            request.arm = name
            if arms.count < ShadowComparator.bound { arms[name] = ShadowArm(order: order) }
        case .start(let name): request.subject += " \(name.arm)"
        default: break
        }
        requests[frame.sequence] = request
    }

    /// The shadow has got the request with the host's number `sequence` too.
    public mutating func forwarded(_ sequence: UInt32, at now: Duration) {
        requests[sequence]?.forwarded = now
        if let arm = requests[sequence]?.arm { arms[arm]?.forwarded = now }
    }

    /// The primary has sent a frame.
    public mutating func primary(_ bytes: [UInt8], at now: Duration) {
        // What is wrong with the primary's frames, its driver tells.
        guard let frame = try? Frame.decode(bytes), let message = try? BoardMessage(frame) else { return }
        take(message, frame.replyTo, \.primary, \.primary, at: now)
        if case .armEnd(let end) = message {
            let name = ArmName(campaign: end.order.campaign, arm: end.order.arm)
            if arms[name]?.primaryEnded == nil { arms[name]?.primaryEnded = now }
        }
        compareArms(at: now)
    }

    /// The shadow has sent a frame; its *reply to* is the host's number of the request already.
    public mutating func shadow(_ bytes: [UInt8], at now: Duration) {
        do throws(FrameError) {
            let frame = try Frame.decode(bytes)
            let message = try BoardMessage(frame)
            if case .error(let report) = message, frame.replyTo == 0 {
                tell(ShadowDifference(.unreadable, "unsolicited", primary: "–", shadow: "ERROR \(report.code.name)"))
            }
            take(message, frame.replyTo, \.shadow, \.shadow, at: now)
        } catch {
            tell(ShadowDifference(.unreadable, "frame", primary: "–", shadow: error.description))
        }
        compareArms(at: now)
    }

    /// Time has passed.
    public mutating func tick(at now: Duration) {
        for (sequence, request) in requests.sorted(by: { $0.key < $1.key }) {
            guard let forwarded = request.forwarded, now - forwarded > options.patience else { continue }
            requests[sequence] = nil
            if (request.primary == nil) == (request.shadow == nil) { continue }
            tell(
                ShadowDifference(
                    .noAnswer, request.subject, primary: request.primary?.name ?? "no answer",
                    shadow: request.shadow?.name ?? "no answer"))
        }
        compareArms(at: now)
    }

    /// The shadow's arm is stopped, because it never began or does not end.
    mutating func giveUp(_ name: ArmName) {
        guard let arm = arms.removeValue(forKey: name) else { return }
        guard !arm.shadow.isEmpty else { return incomparable(arm) }
        counts.arms += 1
        tell(
            ShadowDifference(
                .arm, "arm \(arm.order.arm): end", primary: arm.primary.end?.reason.name ?? "none",
                shadow: "none within \(options.patience)"))
    }

    // MARK: Comparing

    private mutating func take(
        _ message: BoardMessage, _ replyTo: UInt32, _ side: WritableKeyPath<Request, ShadowAnswer?>,
        _ half: WritableKeyPath<ShadowArm, ShadowArm.Half>, at now: Duration
    ) {
        switch message {
        case .trials(let trials):
            arms[ArmName(campaign: trials.campaign, arm: trials.arm)]?[keyPath: half].take(trials)
        case .armEnd(let end):
            arms[ArmName(campaign: end.order.campaign, arm: end.order.arm)]?[keyPath: half].end = end
        default: break
        }
        guard replyTo != 0, var request = requests[replyTo], request[keyPath: side] == nil else { return }
        let since = side == \.shadow ? request.forwarded ?? request.sent : request.sent
        request[keyPath: side] = ShadowAnswer(message, latency: now - since)
        requests[replyTo] = request
        guard let primary = request.primary, let shadow = request.shadow else { return }
        requests[replyTo] = nil
        compare(request, primary, shadow)
    }

    private mutating func compare(_ request: Request, _ primary: ShadowAnswer, _ shadow: ShadowAnswer) {
        counts.answers += 1
        ShadowComparator.note(primary.latency, in: &latencies.primary)
        ShadowComparator.note(shadow.latency, in: &latencies.shadow)
        if let arm = request.arm, primary.type == .error || shadow.type == .error { arms[arm] = nil }
        if primary.type == .status, shadow.type == .status, !request.isQuiet { return }
        for difference in primary.differences(to: shadow, subject: request.subject) { tell(difference) }
    }

    /// Compares the arms that both have ended, once all records are there or nobody waits for them any more.
    private mutating func compareArms(at now: Duration) {
        for (name, arm) in arms where arm.primary.end != nil && arm.shadow.end != nil {
            let isOverdue = now - (arm.primaryEnded ?? now) > options.patience
            guard isOverdue || (arm.primary.isComplete && arm.shadow.isComplete) else { continue }
            arms[name] = nil
            if arm.shadow.neverBegan && !arm.primary.neverBegan {
                incomparable(arm)
                continue
            }
            counts.arms += 1
            for difference in arm.differences(stopTolerance: options.stopTolerance) { tell(difference) }
        }
    }

    private mutating func incomparable(_ arm: ShadowArm) {
        counts.incomparableArms += 1
        guard !toldOfIncomparable else { return }
        toldOfIncomparable = true
        notices.append(.notComparable(arm: arm.order.arm))
    }

    private mutating func tell(_ difference: ShadowDifference) {
        let count = (counts.differences[difference.what] ?? 0) + 1
        counts.differences[difference.what] = count
        if count <= ShadowComparator.toldOfEach { notices.append(.difference(difference)) }
    }

    private static func note(_ latency: Duration, in latencies: inout [Duration]) {
        if latencies.count >= bound { latencies.removeFirst(bound / 2) }
        latencies.append(latency)
    }

    private static func median(_ latencies: [Duration]) -> Duration? {
        latencies.isEmpty ? nil : latencies.sorted()[latencies.count / 2]
    }
}
