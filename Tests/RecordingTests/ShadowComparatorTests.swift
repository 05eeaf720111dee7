import BellModel
import DriverKit
import Testing

@testable import Recording

@Suite("Two boards compared, message by message")
struct ShadowComparatorTests {
    private static let rate = TickRate(numerator: 8_000_000_000)

    /// A conversation of which one answer of the shadow can be another.
    private struct Talk {
        var comparator: ShadowComparator
        var sequence: UInt32 = 0
        var now = Duration.zero
        var notices: [ShadowNotice] = []

        init(_ options: ShadowOptions = .init()) { comparator = ShadowComparator(options: options) }

        mutating func ask(_ message: BoardMessage, _ primary: BoardMessage?, _ shadow: BoardMessage?) throws {
            sequence += 1
            let frame = try Frame.decode(message.encoded(sequence: sequence))
            comparator.request(frame, at: now)
            comparator.forwarded(sequence, at: now)
            if let primary {
                comparator.primary(primary.encoded(sequence: 1, replyTo: sequence), at: now + .milliseconds(1))
            }
            if let shadow {
                comparator.shadow(shadow.encoded(sequence: 9, replyTo: sequence), at: now + .milliseconds(4))
            }
            now += .milliseconds(10)
            notices += comparator.takeNotices()
        }

        mutating func tell(primary: [BoardMessage] = [], shadow: [BoardMessage] = []) {
            for message in primary { comparator.primary(message.encoded(sequence: 1), at: now) }
            for message in shadow { comparator.shadow(message.encoded(sequence: 1), at: now) }
            notices += comparator.takeNotices()
        }

        var differences: [ShadowDifference] {
            notices.compactMap { if case .difference(let difference) = $0 { difference } else { nil } }
        }
    }

    private func capabilities(_ change: (inout Capabilities) -> Void = { _ in }) throws -> BoardMessage {
        var board = Capabilities(
            node: .alice, model: "x", serial: "1", firmware: "2", simulated: true,
            tickRate: try #require(ShadowComparatorTests.rate), ticksPerSample: 4, channels: 4, waveformMemory: 100,
            maxEvents: 10, spoolTrials: 1_000, hasRNG: true, hasSigningKey: true, bootID: 5)
        change(&board)
        return .capabilities(board)
    }

    private func order(_ arm: UInt64 = 1, count: UInt32 = 100) throws -> ArmOrder {
        ArmOrder(campaign: try #require(Scene.campaign), arm: arm, firstIndex: 100 * arm, count: count)
    }

    /// An arm's messages of one board, in chunks of 10.
    private func arm(
        _ order: ArmOrder, without missing: Set<Int> = [], stop: (UInt64) -> UInt32 = { _ in 660 },
        made: UInt32? = nil, reason: ArmEnd.Reason = .completed
    ) -> [BoardMessage] {
        var messages: [BoardMessage] = []
        for chunk in 0..<Int(order.count) / 10 where !missing.contains(chunk) {
            let first = order.firstIndex + UInt64(chunk) * 10
            let records = (first..<first + 10).map { index in
                TrialRecord(
                    index: index, startTick: index &* 7, stopDelta: stop(index), i: Int16(index), q: 1,
                    setting: UInt8(index & 1), outcome: 0, flags: [], aux: 0)
            }
            messages.append(
                .trials(
                    TrialsMessage(
                        campaign: order.campaign, arm: order.arm, bootID: 1, firstIndex: first, firstPulse: first,
                        records: TrialRecord.bytes(of: records))))
        }
        messages.append(.armEnd(ArmEnd(order: order, made: made ?? order.count, reason: reason)))
        return messages
    }

    @Test("Identity, boot, ticks, and what is random are not compared")
    func same() throws {
        var talk = Talk()
        let other = try capabilities {
            $0.serial = "77"
            $0.model = "other"
            $0.firmware = "9"
            $0.bootID = 6
            $0.simulated = false
        }
        try talk.ask(.hello(Hello(software: "t")), try capabilities(), other)
        let order = try order()
        try talk.ask(.arm(order), .armed(order), .armed(order))
        try talk.ask(.start(ArmName(campaign: order.campaign, arm: 1)), .ok, .ok)
        talk.tell(primary: arm(order), shadow: arm(order, stop: { 655 + UInt32($0 % 10) }).reversed())
        try talk.ask(
            .statusRequest,
            .status(BoardStatus(state: .ready, bootID: 5, tick: 1, spoolUsed: 1, spoolFree: 2)),
            .status(BoardStatus(state: .ready, bootID: 6, tick: 2, spoolUsed: 3, spoolFree: 4)))
        #expect(talk.notices == [])
        let summary = talk.comparator.summary
        #expect(summary.answers == 4)
        #expect(summary.arms == 1)
        #expect(summary.differences == [:])
        #expect(summary.primaryLatency == .milliseconds(1))
        #expect(summary.shadowLatency == .milliseconds(4))
    }

    @Test("A planted difference in an answer is found, alone and named")
    func answers() throws {
        let order = try order()
        let wrong = ArmOrder(campaign: order.campaign, arm: 1, firstIndex: 100, count: 99)
        let full = BoardMessage.error(ErrorReport(code: .spoolFull, text: "x"))
        let state = BoardMessage.error(ErrorReport(code: .wrongState, text: "y"))
        let program = [UInt8](repeating: 1, count: 60)
        let loaded = ProgramLoaded(program: program)
        let wrongSum = BoardMessage.programLoaded(ProgramLoaded(checksum: loaded.checksum ^ 1, size: loaded.size))
        let ready = BoardMessage.status(BoardStatus(state: .ready, bootID: 1, tick: 1, spoolUsed: 0, spoolFree: 1))
        let idle = BoardMessage.status(BoardStatus(state: .idle, bootID: 1, tick: 1, spoolUsed: 0, spoolFree: 1))
        let bits = { (count: UInt32) in
            BoardMessage.rawRandom(
                RawRandom(bits: PackedBits(count: count, bytes: [UInt8](repeating: 0, count: Int(count + 7) / 8))))
        }
        let cases: [(BoardMessage, BoardMessage, BoardMessage, ShadowDifference)] = [
            (
                .hello(Hello(software: "t")), try capabilities(), try capabilities { $0.spoolTrials = 999 },
                ShadowDifference(.capabilities, "HELLO: spool", primary: "1000", shadow: "999")
            ),
            (
                .program(program), .programLoaded(loaded), wrongSum,
                ShadowDifference(
                    .program, "PROGRAM: checksum", primary: "0x" + String(loaded.checksum, radix: 16),
                    shadow: "0x" + String(loaded.checksum ^ 1, radix: 16))
            ),
            (
                .arm(order), .armed(order), .armed(wrong),
                ShadowDifference(
                    .armed, "ARM 1: order", primary: "arm 1, 100 trials from 100", shadow: "arm 1, 99 trials from 100")
            ),
            (
                .arm(order), full, state,
                ShadowDifference(.errorCode, "ARM 1", primary: "ERROR spool-full", shadow: "ERROR wrong-state")
            ),
            (.stop, .ok, state, ShadowDifference(.answer, "STOP", primary: "OK", shadow: "ERROR wrong-state")),
            (
                .statusRequest, ready, idle,
                ShadowDifference(.status, "STATUS_REQUEST: state", primary: "ready", shadow: "idle")
            ),
            (
                .rawRandomRequest(RawRandomRequest(count: 8)), bits(8), bits(7),
                ShadowDifference(.amount, "RAW_RNG_REQUEST: bits", primary: "8", shadow: "7")
            ),
        ]
        for (request, primary, shadow, expected) in cases {
            var talk = Talk()
            try talk.ask(request, primary, shadow)
            #expect(talk.differences == [expected])
            #expect(talk.comparator.summary.differences == [expected.what: 1])
            #expect(expected.text.hasPrefix(expected.what.rawValue))
            var agreed = Talk()
            try agreed.ask(request, primary, primary)
            #expect(agreed.notices == [])
        }
    }

    @Test("A planted difference in an arm is found")
    func arms() throws {
        let order = try order()
        let cases: [([BoardMessage], [ShadowDifference])] = [
            (
                arm(order, made: 99),
                [ShadowDifference(.arm, "arm 1: records made", primary: "100", shadow: "99")]
            ),
            (
                arm(order, reason: .fault),
                [ShadowDifference(.arm, "arm 1: reason", primary: "completed", shadow: "hardware fault")]
            ),
            (
                arm(order, without: [4]),
                [
                    ShadowDifference(.arm, "arm 1: records that came", primary: "100", shadow: "90"),
                    ShadowDifference(.arm, "arm 1: holes", primary: "0", shadow: "1"),
                ]
            ),
            (
                arm(order, without: [0, 5, 9]),
                [
                    ShadowDifference(.arm, "arm 1: records that came", primary: "100", shadow: "70"),
                    ShadowDifference(.arm, "arm 1: holes", primary: "0", shadow: "3"),
                ]
            ),
            (
                arm(order, stop: { $0 == 142 ? 669 : 660 }),
                [ShadowDifference(.stopDelta, "arm 1: largest", primary: "660 ticks", shadow: "669 ticks")]
            ),
            (
                arm(order, stop: { $0 == 142 ? 651 : 660 }),
                [ShadowDifference(.stopDelta, "arm 1: least", primary: "660 ticks", shadow: "651 ticks")]
            ),
            (arm(order, stop: { $0 == 142 ? 668 : 652 }), []),
        ]
        for (shadow, expected) in cases {
            var talk = Talk()
            try talk.ask(.arm(order), .armed(order), .armed(order))
            talk.tell(primary: arm(order), shadow: shadow)
            // Records that are announced and missing may still come in a replay; after that nobody waits.
            talk.now += .seconds(11)
            talk.comparator.tick(at: talk.now)
            talk.tell()
            #expect(talk.differences == expected)
        }
    }

    @Test("Arms that the shadow never starts are told once, and are no differences")
    func incomparable() throws {
        var talk = Talk()
        for number in [1, 2] as [UInt64] {
            let order = try order(number)
            try talk.ask(.arm(order), .armed(order), .armed(order))
            talk.tell(primary: arm(order), shadow: [.armEnd(ArmEnd(order: order, made: 0, reason: .stopped))])
        }
        #expect(talk.notices == [.notComparable(arm: 1)])
        #expect(talk.comparator.summary.incomparableArms == 2)
        #expect(talk.comparator.summary.arms == 0)
    }

    @Test("An arm that the shadow begins and does not end is told, and stopped before the next ARM goes out")
    func endless() throws {
        var machine = ShadowMachine(options: ShadowOptions(patience: .seconds(3)))
        let (first, second) = (try order(1), try order(2))
        func types(_ input: ShadowMachine.Input, at now: Duration) throws -> ([MessageType], [ShadowNotice]) {
            let (frames, notices) = machine.handle(input, at: now)
            return (try frames.map { try BoardMessage(try Frame.decode($0)).type }, notices)
        }
        #expect(try types(.host(BoardMessage.arm(first).encoded(sequence: 7)), at: .zero).0 == [.arm])
        for message in arm(first) { _ = try types(.primary(message.encoded(sequence: 1)), at: .seconds(1)) }
        _ = try types(.shadow(arm(first)[0].encoded(sequence: 1)), at: .seconds(1))
        // Held back while the shadow may still end its arm; what the primary answers meanwhile is not lost.
        #expect(try types(.host(BoardMessage.arm(second).encoded(sequence: 8)), at: .seconds(2)).0 == [])
        _ = try types(.primary(BoardMessage.armed(second).encoded(sequence: 2, replyTo: 8)), at: .seconds(2))
        #expect(try types(.tick, at: .milliseconds(3_900)).0 == [])
        let (sent, notices) = try types(.tick, at: .milliseconds(4_100))
        #expect(sent == [.stop, .arm])
        #expect(
            notices.contains(
                .difference(
                    ShadowDifference(
                        .arm, "arm 1: end", primary: "completed", shadow: "none within \(Duration.seconds(3))"))))
        // The shadow's number of the second ARM is 3; the answer to the STOP of our own, 2, is nobody's.
        _ = try types(.shadow(BoardMessage.ok.encoded(sequence: 5, replyTo: 2)), at: .seconds(5))
        let before = machine.comparator.summary.answers
        _ = try types(.shadow(BoardMessage.armed(second).encoded(sequence: 6, replyTo: 3)), at: .seconds(5))
        #expect(machine.comparator.summary.answers == before + 1)
    }

    @Test("A state is compared only while nothing is going on")
    func quiet() throws {
        var talk = Talk()
        let order = try order()
        try talk.ask(.arm(order), .armed(order), .armed(order))
        let states = [BoardStatus.State.armed, .running].map {
            BoardMessage.status(BoardStatus(state: $0, bootID: 1, tick: 1, spoolUsed: 0, spoolFree: 1, armed: order))
        }
        try talk.ask(.statusRequest, states[0], states[1])
        #expect(talk.notices == [])
    }

    @Test("An answer that stays out is told after the patience, whichever board owes it")
    func noAnswer() throws {
        var talk = Talk(ShadowOptions(patience: .seconds(3)))
        try talk.ask(.stop, .ok, nil)
        try talk.ask(.safe, nil, .ok)
        try talk.ask(.nodeKeyRequest, nil, nil)
        talk.comparator.tick(at: .seconds(2))
        talk.tell()
        #expect(talk.notices == [])
        talk.comparator.tick(at: .seconds(4))
        talk.tell()
        #expect(
            talk.differences == [
                ShadowDifference(.noAnswer, "STOP", primary: "OK", shadow: "no answer"),
                ShadowDifference(.noAnswer, "SAFE", primary: "no answer", shadow: "OK"),
            ])
    }

    @Test("A flood of one difference is told eight times and counted")
    func flood() throws {
        var talk = Talk()
        for _ in 0..<1_000 { try talk.ask(.stop, .ok, .error(ErrorReport(code: .hardware, text: ""))) }
        for _ in 0..<1_000 { talk.comparator.shadow([1, 2, 3], at: talk.now) }
        talk.tell()
        #expect(talk.notices.count == 16)
        #expect(talk.comparator.summary.differences == [.answer: 1_000, .unreadable: 1_000])
    }
}
