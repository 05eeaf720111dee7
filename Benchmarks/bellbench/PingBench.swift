import BellControl
import BellHost
import BellModel
import BellZeroMQ

/// The control RPC's latency: `ping` to a server in this process and to belld itself, beside an echo in C.
struct PingBench {
    /// Rounds of each measurement, and how often the three take turns.
    private static let rounds = 4000
    private static let turns = 5
    private static let goalMicroseconds = 60.0
    private static let goalRatio = 2.5

    private let bench: Bench

    init(_ bench: Bench) { self.bench = bench }

    func run() throws(BellError) -> [BenchRow] {
        let (state, run) = try bench.state("ping")
        let context = try ZeroMQContext()
        let reactor = try Reactor(context: context, name: "bench")
        defer { reactor.shutdown() }
        let server = try ControlServer(
            reactor: reactor, endpoint: run.endpoint("bench"),
            fast: { method, _ in method == "ping" ? ["pong": true] : nil },
            slow: { (method, _) async throws(BellError) in throw BellError.unknownMethod(method, known: ["ping"]) })
        defer { server.close() }
        let own = try ControlClient(context: context, endpoint: run.endpoint("bench"))
        let daemon = try RemoteDaemon(bench, state: state, run: run, context: context)
        defer { bench.stop(daemon.process) }
        var samples = (own: Samples(), daemon: Samples(), echo: Samples())
        for turn in 0..<PingBench.turns {
            try measure(own, &samples.own)
            if let built = bench.folders.built {
                let answer = try bench.ask(
                    "\(built)/zmq_echo", [run.endpoint("echo\(turn)"), String(PingBench.rounds)])
                samples.echo.add(answer["p50_us"]?.doubleValue ?? 0)
            }
            try measure(daemon.control, &samples.daemon)
        }
        return [
            row("ping", "control RPC: ping p50, one process", samples.own, echo: samples.echo),
            row("ping-belld", "control RPC: ping p50, belld itself", samples.daemon, echo: samples.echo),
        ]
    }

    private func measure(_ client: ControlClient, _ samples: inout Samples) throws(BellError) {
        for round in -100..<PingBench.rounds {
            if round % 500 == 0 { try bench.interruption.check() }
            let start = monotonicNanoseconds()
            _ = try client.call("ping")
            if round >= 0 { samples.add(Double(monotonicNanoseconds() - start) / 1e3) }
        }
    }

    private func row(_ id: String, _ what: String, _ samples: Samples, echo: Samples) -> BenchRow {
        let median = samples.median
        let limit = max(PingBench.goalMicroseconds, PingBench.goalRatio * echo.median)
        return BenchRow(
            id: id, what: what, value: median, unit: .microseconds,
            beside: echo.values.isEmpty
                ? [] : [.init(name: "C: libzmq ROUTER/DEALER echo, two threads", value: echo.median)],
            goal: "≤ 60 µs or ≤ 2.5 × C", isMet: median <= limit,
            notes: [
                "\(samples.values.count) rounds over ipc in \(PingBench.turns) turns; p99 "
                    + Unit.microseconds.text(samples.quantile(0.99))
            ])
    }
}
