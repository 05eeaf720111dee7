import BellModel
import Board
import DriverKit

/// What the checks work with: the board, its partner, and what is known of them so far.
struct BoardBench: Sendable {
    /// Where the pulses come from.
    enum Trigger: Equatable, Sendable {
        case unknown
        /// The board drives the line.
        case own
        /// Its partner does.
        case partner
        /// Nobody whom the kit could tell to.
        case none(String)
    }

    let name: String
    let probe: BoardProbe
    let partner: BoardProbe?
    let options: BoardConformanceOptions
    /// The kit's own, never seen before; nobody else's data are acknowledged.
    let campaign: CampaignID
    var capabilities: Capabilities?
    var partnerCapabilities: Capabilities?
    var trigger = Trigger.unknown
    /// The arm whose data the offline checks judge.
    var reference: ArmRun?
    /// Other people's records that the board keeps.
    var foreignRecords: UInt32 = 0
    /// Wall time a trial takes here, seen at the reference arm.
    var secondsPerTrial = 0.0
    /// Why no board is there; nothing is tried then.
    var absence: BellError?
    /// Checks in a row that ended without an answer.
    var silences = 0
    var largest: (arm: ArmRun, replay: Duration)?
    /// The arms that came to their end, and what is wrong with each.
    var accounts: [(arm: UInt64, problems: [String])] = []
    private(set) var lastArm: UInt64 = 0
    /// Not 0, so that a board that counts by itself is seen.
    private(set) var nextIndex: UInt64 = 7_168

    var clock: LinkClock { options.clock }
    var timeouts: ConformanceTimeouts { options.timeouts }

    init(
        name: String, probe: BoardProbe, partner: BoardProbe?, options: BoardConformanceOptions, campaign: CampaignID
    ) {
        self.name = name
        self.probe = probe
        self.partner = partner
        self.options = options
        self.campaign = campaign
    }

    /// What the board can do; checks that need it run only when it is known.
    var board: Capabilities {
        get throws(BellError) {
            guard let capabilities else {
                throw BellError(.conformanceBlocked, "The board's capabilities are not known.", at: name)
            }
            return capabilities
        }
    }

    // MARK: Greeting

    /// What HELLO brought.
    struct Greeting: Sendable {
        var capabilities: Capabilities
        /// Everything unasked from CAPABILITIES up to and with the first STATUS.
        var replay: [ProbeLedger.Arrival]
        /// Nil when none came in time.
        var status: BoardStatus?
        /// From HELLO to STATUS.
        var duration: Duration
    }

    /// Greets a board and takes its replay.
    static func greet(
        _ probe: BoardProbe, timeouts: ConformanceTimeouts, clock: LinkClock
    ) async throws(BellError) -> Greeting {
        _ = await probe.takeArrivals()
        let begin = clock.now()
        let reply = try await probe.ask(.hello(Hello(software: "belld conformance kit \(Version.belld)")))
        guard case .capabilities(let capabilities) = reply else {
            throw BellError(.conformanceViolation, "HELLO is answered with \(reply.summary).", at: probe.name)
        }
        await probe.collect(within: timeouts.replay) { ledger in ledger.arrivals.contains { $0.status != nil } }
        let replay = await probe.takeArrivals()
        return Greeting(
            capabilities: capabilities, replay: replay, status: replay.lazy.compactMap(\.status).first,
            duration: (replay.last?.at ?? clock.now()) - begin)
    }

    /// Greets the board on the open connection.
    func greet() async throws(BellError) -> Greeting {
        try await BoardBench.greet(probe, timeouts: timeouts, clock: clock)
    }

    /// Closes the way, opens it and greets.
    func reconnect() async throws(BellError) -> Greeting {
        try await probe.open()
        return try await greet()
    }

    // MARK: States

    func status() async throws(BellError) -> BoardStatus {
        let reply = try await probe.ask(.statusRequest)
        guard case .status(let status) = reply else {
            throw BellError(.conformanceViolation, "STATUS_REQUEST is answered with \(reply.summary).", at: name)
        }
        return status
    }

    /// Makes the board safe and lets it drop this kit's records.
    func toIdle() async throws(BellError) {
        _ = try await probe.ask(.safe)
        try await acknowledgeAll(of: probe)
        if let partner {
            _ = try await partner.ask(.safe)
            try await acknowledgeAll(of: partner)
        }
        _ = await probe.takeArrivals()
        _ = await probe.takeStrayErrors()
    }

    /// Idle, then loaded with the harmless program.
    ///
    /// - Returns: What was loaded.
    @discardableResult
    func toReady(_ wanted: HarmlessProgram? = nil) async throws(BellError) -> HarmlessProgram {
        try await toIdle()
        var program = try harmless()
        if let wanted { program = wanted }
        try await load(program)
        return program
    }

    /// The program for this board.
    func harmless(inputBits: InputBitSource? = nil, delay: UInt32 = 0) throws(BellError) -> HarmlessProgram {
        HarmlessProgram(try board, hasOutput: options.allowOutput, inputBits: inputBits, delay: delay)
    }

    /// Loads a program; what is read back is another check's business.
    func load(_ program: HarmlessProgram) async throws(BellError) {
        let reply = try await probe.ask(.program(program.program.encoded()))
        guard case .programLoaded = reply else {
            throw BellError(
                .conformanceViolation, "The kit's program is answered with \(reply.summary).", at: name,
                cause: reply.errorReport?.text)
        }
        guard let partner, let capabilities = partnerCapabilities else { return }
        let other = HarmlessProgram(capabilities, hasOutput: options.allowOutput)
        _ = try await partner.ask(.program(other.program.encoded()))
    }

    /// Lets a board drop everything that the kit made so far.
    func acknowledgeAll(of probe: BoardProbe) async throws(BellError) {
        try await acknowledge(arm: lastArm, next: nextIndex, at: probe)
    }

    func acknowledge(arm: UInt64, next: UInt64, at probe: BoardProbe? = nil) async throws(BellError) {
        let message = Acknowledgement(campaign: campaign, arm: arm, nextIndex: next)
        try await (probe ?? self.probe).post(.acknowledge(message))
    }

    // MARK: Orders

    /// The next arm's range; indices and arms rise and are never used twice.
    mutating func order(_ count: UInt32) -> ArmOrder {
        lastArm += 1
        defer { nextIndex += UInt64(count) }
        return ArmOrder(campaign: campaign, arm: lastArm, firstIndex: nextIndex, count: count)
    }

    /// Random bits for arms whose program takes them.
    func bits(_ count: UInt32, seed: UInt64) -> PackedBits {
        var state = seed | 1
        let bytes = (0..<(Int(count) + 7) / 8).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407  // Knuth's MMIX generator
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        return PackedBits(count: count, bytes: bytes)
    }
}

extension BoardMessage {
    /// `OK`, or `ERROR wrong-state`.
    var summary: String {
        if case .error(let report) = self { "ERROR \(report.code.name)" } else { type.name }
    }

    var errorReport: ErrorReport? { if case .error(let report) = self { report } else { nil } }
    /// The code of an ERROR.
    var errorCode: ErrorReport.Code? { errorReport?.code }
}

extension ProbeLedger.Arrival {
    var status: BoardStatus? { if case .status(let status) = message { status } else { nil } }
    var trials: TrialsMessage? { if case .trials(let trials) = message { trials } else { nil } }
    var clock: ClockMessage? { if case .clock(let clock) = message { clock } else { nil } }
    var armEnd: ArmEnd? { if case .armEnd(let end) = message { end } else { nil } }
    var signature: ChunkSignature? { if case .chunkSignature(let signature) = message { signature } else { nil } }
    var fault: FaultReport? { if case .fault(let fault) = message { fault } else { nil } }

    /// The campaign and arm of TRIALS, CLOCK, CHUNK_SIGNATURE and ARM_END.
    var armName: ArmName? {
        switch message {
        case .trials(let trials): ArmName(campaign: trials.campaign, arm: trials.arm)
        case .clock(let clock): ArmName(campaign: clock.campaign, arm: clock.arm)
        case .chunkSignature(let signature): ArmName(campaign: signature.campaign, arm: signature.arm)
        case .armEnd(let end): ArmName(campaign: end.order.campaign, arm: end.order.arm)
        default: nil
        }
    }
}
