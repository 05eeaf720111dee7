import BellModel
import DriverKit
import Testing

@testable import MockLab

@Suite("Virtual boards, message by message")
struct VirtualBoardTests {
    private func code(_ reply: BoardMessage?) -> ErrorReport.Code? {
        if case .error(let report) = reply { report.code } else { nil }
    }

    @Test("Nothing is answered before HELLO but a refusal; HELLO brings capabilities and a status")
    func hello() throws {
        var client = try BoardClient()
        #expect(code(client.ask(.statusRequest, .alice)) == .helloRequired)
        #expect(code(client.ask(.hello(Hello(version: 2, software: "new")), .alice)) == .wrongVersion)
        guard case .capabilities(let capabilities) = client.ask(.hello(Hello(software: "t")), .alice) else {
            Issue.record("no capabilities")
            return
        }
        #expect(capabilities.node == .alice)
        #expect(capabilities.simulated)
        #expect(capabilities.tickRate.numerator == 8_000_000_000)
        #expect(capabilities.spoolTrials == 65_536)
        guard case .status(let status) = client.inbox.alice.last else {
            Issue.record("no status")
            return
        }
        #expect(status.state == .idle)
        #expect(status.bootID == capabilities.bootID)
        #expect(status.spoolUsed == 0)
    }

    @Test("Pings, random bits and the key are answered")
    func requests() throws {
        var client = try BoardClient()
        client.ask(.hello(Hello(software: "t")), .bob)
        #expect(client.ask(.ping(token: 77), .bob) == .pong(token: 77))
        guard case .rawRandom(let random) = client.ask(.rawRandomRequest(RawRandomRequest(count: 4_001)), .bob) else {
            Issue.record("no bits")
            return
        }
        #expect(random.bits.count == 4_001)
        let ones = (0..<4_001).reduce(0) { $0 + Int(random.bits[$1]) }
        #expect(abs(ones - 2_000) < 200)
        guard case .nodeKey(let key) = client.ask(.nodeKeyRequest, .bob) else {
            Issue.record("no key")
            return
        }
        #expect(key.publicKey.count == 32)
    }

    @Test("Bytes that are no request are answered with the reason, and the board goes on")
    func garbage() throws {
        var client = try BoardClient()
        client.ask(.hello(Hello(software: "t")), .alice)
        client.inbox.alice = []
        let sound = BoardMessage.statusRequest.encoded(sequence: 900)
        var flipped = sound
        flipped[9] ^= 1
        for bytes in [[], [1, 2, 3], Array(sound.dropLast()), sound + [0], flipped] {
            client.deliver(bytes, .alice)
            #expect(code(client.inbox.alice.popLast()) == .badFrame)
        }
        let unknown = Frame(type: 0x7777, sequence: 901, payload: []).encoded()
        #expect(code(client.deliver(unknown, .alice, sequence: 901)) == .unknownType)
        let short = Frame(type: MessageType.arm.rawValue, sequence: 902, payload: [1, 2]).encoded()
        #expect(code(client.deliver(short, .alice, sequence: 902)) == .badPayload)
        let wrongWay = BoardMessage.armed(try BoardClient.order(arm: 1, first: 0, count: 1))
        #expect(code(client.ask(wrongWay, .alice)) == .unknownType)
        guard case .status = client.ask(.statusRequest, .alice) else {
            Issue.record("the board does not go on")
            return
        }
    }

    @Test("A program that breaks a limit is refused and the old one stays")
    func programs() throws {
        var client = try BoardClient()
        try client.prepare()
        var changes: [(NodeProgram) -> NodeProgram] = []
        changes.append { change($0) { $0.node = .bob } }
        changes.append { change($0) { $0.ticksPerSample = 8 } }
        changes.append { change($0) { $0.trialPeriod = 1_000 } }
        changes.append { change($0) { $0.trialPeriod = .max } }
        changes.append { program in
            change(program) { $0.events = Array(repeating: program.events[0], count: 257) }
        }
        changes.append { program in
            change(program) { program in
                program.waveforms = [
                    Waveform(i: [Int16](repeating: 1, count: 70_000), q: [Int16](repeating: 0, count: 70_000))
                ]
                program.events = []
            }
        }
        changes.append { program in
            change(program) { program in
                program.waveforms = [
                    Waveform(i: [Int16](repeating: 1, count: 60_000), q: [Int16](repeating: 0, count: 60_000))
                ]
                let long = ProgramEvent(kind: .drive, tick: 0, duration: 240_000, waveform: 0, amplitude: 1)
                program.events = Array(repeating: long, count: 5)
            }
        }
        let good = try HandMadeProgram().program(.alice)
        for (place, change) in changes.enumerated() {
            #expect(code(client.ask(.program(change(good).encoded()), .alice)) == .badProgram, "change \(place)")
        }
        #expect(code(client.ask(.program([1, 2, 3]), .alice)) == .badProgram)
        #expect(client.core.boards.alice.program == good)

        func change(_ program: NodeProgram, _ edit: (inout NodeProgram) -> Void) -> NodeProgram {
            var changed = program
            edit(&changed)
            return changed
        }
    }

    @Test("An arm runs: records, signature, clock records, end, and a spool that empties by acknowledgement")
    func arm() throws {
        var client = try BoardClient()
        try client.prepare()
        try client.run(arm: 3, first: 5_000, count: 1_500)
        for node in Node.allCases {
            let records = client.records(node)
            #expect(records.map(\.index) == Array(5_000..<6_500))
            #expect(records.allSatisfy { $0.flags == .simulated && $0.stopDelta == 660 && $0.setting < 2 })
            let chunks = client.chunks(node)
            #expect(chunks.map(\.count) == [1_024, 476])
            #expect(chunks.map(\.firstPulse) == [0, 1_024])
            let clock = client.clock(node)
            #expect(clock.map(\.pulse) == stride(from: 0, to: 1_500, by: 64).map { UInt64($0) } + [1_499])
            let startTicks = clock.map { records[Int($0.pulse)].startTick }
            #expect(startTicks == clock.map { $0.tick + 4_100 })
            let order = try BoardClient.order(arm: 3, first: 5_000, count: 1_500)
            #expect(client.armEnds(node) == [ArmEnd(order: order, made: 1_500, reason: .completed)])
        }
        guard case .status(let full) = client.ask(.statusRequest, .alice) else {
            Issue.record("no status")
            return
        }
        #expect(full.state == .ready && full.spoolUsed == 1_500 && full.spoolFree == 64_036)
        let campaign = try #require(BoardClient.campaign)
        client.ask(.acknowledge(Acknowledgement(campaign: campaign, arm: 3, nextIndex: 6_100)), .alice)
        #expect(client.core.boards.alice.spool.used == 476, "a chunk goes only as a whole")
        client.ask(.acknowledge(Acknowledgement(campaign: campaign, arm: 3, nextIndex: 6_500)), .alice)
        #expect(client.core.boards.alice.spool.used == 0)
        #expect(client.core.boards.alice.spool.messages.isEmpty)
        #expect(client.core.boards.bob.spool.used == 1_500)
    }

    @Test("Chunks are signed by the node's key")
    func signatures() throws {
        var client = try BoardClient()
        try client.prepare()
        guard case .nodeKey(let key) = client.ask(.nodeKeyRequest, .bob) else {
            Issue.record("no key")
            return
        }
        try client.run(arm: 1, first: 0, count: 10)
        let signatures = client.inbox.bob.compactMap { if case .chunkSignature(let s) = $0 { s } else { nil } }
        let signature = try #require(signatures.first)
        let chunk = try #require(client.chunks(.bob).first)
        #expect(signature.digest == SignatureCheck.digest(chunk.records))
        #expect(SignatureCheck.isValid(signature, key: key.publicKey))
        var forged = signature
        forged.firstIndex += 1
        #expect(!SignatureCheck.isValid(forged, key: key.publicKey))
    }

    @Test("What is not acknowledged comes again after HELLO, byte for byte")
    func resend() throws {
        var client = try BoardClient()
        try client.prepare()
        try client.run(arm: 1, first: 0, count: 1_000)
        try client.run(arm: 2, first: 1_000, count: 1_000)
        let before = client.inbox.alice
        client.inbox.alice = []
        client.ask(.hello(Hello(software: "again")), .alice)
        #expect(Array(client.inbox.alice.dropLast()) == before)
        let campaign = try #require(BoardClient.campaign)
        client.ask(.acknowledge(Acknowledgement(campaign: campaign, arm: 1, nextIndex: 1_000)), .alice)
        client.inbox.alice = []
        client.ask(.hello(Hello(software: "again")), .alice)
        #expect(client.records(.alice).map(\.index) == Array(1_000..<2_000))
        #expect(client.armEnds(.alice).map(\.order.arm) == [2])
    }

    @Test("A spool without room refuses the arm instead of overwriting")
    func spoolFull() throws {
        var client = try BoardClient { profile in
            for node in Node.allCases { profile.boards[node].spoolTrials = 1_000 }
        }
        try client.prepare()
        #expect(code(client.ask(.arm(try BoardClient.order(arm: 1, first: 0, count: 1_001)), .alice)) == .spoolFull)
        try client.run(arm: 1, first: 0, count: 600)
        #expect(code(client.ask(.arm(try BoardClient.order(arm: 2, first: 600, count: 401)), .alice)) == .spoolFull)
        try client.run(arm: 2, first: 600, count: 400)
        #expect(client.core.boards.bob.spool.free == 0)
    }

    @Test("START is for the master alone, once, and for the arm it names")
    func start() throws {
        var client = try BoardClient()
        try client.prepare()
        let campaign = try #require(BoardClient.campaign)
        #expect(code(client.ask(.start(ArmName(campaign: campaign, arm: 1)), .alice)) == .wrongState)
        let order = try BoardClient.order(arm: 1, first: 0, count: 10)
        client.ask(.arm(order), .alice)
        client.ask(.arm(order), .bob)
        #expect(code(client.ask(.arm(order), .bob)) == .wrongState)
        #expect(code(client.ask(.program(try HandMadeProgram().program(.bob).encoded()), .bob)) == .wrongState)
        #expect(code(client.ask(.start(ArmName(campaign: campaign, arm: 1)), .bob)) == .wrongState)
        #expect(code(client.ask(.start(ArmName(campaign: campaign, arm: 2)), .alice)) == .wrongState)
        #expect(client.ask(.start(ArmName(campaign: campaign, arm: 1)), .alice) == .ok)
        #expect(client.records(.bob).count == 10)
    }

    @Test("STOP ends the arm with what was made; a board without pulses gives up after a second")
    func stop() throws {
        var client = try BoardClient(pace: .trialsPerSecond(1_000))
        try client.prepare()
        let order = try BoardClient.order(arm: 1, first: 0, count: 10_000)
        for node in Node.allCases { client.ask(.arm(order), node) }
        client.ask(.start(ArmName(campaign: order.campaign, arm: 1)), .alice)
        for _ in 0..<50 { client.wait(nanoseconds: 10_000_000) }
        let made = client.records(.alice).count
        #expect(made > 300 && made < 800)
        guard case .status(let status) = client.ask(.statusRequest, .bob) else {
            Issue.record("no status")
            return
        }
        #expect(status.state == .running && status.nextIndex == UInt64(made) && status.armed == order)
        #expect(client.ask(.stop, .alice) == .ok)
        #expect(client.armEnds(.alice) == [ArmEnd(order: order, made: UInt32(made), reason: .stopped)])
        #expect(client.armEnds(.bob).isEmpty)
        client.wait(nanoseconds: 1_100_000_000)
        #expect(client.armEnds(.bob) == [ArmEnd(order: order, made: UInt32(made), reason: .noTrigger)])
        #expect(client.ask(.safe, .bob) == .ok, "SAFE without an arm is fine")
        #expect(client.core.boards.bob.status(time: 0).state == .idle, "SAFE drops the program")
    }

    @Test("Host bits are used, flagged, and required")
    func hostBits() throws {
        var client = try BoardClient()
        try client.prepare(HandMadeProgram(inputBits: .host))
        let order = try BoardClient.order(arm: 4, first: 0, count: 20)
        #expect(code(client.ask(.arm(order), .alice)) == .noHostBits)
        let bits: [UInt8] = (0..<20).map { UInt8($0 * $0 % 3 % 2) }
        for node in Node.allCases {
            let sent = HostBits(campaign: order.campaign, arm: 4, bits: PackedBits(bits: bits))
            #expect(client.ask(.hostBits(sent), node) == .ok)
        }
        try client.run(arm: 4, first: 0, count: 20)
        for node in Node.allCases {
            #expect(client.records(node).map(\.setting) == bits)
            #expect(client.records(node).allSatisfy { $0.flags == [.simulated, .hostBit] })
        }
        #expect(code(client.ask(.arm(order), .alice)) == .noHostBits, "bits are used once")
    }

    @Test("Host bits of arms that are never armed do not stay for ever")
    func staleHostBits() throws {
        var client = try BoardClient()
        try client.prepare(HandMadeProgram(inputBits: .host))
        let campaign = try #require(BoardClient.campaign)
        func send(_ arm: UInt64, of owner: CampaignID? = nil) -> BoardMessage? {
            let bits = PackedBits(bits: [1, 0, 1, 0])
            return client.ask(.hostBits(HostBits(campaign: owner ?? campaign, arm: arm, bits: bits)), .alice)
        }
        for arm in 0..<4 { #expect(send(UInt64(arm)) == .ok) }
        #expect(code(send(4)) == .spoolFull)
        #expect(send(3) == .ok, "bits for a known arm are replaced")
        client.ask(.arm(try BoardClient.order(arm: 3, first: 0, count: 4)), .alice)
        for arm in 4..<8 { #expect(send(UInt64(arm)) == .ok) }
        client.ask(.hello(Hello(software: "new host")), .alice)
        #expect(code(send(8)) == .spoolFull, "HELLO forgets none")
        let other = try #require(CampaignID(bytes: [UInt8](repeating: 9, count: 16)))
        for arm in 0..<4 { #expect(send(UInt64(arm), of: other) == .ok, "another campaign's take their place") }
    }

    @Test("Shots play the program with the switch open")
    func shots() throws {
        var client = try BoardClient()
        #expect(code(client.ask(.hello(Hello(software: "t")), .alice)) == nil)
        #expect(code(client.ask(.shotsRequest(ShotsRequest(count: 3, averaged: true)), .alice)) == .wrongState)
        try client.prepare()
        guard case .shots(let shots) = client.ask(.shotsRequest(ShotsRequest(count: 500, averaged: false)), .bob),
            case .each(let points) = shots.points
        else {
            Issue.record("no shots")
            return
        }
        #expect(points.count == 500)
        // |g⟩, a π/2 about one axis and a π/2 about the perpendicular one: half of the shots are excited.
        let excited = points.count { $0.i > 0 }
        #expect(excited > 180 && excited < 320)
        let mean = client.ask(.shotsRequest(ShotsRequest(count: 500, averaged: true)), .bob)
        guard case .shots(let averaged) = mean, case .mean(let i, _) = averaged.points else {
            Issue.record("no mean")
            return
        }
        #expect(abs(i) < 65_536 * 3_000)
    }
}
