public import BellModel

/// The certifier's side of the outcome stream as a pure value: what is stored, what is wanted next.
///
/// The performer does each action at once and reports back with ``opened(_:_:)``, ``refuse(_:)`` or
/// ``acknowledgements()``.
public struct OutcomeClientMachine: Sendable {
    public enum Action: Equatable, Sendable {
        case send(StreamFrame)
        /// Read the progress from disk, then call ``opened(_:_:)``.
        case open(CampaignID, CampaignBegin)
        case store(CampaignID, OutcomesFrame)
        case check(CampaignID, OutcomesFrame)
        case storeBlock(CampaignID, BlockEnd)
        /// Commit, store the end and write the certificate, then call ``finished(_:)``.
        case finish(CampaignID, CampaignEnd)
        case connected(Bool)
        /// Evidence contradicts itself; call ``refuse(_:_:)``.
        case contradiction(CampaignID, BellError)
        /// The other side refused something.
        case remote(CampaignID?, BellError)
    }

    private struct Lane {
        var progress: OutcomeProgress
        /// Where the last item that was taken in ends; behind the progress while arms come again.
        var position: UInt64
        /// Something was taken in that is not acknowledged yet.
        var owes = false
        /// When a missing item was asked for; repeated each second until it comes.
        var askedAt: Int64?
        var refused = false
    }

    private let credit: StreamCredit
    private var session: UInt64
    private var isConnected = false
    private var heard: Int64
    private var spoke: Int64?
    private var lanes: [CampaignID: Lane] = [:]
    /// Messages that were no frames.
    public private(set) var malformed: UInt64 = 0
    /// Times that items were missing and asked for again.
    public private(set) var gaps: UInt64 = 0
    /// Arms that came again.
    public private(set) var repeats: UInt64 = 0

    static let silence: Int64 = 3_000
    static let period: Int64 = 1_000

    /// - Parameter session: Any number that no other session has.
    public init(session: UInt64, credit: StreamCredit = .usual, now: Int64) {
        self.session = session
        self.credit = credit
        heard = now
    }

    /// Forgets everything but the counters and asks anew under another number.
    public mutating func restart(session: UInt64, now: Int64) -> [Action] {
        let wasConnected = isConnected
        self.session = session
        isConnected = false
        lanes = [:]
        heard = now
        spoke = now
        let want = StreamFrame.want(nil, session: session, nextIndex: 0, credit: credit)
        return (wasConnected ? [.connected(false)] : []) + [.send(want)]
    }

    /// Whether the server is silent or was never heard; then ``restart(session:now:)`` is due each second.
    public func needsRestart(now: Int64) -> Bool {
        guard let spoke else { return true }
        return isConnected ? now - heard > Self.silence : now - spoke >= Self.period
    }

    /// The question that opens a session could not be sent, because nobody is connected yet: asks again soon.
    public mutating func wasNotSent(now: Int64) {
        if !isConnected { spoke = now - Self.period + 100 }
    }

    /// Some time has passed: says ALIVE, and asks again for what is missing.
    public mutating func tick(now: Int64) -> [Action] {
        guard isConnected else { return [] }
        var actions: [Action] = []
        if now - (spoke ?? 0) >= Self.period {
            spoke = now
            actions.append(.send(.alive(session: session)))
        }
        for (campaign, lane) in lanes where !lane.refused {
            if let asked = lane.askedAt, now - asked >= Self.period {
                actions += ask(campaign, from: lane.progress.blocksEnd, now: now)
            }
        }
        return actions
    }

    /// Takes a message in.
    public mutating func received(_ bytes: [UInt8], now: Int64) -> [Action] {
        heard = now
        do throws(BellError) {
            return take(try StreamFrame(decoding: bytes), now: now)
        } catch {
            malformed += 1
            if StreamFrame.looksLikeRefusal(bytes) { return [] }
            return [.send(.refused(nil, StreamRefusal(error)))]
        }
    }

    private mutating func take(_ frame: StreamFrame, now: Int64) -> [Action] {
        switch frame {
        case .alive(let session):
            guard session == self.session, !isConnected else { return [] }
            isConnected = true
            return [.connected(true)]
        case .begin(let campaign, let begin): return isConnected ? [.open(campaign, begin)] : []
        case .outcomes(let campaign, let outcomes): return take(outcomes, of: campaign, now: now)
        case .blockEnd(let campaign, let block): return take(block, of: campaign, now: now)
        case .end(let campaign, let end): return take(end, of: campaign, now: now)
        case .refused(let campaign, let refusal):
            if StreamRefusal.Reason(rawValue: refusal.reason) == .session { return lost() }
            return [.remote(campaign, refusal.error(at: campaign.map { "campaign \($0)" } ?? "outcome stream"))]
        case .want, .acknowledge:
            malformed += 1
            return []
        }
    }

    /// The server does not know us; the next restart opens a session again. Two certifiers at one endpoint take turns
    /// of a second, no faster.
    private mutating func lost() -> [Action] {
        guard isConnected else { return [] }
        isConnected = false
        lanes = [:]
        return [.connected(false)]
    }

    /// A campaign's progress was read from disk; asks for what follows.
    public mutating func opened(_ campaign: CampaignID, _ progress: OutcomeProgress) -> [Action] {
        lanes[campaign] = Lane(progress: progress, position: progress.nextIndex)
        if progress.isFinished {
            return [.send(.acknowledge(campaign, session: session, nextIndex: progress.nextIndex, end: true))]
        }
        return [
            .send(.want(campaign, session: session, nextIndex: progress.nextIndex, credit: credit))
        ]
    }

    /// Asks for everything from a place on, at most once a second.
    private mutating func ask(_ campaign: CampaignID, from index: UInt64, now: Int64) -> [Action] {
        if let asked = lanes[campaign]?.askedAt, now - asked < Self.period { return [] }
        lanes[campaign]?.askedAt = now
        gaps += 1
        return [.send(.want(campaign, session: session, nextIndex: index, credit: credit))]
    }

    private mutating func take(_ outcomes: OutcomesFrame, of campaign: CampaignID, now: Int64) -> [Action] {
        guard let lane = lanes[campaign], !lane.refused else { return [] }
        let next = lane.progress.nextIndex
        // Something came, so something is owed, even if it came again: that is what frees the server's credit.
        lanes[campaign]?.owes = true
        if outcomes.firstIndex == next {
            lanes[campaign]?.progress.nextIndex = outcomes.nextIndex
            lanes[campaign]?.position = outcomes.nextIndex
            lanes[campaign]?.askedAt = nil
            return [.store(campaign, outcomes)]
        }
        if outcomes.firstIndex > next { return ask(campaign, from: next, now: now) }
        repeats += 1
        lanes[campaign]?.position = min(outcomes.nextIndex, next)
        // What was asked for is on its way.
        if lane.askedAt != nil { lanes[campaign]?.askedAt = now }
        return [.check(campaign, outcomes)]
    }

    private mutating func take(_ block: BlockEnd, of campaign: CampaignID, now: Int64) -> [Action] {
        guard let lane = lanes[campaign], !lane.refused else { return [] }
        lanes[campaign]?.owes = true
        let progress = lane.progress
        if block.nextIndex > progress.nextIndex { return ask(campaign, from: progress.nextIndex, now: now) }
        if block.firstIndex > progress.blocksEnd { return ask(campaign, from: progress.blocksEnd, now: now) }
        lanes[campaign]?.progress.blocksEnd = max(progress.blocksEnd, block.nextIndex)
        lanes[campaign]?.askedAt = nil
        return [.storeBlock(campaign, block)]
    }

    private mutating func take(_ end: CampaignEnd, of campaign: CampaignID, now: Int64) -> [Action] {
        guard let lane = lanes[campaign], !lane.refused else { return [] }
        let progress = lane.progress
        if end.nextIndex > progress.nextIndex { return ask(campaign, from: progress.nextIndex, now: now) }
        guard end.nextIndex == progress.nextIndex else {
            let error = BellError(
                .streamContradiction,
                "The campaign is said to end at trial \(end.nextIndex), but trials up to \(progress.nextIndex) came.",
                at: "campaign \(campaign)", fix: "run `bellctl campaign verify`")
            return [.contradiction(campaign, error)]
        }
        if progress.blocksEnd != end.nextIndex { return ask(campaign, from: progress.blocksEnd, now: now) }
        return [.finish(campaign, end)]
    }

    /// The certificate is on disk.
    public mutating func finished(_ campaign: CampaignID) -> [Action] {
        guard let lane = lanes.removeValue(forKey: campaign) else { return [] }
        return [.send(.acknowledge(campaign, session: session, nextIndex: lane.progress.nextIndex, end: true))]
    }

    /// Ends the work on a campaign for this session and tells the server why.
    public mutating func refuse(_ campaign: CampaignID, _ error: BellError) -> [Action] {
        lanes[campaign]?.refused = true
        lanes[campaign]?.owes = false
        return [.send(.refused(campaign, StreamRefusal(error)))]
    }

    /// Whether something was taken in since the last ``acknowledgements()``.
    public var owes: Bool { lanes.values.contains { $0.owes } }

    /// Everything that was taken in is committed: the frames that say so.
    public mutating func acknowledgements() -> [Action] {
        var actions: [Action] = []
        for (campaign, lane) in lanes where lane.owes {
            lanes[campaign]?.owes = false
            actions.append(
                .send(
                    .acknowledge(campaign, session: session, nextIndex: lane.position, end: false)))
        }
        return actions
    }
}
