import BellCalibration
import BellHost
import BellModel
import BellSequence
import Board
import DriverKit

/// Where calibrations are asked for: one at a time, with the boards leased from campaigns.
actor CalibrationDesk {
    /// What a calibration needs from the daemon.
    struct Services: Sendable {
        var runner: CampaignRunner
        var devices: DeviceKeeper
        var triggerMaster: Node
        var timeouts: BoardTimeouts
        var compile: @Sendable () -> ExperimentRunner.Compile
        /// Shows a telemetry change of this kind.
        var telemetry: @Sendable (_ kind: String, _ data: JSON) -> Void
        var log: Logger
        /// Seconds since 1970.
        var clock: @Sendable () -> Double
    }

    nonisolated let shelf: RoutineShelf
    nonisolated let book: any CalibrationBook
    private nonisolated let services: Services
    private var current: (request: CalibrationRequest, progress: CalibrationProgress, task: Task<JSON, Never>)?

    init(shelf: RoutineShelf, book: any CalibrationBook, services: Services) {
        self.shelf = shelf
        self.book = book
        self.services = services
    }

    /// Whether a calibration is under way, and what it shows.
    var progress: JSON? { current?.progress.json }

    /// Whether values of simulated boards may come into force: not for a real one that is connected.
    var allowsSimulated: Bool {
        get async {
            let boards = await services.devices.connected
            return !Node.allCases.contains { boards[$0]?.simulated == false }
        }
    }

    /// Seconds since 1970.
    nonisolated var now: Double { services.clock() }

    /// Calibrates, and returns when it is over; the answer of `calibrate.run`.
    ///
    /// - Throws: `calibration.no-item`, `calibration.busy`, `campaign.busy`, `calibration.boards` before anything is
    ///   measured. What goes wrong later stands in the answer, with what was done until then.
    ///
    /// - Parameter campaign: The campaign between whose blocks it is done; nil for a person's own.
    func run(
        _ request: CalibrationRequest, between campaign: CampaignID? = nil
    ) async throws(BellError) -> JSON {
        let items = try shelf.graph.items(named: request.words, node: request.node)
        try refuseIfBusy()
        if let campaign {
            try await services.runner.beginMaintenance(request.text, by: request.person, of: campaign)
        } else {
            try await services.runner.beginCalibration(request.text, by: request.person)
        }
        do throws(BellError) {
            let answer = try await leased(request, items)
            await services.runner.endCheck()
            return answer
        } catch {
            await services.runner.endCheck()
            throw error
        }
    }

    /// Ends the calibration that is under way; it answers its own caller.
    func cancel() throws(BellError) -> JSON {
        guard let current else {
            throw BellError(
                .calibrationNone, "No calibration is under way.", at: "calibrate.cancel", state: BellError.oldValuesStay
            )
        }
        current.task.cancel()
        return ["cancelling": .string(current.request.text), "by": .string(current.request.person)]
    }

    /// Refuses what would change values behind the back of a calibration.
    func refuseIfBusy() throws(BellError) {
        guard let current else { return }
        throw BellError(
            .calibrationBusy, "\(current.request.person) calibrates \(current.request.text) just now.",
            at: "calibrate.run", cause: current.progress.sinceWhen(services.clock()),
            state: "nothing was begun or changed",
            fix: "wait for its end, see `bellctl calibrate status`, or end it with `bellctl calibrate cancel`")
    }

    private func leased(_ request: CalibrationRequest, _ items: [CalibrationItem]) async throws(BellError) -> JSON {
        try await services.devices.refuseWhileRunning()
        let nodes = Node.allCases.filter { node in
            shelf.graph.closure(of: items).contains { $0.site.nodes.contains(node) }
        }
        let boards = try await connected(nodes)
        let isSimulated = Node.allCases.contains { boards[$0]?.simulated == true }
        let arms = JointArm(campaign: try .newCalibration())
        let experiments = ExperimentRunner(
            boards: services.devices.boards, triggerMaster: services.triggerMaster, arms: arms,
            timeouts: services.timeouts, compile: services.compile())
        let telemetry = services.telemetry
        let progress = CalibrationProgress(
            request, isSimulated: isSimulated, began: services.clock(), now: monotonicNanoseconds,
            publish: { telemetry("calibration", $0) })
        let performer = RoutinePerformer(
            measure: { (point, values, progress) async throws(BellError) in
                try await experiments.measure(
                    point, values: values.set, generation: values.generation, progress: progress)
            }, limits: boards.map { $0.map { BoardLimits($0) } ?? .typical })
        let session = try CalibrationSession(
            request, shelf: shelf, book: book, performer: performer, progress: progress, isSimulated: isSimulated,
            clock: services.clock)
        await services.devices.beginCalibration(arms)
        let task = Task { await session.walk(items) }
        current = (request, progress, task)
        await services.runner.setCancellation(ofCheck: { task.cancel() })
        services.log.info("calibration began", ["what": request.text, "for": request.person])
        // A campaign that is asked to pause, stop or end cancels the task that waits here.
        let answer = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        // Nothing plays on while nobody looks, however it ended.
        await experiments.makeSafe(nodes)
        await services.devices.endCalibration()
        current = nil
        let exit = answer["exit"]?.intValue ?? 0
        services.log.info("calibration ended", ["what": request.text, "exit": exit])
        services.telemetry(
            "event",
            [
                "level": exit == 0 ? "info" : "warn",
                "message": .string(
                    "calibration of \(request.text) ended \(exit == 0 ? "well" : "with exit code \(exit)")"),
            ])
        return answer
    }

    /// The boards of these nodes; waits a few seconds for a laboratory that has just been switched on.
    private func connected(_ nodes: [Node]) async throws(BellError) -> PerNode<Capabilities?> {
        var boards = await services.devices.connected
        for _ in 0..<50 where nodes.contains(where: { boards[$0] == nil }) {
            try? await Task.sleep(for: .milliseconds(100))
            boards = await services.devices.connected
        }
        for node in nodes where boards[node] == nil {
            throw BellError(
                .calibrationBoards, "\(node.name)'s board is not connected.", at: "lab.yaml devices",
                state: "nothing was measured", fix: "see `bellctl device list` for the reason")
        }
        if let alice = boards.alice, let bob = boards.bob, alice.simulated != bob.simulated, nodes.count == 2 {
            throw BellError(
                .calibrationBoards, "One board is simulated and the other is not.", at: "lab.yaml devices",
                state: "nothing was measured", fix: "calibrate one node with --node, or use two boards of one kind")
        }
        return boards
    }
}
