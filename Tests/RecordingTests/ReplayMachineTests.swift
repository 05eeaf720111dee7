import BellModel
import DriverKit
import Testing

@testable import Recording

@Suite("The replay of a board, frame by frame")
struct ReplayMachineTests {
    /// Writes a board's trace line by line.
    private struct Writer {
        var entries: [Trace.Entry] = []
        var time: UInt64 = 0

        mutating func add(_ event: TraceEvent, after span: UInt64 = 1_000) {
            time += span
            entries.append(
                Trace.Entry(
                    offset: 100 * (entries.count + 1),
                    record: TraceRecord(time: time, connection: 1, event: event)))
        }

        mutating func host(_ message: BoardMessage, _ sequence: UInt32, after span: UInt64 = 1_000) {
            add(.hostFrame(message.encoded(sequence: sequence)), after: span)
        }

        mutating func board(
            _ message: BoardMessage, _ sequence: UInt32, to request: UInt32 = 0, after span: UInt64 = 1_000
        ) {
            add(.boardFrame(message.encoded(sequence: sequence, replyTo: request)), after: span)
        }

        func machine(_ options: ReplayOptions = .init()) throws -> BoardReplayMachine {
            let header = TraceHeader(kind: .board, device: "a", address: "b", software: "c", started: "d")
            return try BoardReplayMachine(Trace(header: header, entries: entries, tail: .open), options: options)
        }
    }

    private static func fault(_ text: String) -> BoardMessage {
        .fault(FaultReport(code: .temperature, severity: .note, tick: 1, text: text))
    }

    private static func status(_ tick: UInt64) -> BoardMessage {
        .status(BoardStatus(state: .ready, bootID: 1, tick: tick, spoolUsed: 0, spoolFree: 10))
    }

    /// What is sent at an input, as message, number and the request that it answers.
    private struct Seen: Equatable {
        var message: BoardMessage
        var sequence: UInt32
        var replyTo: UInt32

        init(_ message: BoardMessage, _ sequence: UInt32, _ replyTo: UInt32 = 0) {
            self.message = message
            self.sequence = sequence
            self.replyTo = replyTo
        }
    }

    private func seen(_ actions: [BoardReplayMachine.Action]) throws -> [Seen] {
        try actions.compactMap { action in
            guard case .send(let bytes) = action else { return nil }
            let frame = try Frame.decode(bytes)
            return Seen(try BoardMessage(frame), frame.sequence, frame.replyTo)
        }
    }

    @Test("Numbers follow on as they did: gaps, repeats and late frames stay, left-out PONGs leave no gap")
    func numbers() throws {
        var writer = Writer()
        writer.host(.stop, 1)
        writer.board(.ok, 5, to: 1)
        writer.host(.ping(token: 3), 2)
        writer.board(.pong(token: 3), 6, to: 2)
        // 7 is lost; 9 comes before 8, which comes twice.
        let recorded: [UInt32] = [9, 8, 8, 10]
        for number in recorded { writer.board(ReplayMachineTests.fault("\(number)"), number) }
        var machine = try writer.machine()
        #expect(try machine.open(at: .zero) == [])
        let sent = try seen(machine.handle(.frame(BoardMessage.stop.encoded(sequence: 40)), at: .zero))
        // One less from the PONG's place on: 6 was its number.
        #expect(sent.map(\.sequence) == [5, 8, 7, 7, 9])
        #expect(sent.first == Seen(.ok, 5, 40))
        let pong = try seen(machine.handle(.frame(BoardMessage.ping(token: 77).encoded(sequence: 41)), at: .zero))
        #expect(pong == [Seen(.pong(token: 77), 10, 41)])
    }

    @Test("Numbers go round past 2^32 − 1 and leave out 0")
    func ring() throws {
        var writer = Writer()
        writer.host(.stop, 1)
        writer.board(.ok, .max - 1, to: 1)
        writer.board(ReplayMachineTests.fault("a"), .max)
        writer.board(ReplayMachineTests.fault("b"), 1)
        writer.board(ReplayMachineTests.fault("c"), 3)
        var machine = try writer.machine()
        _ = try machine.open(at: .zero)
        let sent = try seen(machine.handle(.frame(BoardMessage.stop.encoded(sequence: 1)), at: .zero))
        #expect(sent.map(\.sequence) == [.max - 1, .max, 1, 3])
    }

    @Test("What is no frame comes again, byte for byte")
    func garbage() throws {
        var damaged = ReplayMachineTests.fault("x").encoded(sequence: 2)
        damaged[30] ^= 4
        var writer = Writer()
        writer.host(.stop, 1)
        writer.add(.boardFrame(damaged))
        writer.add(.boardFrame([]))
        writer.board(.ok, 3, to: 1)
        var machine = try writer.machine()
        _ = try machine.open(at: .zero)
        let actions = machine.handle(.frame(BoardMessage.stop.encoded(sequence: 9)), at: .zero)
        #expect(actions == [.send(damaged), .send([]), .send(BoardMessage.ok.encoded(sequence: 3, replyTo: 9))])
    }

    @Test("Requests in another order than recorded get their own answers")
    func otherOrder() throws {
        var writer = Writer()
        writer.host(.stop, 1)
        writer.host(.nodeKeyRequest, 2)
        writer.board(.ok, 1, to: 1)
        writer.board(.nodeKey(NodeKey(publicKey: [UInt8](repeating: 3, count: 32))), 2, to: 2)
        writer.board(ReplayMachineTests.fault("after"), 3)
        var machine = try writer.machine()
        _ = try machine.open(at: .zero)
        let key = try seen(machine.handle(.frame(BoardMessage.nodeKeyRequest.encoded(sequence: 7)), at: .zero))
        #expect(key.map(\.message.type) == [.nodeKey, .fault])
        #expect(key.map(\.replyTo) == [7, 0])
        let ok = try seen(machine.handle(.frame(BoardMessage.stop.encoded(sequence: 8)), at: .zero))
        #expect(ok.map(\.message) == [.ok])
        #expect(ok.map(\.replyTo) == [8])
        #expect(machine.unsentRequests == 0)
    }

    @Test("A question for the status that was not recorded gets the latest one; acknowledgements are not compared")
    func status() throws {
        var writer = Writer()
        writer.host(.stop, 1)
        writer.board(.ok, 1, to: 1)
        writer.host(.statusRequest, 2)
        writer.board(ReplayMachineTests.status(10), 2, to: 2)
        writer.host(.safe, 3)
        writer.board(.ok, 3, to: 3)
        writer.host(.statusRequest, 4)
        writer.board(ReplayMachineTests.status(20), 4, to: 4)
        var machine = try writer.machine()
        _ = try machine.open(at: .zero)
        func ask(_ message: BoardMessage, _ sequence: UInt32) throws -> [Seen] {
            try seen(machine.handle(.frame(message.encoded(sequence: sequence)), at: .zero))
        }
        #expect(try ask(.stop, 1) == [Seen(.ok, 1, 1)])
        #expect(try ask(.statusRequest, 2) == [Seen(ReplayMachineTests.status(10), 2, 2)])
        // SAFE has not been sent yet, so the status after it is not due.
        #expect(try ask(.statusRequest, 3) == [Seen(ReplayMachineTests.status(10), 3, 3)])
        let campaign = try #require(Scene.campaign)
        #expect(try ask(.acknowledge(Acknowledgement(campaign: campaign, arm: 1, nextIndex: 2)), 4) == [])
        #expect(try ask(.safe, 5) == [Seen(.ok, 4, 5)])
        #expect(try ask(.statusRequest, 6) == [Seen(ReplayMachineTests.status(20), 5, 6)])
        #expect(machine.divergence == nil)
    }

    @Test("The recorded pauses are kept, divided by the factor")
    func pauses() throws {
        var writer = Writer()
        writer.host(.stop, 1)
        writer.board(.ok, 1, to: 1, after: 1_000_000)
        writer.board(ReplayMachineTests.fault("late"), 2, after: 9_000_000)
        writer.add(.ended, after: 10_000_000)
        var machine = try writer.machine(ReplayOptions(speed: .factor(2)))
        _ = try machine.open(at: .seconds(5))
        let start = Duration.seconds(6)
        #expect(machine.handle(.frame(BoardMessage.stop.encoded(sequence: 1)), at: start) == [])
        #expect(machine.deadline == start + .microseconds(500))
        #expect(try seen(machine.handle(.tick, at: start + .microseconds(500))).map(\.message) == [.ok])
        // A PING is answered at once, and takes the next number.
        let ping = BoardMessage.ping(token: 1).encoded(sequence: 2)
        #expect(try seen(machine.handle(.frame(ping), at: start + .microseconds(600))).map(\.sequence) == [2])
        #expect(machine.handle(.tick, at: start + .microseconds(4_999)) == [])
        #expect(try seen(machine.handle(.tick, at: start + .milliseconds(5))).map(\.sequence) == [3])
        #expect(machine.handle(.tick, at: start + .milliseconds(10)) == [.end(nil)])
        #expect(machine.handle(.frame(ping), at: start + .milliseconds(11)) == [])
    }

    @Test("A board that fell silent falls silent again", arguments: [0, 1, 2, 3])
    func silent(pings: UInt32) throws {
        var writer = Writer()
        writer.host(.stop, 1)
        writer.board(.ok, 1, to: 1)
        for ping in 0..<pings { writer.host(.ping(token: 0), 2 + ping) }
        writer.add(.closed)
        var machine = try writer.machine()
        _ = try machine.open(at: .zero)
        let ping = BoardMessage.ping(token: 1).encoded(sequence: 1)
        #expect(machine.handle(.frame(ping), at: .zero).count == 1)
        #expect(machine.handle(.frame(BoardMessage.stop.encoded(sequence: 2)), at: .zero).count == 1)
        #expect(machine.handle(.frame(ping), at: .zero).count == (pings >= 2 ? 0 : 1))
    }

    @Test("A refusal of a heartbeat is told, because it is how a restart shows")
    func refusedPing() throws {
        let refusal = BoardMessage.error(ErrorReport(code: .helloRequired, text: "boot 2"))
        var writer = Writer()
        writer.host(.stop, 1)
        writer.board(.ok, 1, to: 1)
        writer.host(.ping(token: 0), 2)
        writer.board(refusal, 1, to: 2)
        writer.add(.failed(BellError(.transportClosed, "gone")))
        var machine = try writer.machine()
        _ = try machine.open(at: .zero)
        let actions = machine.handle(.frame(BoardMessage.stop.encoded(sequence: 9)), at: .zero)
        #expect(try seen(actions).map(\.message) == [.ok, refusal])
        #expect(try seen(actions).map(\.replyTo) == [9, 0])
        #expect(actions.last == .end(BellError(.transportClosed, "gone")))
    }

    @Test("An answer to what was asked before the recording began is not taken for the answer to another request")
    func strayAnswer() throws {
        var writer = Writer()
        writer.board(.pong(token: 0), 1, to: 2)
        writer.board(.ok, 2, to: 3)
        writer.host(.stop, 4)
        writer.board(.ok, 3, to: 4)
        var machine = try writer.machine()
        #expect(try seen(machine.open(at: .zero)) == [Seen(.ok, 1, .max)])
        #expect(
            try seen(machine.handle(.frame(BoardMessage.stop.encoded(sequence: 3)), at: .zero)) == [Seen(.ok, 2, 3)])
    }

    @Test("Bytes that are no frame are matched whole; others end the replay")
    func hostGarbage() throws {
        var writer = Writer()
        writer.add(.hostFrame([1, 2, 3]))
        writer.board(.error(ErrorReport(code: .badFrame, text: "")), 1)
        var machine = try writer.machine()
        _ = try machine.open(at: .zero)
        #expect(machine.handle(.frame([1, 2, 3]), at: .zero).count == 1)
        let end = machine.handle(.frame([1, 2, 4]), at: .zero)
        #expect(end == [.end(machine.divergence)])
        #expect(
            machine.divergence?.cause
                == "sent: bytes that are no frame 010204; nothing more was sent on this connection")
    }

    @Test("Two campaigns of a recording are not taken for one of the host")
    func campaigns() throws {
        let (first, second) = (try #require(Scene.campaign), try #require(Scene.otherCampaign))
        let mine = try #require(CampaignID(bytes: [UInt8](repeating: 1, count: 16)))
        func order(_ campaign: CampaignID) -> ArmOrder {
            ArmOrder(campaign: campaign, arm: 1, firstIndex: 0, count: 5)
        }
        var writer = Writer()
        for (place, campaign) in [first, second].enumerated() {
            let number = UInt32(place) + 1
            writer.host(.arm(order(campaign)), number)
            writer.board(.armed(order(campaign)), number, to: number)
            writer.board(
                .status(
                    BoardStatus(
                        state: .armed, bootID: 1, tick: 0, spoolUsed: 0, spoolFree: 1, armed: order(campaign))),
                number + 10)
        }
        var machine = try writer.machine()
        _ = try machine.open(at: .zero)
        let sent = try seen(machine.handle(.frame(BoardMessage.arm(order(mine)).encoded(sequence: 1)), at: .zero))
        #expect(sent.first?.message == .armed(order(mine)))
        guard case .status(let status)? = sent.last?.message else {
            Issue.record("no status")
            return
        }
        #expect(status.armed == order(mine))
        // The same id again would have to be the first campaign; its arm is taken.
        let again = machine.handle(.frame(BoardMessage.arm(order(mine)).encoded(sequence: 2)), at: .zero)
        #expect(again == [.end(machine.divergence)])
        #expect(machine.divergence?.code == .replayDivergence)
    }
}
