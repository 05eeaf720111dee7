import BellModel
import Board
import DriverKit

/// What a board keeps, drops and sends again.
enum SpoolChecks {
    /// Two arms whose data the board has to keep.
    private static func twoArms(_ bench: inout BoardBench) async throws(BellError) -> [ArmRun]? {
        let program = try await bench.toReady()
        let count = try bench.usualCount(1_200) / 2
        guard count > 0 else { return nil }
        let runs = [try await bench.run(count, program), try await bench.run(count, program)]
        // Without records there is nothing to keep; arm.completes tells.
        return runs.allSatisfy { $0.recordCount > 0 && !$0.ends.isEmpty } ? runs : nil
    }

    private static let noArms = "two complete arms could not be made, see arm.completes"

    private static func kept(_ runs: [ArmRun]) -> KeptData { KeptData(runs.flatMap(\.arrivals)) }

    /// The kit's own data of a replay.
    private static func own(_ greeting: BoardBench.Greeting, _ bench: BoardBench) -> KeptData {
        KeptData(greeting.replay.filter { $0.armName?.campaign == bench.campaign })
    }

    /// HELLO on the same connection brings everything again.
    static func resendHere(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        guard let runs = try await twoArms(&bench) else { return .skipped(noArms) }
        return try compare(own(try await bench.greet(), bench), kept(runs), after: "HELLO on the same connection")
    }

    /// So does a new connection.
    static func resendAnew(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        guard let runs = try await twoArms(&bench) else { return .skipped(noArms) }
        return try compare(own(try await bench.reconnect(), bench), kept(runs), after: "a new connection")
    }

    private static func compare(
        _ now: KeptData, _ before: KeptData, after event: String
    ) throws(BellError) -> CheckOutcome {
        var findings = Findings()
        for difference in now.differences(from: before) { findings.add("After \(event), \(difference).") }
        try findings.done()
        return .passed([.init("chunks", Double(before.trials.count), "")])
    }

    /// An ACK drops nothing but what lies wholly below its index.
    static func partial(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        guard let runs = try await twoArms(&bench), let chunk = runs[0].chunks.first else { return .skipped(noArms) }
        guard chunk.count > 1 else { return .skipped("the board's chunks have one record") }
        // The first chunk's last record is still wanted.
        let next = chunk.firstIndex + UInt64(chunk.count) - 1
        try await bench.acknowledge(arm: runs[0].order.arm, next: next)
        return try compare(
            own(try await bench.greet(), bench), kept(runs), after: "an ACK of all but one record of the first chunk")
    }

    /// ACK of another campaign drops nothing, and is not answered.
    static func unknown(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        guard let runs = try await twoArms(&bench) else { return .skipped(noArms) }
        let other = CampaignID(bytes: bench.campaign.bytes.map { ~$0 }) ?? bench.campaign
        _ = await bench.probe.takeStrayErrors()
        try await bench.probe.post(.acknowledge(Acknowledgement(campaign: other, arm: 1, nextIndex: .max)))
        try await bench.probe.settle(for: .zero)
        var findings = Findings()
        let errors = await bench.probe.takeStrayErrors()
        findings.expect(errors.isEmpty, "ACK of an unknown campaign is answered with ERROR.")
        let now = own(try await bench.greet(), bench)
        for difference in now.differences(from: kept(runs)) {
            findings.add("After an ACK of another campaign, \(difference).")
        }
        try findings.done()
        return .passed
    }

    /// An ACK covers all arms below its index; an older one takes nothing back.
    static func cumulative(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        guard let runs = try await twoArms(&bench) else { return .skipped(noArms) }
        let (first, second) = (runs[0].order, runs[1].order)
        var findings = Findings()
        // The arm's number is for logs: the index alone counts.
        try await bench.acknowledge(arm: second.arm, next: second.firstIndex)
        try await bench.acknowledge(arm: first.arm, next: first.firstIndex)
        let half = own(try await bench.greet(), bench)
        for difference in half.differences(from: runs[1].kept) {
            findings.add("After an ACK of the first of two arms and an older one, \(difference).")
        }
        try await bench.acknowledge(arm: second.arm, next: second.endIndex ?? .max)
        let none = own(try await bench.greet(), bench)
        findings.expect(
            none.isEmpty, "\(none.trials.count) TRIALS and \(none.ends.count) ARM_END come after an ACK of all.")
        let used = try await bench.status().spoolUsed
        findings.expect(
            used == bench.foreignRecords,
            "STATUS counts \(used) records kept after an ACK of all; "
                + "\(bench.foreignRecords) are other people's.")
        try findings.done()
        return .passed
    }

    /// An arm that does not fit is refused, and changes nothing.
    static func refuses(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let program = try await bench.toReady()
        let free = try await bench.status().spoolFree
        guard free < .max else { return .skipped("the room does not fit 32 bits") }
        // The kit makes a bit a trial and sends them: no more than for its own largest arm, whatever a board claims.
        if program.inputBits == .host, free >= bench.options.largestArm {
            return .skipped(
                "the board takes the host's bits, and a spool of \(free) records is larger than the kit's largest arm, "
                    + "\(bench.options.largestArm)")
        }
        let order = bench.order(free + 1)
        var findings = Findings()
        // A board without a generator may refuse the bits already: it cannot keep them.
        if program.inputBits == .host {
            let bits = bench.bits(free + 1, seed: 7)
            _ = try await bench.probe.ask(.hostBits(HostBits(campaign: order.campaign, arm: order.arm, bits: bits)))
        }
        let reply = try await bench.probe.ask(.arm(order))
        findings.expect(
            reply.errorCode == .spoolFull,
            "ARM of \(free + 1) trials with room for \(free) is answered with \(reply.summary), not ERROR spool-full.")
        let state = try await bench.status().state
        findings.expect(state == .ready, "After a refused ARM the board is \(state.name), not ready.")
        try findings.done()
        return .passed([.init("room", Double(free), "records")])
    }

    /// A full spool stops: nothing more is armed, and nothing of it is overwritten.
    static func fill(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let program = try await bench.toReady()
        let free = try await bench.status().spoolFree
        guard free > 1 else { return .skipped("the spool has no room") }
        if free > bench.options.largestArm {
            return .skipped(
                "the spool of \(free) records is larger than the kit's largest arm, \(bench.options.largestArm)")
        }
        let expected = bench.secondsPerTrial * Double(free)
        guard expected < bench.timeouts.longestArm.inSeconds else {
            return .skipped("filling the spool would last \(expected.text(decimals: 0)) s here")
        }
        let runs = [try await bench.run(free / 2, program), try await bench.run(free - free / 2, program)]
        var findings = Findings()
        for run in runs {
            findings.expect(
                run.ends.first?.made == run.order.count,
                "An arm that fits the spool brought \(run.ends.text).")
        }
        let order = bench.order(1)
        let bits = program.inputBits == .host ? bench.bits(1, seed: 9) : nil
        let reply = try await bench.arm(order, bits: bits)
        findings.expect(
            reply.errorCode == .spoolFull,
            "With a full spool, ARM of one trial is answered with \(reply.summary), not ERROR spool-full.")
        let greeting = try await bench.greet()
        for difference in own(greeting, bench).differences(from: kept(runs)) {
            findings.add("With a full spool, \(difference).")
        }
        bench.largest = (runs[1], greeting.duration)
        try await bench.toIdle()
        let room = try await bench.status().spoolFree
        findings.expect(room == free, "After an ACK of all there is room for \(room) records; there was for \(free).")
        try findings.done()
        return .passed([.init("filled", Double(free), "records")])
    }

    /// The connection ends in the middle of an arm: the arm goes on, and nothing of it is lost.
    static func cablePull(_ bench: inout BoardBench) async throws(BellError) -> CheckOutcome {
        let program = try await bench.toReady()
        guard let room = try await bench.longCount() else { return .skipped("the spool has no room") }
        // Three seconds for the kit; half a minute for a person.
        let seconds = bench.options.askToPull == nil ? 3.0 : 30.0
        let wanted = bench.secondsPerTrial > 0 ? seconds / bench.secondsPerTrial : Double(room)
        let count = UInt32(min(max(wanted, 2_000), Double(room)))
        var run = try await bench.armed(count, program)
        _ = await bench.probe.takeArrivals()
        run.begin = bench.clock.now()
        try await bench.start(run.order)
        await bench.probe.collect(within: .milliseconds(300)) { !$0.arrivals.isEmpty }
        let early = BoardBench.data(of: run.order, in: await bench.probe.takeArrivals())
        if let ask = bench.options.askToPull { await ask() }
        await bench.probe.close()
        let greeting = try await bench.reconnect()
        run.arrivals = BoardBench.data(of: run.order, in: greeting.replay)
        let wasRunning = greeting.status?.armed == run.order
        if run.ends.isEmpty { try await bench.finish(&run) }
        var findings = Findings()
        guard let end = run.ends.first else {
            throw BellError(
                .conformanceViolation,
                "After the pull, \(run.recordCount) of \(count) records and no ARM_END came: the arm did not go on.")
        }
        findings.expect(
            end.reason == .completed && end.made == count, "After the pull the arm ended as \(run.ends.text).")
        let before = early.filter { $0.trials != nil }.map(\.payload)
        findings.expect(
            run.kept.trials.starts(with: before), "The chunks that came before the pull do not come again as they were."
        )
        var indices = Set(run.records.map(\.index))
        indices.formIntersection(run.order.firstIndex..<run.order.firstIndex + UInt64(count))
        findings.expect(
            indices.count == Int(end.made), "\(indices.count) of the \(end.made) records made came after the pull.")
        try findings.done()
        let how = bench.options.askToPull == nil ? "the kit closed the way" : "a person pulled the cable"
        return .note(
            how + (wasRunning ? ", the arm was running" : ", the arm was over before the way was open again"),
            [.init("recovered", Double(indices.count), "records")])
    }
}
