public import BellModel
public import BellZeroMQ

/// Receives outcomes, has them stored, and acknowledges what is durable; goes on for ever, whatever happens to belld.
///
/// For one thread. Several frames become one commit: as many as have arrived when the disk is ready for the next.
public final class OutcomeClient {
    /// What the certifier may want to log.
    public enum Event: Equatable, Sendable {
        case connected
        case disconnected
        case began(CampaignID, nextIndex: UInt64)
        case finished(CampaignID)
        /// A campaign's evidence contradicts itself; it is refused until the next session.
        case contradiction(CampaignID, BellError)
        /// belld refused something, or could not read its journal.
        case remote(CampaignID?, BellError)
        /// Our own disk or network failed; tried again after `retryMilliseconds`.
        case failed(BellError, retryMilliseconds: Int64)
    }

    /// Frames and bytes that one commit takes at most.
    private static let batchFrames = 512
    private static let batchBytes = 8 << 20
    private static let firstRetry: Int64 = 500
    private static let lastRetry: Int64 = 15_000

    private let socket: Socket
    private let sink: any OutcomeSink
    private let report: (Event) -> Void
    private let clock = ContinuousClock()
    private let origin: ContinuousClock.Instant
    private var machine: OutcomeClientMachine
    private var retry = OutcomeClient.firstRetry
    private var pausedUntil: Int64?

    /// Connects; that nobody is there is no error.
    public init(
        context: ZeroMQContext, endpoint: String, sink: any OutcomeSink, credit: StreamCredit = .usual,
        report: @escaping (Event) -> Void = { _ in }
    ) throws(BellError) {
        var options = SocketOptions()
        // Nothing is queued for a daemon that is not there; every session begins with a fresh question.
        options.immediate = true
        options.lingerMilliseconds = 0
        options.highWaterMark = Int32(clamping: UInt64(credit.frames) * 2)
        options.maxMessageBytes = Int64(StreamFrame.maxBytes)
        socket = try Socket(context, kind: .dealer, options: options)
        try socket.connect(endpoint)
        self.sink = sink
        self.report = report
        origin = clock.now
        machine = OutcomeClientMachine(session: .random(in: .min ... .max), credit: credit, now: 0)
    }

    /// Counters of this run: frames that were none, gaps, arms that came again.
    public var counts: (malformed: UInt64, gaps: UInt64, repeats: UInt64) {
        (machine.malformed, machine.gaps, machine.repeats)
    }

    /// Works until `isWanted` says no, which is asked at least every 100 ms; then everything received is durable.
    public func run(while isWanted: () -> Bool) {
        while isWanted() {
            do throws(BellError) {
                try round()
            } catch {
                fail(error)
            }
        }
    }

    private var now: Int64 {
        let elapsed = origin.duration(to: clock.now).components
        return elapsed.seconds * 1000 + elapsed.attoseconds / 1_000_000_000_000_000
    }

    /// One batch: receive what is there, store it, commit, acknowledge.
    private func round() throws(BellError) {
        if let until = pausedUntil {
            // What arrives meanwhile belongs to no open campaign, and is asked for again.
            _ = try socket.receive(timeoutMilliseconds: 100)
            if now < until { return }
            pausedUntil = nil
        }
        if machine.needsRestart(now: now) {
            try perform(machine.restart(session: .random(in: .min ... .max), now: now))
        }
        try perform(machine.tick(now: now))
        var frames = 0
        var bytes = 0
        while frames < Self.batchFrames, bytes < Self.batchBytes,
            let parts = try socket.receive(timeoutMilliseconds: frames == 0 ? 100 : 0)
        {
            // A ROUTER's message to a DEALER has one part; all others are no frames either way.
            let body = parts.count == 1 ? parts[0] : []
            frames += 1
            bytes += body.count
            try perform(machine.received(body, now: now))
        }
        if machine.owes {
            try sink.commit()
            try perform(machine.acknowledgements())
            retry = Self.firstRetry
        }
    }

    private func perform(_ actions: [OutcomeClientMachine.Action]) throws(BellError) {
        var actions = actions[...]
        while let action = actions.popFirst() {
            let campaign: CampaignID
            do throws(BellError) {
                switch action {
                case .send(let frame):
                    send(frame)
                    continue
                case .connected(let isThere):
                    report(isThere ? .connected : .disconnected)
                    continue
                case .remote(let about, let error):
                    report(.remote(about, error))
                    continue
                case .contradiction(let id, let error):
                    campaign = id
                    throw error
                case .open(let id, let begin):
                    campaign = id
                    let progress = try sink.begin(id, begin)
                    report(.began(id, nextIndex: progress.nextIndex))
                    actions.append(contentsOf: machine.opened(id, progress))
                case .store(let id, let outcomes):
                    campaign = id
                    try sink.store(id, outcomes)
                case .check(let id, let outcomes):
                    campaign = id
                    try sink.check(id, outcomes)
                case .storeBlock(let id, let block):
                    campaign = id
                    try sink.store(id, block)
                case .finish(let id, let end):
                    campaign = id
                    try sink.finish(id, end)
                    report(.finished(id))
                    actions.append(contentsOf: machine.finished(id))
                }
            } catch {
                guard error.code.exit == .dataIntegrity else { throw error }
                report(.contradiction(campaign, error))
                actions.append(contentsOf: machine.refuse(campaign, error))
            }
        }
    }

    /// A frame that cannot be sent is not missed: WANT and ALIVE are repeated, an ACK is followed by a later one.
    private func send(_ frame: StreamFrame) {
        do throws(BellError) {
            try socket.send([frame.encoded], timeoutMilliseconds: 0)
        } catch {
            machine.wasNotSent(now: now)
        }
    }

    /// Our disk or our network failed: forget what is not durable, wait, and begin a session anew.
    private func fail(_ error: BellError) {
        sink.abandon()
        report(.failed(error, retryMilliseconds: retry))
        try? perform(machine.restart(session: .random(in: .min ... .max), now: now))
        pausedUntil = now + retry
        retry = min(retry * 2, Self.lastRetry)
    }
}
