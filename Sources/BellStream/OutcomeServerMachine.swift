public import BellModel

/// The server's side of the outcome stream as a pure value: who is the certifier, what was sent to it, what it has.
///
/// The performer calls ``received(_:from:)`` and the others, carries the actions out in their order, and repeats
/// ``nextPull()`` until it gives nil.
public struct OutcomeServerMachine: Sendable {
    public enum Action: Equatable, Sendable {
        case send(StreamFrame, to: [UInt8])
        /// Ask the source for its campaigns, then call ``list(_:)``.
        case refresh
        /// Ask the source for a campaign's BEGIN and send it.
        case begin(CampaignID, to: [UInt8])
        /// Tell the source.
        case acknowledged(CampaignID, nextIndex: UInt64, end: Bool)
        /// A certifier has come (true) or gone.
        case connected(Bool)
        /// The certifier will not go on with a campaign.
        case refused(CampaignID?, BellError)
    }

    /// What the performer should fetch and send next.
    public struct Pull: Equatable, Sendable {
        public var campaign: CampaignID
        public var position: StreamPosition
        public var limit: StreamCredit
        public var identity: [UInt8]
    }

    private struct Client {
        var identity: [UInt8]
        var session: UInt64
        var heard: Int64
    }

    private struct InFlight {
        /// Landed once everything below this index is acknowledged.
        var next: UInt64
        var bytes: Int
        /// A campaign's end lands with its own acknowledgement only.
        var isEnd: Bool
    }

    private struct Lane {
        var position: StreamPosition?
        /// No index past this was ever sent or asked for.
        var reach: UInt64 = 0
        var credit = StreamCredit(frames: 0, bytes: 0)
        /// What was sent and is not acknowledged.
        var flight: [InFlight] = []
        var flightBytes = 0
        /// The certifier has everything below, as far as this session knows.
        var base: UInt64 = 0
        /// When something was last acknowledged, or first sent after a rest.
        var progressAt: Int64 = 0
        /// The source had nothing more, or the socket took nothing more.
        var idle = false
        var refused = false
    }

    private var client: Client?
    /// The time of the last event, in milliseconds.
    private var now: Int64 = 0
    private var order: [CampaignID] = []
    private var lanes: [CampaignID: Lane] = [:]
    /// Frames that were no frames.
    public private(set) var malformed: UInt64 = 0
    /// Highest index that the certifier acknowledged, by campaign.
    public private(set) var acknowledged: [CampaignID: UInt64] = [:]

    /// A certifier that is silent for longer is gone; it says ALIVE each second.
    static let silence: Int64 = 5_000
    /// What is not acknowledged for so long was lost on the way, and is sent again.
    static let patience: Int64 = 5_000

    public init() {}

    public var isConnected: Bool { client != nil }

    /// Takes a message in; `now` in milliseconds of any steady clock.
    public mutating func received(_ bytes: [UInt8], from identity: [UInt8], now: Int64) -> [Action] {
        self.now = now
        do throws(BellError) {
            return try take(StreamFrame(decoding: bytes), from: identity, now: now)
        } catch {
            if error.code != .streamSession { malformed += 1 }
            // Answering an ERROR with an ERROR would never end.
            if StreamFrame.looksLikeRefusal(bytes) { return [] }
            return [.send(.refused(nil, StreamRefusal(error)), to: identity)]
        }
    }

    private mutating func take(
        _ frame: StreamFrame, from identity: [UInt8], now: Int64
    ) throws(BellError) -> [Action] {
        switch frame {
        case .want(nil, let session, _, _):
            let isNew = client == nil
            client = Client(identity: identity, session: session, heard: now)
            lanes = [:]
            return (isNew ? [.connected(true)] : []) + [.send(.alive(session: session), to: identity), .refresh]
        case .want(let campaign?, let session, let nextIndex, let credit):
            try check(identity, session, now)
            guard let lane = lanes[campaign] else { return [.refresh] }
            lanes[campaign] = Lane(
                position: StreamPosition(nextIndex: nextIndex), reach: max(lane.reach, nextIndex),
                credit: credit.limited, base: nextIndex)
            return acknowledge(campaign, nextIndex, end: false)
        case .acknowledge(let campaign, let session, let nextIndex, let end):
            try check(identity, session, now)
            guard var lane = lanes[campaign] else { return [] }
            if lane.position != nil, nextIndex > lane.reach {
                throw ByteReader.malformed("it acknowledges \(nextIndex), but only \(lane.reach) was sent")
            }
            let landed = lane.flight.prefix { $0.next <= nextIndex && !$0.isEnd }
            for item in landed { lane.flightBytes -= item.bytes }
            lane.flight.removeFirst(landed.count)
            lane.base = max(lane.base, nextIndex)
            lane.progressAt = now
            lanes[campaign] = lane
            let actions = acknowledge(campaign, nextIndex, end: end)
            if end { forget(campaign) }
            return actions
        case .alive(let session):
            try check(identity, session, now)
            return [.send(.alive(session: session), to: identity)]
        case .refused(let campaign, let refusal):
            guard identity == client?.identity else { return [] }
            client?.heard = now
            if let campaign { lanes[campaign]?.refused = true }
            return [.refused(campaign, refusal.error(at: campaign.map { "campaign \($0)" } ?? "outcome stream"))]
        case .begin, .outcomes, .blockEnd, .end:
            throw BellError(
                .streamType, "A certifier does not send frames of type \(frame.type).", at: "outcome stream",
                fix: "see docs/stream-protocol.md")
        }
    }

    private mutating func check(_ identity: [UInt8], _ session: UInt64, _ now: Int64) throws(BellError) {
        guard let client, client.identity == identity, client.session == session else {
            throw BellError(
                .streamSession, "The session is not known here.", at: "outcome stream",
                state: "belld was restarted, or another certifier has taken over",
                fix: "open a session with WANT for any campaign")
        }
        self.client?.heard = now
    }

    private mutating func acknowledge(_ campaign: CampaignID, _ nextIndex: UInt64, end: Bool) -> [Action] {
        if !end, let known = acknowledged[campaign], known >= nextIndex { return [] }
        acknowledged[campaign] = max(acknowledged[campaign] ?? 0, nextIndex)
        return [.acknowledged(campaign, nextIndex: nextIndex, end: end)]
    }

    private mutating func forget(_ campaign: CampaignID) {
        order.removeAll { $0 == campaign }
        lanes[campaign] = nil
    }

    /// Takes the source's campaigns in, oldest first, and begins those that the certifier has not heard of.
    public mutating func list(_ campaigns: [CampaignID]) -> [Action] {
        order = campaigns
        for known in Array(lanes.keys) where !order.contains(known) { lanes[known] = nil }
        guard let client else { return [] }
        var actions: [Action] = []
        for campaign in campaigns where lanes[campaign] == nil {
            lanes[campaign] = Lane()
            actions.append(.begin(campaign, to: client.identity))
        }
        return actions
    }

    /// The source has more of a campaign, or a campaign that is not known yet.
    public mutating func more(of campaign: CampaignID) -> [Action] {
        guard lanes[campaign] != nil else { return client == nil ? [] : [.refresh] }
        lanes[campaign]?.idle = false
        return []
    }

    /// Some time has passed: looks for a certifier that has gone, and tries again what was stuck.
    public mutating func tick(now: Int64) -> [Action] {
        self.now = now
        guard let client else { return [] }
        if now - client.heard > Self.silence {
            self.client = nil
            lanes = [:]
            return [.connected(false)]
        }
        for (campaign, lane) in lanes {
            lanes[campaign]?.idle = false
            if !lane.flight.isEmpty, now - lane.progressAt > Self.patience {
                lanes[campaign]?.position = StreamPosition(nextIndex: lane.base)
                lanes[campaign]?.flight = []
                lanes[campaign]?.flightBytes = 0
            }
        }
        return [.refresh]
    }

    /// The oldest campaign that has something to send and credit to send it.
    public func nextPull() -> Pull? {
        guard let client else { return nil }
        for campaign in order {
            guard let lane = lanes[campaign], let position = lane.position, !lane.refused, !lane.idle,
                !position.ended
            else { continue }
            let frames = Int(lane.credit.frames) - lane.flight.count
            let bytes = Int(lane.credit.bytes) - lane.flightBytes
            // An older campaign that waits for credit keeps its turn.
            guard frames > 0, bytes > 0 else { return nil }
            let limit = StreamCredit(frames: UInt32(min(frames, 64)), bytes: UInt32(clamping: bytes))
            return Pull(campaign: campaign, position: position, limit: limit, identity: client.identity)
        }
        return nil
    }

    /// An item was handed to the socket.
    ///
    /// - Throws: `stream.source` when the item does not follow the one before.
    public mutating func sent(_ item: StreamItem, of campaign: CampaignID, bytes: Int) throws(BellError) {
        guard var lane = lanes[campaign], var position = lane.position else { return }
        guard position.accepts(item) else { throw Self.outOfOrder(campaign, position) }
        position.advance(over: item)
        lane.position = position
        lane.reach = max(lane.reach, position.nextIndex)
        if lane.flight.isEmpty { lane.progressAt = now }
        lane.flight.append(InFlight(next: position.nextIndex, bytes: bytes, isEnd: position.ended))
        lane.flightBytes += bytes
        lanes[campaign] = lane
    }

    static func outOfOrder(_ campaign: CampaignID, _ position: StreamPosition) -> BellError {
        BellError(
            .streamSource, "The journal does not go on at trial \(position.nextIndex).", at: "campaign \(campaign)",
            state: "the certifier has everything before this trial", fix: "run `bellctl campaign verify`")
    }

    /// Nothing more can be sent of a campaign now; tried again at the next ``more(of:)`` or ``tick(now:)``.
    public mutating func paused(_ campaign: CampaignID) { lanes[campaign]?.idle = true }

    /// The source failed on a campaign; the certifier is told.
    ///
    /// Evidence that contradicts itself stays so, and the rest of the campaign waits for a new session; everything
    /// else, for example a busy disk, is tried again at the next tick.
    public mutating func failed(_ campaign: CampaignID, _ error: BellError) -> [Action] {
        lanes[campaign]?.idle = true
        lanes[campaign]?.refused = error.code.exit == .dataIntegrity
        guard let client else { return [] }
        return [.send(.refused(campaign, StreamRefusal(error)), to: client.identity), .refused(campaign, error)]
    }
}

extension StreamCredit {
    /// Never more than the server allows.
    fileprivate var limited: StreamCredit {
        StreamCredit(frames: min(frames, Self.limit.frames), bytes: min(bytes, Self.limit.bytes))
    }
}
