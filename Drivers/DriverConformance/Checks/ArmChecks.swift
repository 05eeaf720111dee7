import BellModel
import DriverKit

/// Arming, starting, stopping.
enum ArmChecks {
    /// ARMED repeats the order.
    static func echo(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let program = try await bench.toReady()
        let order = bench.order(try bench.usualCount(300))
        let bits = program.inputBits == .host ? bench.bits(order.count, seed: 3) : nil
        let reply = try await bench.arm(order, bits: bits)
        guard reply == .armed(order) else {
            throw BellError(
                .conformanceViolation,
                "ARM is answered with \(reply.summary)\(reply.errorCode == nil ? " of other fields" : "").",
                cause: reply.errorReport?.text)
        }
        return .passed
    }

    /// An armed board waits for its first pulse for ever, and makes nothing without one.
    static func waits(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let program = try await bench.toReady()
        let run = try await bench.armed(try bench.usualCount(100), program)
        _ = await bench.probe.takeArrivals()
        try await bench.probe.settle(for: bench.timeouts.quiet)
        let early = BoardBench.data(of: run.order, in: await bench.probe.takeArrivals())
        var findings = Findings()
        let records = early.compactMap(\.trials).reduce(0) { $0 + $1.count }
        findings.expect(records == 0, "\(records) records came without a trigger.")
        findings.expect(
            !early.contains { $0.armEnd != nil },
            "The arm ended by itself within \(bench.timeouts.quiet.inSeconds) s; an armed board waits for STOP.")
        let state = try await bench.status().state
        findings.expect(state == .armed, "The board is \(state.name) after waiting, not armed.")
        try findings.done()

        let stop = try await bench.probe.ask(.stop)
        findings.expect(stop == .ok, "STOP is answered with \(stop.summary).")
        var ended = run
        try await bench.finish(&ended)
        findings.expect(
            ended.ends == [ArmEnd(order: run.order, made: 0, reason: .stopped)],
            "STOP of a waiting arm brings \(ended.ends.text), not one ARM_END of 0 records and reason 1.")
        findings.expect(ended.recordCount == 0, "\(ended.recordCount) records came of an arm that never ran.")
        findings.expect(try await bench.status().state == .ready, "STOP did not lead to ready.")
        try findings.done()
        return .passed
    }

    /// START that names another arm or campaign fires nothing.
    static func startName(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let program = try await bench.toReady()
        let run = try await bench.armed(try bench.usualCount(100), program)
        var findings = Findings()
        let other = CampaignID(bytes: bench.campaign.bytes.map { ~$0 }) ?? bench.campaign
        for start in [
            ArmName(campaign: bench.campaign, arm: run.order.arm + 1),
            ArmName(campaign: bench.campaign, arm: run.order.arm - 1), ArmName(campaign: other, arm: run.order.arm),
        ] {
            let reply = try await bench.probe.ask(.start(start))
            let name = start.campaign == other ? "another campaign" : "arm \(start.arm)"
            findings.expect(
                reply.errorCode == .wrongState,
                "START of \(name) is answered with \(reply.summary) while arm \(run.order.arm) is armed.")
        }
        try await bench.probe.settle(for: .zero)
        let state = try await bench.status().state
        findings.expect(state == .armed, "START of another arm has led to \(state.name).")
        try findings.done()
        return .passed
    }

    /// START at the board: finds out who drives the trigger line.
    static func notMaster(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let program = try await bench.toReady()
        let run = try await bench.armed(1, program)
        let start = BoardMessage.start(StateChecks.name(run.order))
        let reply = try await bench.probe.ask(start)
        if reply == .ok {
            bench.trigger = .own
            // The master's arm of one trial comes to its end.
            var ended = run
            try await bench.finish(&ended)
            bench.account(for: ended)
            if bench.options.isTriggerMaster == false {
                throw BellError(
                    .conformanceViolation, "START is answered with OK, but this board is not the trigger master.")
            }
            return .skipped("it is the trigger master")
        }
        guard reply.errorCode == .wrongState else {
            bench.trigger = .none("START is answered with \(reply.summary)")
            throw BellError(.conformanceViolation, "START is answered with \(reply.summary), not ERROR wrong-state.")
        }
        if bench.options.isTriggerMaster == true {
            bench.trigger = .none("the board that is said to be the trigger master refuses START")
            throw BellError(
                .conformanceViolation, "START of the armed arm is refused, but this board is the trigger master.",
                cause: reply.errorReport?.text)
        }
        bench.trigger = .none("needs the trigger master as partner")
        guard let partner = bench.partner else { return .passed }
        if try await partner.ask(start) == .ok {
            bench.trigger = .partner
            var ended = run
            try await bench.finish(&ended)
            bench.account(for: ended)
        } else {
            bench.trigger = .none("neither board takes START")
        }
        return .passed
    }

    /// The reference arm: completes, with one ARM_END behind all its data.
    static func reference(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let program = try await bench.toReady()
        let before = try await bench.status()
        let count = try bench.usualCount()
        let run = try await bench.run(count, program)
        bench.secondsPerTrial = run.duration.inSeconds / Double(count)
        if run.recordCount > 0 { bench.reference = run }
        var findings = Findings()
        guard let end = run.ends.first else {
            throw BellError(
                .conformanceViolation, "No ARM_END came of an arm of \(count) trials; \(run.recordCount) records did.",
                cause: "nothing came for \(bench.timeouts.stall.inSeconds) s")
        }
        findings.expect(run.ends.count == 1, "\(run.ends.count) ARM_END came of one arm.")
        let place = run.arrivals.firstIndex { $0.armEnd != nil } ?? 0
        let late = run.arrivals[place...].count { $0.armEnd == nil && $0.armName != nil }
        findings.expect(late == 0, "\(late) messages of the arm came after its ARM_END.")
        findings.expect(end.order == run.order, "ARM_END does not repeat the order.")
        findings.expect(end.reason == .completed, "The arm ended with \(end.reason.name).")
        findings.expect(
            Int(end.made) == run.recordCount, "ARM_END says \(end.made) records made, \(run.recordCount) came.")
        let after = try await bench.status()
        findings.expect(after.state == .ready, "After its arm the board is \(after.state.name), not ready.")
        let used = Int64(after.spoolUsed) - Int64(before.spoolUsed)
        findings.expect(
            used == Int64(run.recordCount) && Int64(before.spoolFree) - Int64(after.spoolFree) == used,
            "STATUS counts \(used) records more and \(before.spoolFree) - \(after.spoolFree) less room "
                + "after an arm of \(run.recordCount) records.")
        try findings.done()
        return .passed([
            .init("trials", Double(count), ""), .init("arm", run.duration.inSeconds, "s"),
        ])
    }

    /// STOP ends a running arm with what was made.
    static func stop(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        try await end(&bench, with: .stop, reason: .stopped)
    }

    /// Ends a running arm with STOP or SAFE, and judges its end.
    static func end(
        _ bench: inout BoardBench, with request: BoardMessage, reason: ArmEnd.Reason
    ) async throws(BellError) -> CheckOutcome {
        var seen: [String] = []
        for waiting in bench.longAttempts {
            guard var run = try await bench.startLong(waiting: waiting) else {
                return .skipped("no arm could be started")
            }
            let number = try await bench.probe.post(request)
            let reply = try await bench.probe.reply(to: number, of: request.type)
            if bench.trigger == .partner { _ = try await bench.partner?.ask(request) }
            try await bench.finish(&run)
            guard let end = run.ends.first else {
                throw BellError(
                    .conformanceViolation, "No ARM_END came after \(request.type.name) of a running arm.")
            }
            guard end.made > 0, end.reason != .completed || end.made < run.order.count else {
                seen.append(end.made == 0 ? "before its first trial" : "completed")
                continue
            }
            var findings = Findings()
            findings.expect(reply == .ok, "\(request.type.name) in state running is answered with \(reply.summary).")
            findings.expect(run.ends.count == 1, "\(run.ends.count) ARM_END came after \(request.type.name).")
            findings.expect(end.reason == reason, "\(request.type.name) ended the arm with \(end.reason.name).")
            findings.expect(
                Int(end.made) == run.recordCount, "ARM_END says \(end.made) records made, \(run.recordCount) came.")
            let indices = run.order.firstIndex..<run.order.firstIndex + UInt64(run.recordCount)
            findings.expect(
                run.records.map(\.index).elementsEqual(indices),
                "The \(run.recordCount) records that came are not the arm's first ones without a gap.")
            findings.expect(try await bench.status().armed == nil, "STATUS names an arm after \(request.type.name).")
            try findings.done()
            return .passed([.init("made", Double(end.made), "records")])
        }
        return .skipped("the arm was \(seen.joined(separator: " and ")) when it was ended; try a slower pace")
    }

    /// A second request is a new one.
    static func duplicates(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let program = try await bench.toReady()
        var findings = Findings()
        let bytes = program.program.encoded()
        let loaded = try await bench.probe.ask(.program(bytes))
        findings.expect(loaded.errorCode == nil, "The same PROGRAM again is answered with \(loaded.summary).")
        var run = try await bench.armed(try bench.usualCount(50), program)
        _ = await bench.probe.takeArrivals()
        let again = try await bench.probe.ask(.arm(run.order))
        findings.expect(
            again.errorCode == .wrongState, "The same ARM again is answered with \(again.summary), not wrong-state.")
        for number in 1...2 {
            let reply = try await bench.probe.ask(.stop)
            findings.expect(reply == .ok, "STOP number \(number) is answered with \(reply.summary).")
        }
        try await bench.finish(&run)
        findings.expect(run.ends.count == 1, "\(run.ends.count) ARM_END came after two STOP, not one.")
        try findings.done()
        return .passed
    }
}

extension [ArmEnd] {
    /// `ARM_END (3 made, completed)`.
    var text: String {
        isEmpty
            ? "no ARM_END"
            : map { "ARM_END (\($0.made) of \($0.order.count) made, \($0.reason.name))" }.joined(separator: ", ")
    }
}
