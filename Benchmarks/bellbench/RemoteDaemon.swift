import BellControl
import BellHost
import BellModel
import BellZeroMQ

/// A belld that the bench has started, and its control socket.
struct RemoteDaemon {
    let process: ChildProcess
    private let client: ControlClient
    private let bench: Bench

    /// Starts belld and waits until it answers.
    ///
    /// - Parameters:
    ///   - laboratory: The laboratory file; nil for the bench's.
    ///   - wrapper: A program with its arguments that runs belld; it is then the process.
    init(
        _ bench: Bench, state: StateDirectory, run: RunDirectory, context: ZeroMQContext, laboratory: String? = nil,
        under wrapper: [String] = []
    ) throws(BellError) {
        self.bench = bench
        process = try bench.start(
            "belld", ["--lab", laboratory ?? bench.folders.laboratory, "--state", state.path, "--log", "warn"],
            under: wrapper)
        let client = try ControlClient(context: context, endpoint: run.endpoint("control"))
        self.client = client
        try bench.wait(for: "belld's control socket", seconds: 10, of: [process], every: 20) {
            (try? client.call("ping")) != nil
        }
    }

    /// The control socket, for the latency alone.
    var control: ControlClient { client }

    /// Waits until both boards are connected.
    func awaitBoards(of others: [ChildProcess]) throws(BellError) {
        try bench.wait(for: "both boards", seconds: 15, of: [process] + others, every: 20) { () throws(BellError) in
            let devices = try client.call("device.list")["devices"]?.arrayValue ?? []
            let connected = devices.filter { $0["state"]?.stringValue == "connected" }
            // Instruments are connected, too.
            return connected.filter { $0["driver"]?.stringValue == "board" }.count == 2
        }
    }

    /// Seals a plan and begins its campaign.
    func start(_ plan: BenchPlan) throws(BellError) {
        let path = "\(bench.folder)/plan.yaml"
        try plan.write(to: path, laboratory: bench.folders.laboratory)
        _ = try client.call("campaign.start", ["plan_path": .string(path)], timeoutMilliseconds: 30_000)
    }

    /// The member `campaign` of the status; null between campaigns.
    func campaign() throws(BellError) -> JSON { try client.call("status")["campaign"] ?? .null }
}
