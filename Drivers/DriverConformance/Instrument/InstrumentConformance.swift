import BellModel
public import Board
public import DriverKit

/// What the kit may do to an instrument.
public struct InstrumentConformanceOptions: Sendable {
    /// Set every writable setting to its limits and a middle value, then back. A switch moves, a frequency jumps.
    public var allowSetting: Bool
    /// Also switch outputs on for a moment; without it no setting that ends in `output` is ever set to `on`.
    public var allowOutput: Bool
    /// Reads of the latency check.
    public var reads: Int
    public var clock: LinkClock

    public init(
        allowSetting: Bool = false, allowOutput: Bool = false, reads: Int = 50, clock: LinkClock = .system
    ) {
        self.allowSetting = allowSetting
        self.allowOutput = allowOutput
        self.reads = reads
        self.clock = clock
    }
}

/// Tries what the `Instrument` protocol promises on any instrument, mock or real.
///
/// By default it only reads. It calls nothing but the driver's own methods, so it checks driver and instrument together.
public struct InstrumentConformance: Sendable {
    private let instrument: any Instrument
    private let options: InstrumentConformanceOptions

    /// How many checks a run makes.
    public static var checkCount: Int { InstrumentChecks.all.count }
    /// Every check's id, title and rule, in the order in which they are made.
    public static var catalogue: [(id: String, title: String, rule: String)] {
        InstrumentChecks.all.map { ($0.id, $0.title, $0.rule) }
    }

    public init(_ instrument: any Instrument, options: InstrumentConformanceOptions = InstrumentConformanceOptions()) {
        self.instrument = instrument
        self.options = options
    }

    /// Makes all checks, one after the other. Cancelling the task ends the run early; what was set is set back.
    ///
    /// The instrument is closed at the end. What it was set to before is set again; only the check of `makeSafe`, which
    /// is made with ``InstrumentConformanceOptions/allowSetting``, leaves it safe instead.
    /// - Parameter progress: Called before each check.
    public func run(progress: @Sendable (ConformanceProgress) -> Void = { _ in }) async -> ConformanceReport {
        var bench = InstrumentBench(instrument: instrument, options: options)
        var report = ConformanceReport(device: instrument.name)
        for (place, check) in InstrumentChecks.all.enumerated() {
            if Task.isCancelled { break }
            progress(
                ConformanceProgress(
                    number: place + 1, total: InstrumentChecks.all.count, id: check.id, title: check.title))
            let made = await make(check, &bench)
            if Task.isCancelled { break }
            report.checks.append(made)
        }
        report.wasInterrupted = Task.isCancelled
        if let identity = bench.identity {
            report.identity =
                "\(identity.vendor) \(identity.model), serial \(identity.serial), firmware \(identity.firmware)"
            report.isSimulated = identity.isSimulated
        }
        await instrument.close()
        return report
    }

    private func make(_ check: InstrumentCheck, _ bench: inout InstrumentBench) async -> ConformanceCheck {
        let begin = options.clock.now()
        var made = ConformanceCheck(id: check.id, title: check.title, verdict: .passed)
        if check.needsConnection && bench.identity == nil {
            made.verdict = .skipped("the instrument is not connected")
            return made
        }
        do throws(BellError) {
            switch try await check.run(&bench) {
            case .passed(let measured): made.measurements = measured
            case .skipped(let reason): made.verdict = .skipped(reason)
            case .note(let text, let measured):
                made.verdict = .note(text)
                made.measurements = measured
            }
        } catch {
            var error = error
            error.place = "docs/conformance.md, \"\(check.id)\"; \(error.place ?? instrument.name)"
            if error.fix == nil { error.fix = check.rule }
            made.verdict = .failed(error)
        }
        made.duration = options.clock.now() - begin
        return made
    }
}
