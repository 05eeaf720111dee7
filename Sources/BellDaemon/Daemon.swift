public import BellHost
public import BellModel
public import Board
import BellCalibration
import BellCampaign
import BellControl
import BellJournal
import BellSequence
import BellStream
import BellZeroMQ
import Devices
import DriverKit
import Glibc
import Recording
import Synchronization

/// belld's composition root: binds the sockets, drives the boards, runs campaigns, until a signal ends it.
public final class Daemon: Sendable {
    /// What the command line gives.
    public struct Options: Sendable {
        /// The instance's state directory.
        public var state: StateDirectory
        /// Path of `lab.yaml`.
        public var laboratory: String
        /// How long a board may take.
        public var timeouts: BoardTimeouts
        /// How long nothing may come of a running arm, in nanoseconds; nil for 5 s.
        public var stall: UInt64?

        public init(
            state: StateDirectory, laboratory: String, timeouts: BoardTimeouts = .init(),
            stall: UInt64? = nil
        ) {
            self.state = state
            self.laboratory = laboratory
            self.timeouts = timeouts
            self.stall = stall
        }
    }

    private let options: Options
    private let log: Logger
    private let lock: InstanceLock
    private let run: RunDirectory
    private let context: ZeroMQContext
    /// Control and telemetry; never waits for a disk.
    private let reactor: Reactor
    private let telemetry: TelemetryPublisher
    private let access: DeviceAccess
    private let hasUSB: Bool
    private let devices: DeviceKeeper
    private let instruments: InstrumentKeeper
    let runner: CampaignRunner
    private let outcomes: OutcomeServer
    private let control: ControlServer
    private let store: CampaignStore
    private let taps: DeviceTaps
    private let shadows: BoardShadows

    /// Takes the lock, reads the laboratory file, and binds every socket.
    ///
    /// - Throws: `host.already-running` for a second instance, the laboratory file's errors, or a socket's.
    public convenience init(options: Options, log: Logger) throws(BellError) {
        try self.init(options: options, log: log, mock: nil)
    }

    /// - Parameters:
    ///   - mock: Stands behind `mock://`; nil for one made from the `profile.yaml` beside `lab.yaml`.
    ///   - calibration: What can be calibrated; nil for all routines, with the laboratory's own files.
    init(
        options: Options, log: Logger, mock: InProcessLaboratory?, calibration: CalibrationKit? = nil
    ) throws(BellError) {
        self.options = options
        self.log = log
        // The lock comes before any bind: libzmq would let a second daemon take over a live ipc path.
        lock = try InstanceLock("\(options.state.path)/belld.lock")
        run = try RunDirectory(for: options.state)
        let files = LaboratoryFiles(path: options.laboratory)
        let laboratory = try files.laboratory()
        let context = try ZeroMQContext()
        self.context = context
        let reactor = try Reactor(context: context, name: "belld")
        self.reactor = reactor
        let store = CampaignStore(folder: options.state.campaigns)
        self.store = store

        let initial: JSON = [
            "version": .string(Version.belld), "pid": .int(Int64(getpid())),
            "state_directory": .string(options.state.path), "laboratory": .string(options.laboratory),
            "control_endpoint": .string(run.endpoint("control")),
            "telemetry_endpoint": .string(run.endpoint("telemetry")), "devices": [], "campaign": .null,
            "calibration": .null, "certifier": ["connected": false], "events": [],
        ]
        let telemetry = try TelemetryPublisher(
            reactor: reactor, endpoint: run.endpoint("telemetry"), initial: initial)
        self.telemetry = telemetry

        let access = DeviceAccess(
            reactor: reactor, runDirectory: run.path,
            mock: mock ?? InProcessLaboratory(profile: "\(parent(of: options.laboratory))/profile.yaml"),
            switchCounts: options.state.file("switches"))
        self.access = access
        hasUSB = laboratory.devices.contains { if case .usb = $0.address.way { true } else { false } }
        let taps = DeviceTaps(laboratory)
        self.taps = taps
        let shadows = BoardShadows { data in telemetry.publish(kind: "event", data: data) }
        self.shadows = shadows
        let openers = try PerNode { (node) throws(BellError) in
            let board = laboratory.boards[node]
            let open = try access.opener(of: board.address, tap: taps[board.name])
            return try shadows.opener(of: board, beside: open, access: access)
        }
        let devices = DeviceKeeper(
            laboratory: laboratory, openers: openers, timeouts: options.timeouts,
            telemetry: { kind, data in telemetry.publish(kind: kind, data: data) },
            standing: { store.standing(of: $0) })
        self.devices = devices

        let drivers = try laboratory.instruments.map { (device) throws(BellError) in
            (
                device,
                try access.instrument(
                    name: device.name, driver: device.driver, address: device.address, tap: taps[device.name])
            )
        }
        let instruments = InstrumentKeeper(
            instruments: drivers, telemetry: { kind, data in telemetry.publish(kind: kind, data: data) })
        self.instruments = instruments

        let source = JournalOutcomeSource(store: store)
        let outcomes = try OutcomeServer(reactor: reactor, endpoint: run.endpoint("outcomes"), source: source) {
            Daemon.note($0, telemetry: telemetry, log: log)
        }
        self.outcomes = outcomes
        let maintenance = MaintenanceHook()
        let runner = CampaignRunner(
            store: store, files: files, devices: devices, instruments: instruments, reactor: reactor, log: log,
            triggerMaster: laboratory.triggerMaster, stall: options.stall ?? CampaignServices.usualStall,
            report: { snapshot, hostBits in
                let status = outcomes.status
                telemetry.publish(
                    kind: "campaign",
                    data: snapshot.json(
                        certifier: (status.connected, status.acknowledged[snapshot.id] ?? 0),
                        certificate: snapshot.state.isFinal ? store.certificate(of: snapshot.id) : nil,
                        hostBits: hostBits))
            },
            notify: { outcomes.notify($0) }, isEnded: { source.isEnded($0) },
            maintenance: maintenance)
        self.runner = runner

        let kit: CalibrationKit
        if let calibration { kit = calibration } else { kit = try Daemon.calibration(files, options.state) }
        let desk = CalibrationDesk(
            shelf: kit.shelf, book: kit.book,
            services: CalibrationDesk.Services(
                runner: runner, devices: devices, triggerMaster: laboratory.triggerMaster,
                timeouts: options.timeouts, compile: kit.compile,
                telemetry: { kind, data in telemetry.publish(kind: kind, data: data) }, log: log,
                clock: wallClockSeconds))

        maintenance.set(
            OvernightKeeper(
                services: OvernightKeeper.Services(
                    desk: desk, instruments: instruments,
                    laboratory: { () throws(BellError) in try files.laboratory() },
                    folder: { store.folder(of: $0) },
                    telemetry: { kind, data in telemetry.publish(kind: kind, data: data) }, clock: wallClockSeconds)))

        let methods = ControlMethods(
            runner: runner,
            devices: DeviceMethods(
                laboratory: laboratory, boards: devices, instruments: instruments, runner: runner, taps: taps,
                shadows: shadows, access: access, telemetry: { telemetry.publish(kind: "event", data: $0) }),
            calibration: CalibrationMethods(desk: desk), telemetry: telemetry, outcomes: outcomes)
        control = try ControlServer(
            reactor: reactor, endpoint: run.endpoint("control"),
            fast: { (method, params) throws(BellError) in try methods.fast(method, params) },
            slow: { (method, params) async throws(BellError) in try await methods.slow(method, params) })
    }

    /// Runs until a signal has ended it.
    ///
    /// - Parameter signals: Counts of SIGINT and SIGTERM: one finishes the block, two the arm.
    /// - Returns: `interrupted` when a campaign was left that can go on.
    public func run(signals: AsyncStream<Int>) async -> ExitCode {
        await devices.listen()
        await runner.resumeUnfinished()
        await devices.keepConnected(plugs: hasUSB ? access.plugs() : nil)
        await instruments.keepConnected(plugs: hasUSB ? access.plugs() : nil)
        log.info("belld ready", ["control": run.endpoint("control"), "state": options.state.path])
        enum Ending { case signal(Int), drained(isLeft: Bool) }
        let (endings, feed) = AsyncStream<Ending>.makeStream()
        let forward = Task { for await count in signals { feed.yield(.signal(count)) } }
        defer { forward.cancel() }
        var isLeft = false
        waiting: for await ending in endings {
            switch ending {
            case .signal(1):
                log.info("signal: the block is finished, then the daemon ends", [:])
                Task { [runner] in
                    feed.yield(.drained(isLeft: await runner.interrupt(times: 1)))
                }
            case .signal(let count):
                log.info("signal: the arm is finished, then the daemon ends", [:])
                await runner.interrupt(times: count)
            case .drained(let left):
                isLeft = left
                break waiting
            }
        }
        await devices.stop()
        await instruments.stop()
        await taps.stop()
        shadows.stop()
        access.close()
        control.close()
        outcomes.close()
        telemetry.close()
        reactor.shutdown()
        log.info("belld ended", [:])
        return isLeft ? .interrupted : .ok
    }

    /// All routines, with the laboratory's files behind them.
    static func calibration(
        _ files: LaboratoryFiles, _ state: StateDirectory
    ) throws(BellError) -> CalibrationKit {
        let book = try LaboratoryBook(
            laboratory: files.path, history: state.file(CalibrationHistory.fileName), clock: wallClockSeconds)
        return CalibrationKit(shelf: try RoutineShelf(RoutineTable.all), book: book) {
            let experiments = ExperimentFiles(laboratory: files.path)
            return { (point, values, limits, inputBits) throws(BellError) in
                try experiments.compile(point, values, limits, inputBits)
            }
        }
    }

    /// Shows and logs what becomes of the outcome stream.
    private static func note(_ event: OutcomeServer.Event, telemetry: TelemetryPublisher, log: Logger) {
        switch event {
        case .connected:
            telemetry.publish(kind: "daemon", data: ["certifier": ["connected": true]])
            log.info("bellcert connected")
        case .disconnected:
            telemetry.publish(kind: "daemon", data: ["certifier": ["connected": false]])
            log.warn("bellcert is silent; outcomes wait in the journal")
        case .acknowledged(let campaign, _, true): log.info("certificate written", ["campaign": campaign])
        case .acknowledged: break
        case .refused(_, let error):
            telemetry.publish(kind: "event", data: ["level": "error", "message": .string(error.what)])
            log.error("the outcome stream failed", error)
        }
    }
}
