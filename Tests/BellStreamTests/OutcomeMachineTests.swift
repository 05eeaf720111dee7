import BellModel
import BellStream
import Testing
import TestSupport

@Suite("Outcome stream machines")
struct OutcomeMachineTests {
    /// Both machines with a wire between them that can lose what is on it, and no socket at all.
    struct Wire {
        let source: MemoryOutcomeSource
        let sink: MemorySink
        var server = OutcomeServerMachine()
        var client: OutcomeClientMachine
        var now: Int64 = 0
        var toServer: [[UInt8]] = []
        var toClient: [[UInt8]] = []
        var contradictions: [BellError] = []
        var refusals: [BellError] = []
        var maxFlight = 0
        /// Numbers of items, counted as they are sent, that the wire loses.
        var lose: Set<Int> = []
        var itemsSent = 0
        var identity: [UInt8] = [1]
        let credit: StreamCredit

        init(source: MemoryOutcomeSource, sink: MemorySink, credit: StreamCredit = .usual) {
            self.source = source
            self.sink = sink
            self.credit = credit
            client = OutcomeClientMachine(session: 1, credit: credit, now: 0)
        }

        /// One turn: time passes, then everything on the wire is taken in.
        mutating func turn() throws {
            now += 100
            if client.needsRestart(now: now) { try perform(client.restart(session: UInt64(now), now: now)) }
            try perform(client.tick(now: now))
            let up = toServer
            toServer = []
            for bytes in up { try serve(server.received(bytes, from: identity, now: now)) }
            try serve(server.tick(now: now))
            while let pull = server.nextPull() {
                let items = try source.items(of: pull.campaign, after: pull.position, limit: pull.limit)
                if items.isEmpty { server.paused(pull.campaign) }
                for item in items {
                    let bytes = item.frame(of: pull.campaign).encoded
                    if !lose.contains(itemsSent) { toClient.append(bytes) }
                    itemsSent += 1
                    try server.sent(item, of: pull.campaign, bytes: bytes.count)
                }
            }
            maxFlight = max(maxFlight, toClient.count)
            let down = toClient
            toClient = []
            for bytes in down { try perform(client.received(bytes, now: now)) }
            if client.owes {
                try sink.commit()
                try perform(client.acknowledgements())
            }
        }

        mutating func serve(_ actions: [OutcomeServerMachine.Action]) throws {
            for action in actions {
                switch action {
                case .send(let frame, _): toClient.append(frame.encoded)
                case .refresh: try serve(server.list(try source.campaigns()))
                case .begin(let campaign, _):
                    toClient.append(StreamFrame.begin(campaign, try source.begin(of: campaign)).encoded)
                case .acknowledged(let campaign, let next, let end):
                    // The rule that matters most: nothing is acknowledged that is not durable.
                    #expect((sink.durable[campaign]?.nextIndex ?? 0) >= next)
                    if end { #expect(sink.durable[campaign]?.end != nil) }
                    try source.acknowledged(campaign, nextIndex: next, end: end)
                case .connected: break
                case .refused(_, let error): refusals.append(error)
                }
            }
        }

        mutating func perform(_ actions: [OutcomeClientMachine.Action]) throws {
            for action in actions {
                do throws(BellError) {
                    switch action {
                    case .send(let frame): toServer.append(frame.encoded)
                    case .open(let id, let begin):
                        let progress = try sink.begin(id, begin)
                        toServer += client.opened(id, progress).map {
                            if case .send(let f) = $0 { f.encoded } else { [] }
                        }
                    case .store(let id, let outcomes): try sink.store(id, outcomes)
                    case .check(let id, let outcomes): try sink.check(id, outcomes)
                    case .storeBlock(let id, let block): try sink.store(id, block)
                    case .finish(let id, let end):
                        try sink.finish(id, end)
                        toServer += client.finished(id).map { if case .send(let f) = $0 { f.encoded } else { [] } }
                    case .connected: break
                    case .remote(_, let error): refusals.append(error)
                    case .contradiction(_, let error): throw error
                    }
                } catch {
                    contradictions.append(error)
                    if case .send(let frame)? = client.refuse(Recording.campaign(of: action), error).first {
                        toServer.append(frame.encoded)
                    }
                }
            }
        }

        /// belld is killed: its machine and the wire are gone, the source stays.
        mutating func restartServer() {
            server = OutcomeServerMachine()
            toServer = []
            toClient = []
            identity[0] &+= 1
        }

        /// The certifier is killed: what it had not committed is gone.
        mutating func restartClient() {
            client = OutcomeClientMachine(session: UInt64(now) + 7, credit: credit, now: now)
            sink.abandon()
            toServer = []
            toClient = []
            identity[0] &+= 1
        }
    }

    private func source(_ recordings: [Recording]) -> MemoryOutcomeSource {
        let source = MemoryOutcomeSource()
        for recording in recordings {
            source.add(recording.campaign, recording.begin)
            for item in recording.items { source.append(item, to: recording.campaign) }
        }
        return source
    }

    private func arms(_ recording: Recording) -> [OutcomesFrame] {
        recording.items.compactMap { if case .outcomes(let arm) = $0 { arm } else { nil } }
    }

    @Test("a campaign arrives whole, once, and its end is acknowledged")
    func whole() throws {
        let recording = try Recording(1)
        let source = source([recording])
        var wire = Wire(source: source, sink: MemorySink())
        for _ in 0..<20 { try wire.turn() }
        let kept = try #require(wire.sink.durable[recording.campaign])
        let isSame = kept.arms == arms(recording)
        #expect(isSame)
        #expect(kept.blocks.count == 3)
        #expect(kept.end?.state == .completed)
        #expect(source.acknowledgement(of: recording.campaign).end)
        #expect(try source.campaigns().isEmpty)
        #expect(wire.client.gaps == 0 && wire.client.repeats == 0)
    }

    @Test(
        "kills of both sides at random moments lose nothing and count nothing twice",
        arguments: 1...20 as ClosedRange<UInt64>)
    func kills(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let recordings = try (1...3).map { try Recording($0, arms: 30, seed: seed &+ UInt64($0)) }
        var wire = Wire(source: source(recordings), sink: MemorySink(), credit: StreamCredit(frames: 5, bytes: 10_000))
        for _ in 0..<400 {
            switch random.next() % 12 {
            case 0: wire.restartServer()
            case 1: wire.restartClient()
            case 2: if !wire.toClient.isEmpty { wire.toClient.removeFirst() }
            case 3: wire.toServer = []
            default: break
            }
            try wire.turn()
        }
        for _ in 0..<300 { try wire.turn() }
        #expect(wire.contradictions.isEmpty)
        for recording in recordings {
            let kept = try #require(wire.sink.durable[recording.campaign])
            let isSame = kept.arms == arms(recording)
            #expect(isSame)
            #expect(kept.blocks.count == 3)
            #expect(kept.end != nil)
        }
        #expect(try wire.source.campaigns().isEmpty)
    }

    @Test("no more frames are under way than the credit allows", arguments: [1, 3, 17])
    func credit(frames: UInt32) throws {
        let recording = try Recording(1, blocks: 2, arms: 100)
        var wire = Wire(
            source: source([recording]), sink: MemorySink(), credit: StreamCredit(frames: frames, bytes: 1 << 20))
        for _ in 0..<1000 where try !wire.source.campaigns().isEmpty { try wire.turn() }
        #expect(try wire.source.campaigns().isEmpty)
        // ALIVE and BEGIN do not need credit.
        #expect(wire.maxFlight <= Int(frames) + 3)
    }

    @Test("lost arms and lost block ends are asked for again", arguments: 0..<37)
    func gap(lost: Int) throws {
        let recording = try Recording(1)
        var wire = Wire(source: source([recording]), sink: MemorySink())
        wire.lose = [lost]
        for _ in 0..<100 { try wire.turn() }
        let isSame = wire.sink.durable[recording.campaign]?.arms == arms(recording)
        #expect(isSame)
        #expect(wire.sink.durable[recording.campaign]?.blocks.count == 3)
        #expect(wire.sink.durable[recording.campaign]?.end != nil)
        #expect(wire.contradictions.isEmpty)
    }

    @Test("an arm told again with one other outcome refuses its campaign, and no other one")
    func contradiction() throws {
        var bad = try Recording(1)
        let good = try Recording(2)
        // The certifier has the first two arms; belld comes back with another outcome in the first.
        let sink = MemorySink()
        _ = try sink.begin(bad.campaign, bad.begin)
        for arm in arms(bad).prefix(2) { try sink.store(bad.campaign, arm) }
        try sink.commit()
        var lie = arms(bad)[0]
        lie.statuses[0] = lie.statuses[0] == 3 ? 4 : 3
        bad.items[0] = .outcomes(lie)
        var wire = Wire(source: source([bad, good]), sink: sink)
        // A lost block end makes belld tell the block again.
        wire.lose = [8]
        for _ in 0..<60 { try wire.turn() }
        #expect(wire.contradictions.map(\.code) == [.streamContradiction])
        #expect(wire.refusals.map(\.code) == [.streamContradiction])
        #expect(wire.sink.durable[bad.campaign]?.end == nil)
        #expect(wire.sink.durable[good.campaign]?.end != nil)
        #expect(try wire.source.campaigns() == [bad.campaign])
    }

    @Test("a certifier that is silent for five seconds is gone, and the next one is served")
    func silence() throws {
        var server = OutcomeServerMachine()
        let want = StreamFrame.want(nil, session: 9, nextIndex: 0, credit: .usual).encoded
        #expect(server.received(want, from: [1], now: 0).contains(.connected(true)))
        #expect(server.tick(now: 5000).contains(.refresh))
        #expect(server.tick(now: 5001) == [.connected(false)])
        #expect(!server.isConnected)
        let alive = StreamFrame.alive(session: 9).encoded
        guard case .send(.refused(nil, let refusal), to: [1])? = server.received(alive, from: [1], now: 5002).first
        else {
            Issue.record("an unknown session must be refused")
            return
        }
        #expect(refusal.reason == StreamRefusal.Reason.session.rawValue)
        #expect(server.received(want, from: [2], now: 5003).contains(.connected(true)))
    }

    @Test("malformed frames are counted and answered, but an ERROR never is")
    func malformed() {
        var server = OutcomeServerMachine()
        #expect(server.received([1, 2, 3], from: [1], now: 0).count == 1)
        let broken = Array(StreamFrame.refused(nil, StreamRefusal(reason: 1, text: "")).encoded.dropLast(1))
        #expect(server.received(broken, from: [1], now: 0).isEmpty)
        #expect(server.malformed == 2)
        var client = OutcomeClientMachine(session: 1, now: 0)
        #expect(client.received([], now: 0).count == 1)
        #expect(client.received(broken, now: 0).isEmpty)
        #expect(client.malformed == 2)
    }

    @Test("an acknowledgement of what was never sent is refused")
    func tooFar() throws {
        let recording = try Recording(1)
        var server = OutcomeServerMachine()
        _ = server.received(StreamFrame.want(nil, session: 9, nextIndex: 0, credit: .usual).encoded, from: [1], now: 0)
        _ = server.list([recording.campaign])
        let want = StreamFrame.want(recording.campaign, session: 9, nextIndex: 0, credit: .usual).encoded
        #expect(
            server.received(want, from: [1], now: 0)
                == [.acknowledged(recording.campaign, nextIndex: 0, end: false)])
        let ack = StreamFrame.acknowledge(recording.campaign, session: 9, nextIndex: 1, end: false).encoded
        guard case .send(.refused(nil, let refusal), to: [1])? = server.received(ack, from: [1], now: 0).first else {
            Issue.record("it must be refused")
            return
        }
        #expect(refusal.reason == StreamRefusal.Reason.malformed.rawValue)
        #expect(server.acknowledged[recording.campaign] == 0)
    }
}

extension Recording {
    /// The campaign of a client's action.
    static func campaign(of action: OutcomeClientMachine.Action) -> CampaignID {
        switch action {
        case .open(let id, _), .store(let id, _), .check(let id, _), .storeBlock(let id, _), .finish(let id, _),
            .contradiction(let id, _):
            return id
        default: preconditionFailure("the action has no campaign")
        }
    }
}
