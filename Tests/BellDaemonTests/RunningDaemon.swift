import BellControl
import BellHost
import BellModel
import BellStream
import BellZeroMQ
import Glibc
import Synchronization
import Testing
import TestSupport

@testable import BellDaemon

/// A daemon that runs in this process, and a person at its control socket; for blocking tests.
final class RunningDaemon {
    let laboratory: TestLaboratory
    let runner: CampaignRunner
    private let signals: AsyncStream<Int>.Continuation
    private let ending: Task<ExitCode, Never>
    private let context: ZeroMQContext
    private let client: ControlClient
    private let runDirectory: RunDirectory
    private var sent = 0

    init(_ laboratory: TestLaboratory, calibration: CalibrationKit? = nil) throws {
        self.laboratory = laboratory
        let daemon = try laboratory.makeDaemon(calibration: calibration)
        runner = daemon.runner
        let (stream, signals) = AsyncStream<Int>.makeStream()
        self.signals = signals
        ending = Task.detached { await daemon.run(signals: stream) }
        context = try ZeroMQContext()
        runDirectory = try RunDirectory(for: laboratory.state)
        client = try ControlClient(context: context, endpoint: runDirectory.endpoint("control"))
        try wait("both boards are connected") { status in
            (status["devices"]?.arrayValue ?? []).filter { $0["state"] == "connected" }.count == 2
                || status["campaign"]?.objectValue != nil
        }
    }

    func call(_ method: String, _ params: JSON = [:]) throws -> JSON {
        try client.call(method, params, timeoutMilliseconds: 30_000)
    }

    /// A call that lasts, on a thread and a connection of its own.
    func begin(_ method: String, _ params: JSON = [:]) throws -> PendingCall {
        let pending = PendingCall()
        let endpoint = runDirectory.endpoint("control")
        try startThread(named: "a long call") {
            do throws(BellError) {
                let client = try ControlClient(context: try ZeroMQContext(), endpoint: endpoint)
                pending.finish(.success(try client.call(method, params, timeoutMilliseconds: 60_000)))
            } catch {
                pending.finish(.failure(error))
            }
        }
        return pending
    }

    @discardableResult
    func start(_ plan: String) throws -> CampaignID {
        let answer = try call("campaign.start", ["plan_path": .string(plan)])
        return try #require(CampaignID(hex: answer["campaign"]?.stringValue ?? ""))
    }

    /// The error that a call is refused with.
    func refusal(_ method: String, _ params: JSON = [:]) throws -> BellError {
        try #require(throws: BellError.self) { try call(method, params) }
    }

    var campaign: JSON { get throws { try call("status")["campaign"] ?? .null } }

    /// Waits until the status is as wanted, and returns it.
    @discardableResult
    func wait(_ what: Comment, seconds: Int = 30, _ holds: (JSON) -> Bool) throws -> JSON {
        var status: JSON = .null
        for _ in 0..<seconds * 100 {
            status = try call("status")
            if holds(status) { return status }
            usleep(10_000)
        }
        Issue.record("waited \(seconds) s in vain: \(what)\n\(status.prettyText)")
        throw Waited()
    }

    /// Waits until the campaign is in this state, and returns it.
    @discardableResult
    func wait(for state: JSON) throws -> JSON {
        try wait("\(state.text)") { $0["campaign"]?["state"] == state }["campaign"] ?? .null
    }

    /// Waits until more trials are recorded, and returns how many.
    @discardableResult
    func wait(forMoreThan count: UInt64) throws -> UInt64 {
        let status = try wait("more than \(count) trials") { ($0["campaign"]?["done"]?.countValue ?? 0) > count }
        return status["campaign"]?["done"]?.countValue ?? 0
    }

    /// Runs a certifier until it has written `count` certificates, and belld knows it.
    func certify(_ sink: TestSink, until count: Int = 1) throws {
        let client = try OutcomeClient(context: context, endpoint: runDirectory.endpoint("outcomes"), sink: sink)
        let end = ContinuousClock.now + .seconds(30)
        // It goes on until belld has heard of the end, too: on a busy machine it may have to be told again.
        client.run {
            guard ContinuousClock.now < end else { return false }
            return sink.ended.count < count || (try? campaign)?["state"]?.stringValue == "finishing"
        }
        // The acknowledgement left with the last round; the client's socket stays until it has arrived.
        try wait("the end is acknowledged") { $0["campaign"]?["state"]?.stringValue.map { $0 != "finishing" } ?? true }
        #expect(sink.ended.count >= count)
        withExtendedLifetime(client) {}
    }

    /// One more Ctrl-C.
    func signal() {
        sent += 1
        signals.yield(sent)
    }

    /// Ends the daemon as so many signals do, and waits for it.
    @discardableResult
    func end(signals count: Int = 1) async -> ExitCode {
        while sent < count { signal() }
        let code = await ending.value
        for name in ["control", "telemetry", "outcomes"] { try? removeFile("\(runDirectory.path)/\(name)") }
        rmdir(runDirectory.path)
        return code
    }
}

/// A call whose answer comes later.
final class PendingCall: Sendable {
    private let result = Mutex<Result<JSON, BellError>?>(nil)

    func finish(_ result: Result<JSON, BellError>) { self.result.withLock { $0 = result } }

    func wait() throws -> JSON {
        for _ in 0..<6000 {
            if let result = result.withLock({ $0 }) { return try result.get() }
            usleep(10_000)
        }
        throw BellError(.controlUnreachable, "no answer")
    }
}

/// A certifier in memory.
final class TestSink: OutcomeSink {
    private(set) var begins: [CampaignID: CampaignBegin] = [:]
    private(set) var arms: [CampaignID: [OutcomesFrame]] = [:]
    private(set) var blocks: [CampaignID: [BlockEnd]] = [:]
    private(set) var ended: [CampaignID: CampaignEnd] = [:]

    func begin(_ campaign: CampaignID, _ begin: CampaignBegin) -> OutcomeProgress {
        begins[campaign] = begin
        return OutcomeProgress(
            nextIndex: arms[campaign]?.last?.nextIndex ?? 0, blocksEnd: blocks[campaign]?.last?.nextIndex ?? 0,
            isFinished: ended[campaign] != nil)
    }

    func store(_ campaign: CampaignID, _ outcomes: OutcomesFrame) { arms[campaign, default: []].append(outcomes) }
    func check(_ campaign: CampaignID, _ outcomes: OutcomesFrame) {}

    func store(_ campaign: CampaignID, _ block: BlockEnd) throws(BellError) {
        if blocks[campaign]?.contains(where: { $0.number == block.number }) == true { return }
        var tally = TrialTally()
        for arm in arms[campaign] ?? [] where arm.firstIndex >= block.firstIndex && arm.nextIndex <= block.nextIndex {
            tally += arm.tally
        }
        guard tally == block.tally else { throw BellError(.streamContradiction, "another tally") }
        blocks[campaign, default: []].append(block)
    }

    func finish(_ campaign: CampaignID, _ end: CampaignEnd) { ended[campaign] = end }
    func commit() {}
    func abandon() {}
}
