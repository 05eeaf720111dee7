import BellModel
import Board
import DriverKit

extension BoardBench {
    /// Trials of the reference arm: two of most boards' chunks, but no more than half of a small spool.
    func usualCount(_ wanted: UInt32 = 2_000) throws(BellError) -> UInt32 {
        let free = try board.spoolTrials - min(foreignRecords, try board.spoolTrials - 1)
        return max(min(wanted, free / 3), 1)
    }

    /// Arms the board, and its partner where there is one.
    ///
    /// - Returns: The board's answer; the partner's is not judged.
    func arm(_ order: ArmOrder, bits: PackedBits? = nil) async throws(BellError) -> BoardMessage {
        if let bits { try await send(bits, for: order, to: probe) }
        let reply = try await probe.ask(.arm(order))
        if case .armed = reply, let partner {
            if partnerCapabilities?.hasRNG == false {
                try await send(self.bits(order.count, seed: order.arm), for: order, to: partner)
            }
            _ = try await partner.ask(.arm(order))
        }
        return reply
    }

    private func send(_ bits: PackedBits, for order: ArmOrder, to probe: BoardProbe) async throws(BellError) {
        let reply = try await probe.ask(
            .hostBits(HostBits(campaign: order.campaign, arm: order.arm, bits: bits)))
        if case .error(let report) = reply {
            throw BellError(
                .conformanceViolation, "HOST_BITS of an arm is answered with ERROR \(report.code.name).",
                at: probe.name, cause: report.text)
        }
    }

    /// Arms what the check needs armed.
    ///
    /// - Throws: `conformance.violation` when the board does not answer ARMED.
    mutating func armed(_ count: UInt32, _ program: HarmlessProgram) async throws(BellError) -> ArmRun {
        var run = ArmRun(order: order(count), program: program)
        if program.inputBits == .host { run.bits = bits(count, seed: run.order.arm) }
        let reply = try await arm(run.order, bits: run.bits)
        guard case .armed = reply else {
            throw BellError(
                .conformanceViolation, "ARM of \(count) trials is answered with \(reply.summary).", at: name,
                cause: reply.errorReport?.text)
        }
        return run
    }

    /// The board that START goes to.
    var master: BoardProbe? {
        switch trigger {
        case .own: probe
        case .partner: partner
        case .unknown, .none: nil
        }
    }

    /// Sends START to whoever drives the line.
    func start(_ order: ArmOrder) async throws(BellError) {
        guard let master else {
            throw BellError(.conformanceBlocked, "No board here drives the trigger line.", at: name)
        }
        let reply = try await master.ask(.start(ArmName(campaign: order.campaign, arm: order.arm)))
        guard case .ok = reply else {
            throw BellError(
                .conformanceViolation, "START of the armed arm is answered with \(reply.summary).", at: master.name,
                cause: reply.errorReport?.text)
        }
    }

    /// Runs an arm and takes all that comes of it.
    mutating func run(_ count: UInt32, _ program: HarmlessProgram) async throws(BellError) -> ArmRun {
        var run = try await armed(count, program)
        _ = await probe.takeArrivals()
        run.begin = clock.now()
        try await start(run.order)
        try await finish(&run)
        account(for: run)
        return run
    }

    /// Takes what comes until the arm has ended or nothing comes any more, and then what is still on the way.
    func finish(_ run: inout ArmRun) async throws(BellError) {
        var taken = await collect(run.order)
        // A second ARM_END, or data after it, come before the answer to a PING that is sent now.
        try await probe.settle(for: .zero)
        taken += await probe.takeArrivals()
        run.arrivals += BoardBench.data(of: run.order, in: taken)
        await settlePartner()
    }

    /// Everything of an arm, and faults, in the order of arrival.
    static func data(of order: ArmOrder, in arrivals: [ProbeLedger.Arrival]) -> [ProbeLedger.Arrival] {
        let name = ArmName(campaign: order.campaign, arm: order.arm)
        return arrivals.filter { $0.armName == name || $0.fault != nil }
    }

    private func collect(_ order: ArmOrder) async -> [ProbeLedger.Arrival] {
        let deadline = clock.now() + timeouts.longestArm + timeouts.longestArm
        let name = ArmName(campaign: order.campaign, arm: order.arm)
        var taken: [ProbeLedger.Arrival] = []
        var bytes = 0
        while clock.now() < deadline && bytes <= ProbeLedger.limit {
            let came = await probe.collect(within: timeouts.stall) { !$0.arrivals.isEmpty }
            let new = await probe.takeArrivals()
            taken += new
            bytes += new.reduce(0) { $0 + $1.payload.count }
            if !came || new.contains(where: { $0.armEnd != nil && $0.armName == name }) { break }
        }
        return taken
    }

    /// The partner's half is not judged here: taken, acknowledged, forgotten.
    private func settlePartner() async {
        guard let partner else { return }
        // It may still wait for a pulse; SAFE before the next check ends that.
        try? await partner.settle(for: .zero)
        _ = await partner.takeArrivals()
        try? await acknowledgeAll(of: partner)
    }

    /// Why no arm can run here; nil when one can.
    var untriggered: String? {
        switch trigger {
        case .own, .partner: nil
        case .unknown: "no arm was started"
        case .none(let reason): reason
        }
    }

    /// Starts an arm of all that the spool has room for, so that something can be sent while it runs.
    ///
    /// - Parameter waiting: Wait for the first records; else the next request follows START at once, because a simulated
    ///   arm can be over in milliseconds.
    /// - Returns: Nil when there is no room, or nobody to start.
    mutating func startLong(waiting: Bool) async throws(BellError) -> ArmRun? {
        let program = try await toReady()
        guard let count = try await longCount(), let master else { return nil }
        let run = try await armed(count, program)
        _ = await probe.takeArrivals()
        let start = try await master.post(.start(ArmName(campaign: campaign, arm: run.order.arm)))
        guard waiting else { return run }
        _ = try await master.reply(to: start, of: .start)
        await probe.collect(within: timeouts.request) { ledger in
            ledger.arrivals.contains { $0.trials?.arm == run.order.arm }
        }
        return run
    }

    /// How ``startLong(waiting:)`` is tried, one after the other. Pulses from the partner come when they come.
    var longAttempts: [Bool] { trigger == .partner ? [true] : [false, true] }

    /// Trials of an arm that lasts until something is sent behind START: all that the spool has room for.
    ///
    /// - Returns: Nil, when such an arm would last longer than the kit waits.
    func longCount() async throws(BellError) -> UInt32? {
        let free = try await status().spoolFree
        let count = min(free, options.largestArm)
        guard count > 0 else { return nil }
        return count
    }
}
