import BellModel
import BellZeroMQ
import Board
import DriverConformance
import DriverKit
import Synchronization
import Testing
import ZeroMQTransport

@testable import MockLab

@Suite("The conformance kit on sound boards")
struct SoundBoardTests {
    static func options(_ lab: SyncLab, node: Node = .alice) -> BoardConformanceOptions {
        BoardConformanceOptions(
            injectFault: { code, trial in
                lab.inject(MockFault(.fault, node: node, value: Double(code.rawValue), trial: trial))
            }, clock: lab.clock)
    }

    static func run(
        _ lab: SyncLab, _ node: Node = .alice, partner: Bool = true, options: BoardConformanceOptions? = nil,
        stream: StreamHabit? = nil
    ) async throws(BellError) -> ConformanceReport {
        try await BoardConformance(
            name: node.name, opener: lab.opener(node, stream: stream), partner: partner ? lab.opener(node.other) : nil,
            options: options ?? SoundBoardTests.options(lab, node: node)
        ).run()
    }

    private func skipped(_ report: ConformanceReport) -> Set<String> {
        Set(report.checks.filter { $0.verdict.name == "skipped" }.map(\.id))
    }

    @Test("The trigger master passes every check, with or without its partner", arguments: [true, false])
    func master(partner: Bool) async throws {
        let report = try await SoundBoardTests.run(try SyncLab(), partner: partner)
        #expect(report.failures.isEmpty, "\(report.text)")
        #expect(report.exitCode == .ok && report.isSimulated)
        #expect(report.checks.count == BoardConformance.checkCount)
        #expect(skipped(report) == ["framing.stream", "arm.not-master", "clock.wall-rate"], "\(report.text)")
    }

    @Test("The other board passes every check with the master as its partner")
    func follower() async throws {
        let report = try await SoundBoardTests.run(try SyncLab(), .bob)
        #expect(report.failures.isEmpty, "\(report.text)")
        #expect(report["arm.not-master"]?.verdict == .passed)
        // Pulses come in 8192s here; whether the arm is still running when STOP comes is the master's business.
        #expect(
            skipped(report).isSubset(of: [
                "framing.stream", "clock.wall-rate", "states.running", "arm.stop", "safe.running",
            ]), "\(report.text)")
    }

    @Test("Alone, the other board is checked as far as it goes without pulses")
    func lone() async throws {
        let report = try await SoundBoardTests.run(try SyncLab(), .bob, partner: false)
        #expect(report.failures.isEmpty, "\(report.text)")
        #expect(report["trials.numbering"]?.verdict == .skipped("needs the trigger master as partner"))
        #expect(report["arm.waits"]?.verdict == .passed)
        #expect(report["safe.armed"]?.verdict == .passed)
        #expect(report.count("passed") > 25)
    }

    @Test("A small spool, no key and a slow counter are no faults")
    func small() async throws {
        let rate = try #require(TickRate(numerator: 1_000_003, denominator: 7))
        let lab = try SyncLab { profile in
            profile.boards.alice.tickRate = rate
            profile.boards.alice.ticksPerSample = 3
            profile.boards.alice.spoolTrials = 90
            profile.boards.alice.waveformMemory = 16
            profile.boards.alice.maxEvents = 6
            profile.boards.alice.signs = false
        }
        let report = try await SoundBoardTests.run(lab, partner: false)
        #expect(report.failures.isEmpty, "\(report.text)")
        #expect(report["spool.fill"]?.verdict == .passed)
        #expect(report["signature.key"]?.verdict == .passed)
        #expect(report["signature.chunks"]?.verdict == .skipped("the board has no signing key"))
    }

    @Test("Frames in a stream of bytes")
    func stream() async throws {
        let lab = try SyncLab()
        var options = SoundBoardTests.options(lab)
        options.way = .stream
        let report = try await SoundBoardTests.run(lab, options: options, stream: .searches)
        #expect(report.failures.isEmpty, "\(report.text)")
        #expect(report["framing.stream"]?.verdict == .passed)
    }

    @Test("An arm of somebody's campaign keeps the kit away, unless it is forced")
    func busy() async throws {
        let lab = try SyncLab()
        let transport = try await lab.opener(.alice)()
        let campaign = try #require(CampaignID(bytes: [UInt8](repeating: 9, count: 16)))
        let capabilities = lab.state.withLock { $0.core.boards.alice.capabilities }
        let program = ProgramForTests.program(capabilities)
        for (place, message) in [
            BoardMessage.hello(Hello(software: "a campaign")), .program(program.encoded()),
            .arm(ArmOrder(campaign: campaign, arm: 4, firstIndex: 0, count: 10)),
        ].enumerated() { try transport.send(message.encoded(sequence: UInt32(place + 1))) }
        let before = lab.state.withLock { $0.core.boards.alice.status(time: 0) }
        #expect(before.state == .armed)
        transport.close()
        let error = await #expect(throws: BellError.self) { _ = try await SoundBoardTests.run(lab) }
        #expect(error?.code == .conformanceBusy)
        #expect(error?.fix != nil)
        #expect(lab.state.withLock { $0.core.boards.alice.status(time: 0) } == before)
        var options = SoundBoardTests.options(lab)
        options.isForced = true
        let report = try await SoundBoardTests.run(lab, options: options)
        #expect(report.failures.isEmpty, "\(report.text)")
    }

    @Test("An arm keeps the kit away from a board, too, that does not end its replay")
    func busyWithoutStatus() async throws {
        let mutation = Mutation(board: { _, message, request in
            if case .status = message, request == 0 { return [] }
            return nil
        })
        let lab = try SyncLab(mutation: mutation)
        let transport = try await lab.opener(.alice)()
        let campaign = try #require(CampaignID(bytes: [UInt8](repeating: 9, count: 16)))
        let program = ProgramForTests.program(lab.state.withLock { $0.core.boards.alice.capabilities })
        for (place, message) in [
            BoardMessage.hello(Hello(software: "a campaign")), .program(program.encoded()),
            .arm(ArmOrder(campaign: campaign, arm: 4, firstIndex: 0, count: 10)),
        ].enumerated() { try transport.send(message.encoded(sequence: UInt32(place + 1))) }
        transport.close()
        let error = await #expect(throws: BellError.self) { _ = try await SoundBoardTests.run(lab) }
        #expect(error?.code == .conformanceBusy)
        #expect(lab.state.withLock { $0.core.boards.alice.status(time: 0) }.state == .armed)
    }

    @Test("Records of another campaign are neither dropped nor counted as the kit's")
    func foreignRecords() async throws {
        let lab = try SyncLab()
        let transport = try await lab.opener(.alice)()
        let campaign = try #require(CampaignID(bytes: [UInt8](repeating: 9, count: 16)))
        let program = ProgramForTests.program(lab.state.withLock { $0.core.boards.alice.capabilities })
        for (place, message) in [
            BoardMessage.hello(Hello(software: "a campaign")), .program(program.encoded()),
            .arm(ArmOrder(campaign: campaign, arm: 4, firstIndex: 0, count: 700)),
            .start(ArmName(campaign: campaign, arm: 4)),
        ].enumerated() { try transport.send(message.encoded(sequence: UInt32(place + 1))) }
        transport.close()
        let kept = lab.state.withLock { $0.core.boards.alice.spool.messages }
        #expect(kept.count == 4, "TRIALS, CHUNK_SIGNATURE, CLOCK, ARM_END")
        let report = try await SoundBoardTests.run(lab)
        #expect(report.failures.isEmpty, "\(report.text)")
        #expect(lab.state.withLock { $0.core.boards.alice.spool.messages } == kept)
    }

    @Test("A run that is cancelled leaves the board safe, and says so")
    func cancelled() async throws {
        let lab = try SyncLab()
        let kit = BoardConformance(name: "alice", opener: lab.opener(.alice), options: SoundBoardTests.options(lab))
        let task = Task {
            try await kit.run { progress in
                if progress.id == "arm.start-name" { withUnsafeCurrentTask { $0?.cancel() } }
            }
        }
        let report = try await task.value
        #expect(report.wasInterrupted && report.exitCode == .interrupted && !report.hasPassed)
        #expect(report.checks.last?.id == "arm.waits")
        #expect(lab.state.withLock { $0.core.boards.alice.status(time: 0).state } == .idle)
        #expect(lab.state.withLock { $0.core.boards.alice.spool.used } == 0)
    }

    @Test("A board that is not there fails the greeting, and nothing else is tried")
    func absent() async throws {
        let lab = try SyncLab()
        let kit = BoardConformance(
            name: "nobody",
            opener: { () async throws(BellError) -> any Transport in
                throw BellError(.transportClosed, "nobody listens")
            }, options: SoundBoardTests.options(lab))
        let report = try await kit.run()
        #expect(report.failures.map(\.id) == ["handshake.capabilities"])
        let others = report.checks.filter { $0.verdict == .skipped("not run: no board") }
        #expect(others.count == BoardConformance.checkCount - 1)
        #expect(report.exitCode == .hardware)
    }

    @Test("Where nothing comes back the board is asked twice, and no check after the greeting waits for it")
    func nobody() async throws {
        let nobody = ScriptedTransport()
        let openings = Mutex(0)
        let kit = BoardConformance(
            name: "nobody",
            opener: { () async throws(BellError) -> any Transport in
                openings.withLock { $0 += 1 }
                return nobody
            },
            options: BoardConformanceOptions(
                timeouts: ConformanceTimeouts(request: .milliseconds(20), replay: .milliseconds(20))))
        let report = try await kit.run()
        #expect(nobody.sentMessages.map(\.type) == [.hello, .ping])
        #expect(openings.withLock { $0 } == 1)
        #expect(report.failures.map(\.id) == ["handshake.capabilities"])
        #expect(report.checks.count == BoardConformance.checkCount)
    }

    @Test("A host that talks to the board between two arms keeps the kit away", arguments: [true, false])
    func shared(isOnPartner: Bool) async throws {
        let lab = VirtualLab(profile: try SyncLab.profile(), seed: 5, pace: .max)
        let node = isOnPartner ? Node.bob : .alice
        // As belld: greets again as soon as it hears that the board talks to somebody else.
        let host = BoardDriver(
            name: "host", node: node,
            timeouts: BoardTimeouts(heartbeat: .milliseconds(20), resolution: .milliseconds(5))
        ) { () async throws(BellError) in try lab.transport(to: node) }
        _ = try await host.connect()
        let life = Task {
            while !Task.isCancelled {
                if await !host.isConnected { _ = try? await host.connect() }
                try? await Task.sleep(for: .milliseconds(5))
            }
        }
        let kit = BoardConformance(
            name: "alice", opener: { () async throws(BellError) in try lab.transport(to: .alice) },
            partner: { () async throws(BellError) in try lab.transport(to: .bob) },
            options: BoardConformanceOptions(lookout: .seconds(2)))
        let error = await #expect(throws: BellError.self) { try await kit.run() }
        #expect(error?.code == .conformanceBusy)
        #expect(error?.what.contains("Another host talks to the board") == true)
        #expect(error?.place == (isOnPartner ? "the partner of alice" : "alice"))
        life.cancel()
        await life.value
        await host.close()
        lab.stop()
    }

    @Test("A silent board is told from an absent one, and fails in bounded time")
    func silent() async throws {
        let kit = BoardConformance(
            name: "mute",
            opener: { () async throws(BellError) -> any Transport in ScriptedTransport() },
            options: BoardConformanceOptions(
                timeouts: ConformanceTimeouts(
                    request: .milliseconds(20), transfer: .milliseconds(20), replay: .milliseconds(20),
                    stall: .milliseconds(20), quiet: .milliseconds(20))))
        let report = try await kit.run()
        guard case .failed(let error) = report["handshake.capabilities"]?.verdict else {
            Issue.record("\(report.text)")
            return
        }
        #expect(error.code == .conformanceNoAnswer)
        #expect(error.place?.contains("Greeting and replay") == true)
    }

    @Test("A board without a generator is given its bits")
    func noGenerator() async throws {
        let mutation = Mutation(board: { _, message, request in
            switch message {
            case .capabilities(var capabilities):
                capabilities.hasRNG = false
                return [Wire(.capabilities(capabilities), replyTo: request)]
            case .rawRandom:
                return [Wire(.error(ErrorReport(code: .unsupported, text: "no generator")), replyTo: request)]
            default: return nil
            }
        })
        let report = try await SoundBoardTests.run(try SyncLab(mutation: mutation))
        #expect(report.failures.isEmpty, "\(report.text)")
        #expect(report["random.count"]?.verdict == .passed)
        #expect(report["random.settings"]?.verdict.name == "skipped")
        #expect(report["spool.fill"]?.verdict == .passed)
    }

    @Test("A board without a generator that claims a huge spool is not sent as many bits")
    func hugeSpool() async throws {
        let mutation = Mutation(
            host: { _, message, _ in
                if case .hostBits(let bits) = message, bits.bits.count > 1 << 18 {
                    Issue.record("\(bits.bits.count) bits were sent")
                    return .answer([.ok])
                }
                return .pass
            },
            board: { _, message, request in
                switch message {
                case .capabilities(var capabilities):
                    capabilities.hasRNG = false
                    return [Wire(.capabilities(capabilities), replyTo: request)]
                case .rawRandom:
                    return [Wire(.error(ErrorReport(code: .unsupported, text: "no generator")), replyTo: request)]
                case .status(var status):
                    status.spoolFree = 1 << 28
                    return [Wire(.status(status), replyTo: request)]
                default: return nil
                }
            })
        let report = try await SoundBoardTests.run(try SyncLab(mutation: mutation))
        guard case .skipped(let reason) = report["spool.refuses"]?.verdict else {
            Issue.record("\(report.text)")
            return
        }
        #expect(reason.contains("larger than the kit's largest arm"))
    }

    @Test("A board that falls silent in the middle is not asked fifty times more")
    func fallsSilent() async throws {
        let mutation = Mutation(
            host: { memory, message, _ in
                if case .shotsRequest = message { memory.isDone = true }
                return memory.isDone ? .answer([]) : .pass
            })
        let report = try await SoundBoardTests.run(try SyncLab(mutation: mutation))
        let lost = report.checks.filter { $0.verdict == .skipped("the board does not answer any more") }
        #expect(lost.count > 20, "\(report.text)")
        #expect(report.failures.count <= 5)
        #expect(report["session.left-safe"]?.hasFailed == true)
    }

    @Test(
        "Through the in-process laboratory with its own threads and the system's clock",
        arguments: Node.allCases, [Pace.max, .trialsPerSecond(20_000)])
    func virtualLab(node: Node, pace: Pace) async throws {
        var profile = try SyncLab.profile()
        // What is made at a pace must not take long.
        if pace != .max { for node in Node.allCases { profile.boards[node].spoolTrials = 8_192 } }
        let lab = VirtualLab(profile: profile, seed: 5, pace: pace)
        let kit = BoardConformance(
            name: "\(node.name) at mock://lab/\(node.name)",
            opener: { () async throws(BellError) -> any Transport in try lab.transport(to: node) },
            partner: { () async throws(BellError) -> any Transport in try lab.transport(to: node.other) },
            options: BoardConformanceOptions(
                injectFault: { code, trial in
                    lab.inject(MockFault(.fault, node: node, value: Double(code.rawValue), trial: trial))
                }, timeouts: ConformanceTimeouts(request: .seconds(20), transfer: .seconds(60), stall: .seconds(20))))
        let report = try await kit.run()
        #expect(report.failures.isEmpty, "\(report.text)")
        lab.stop()
    }

    @Test("Over ZeroMQ, both boards at their endpoints")
    func zeroMQ() async throws {
        let lab = VirtualLab(profile: try SyncLab.profile(), seed: 6, pace: .trialsPerSecond(40_000))
        let reactor = try Reactor(context: try ZeroMQContext(), name: "conformance")
        let server = try MockLabServer(
            lab: lab, reactor: reactor, endpoints: PerNode(alice: "tcp://127.0.0.1:*", bob: "tcp://127.0.0.1:*"))
        let endpoints = server.endpoints
        let kit = BoardConformance(
            name: "alice at zmq+tcp://127.0.0.1",
            opener: { () async throws(BellError) -> any Transport in
                try ZeroMQTransport.connect(reactor: reactor, endpoint: endpoints.alice)
            },
            partner: { () async throws(BellError) -> any Transport in
                try ZeroMQTransport.connect(reactor: reactor, endpoint: endpoints.bob)
            },
            options: BoardConformanceOptions(
                injectFault: { code, trial in
                    lab.inject(MockFault(.fault, node: .alice, value: Double(code.rawValue), trial: trial))
                }, timeouts: ConformanceTimeouts(request: .seconds(20), transfer: .seconds(60), stall: .seconds(20))))
        let report = try await kit.run()
        #expect(report.failures.isEmpty, "\(report.text)")
        server.close()
        reactor.shutdown()
        lab.stop()
    }
}

/// A program of a campaign, as a host would load it.
enum ProgramForTests {
    static func program(_ board: Capabilities) -> NodeProgram {
        let sample = board.ticksPerSample
        return NodeProgram(
            node: board.node, tickRate: board.tickRate, ticksPerSample: sample, trialPeriod: UInt64(sample) * 1_000,
            clockEvery: 8, inputBits: .board, waveforms: [],
            events: [
                ProgramEvent(kind: .inputBit, tick: 10 * sample, duration: sample),
                ProgramEvent(kind: .stop, tick: 20 * sample, duration: 0),
            ], discriminator: Discriminator(weightI: 1, weightQ: 0, threshold: 0))
    }
}
