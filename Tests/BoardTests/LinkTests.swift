import BellModel
import Board
import DriverKit
import Testing

@Suite("The link to a board: greeting, requests, silence")
struct LinkTests {
    @Test("HELLO, CAPABILITIES and the replay's STATUS make a connection")
    func connects() throws {
        var side = BoardSide()
        #expect(!side.machine.isConnected)
        try side.connect()
        #expect(side.machine.isConnected)
        #expect(side.sent == [.hello(Hello(software: "belld"))])
        let board = try BoardSide.capabilities()
        #expect(side.events == [.connected(board, isReboot: false), .replayEnd(BoardSide.status())])
        #expect(side.completed[1000] == .success(.capabilities(board)))
    }

    @Test("a board of another version fails the connection, whether it says so or just speaks it")
    func wrongVersion() throws {
        var side = BoardSide()
        side.perform(.opened(token: 1))
        side.receive(.error(ErrorReport(code: .wrongVersion, text: "I speak 2")), replyTo: side.lastSequence)
        #expect(side.error(of: 1)?.code == .boardWrongVersion)
        #expect(side.error(of: 1)?.fix == "update the board's firmware or bridge to protocol version 1")
        #expect(side.disconnects == 1)

        var other = BoardSide()
        other.perform(.opened(token: 1))
        var bytes = Frame(type: 0x0101, sequence: 1, replyTo: 1, payload: []).encoded()
        bytes[4] = 2
        let checksum = crc32c(Array(bytes[0..<20]))
        withUnsafeBytes(of: checksum.littleEndian) { bytes.replaceSubrange(20..<24, with: $0) }
        other.perform(.frame(bytes))
        #expect(other.error(of: 1)?.code == .boardWrongVersion)
        #expect(other.events.isEmpty)
        #expect(other.disconnects == 1)
    }

    @Test("the other node's board is refused with the remedy")
    func wrongNode() throws {
        var side = BoardSide()
        side.perform(.opened(token: 1))
        side.receive(.capabilities(try BoardSide.capabilities(node: .bob)), replyTo: side.lastSequence)
        #expect(side.error(of: 1)?.code == .boardWrongNode)
        #expect(side.error(of: 1)?.place == "alice/board")
        #expect(side.error(of: 1)?.fix?.contains("exchange") == true)
        #expect(side.disconnects == 1)
    }

    @Test("a HELLO that is not answered fails after the request time-out")
    func noAnswer() throws {
        var side = BoardSide()
        side.perform(.opened(token: 1))
        side.now = .milliseconds(1999)
        side.perform(.tick)
        #expect(side.completed.isEmpty)
        side.now = .seconds(2)
        side.perform(.tick)
        #expect(side.error(of: 1)?.code == .boardTimeout)
        #expect(side.events.isEmpty)
        #expect(side.disconnects == 1)
    }

    @Test("a second connection to another boot is a reboot, to the same one it is not")
    func reboot() throws {
        var side = BoardSide()
        try side.connect()
        side.perform(.failed(BellError(.transportClosed, "pulled")))
        side.forget()
        try side.connect()
        #expect(side.events.first == .connected(try BoardSide.capabilities(), isReboot: false))
        side.perform(.failed(BellError(.transportClosed, "pulled")))
        side.forget()
        try side.connect(boot: 78)
        #expect(side.events.first == .connected(try BoardSide.capabilities(boot: 78), isReboot: true))
    }

    @Test("a board that reboots behind a living transport ends the connection", arguments: 0..<5)
    func rebootNoticed(way: Int) throws {
        var side = BoardSide()
        try side.connect()
        side.arm(try BoardSide.order())
        side.forget()
        switch way {
        case 0: side.receive(.error(ErrorReport(code: .helloRequired, text: "who are you")))
        case 1: side.receive(.status(BoardSide.status(boot: 78)))
        case 2: side.receive(try BoardSide.trials(boot: 78))
        case 3:
            side.perform(.request(.status, token: 5))
            side.receive(.status(BoardSide.status(boot: 78)), replyTo: side.lastSequence)
            #expect(side.error(of: 5)?.code == .boardRebooted)
        default:
            side.perform(.request(.stop, token: 5))
            side.receive(.error(ErrorReport(code: .helloRequired, text: "who are you")), replyTo: side.lastSequence)
            #expect(side.error(of: 5)?.code == .boardRebooted)
        }
        #expect(side.disconnection?.code == .boardRebooted)
        #expect(side.disconnects == 1)
        #expect(side.chunks.isEmpty)
    }

    @Test("a silent board is pinged each second and given up after three")
    func silence() throws {
        var side = BoardSide()
        try side.connect()
        side.forget()
        for tenth in 1...29 {
            side.now = .milliseconds(100 * tenth)
            side.perform(.tick)
        }
        #expect(side.sent == [.ping(token: 0), .ping(token: 0)])
        #expect(side.disconnection == nil)
        side.now = .seconds(3)
        side.perform(.tick)
        #expect(side.disconnection?.code == .boardSilent)
        #expect(side.disconnects == 1)
    }

    @Test("answers to heartbeats keep the link up for ever")
    func heartbeats() throws {
        var side = BoardSide()
        try side.connect()
        side.forget()
        for tenth in 1...600 {
            side.now = .milliseconds(100 * tenth)
            let before = side.sent.count
            side.perform(.tick)
            if side.sent.count > before { side.receive(.pong(token: 0), replyTo: side.lastSequence) }
        }
        #expect(side.machine.isConnected)
        #expect(side.sent.count == 60)
        #expect(side.faults.isEmpty)
    }

    @Test("requests are answered by their own reply, in any order")
    func replies() throws {
        var side = BoardSide()
        try side.connect()
        side.perform(.request(.ping(token: 9), token: 1))
        let ping = side.lastSequence
        side.perform(.request(.stop, token: 2))
        let stop = side.lastSequence
        side.perform(.request(.nodeKey, token: 3))
        let key = NodeKey(publicKey: Array(0..<32))
        side.receive(.nodeKey(key), replyTo: side.lastSequence)
        side.receive(.ok, replyTo: stop)
        side.receive(.pong(token: 9), replyTo: ping)
        #expect(side.completed[1] == .success(.done))
        #expect(side.completed[2] == .success(.done))
        #expect(side.completed[3] == .success(.nodeKey(key)))
    }

    @Test("an answer that does not fit its request fails it and leaves the link up")
    func wrongReplies() throws {
        var side = BoardSide()
        try side.connect()
        let order = try BoardSide.order()
        let cases: [(BoardRequest, BoardMessage, BellError.Code)] = [
            (.stop, .pong(token: 1), .boardProtocol),
            (.ping(token: 1), .pong(token: 2), .boardProtocol),
            (.arm(order), .armed(try BoardSide.order(arm: 2)), .boardProtocol),
            (.load(program: [1, 2]), .programLoaded(ProgramLoaded(checksum: 0, size: 2)), .boardProgramMismatch),
            (
                .rawRandom(RawRandomRequest(count: 9)), .rawRandom(RawRandom(bits: PackedBits(bits: [1]))),
                .boardProtocol
            ),
            (
                .shots(ShotsRequest(count: 9, averaged: true)),
                .shots(Shots(count: 8, points: .mean(i: 0, q: 0))), .boardProtocol
            ),
        ]
        for (place, (request, reply, code)) in cases.enumerated() {
            side.perform(.request(request, token: UInt64(place)))
            side.receive(reply, replyTo: side.lastSequence)
            #expect(side.error(of: UInt64(place))?.code == code, "\(reply)")
        }
        #expect(side.machine.isConnected)
    }

    @Test(
        "a refusal becomes its own error, with a remedy",
        arguments: [
            (ErrorReport.Code.spoolFull, BellError.Code.boardSpoolFull), (.wrongState, .boardState),
            (.badProgram, .boardProgram), (.unsupported, .boardUnsupported), (.noHostBits, .boardNoHostBits),
            (.hardware, .boardHardware), (.init(rawValue: 999), .boardRefused),
        ])
    func refusals(code: ErrorReport.Code, expected: BellError.Code) throws {
        var side = BoardSide()
        try side.connect()
        side.perform(.request(.arm(try BoardSide.order()), token: 1))
        side.receive(.error(ErrorReport(code: code, text: "24 records free")), replyTo: side.lastSequence)
        #expect(side.error(of: 1)?.code == expected)
        #expect(side.error(of: 1)?.what == "The board refused ARM: 24 records free")
        #expect(side.error(of: 1)?.cause == "ERROR \(code.name)")
        #expect(side.error(of: 1)?.fix?.isEmpty == false)
        #expect(side.machine.isConnected)
        // The refused arm is not known: its records would be foreign.
        side.receive(try BoardSide.trials())
        #expect(side.chunks.isEmpty)
        #expect(side.faults.count == 1)
    }

    @Test("a request without an answer fails after its time-out, and a late answer is ignored")
    func requestTimeout() throws {
        var side = BoardSide()
        try side.connect()
        side.perform(.request(.stop, token: 1))
        let stop = side.lastSequence
        side.perform(.request(.load(program: []), token: 2))
        for second in 1...2 {
            side.now = .seconds(second)
            side.receive(.fault(FaultReport(code: .temperature, severity: .note, tick: 0, text: "warm")))
            side.perform(.tick)
        }
        #expect(side.error(of: 1)?.code == .boardTimeout)
        #expect(side.error(of: 1)?.what.contains("STOP") == true)
        #expect(side.completed[2] == nil)
        side.completed = [:]
        side.receive(.ok, replyTo: stop)
        #expect(side.completed.isEmpty)
        #expect(side.machine.isConnected)
    }

    @Test("without a connection a request fails at once")
    func notConnected() throws {
        var side = BoardSide()
        side.perform(.request(.status, token: 1))
        #expect(side.error(of: 1)?.code == .boardNotConnected)
        #expect(side.sent.isEmpty)
    }

    @Test("when the link goes down everything that waits fails with its reason, once")
    func failure() throws {
        var side = BoardSide()
        try side.connect()
        side.perform(.request(.status, token: 1))
        side.perform(.request(.stop, token: 2))
        side.forget()
        let error = BellError(.transportClosed, "pulled")
        side.perform(.failed(error))
        side.perform(.failed(error))
        #expect(side.error(of: 1) == error)
        #expect(side.error(of: 2) == error)
        #expect(side.events == [.disconnected(error)])
        #expect(side.disconnects == 1)
        side.forget()
        side.receive(.pong(token: 0))
        #expect(side.events.isEmpty && side.sent.isEmpty)
    }

    @Test("an unknown type, a bad payload and a host's message are answered with ERROR; the link stays")
    func answeredWithError() throws {
        var side = BoardSide()
        try side.connect()
        side.forget()
        side.perform(.frame(Frame(type: 0x01ff, sequence: side.numbers.next(), payload: [1]).encoded()))
        side.perform(.frame(Frame(type: 0x0108, sequence: side.numbers.next(), payload: [1]).encoded()))
        side.receive(.stop)
        let codes = side.sent.compactMap { if case .error(let report) = $0 { report.code } else { nil } }
        #expect(codes == [.unknownType, .badPayload, .unknownType])
        #expect(
            side.faults == [
                .garbled(.unknownType(0x01ff)), .garbled(.badPayload(type: 0x0108, field: "campaign")),
                .unexpected(.stop),
            ])
        side.forget()
        // An ERROR that cannot be read is not answered: two confused sides would never stop.
        side.perform(.frame(Frame(type: 0x010f, sequence: side.numbers.next(), payload: []).encoded()))
        #expect(side.sent.isEmpty)
        #expect(side.faults.count == 1)
        #expect(side.machine.isConnected)
    }

    @Test("a PING of the board is answered")
    func pong() throws {
        var side = BoardSide()
        try side.connect()
        side.forget()
        side.receive(.ping(token: 3))
        #expect(side.sent == [.pong(token: 3)])
    }

    @Test("a flood of faults is cut at 64 a second, and the rest is counted")
    func flood() throws {
        var side = BoardSide()
        try side.connect()
        side.forget()
        for _ in 0..<1000 { side.receive(.fault(FaultReport(code: .trigger, severity: .warning, tick: 0, text: "x"))) }
        #expect(side.faults.count == 64)
        side.now = .seconds(1)
        side.perform(.tick)
        #expect(side.faults.last == .suppressed(count: 936))
    }

    @Test("a replay that does not end fails the link")
    func endlessReplay() throws {
        var side = BoardSide()
        side.perform(.opened(token: 1))
        side.receive(.capabilities(try BoardSide.capabilities()), replyTo: side.lastSequence)
        for second in 1...30 {
            side.now = .seconds(second)
            side.receive(.pong(token: 0))
            side.perform(.tick)
        }
        #expect(side.disconnection?.code == .boardTimeout)
    }

    @Test("random frames never crash the machine", arguments: [1, 2, 3, 4] as [UInt64])
    func fuzz(seed: UInt64) throws {
        var state = seed
        func random(_ below: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % below
        }
        let templates: [BoardMessage] = [
            try BoardSide.trials(), try BoardSide.trials(arm: 2, first: .max - 4), try BoardSide.clock(),
            try BoardSide.end(), try BoardSide.end(made: 3), .status(BoardSide.status()), .ok, .pong(token: 1),
            .capabilities(try BoardSide.capabilities()), .armed(try BoardSide.order()),
            .error(ErrorReport(code: .spoolFull, text: "x")),
        ]
        var side = BoardSide()
        var handled = 0
        for step in 0..<4000 {
            if !side.machine.isConnected { try side.connect() }
            var (type, payload) = templates[random(templates.count)].encode()
            if random(2) == 0, !payload.isEmpty { payload[random(payload.count)] = UInt8(random(256)) }
            if random(50) == 0 { type = UInt16(random(0x200)) }
            if random(40) == 0 { side.perform(.request(.arm(try BoardSide.order(arm: UInt64(random(4)))), token: 9)) }
            if random(60) == 0 {
                side.perform(
                    .acknowledge(
                        Acknowledgement(
                            campaign: try #require(BoardSide.campaign), arm: UInt64(random(4)),
                            nextIndex: UInt64(random(12)))))
            }
            if random(20) == 0 {
                side.now += .milliseconds(300)
                side.perform(.tick)
            }
            let replyTo = random(3) == 0 ? side.lastSequence : 0
            let sequence = random(30) == 0 ? UInt32(random(1000)) : side.numbers.next()
            side.perform(.frame(Frame(type: type, sequence: sequence, replyTo: replyTo, payload: payload).encoded()))
            handled = step
        }
        #expect(handled == 3999)
        #expect(!side.events.isEmpty)
    }
}
