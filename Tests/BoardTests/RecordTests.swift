import BellModel
import Board
import DriverKit
import Testing

@Suite("Records over the link: once each, whatever happens")
struct RecordTests {
    private func ready(order: ArmOrder? = nil) throws -> BoardSide {
        var side = BoardSide()
        try side.connect()
        side.arm(try order ?? BoardSide.order())
        side.forget()
        return side
    }

    @Test("an arm's chunks, clock records and end are delivered as they come")
    func ordinary() throws {
        var side = try ready()
        side.receive(try BoardSide.trials(first: 0))
        side.receive(try BoardSide.trials(first: 4))
        side.receive(try BoardSide.clock())
        side.receive(try BoardSide.end())
        let campaign = try #require(BoardSide.campaign)
        #expect(side.events.count == 4)
        #expect(side.chunks == [[0, 4], [4, 4]])
        #expect(
            side.events[2]
                == .clock(
                    campaign: campaign, arm: 1, bootID: BoardSide.boot,
                    [ClockRecord(pulse: 100, tick: 5), ClockRecord(pulse: 107, tick: 12)]))
        #expect(
            side.events[3] == .armEnd(campaign: campaign, arm: 1, first: 0, count: 8, made: 8, reason: .completed))
        guard case .trials(_, _, let chunk) = side.events[0] else { return }
        #expect(chunk.node == .alice)
        #expect(chunk.firstPulse == 100)
        #expect(chunk.bootID == BoardSide.boot)
    }

    @Test("repeated frames deliver nothing twice")
    func repeated() throws {
        var side = try ready()
        let messages = [
            try BoardSide.trials(first: 0), try BoardSide.trials(first: 4), try BoardSide.clock(), try BoardSide.end(),
        ]
        for message in messages { side.receive(message) }
        let events = side.events
        for message in messages { side.receive(message) }
        #expect(side.events == events)
        #expect(side.machine.repeatedMessages == 4)
        // The very same frames, with the numbers they had.
        side.perform(.frame(messages[0].encoded(sequence: 3)))
        #expect(side.events == events)
        #expect(side.greetings == 0)
    }

    @Test("a repeat with other content is a contradiction, and the first content stands")
    func contradiction() throws {
        var side = try ready()
        let campaign = try #require(BoardSide.campaign)
        side.receive(try BoardSide.trials(first: 0))
        side.receive(try BoardSide.trials(first: 0, outcome: 1))
        side.receive(try BoardSide.trials(first: 2))
        side.receive(try BoardSide.trials(first: 0, count: 8))
        #expect(side.chunks == [[0, 4]])
        #expect(
            side.faults
                == [0, 2, 0].map { .contradiction(type: .trials, campaign: campaign, arm: 1, firstIndex: $0) })
        side.forget()
        side.receive(try BoardSide.clock())
        side.receive(try BoardSide.clock([(100, 6), (108, 13)]))
        side.receive(try BoardSide.end())
        side.receive(try BoardSide.end(made: 7))
        #expect(
            side.faults == [
                .contradiction(type: .clock, campaign: campaign, arm: 1, firstIndex: 100),
                .contradiction(type: .armEnd, campaign: campaign, arm: 1, firstIndex: 0),
            ])
        #expect(side.machine.isConnected)
    }

    @Test("clock records that were delivered are left out of a longer repeat")
    func clockOverlap() throws {
        var side = try ready()
        side.receive(try BoardSide.clock([(100, 5)]))
        side.receive(try BoardSide.clock([(100, 5), (107, 12)]))
        let campaign = try #require(BoardSide.campaign)
        #expect(
            side.events.last
                == .clock(
                    campaign: campaign, arm: 1, bootID: BoardSide.boot, [ClockRecord(pulse: 107, tick: 12)]))
    }

    @Test(
        "records outside of their arm are dropped and reported",
        arguments: [(8, 1), (7, 2), (100, 4), (UInt64.max - 4, 4)] as [(UInt64, Int)])
    func outOfRange(first: UInt64, count: Int) throws {
        var side = try ready()
        side.receive(
            .trials(
                TrialsMessage(
                    campaign: try #require(BoardSide.campaign), arm: 1, bootID: BoardSide.boot, firstIndex: first,
                    firstPulse: 0,
                    records: TrialRecord.bytes(
                        of: (0..<count).map {
                            TrialRecord(
                                index: first + UInt64($0), startTick: 0, stopDelta: 0, setting: 0, outcome: 0)
                        }))))
        #expect(side.chunks.isEmpty)
        #expect(
            side.faults == [
                .outOfRange(
                    type: .trials, campaign: try #require(BoardSide.campaign), arm: 1, firstIndex: first)
            ])
        #expect(side.machine.isConnected)
    }

    @Test("a record whose own index is not its place is dropped with its chunk")
    func wrongIndex() throws {
        var side = try ready()
        guard case .trials(var message) = try BoardSide.trials() else { return }
        message.records[32] ^= 4
        side.receive(.trials(message))
        #expect(side.chunks.isEmpty)
        #expect(side.faults.count == 1)
    }

    @Test("records past what ARM_END says was made contradict it")
    func pastEnd() throws {
        var side = try ready()
        side.receive(try BoardSide.trials(first: 0))
        side.receive(try BoardSide.end(made: 4))
        side.receive(try BoardSide.trials(first: 4))
        #expect(side.chunks == [[0, 4]])
        #expect(side.faults.count == 1)
        #expect(side.ends == 1)
    }

    @Test("another campaign's or arm's data outside of a replay are dropped and reported")
    func foreign() throws {
        var side = try ready()
        let other = try #require(BoardSide.otherCampaign)
        side.receive(try BoardSide.trials(campaign: other))
        side.receive(try BoardSide.trials(arm: 2))
        side.receive(try BoardSide.clock(arm: 3))
        side.receive(try BoardSide.end(arm: 4))
        let campaign = try #require(BoardSide.campaign)
        #expect(
            side.faults == [
                .foreign(type: .trials, campaign: other, arm: 1), .foreign(type: .trials, campaign: campaign, arm: 2),
                .foreign(type: .clock, campaign: campaign, arm: 3), .foreign(type: .armEnd, campaign: campaign, arm: 4),
            ])
        #expect(side.chunks.isEmpty)
        #expect(side.machine.isConnected)
    }

    @Test("in a replay data of unknown arms are delivered, with their campaign")
    func foreignInReplay() throws {
        let other = try #require(BoardSide.otherCampaign)
        var side = BoardSide()
        try side.connect(replay: [try BoardSide.trials(arm: 9, first: 40, campaign: other)])
        guard case .trials(other, 9, let chunk) = side.events[1] else {
            Issue.record("\(side.events)")
            return
        }
        #expect(chunk.range == 40..<44)
        #expect(side.faults.isEmpty)
    }

    @Test("after a reconnect the replay delivers only what is new, and an old boot's records as well")
    func reconnect() throws {
        var side = try ready()
        side.receive(try BoardSide.trials(first: 0))
        side.perform(.failed(BellError(.transportClosed, "pulled")))
        side.forget()
        // The spool survived a reboot: the records say in which boot they were made.
        try side.connect(
            boot: 78,
            replay: [
                try BoardSide.trials(first: 0), try BoardSide.trials(first: 4), try BoardSide.clock(),
                try BoardSide.end(),
            ])
        #expect(side.chunks == [[4, 4]])
        #expect(side.ends == 1)
        #expect(side.replayEnds == 1)
        guard
            case .trials(_, _, let chunk)? = side.events.first(where: { if case .trials = $0 { true } else { false } })
        else { return }
        #expect(chunk.bootID == BoardSide.boot)
    }

    @Test("an arm that the replay's status names is known from then on")
    func armFromStatus() throws {
        var side = BoardSide()
        try side.connect(armed: try BoardSide.order(arm: 3, first: 16))
        side.receive(try BoardSide.trials(arm: 3, first: 16))
        #expect(side.chunks == [[16, 4]])
        side.receive(try BoardSide.trials(arm: 3, first: 0))
        #expect(side.faults.count == 1)
    }

    @Test("a lost frame is noticed by its number, and repaired by a HELLO on the same connection")
    func gap() throws {
        var side = try ready()
        _ = side.numbers.next()
        side.receive(try BoardSide.trials(first: 4))
        #expect(side.sent == [.hello(Hello(software: "belld"))])
        side.receive(try BoardSide.end())
        #expect(side.ends == 0)
        #expect(side.greetings == 1)
        side.forget()
        try side.replay([
            try BoardSide.trials(first: 0), try BoardSide.trials(first: 4), try BoardSide.clock(), try BoardSide.end(),
        ])
        #expect(side.chunks == [[0, 4]])
        #expect(side.ends == 1)
        #expect(side.replayEnds == 1)
        #expect(side.machine.isConnected)
        // The repaired end comes after everything else of the arm.
        if case .replayEnd? = side.events.last {} else { Issue.record("\(side.events)") }
        if case .armEnd = side.events[side.events.count - 2] {} else { Issue.record("\(side.events)") }
    }

    @Test("a lost CLOCK does not let the arm's end be believed before it is repaired")
    func lostClock() throws {
        var side = try ready()
        side.receive(try BoardSide.trials(first: 0, count: 8))
        _ = side.numbers.next()
        side.receive(try BoardSide.end())
        #expect(side.ends == 0)
        try side.replay([try BoardSide.trials(first: 0, count: 8), try BoardSide.clock(), try BoardSide.end()])
        let kinds = side.events.map {
            switch $0 {
            case .trials: "trials"
            case .clock: "clock"
            case .armEnd: "end"
            case .replayEnd: "replay"
            default: "other"
            }
        }
        #expect(kinds == ["trials", "clock", "end", "replay"])
    }

    @Test("frames out of order are taken by content; the gap costs one HELLO")
    func reordered() throws {
        var side = try ready()
        let first = try BoardSide.trials(first: 0).encoded(sequence: side.numbers.next())
        let second = try BoardSide.trials(first: 4).encoded(sequence: side.numbers.next())
        side.perform(.frame(second))
        side.perform(.frame(first))
        side.receive(try BoardSide.clock())
        side.receive(try BoardSide.end())
        #expect(side.chunks == [[4, 4], [0, 4]])
        #expect(side.greetings == 1)
        #expect(side.faults.isEmpty)
        try side.replay([])
        #expect(side.ends == 1)
    }

    @Test("garbage is dropped and reported, and what was lost with it is asked for", arguments: 0..<4)
    func garbage(kind: Int) throws {
        var side = try ready()
        let frame = try BoardSide.trials().encoded(sequence: side.numbers.next())
        let bytes: [UInt8] =
            switch kind {
            case 0: [1, 2, 3]
            case 1: Array(frame.dropLast())
            case 2: frame.dropLast() + [frame[frame.count - 1] ^ 1]
            default: [UInt8](repeating: 0x42, count: Frame.maximumSize + 100)
            }
        side.perform(.frame(bytes))
        #expect(side.faults.count == 1)
        #expect(side.greetings == 1)
        #expect(side.machine.isConnected)
        try side.replay([try BoardSide.trials()])
        #expect(side.chunks == [[0, 4]])
        #expect(side.greetings == 1)
    }

    @Test("a link that loses frames in three replays in a row is given up")
    func hopeless() throws {
        var side = try ready()
        side.perform(.frame([1]))
        for _ in 0..<3 {
            #expect(side.machine.isConnected)
            side.receive(.capabilities(try BoardSide.capabilities()), replyTo: side.lastSequence)
            side.perform(.frame([1]))
            side.receive(.status(BoardSide.status()))
        }
        #expect(side.disconnection?.code == .boardProtocol)
        #expect(side.replayEnds == 0)
    }

    @Test("records that an end announces and that do not come are asked for after half a second, then given up")
    func missing() throws {
        var side = try ready()
        side.receive(try BoardSide.trials(first: 0))
        side.receive(try BoardSide.end())
        #expect(side.ends == 0)
        side.now = .milliseconds(400)
        side.perform(.tick)
        #expect(side.greetings == 0)
        side.now = .milliseconds(500)
        side.perform(.tick)
        side.perform(.tick)
        #expect(side.greetings == 1)
        try side.replay([try BoardSide.trials(first: 0), try BoardSide.end()])
        #expect(side.ends == 1)
        #expect(side.chunks == [[0, 4]])
        if case .replayEnd? = side.events.last {} else { Issue.record("the end comes before the replay's end") }
        side.now = .seconds(2)
        side.perform(.tick)
        #expect(side.greetings == 1)
    }

    @Test("ACK is sent at once, and lets the memory of what it covers go")
    func acknowledge() throws {
        var side = try ready()
        let campaign = try #require(BoardSide.campaign)
        side.receive(try BoardSide.trials(first: 0))
        side.receive(try BoardSide.trials(first: 4))
        side.receive(try BoardSide.end())
        let message = Acknowledgement(campaign: campaign, arm: 1, nextIndex: 8)
        side.perform(.acknowledge(message))
        #expect(side.sent == [.acknowledge(message)])
        side.forget()
        // Repeats of what was acknowledged are neither data nor faults, whatever they hold.
        side.receive(try BoardSide.trials(first: 4))
        side.receive(try BoardSide.clock())
        side.receive(try BoardSide.end())
        #expect(side.events.isEmpty)
        #expect(side.machine.repeatedMessages == 3)
    }

    @Test("an ACK that the board did not hear is sent again after the replay that shows it")
    func lostAcknowledgement() throws {
        var side = try ready()
        let campaign = try #require(BoardSide.campaign)
        side.receive(try BoardSide.trials(first: 0, count: 8))
        side.receive(try BoardSide.end())
        side.perform(.failed(BellError(.transportClosed, "pulled")))
        let message = Acknowledgement(campaign: campaign, arm: 1, nextIndex: 8)
        side.perform(.acknowledge(message))
        side.forget()
        try side.connect(replay: [try BoardSide.trials(first: 0, count: 8), try BoardSide.end()])
        #expect(side.chunks.isEmpty)
        #expect(side.ends == 0)
        #expect(side.sent == [.hello(Hello(software: "belld")), .acknowledge(message)])
    }

    @Test("a board that sends more than its spool holds is cut off")
    func overflow() throws {
        var side = BoardSide()
        side.perform(.opened(token: 1))
        side.receive(.capabilities(try BoardSide.capabilities(spool: 16)), replyTo: side.lastSequence)
        var first: UInt64 = 0
        while side.machine.isConnected, first < 1 << 20 {
            side.receive(try BoardSide.trials(first: first, count: 1024))
            first += 1024
        }
        #expect(side.disconnection?.code == .boardContradiction)
        #expect(first < 80_000)
    }

    @Test("signatures are delivered once, and only within their arm")
    func signatures() throws {
        var side = try ready()
        let digest = Digest.zero
        func signature(first: UInt64, byte: UInt8 = 0) throws -> BoardMessage {
            .chunkSignature(
                ChunkSignature(
                    campaign: try #require(BoardSide.campaign), arm: 1, bootID: BoardSide.boot, firstIndex: first,
                    count: 4, digest: digest, signature: [UInt8](repeating: byte, count: 64)))
        }
        side.receive(try signature(first: 0))
        side.receive(try signature(first: 0))
        side.receive(try signature(first: 0, byte: 1))
        side.receive(try signature(first: 6))
        #expect(side.events.count { if case .signature = $0 { true } else { false } } == 1)
        #expect(side.faults.count == 2)
    }
}
