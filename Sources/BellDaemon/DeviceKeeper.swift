import BellCampaign
import BellControl
import BellModel
import BellSequence
import BellZeroMQ
import Board
import DriverKit
import MockLab
import ZeroMQTransport

/// Holds both boards' drivers, shows their state, and hands their events to the campaign that is under way.
///
/// Without a campaign it keeps the boards connected by itself, so that `bellctl status` tells the truth; with one, the
/// campaign decides when to connect.
actor DeviceKeeper {
    nonisolated let boards: PerNode<BoardDriver>
    private let laboratory: Laboratory
    private let telemetry: @Sendable (_ kind: String, _ data: JSON) -> Void
    private var campaign: Campaign?
    private var capabilities = PerNode<Capabilities?>(alice: nil, bob: nil)
    private var problems = PerNode<BellError?>(alice: nil, bob: nil)
    /// The status with which a board ended its last replay; nil until then.
    private var replayed = PerNode<BoardStatus?>(alice: nil, bob: nil)
    private var tasks: [Task<Void, Never>] = []
    /// What boards sent while no campaign was there to take it: the rest of an arm that a crash left open. A driver
    /// delivers each record once, so it is kept for the campaign that goes on; a board's spool bounds it.
    private var backlog: [(event: BoardEvent, node: Node)] = []

    /// Makes the drivers; nothing is connected yet.
    init(
        laboratory: Laboratory, openers: PerNode<TransportOpener>,
        telemetry: @escaping @Sendable (_ kind: String, _ data: JSON) -> Void
    ) {
        self.laboratory = laboratory
        self.telemetry = telemetry
        boards = PerNode { BoardDriver(name: laboratory.boards[$0].name, node: $0, open: openers[$0]) }
    }

    /// Begins to listen to the boards.
    func listen() {
        for node in Node.allCases {
            let events = boards[node].events
            tasks.append(Task { [weak self] in for await event in events { await self?.received(event, from: node) } })
        }
    }

    /// Begins to keep the boards connected while no campaign does.
    func keepConnected() {
        for node in Node.allCases { tasks.append(Task { [weak self] in await self?.keepConnected(node) }) }
    }

    /// Makes both boards safe and closes the links.
    func stop() async {
        for task in tasks { task.cancel() }
        for node in Node.allCases { await boards[node].close() }
    }

    /// Hands the boards, and what they have sent meanwhile, to a campaign, or takes them back.
    func lend(to campaign: Campaign?) async {
        self.campaign = campaign
        guard let campaign else { return }
        // A link that is up is handed over as it is: connecting anew would only cut it.
        for node in Node.allCases where problems[node] == nil {
            if let up = capabilities[node] { await campaign.received(.connected(up, isReboot: false), from: node) }
        }
        let kept = backlog
        backlog = []
        for (event, node) in kept { await campaign.received(event, from: node) }
        for node in Node.allCases where problems[node] == nil {
            if let status = replayed[node] { await campaign.received(.replayEnd(status), from: node) }
        }
    }

    /// The boards' capabilities as far as they are connected.
    var connected: PerNode<Capabilities?> {
        PerNode(
            alice: problems.alice == nil ? capabilities.alice : nil, bob: problems.bob == nil ? capabilities.bob : nil)
    }

    private func received(_ event: BoardEvent, from node: Node) async {
        switch event {
        case .connected(let new, _):
            capabilities[node] = new
            problems[node] = nil
            replayed[node] = nil
            telemetry("device", json(of: node))
        case .disconnected(let error):
            problems[node] = error
            telemetry("device", json(of: node))
        case .fault(let fault):
            let error = fault.bellError(at: laboratory.boards[node].name)
            telemetry("event", ["level": "warn", "message": .string(error.what), "device": .string(error.place ?? "")])
        case .trials, .clock, .signature, .armEnd:
            if campaign == nil { backlog.append((event, node)) }
        case .replayEnd(let status): replayed[node] = status
        }
        await campaign?.received(event, from: node)
    }

    private func keepConnected(_ node: Node) async {
        var attempt = 0
        while !Task.isCancelled {
            if campaign == nil, capabilities[node] == nil || problems[node] != nil {
                do throws(BellError) {
                    capabilities[node] = try await boards[node].connect()
                    problems[node] = nil
                    attempt = 0
                } catch {
                    attempt += 1
                    if problems[node] != error {
                        problems[node] = error
                        telemetry("device", json(of: node))
                    }
                }
            }
            let pause = attempt == 0 ? 500 : CampaignMachine.backoff(attempt: attempt)
            try? await Task.sleep(for: .milliseconds(min(pause, 5000)))
        }
    }

    /// Asks a board for a handshake, a status report and an echo, for `device.check`.
    func check(_ name: String) async throws(BellError) -> JSON {
        guard let node = Node.allCases.first(where: { laboratory.boards[$0].name == name }) else {
            throw BellError(
                .deviceUnknown, "No board is called \"\(name)\".", at: "lab.yaml devices",
                fix: "boards: \(Node.allCases.map { laboratory.boards[$0].name }.joined(separator: ", "))")
        }
        let board = boards[node]
        if await !board.isConnected { capabilities[node] = try await board.connect() }
        let status = try await board.status()
        var echoes: [Double] = []
        for _ in 0..<20 {
            let time = try await board.ping().components
            echoes.append(Double(time.seconds) * 1e6 + Double(time.attoseconds) / 1e12)
        }
        echoes.sort()
        return [
            "device": .string(name), "ok": true, "state": .string(status.state.name),
            "clock_locked": .bool(status.clockLocked), "rng_healthy": .bool(status.rngHealthy),
            "spool_used_trials": .int(Int64(status.spoolUsed)), "spool_free_trials": .int(Int64(status.spoolFree)),
            "ping_us_median": .double(echoes[10]), "ping_us_greatest": .double(echoes[19]),
            "capabilities": capabilities[node]?.json ?? .null,
        ]
    }

    // MARK: Showing

    /// All devices of the laboratory file, as `device.list` answers.
    var json: JSON {
        .array(
            laboratory.devices.map { device in
                if let node = Node.allCases.first(where: { laboratory.boards[$0].name == device.name }) {
                    return json(of: node)
                }
                return [
                    "name": .string(device.name), "driver": .string(device.driver.rawValue), "at": .string(device.at),
                    "node": device.node.map { .string($0.name) } ?? .null, "state": "not supported",
                    "reason": "this version of belld drives boards only",
                ]
            })
    }

    private func json(of node: Node) -> JSON {
        let device = laboratory.boards[node]
        var object: [String: JSON] = [
            "name": .string(device.name), "node": .string(node.name), "driver": .string(device.driver.rawValue),
            "at": .string(device.at), "reason": .null, "state": "connecting",
        ]
        if let problem = problems[node] {
            object["state"] = "disconnected"
            object["reason"] = .string(problem.what)
            object["error"] = problem.json
        } else if let capabilities = capabilities[node] {
            object["state"] = "connected"
            object["capabilities"] = capabilities.json
        }
        return .object(object)
    }
}

extension Capabilities {
    /// What the journal, the certificate and `device.list` say of a board.
    var json: JSON {
        [
            "model": .string(model), "serial": .string(serial), "firmware": .string(firmware),
            "simulated": .bool(simulated), "node": .string(node.name),
            "tick_rate_hz": .double(tickRate.hertz), "ticks_per_sample": .int(Int64(ticksPerSample)),
            "spool_trials": .int(Int64(spoolTrials)), "waveform_memory_samples": .int(Int64(waveformMemory)),
            "has_rng": .bool(hasRNG), "has_signing_key": .bool(hasSigningKey),
            "boot_id": .string(String(bootID, radix: 16)),
        ]
    }
}

extension BellError.Code {
    /// No board of that name stands in lab.yaml.
    static let deviceUnknown = BellError.Code("device.unknown", exit: .usage)
}
