import BellHost
import BellModel
import BellZeroMQ
import Board
import DriverKit
import ExternalDriver
import Testing
import ZeroMQTransport

@Suite("A board in a Python process", .serialized)
struct PythonBoardTests {
    private let campaign: CampaignID
    private let patient = BoardTimeouts(
        request: .seconds(60), transfer: .seconds(60), replay: .seconds(60), silence: .seconds(60))

    init() throws { campaign = try #require(CampaignID(bytes: [UInt8](repeating: 7, count: 16))) }

    /// A program that alice's example board plays: input bit at 100, stop at 900, 80 µs.
    private var program: NodeProgram {
        get throws {
            let rate = try #require(TickRate(numerator: 8_000_000_000))
            return NodeProgram(
                node: .alice, tickRate: rate, ticksPerSample: 4, trialPeriod: 640_000,
                clockEvery: 64, inputBits: .board, waveforms: [],
                events: [
                    ProgramEvent(kind: .inputBit, tick: 100, duration: 0),
                    ProgramEvent(kind: .stop, tick: 900, duration: 0),
                ], discriminator: Discriminator(weightI: 32_767, weightQ: 0, threshold: 0))
        }
    }

    private func with(
        _ options: [String] = [], _ body: (BoardDriver, PythonProcess, Reactor) async throws -> Void
    ) async throws {
        let process = try PythonProcess("example_board", ["--node", "alice"] + options)
        let reactor = try Reactor(context: ZeroMQContext(), name: "test")
        defer { reactor.shutdown() }
        let board = driver(process, reactor)
        try await body(board, process, reactor)
        await board.close()
        process.kill()
    }

    private func driver(_ process: PythonProcess, _ reactor: Reactor) -> BoardDriver {
        BoardDriver(name: "alice", node: .alice, timeouts: patient) {
            [endpoint = process.endpoint] () async throws(BellError) -> any Transport in
            try ZeroMQTransport.connect(reactor: reactor, endpoint: endpoint)
        }
    }

    @Test("it is greeted, loaded, armed and started; its records come once, in order, and go when acknowledged")
    func arm() async throws {
        try await with { board, _, _ in
            let capabilities = try await board.connect()
            #expect(
                capabilities.simulated && capabilities.serial == "EXAMPLE-ALICE" && capabilities.spoolTrials == 65_536)
            try await board.load(try program)
            let order = ArmOrder(campaign: campaign, arm: 3, firstIndex: 3000, count: 1000)
            try await board.arm(order)
            #expect(try await board.status().state == .armed)
            try await board.start()
            let discriminator = try program.discriminator
            var records: [TrialRecord] = []
            var clock: [ClockRecord] = []
            events: for await event in board.events {
                switch event {
                case .trials(_, 3, let half): records += TrialRecord.all(in: half.records)
                case .clock(_, 3, _, let some): clock += some
                case .armEnd(_, 3, 3000, 1000, let made, let reason):
                    #expect(made == 1000 && reason == .completed)
                    break events
                case .fault(let fault): Issue.record("\(fault)")
                default: break
                }
            }
            #expect(records.map(\.index) == Array(3000..<4000))
            #expect(records.allSatisfy { $0.stopDelta == 800 && $0.flags == .simulated && $0.setting <= 1 })
            #expect(records.allSatisfy { $0.outcome == discriminator.outcome(i: $0.i, q: $0.q) })
            // 1000 trials and a clock record at every 64th: 0, 64 … 960, and the last.
            #expect(clock.count == 17)
            let pulses = clock.compactMap { record in clock.first.map { record.pulse - $0.pulse } }
            #expect(pulses == (0..<16).map { UInt64($0 * 64) } + [999])
            // 640000 ticks a trial; the first start event is 100 ticks after the first pulse.
            #expect(records[0].startTick == clock[0].tick + 100)
            #expect(records[999].startTick - records[0].startTick == 999 * 640_000)
            #expect(try await board.status().spoolUsed == 1000)
            await board.acknowledge(campaign: campaign, arm: 3, nextIndex: 3500)
            let kept = try await board.status().spoolUsed
            #expect(kept >= 500 && kept < 1000)
            await board.acknowledge(campaign: campaign, arm: 3, nextIndex: 4000)
            #expect(try await board.status().spoolUsed == 0)
        }
    }

    @Test("a board killed in mid-arm and started again is seen as rebooted, without a program and without records")
    func reboot() async throws {
        try await with { board, process, _ in
            let first = try await board.connect()
            try await board.load(try program)
            try await board.arm(ArmOrder(campaign: campaign, arm: 1, firstIndex: 0, count: 60_000))
            try await board.start()
            for await event in board.events { if case .trials = event { break } }
            process.kill()
            try process.restart()
            // libzmq connects again by itself; the first frame that arrives meets a board that wants HELLO.
            #expect(await code { try await board.status() } == .boardRebooted)
            let second = try await board.connect()
            #expect(second.bootID != first.bootID)
            for await event in board.events {
                if case .connected(_, let isReboot) = event, isReboot { break }
            }
            let status = try await board.status()
            #expect(status.state == .idle && status.spoolUsed == 0 && status.armed == nil)
            let order = ArmOrder(campaign: campaign, arm: 2, firstIndex: 60_000, count: 10)
            #expect(await code { try await board.arm(order) } == .boardState)
        }
    }

    @Test("what is not acknowledged comes again after a new connection, the same bytes")
    func replay() async throws {
        try await with(["--spool", "500"]) { board, process, reactor in
            _ = try await board.connect()
            try await board.load(try program)
            let order = ArmOrder(campaign: campaign, arm: 1, firstIndex: 0, count: 400)
            try await board.arm(order)
            try await board.start()
            var before: [UInt8] = []
            first: for await event in board.events {
                if case .trials(_, _, let half) = event { before += half.records }
                if case .armEnd = event { break first }
            }
            // Stops rather than overwrites: 100 records are free.
            let next = ArmOrder(campaign: campaign, arm: 2, firstIndex: 400, count: 101)
            #expect(await code { try await board.arm(next) } == .boardSpoolFull)
            await board.close()
            let other = driver(process, reactor)
            _ = try await other.connect()
            var after: [UInt8] = []
            var made: UInt32?
            again: for await event in other.events {
                switch event {
                case .trials(_, _, let half): after += half.records
                case .armEnd(_, _, _, _, let count, _): made = count
                case .replayEnd: break again
                default: break
                }
            }
            #expect(after == before && after.count == 400 * TrialRecord.byteCount && made == 400)
            await other.close()
            _ = try await board.connect()
            #expect(try await board.status().spoolUsed == 400)
            await board.acknowledge(campaign: campaign, arm: 1, nextIndex: 400)
            try await board.arm(next)
        }
    }

    @Test("a probe is answered by a board that another peer has greeted, and disturbs nothing")
    func probe() async throws {
        try await with { board, process, _ in
            _ = try await board.connect()
            try await board.load(try program)
            try await board.arm(ArmOrder(campaign: campaign, arm: 1, firstIndex: 0, count: 5000))
            try await board.start()
            let probe = DriverProbe(context: try ZeroMQContext(), endpoint: process.endpoint, dialect: .board)
            for _ in 0..<5 {
                try probe.ask()
                #expect(await answered(probe, within: .seconds(60)))
            }
            var made: UInt32?
            var replays = 0
            events: for await event in board.events {
                switch event {
                case .replayEnd: replays += 1
                case .fault(let fault): Issue.record("\(fault)")
                case .armEnd(_, _, _, _, let count, _):
                    made = count
                    break events
                default: break
                }
            }
            // The one replay is that of the greeting: a gap in the numbers would have made another.
            #expect(made == 5000 && replays == 1)
        }
    }
}
